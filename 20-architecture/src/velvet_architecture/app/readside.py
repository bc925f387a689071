"""The read side of CQRS: projections that turn the log into tables shaped like the questions.

A projection's rows and its checkpoint commit together, so a crash repeats nothing and skips
nothing. A rebuild writes new tables beside the old ones and swaps them in one transaction: readers
see the old rows or the new ones, never half of them.
"""

# ruff: noqa: S608 - names of tables are ours, values are bound
from __future__ import annotations

import sqlite3
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, ClassVar, Literal, Protocol

from velvet_architecture.app.serial import EventRegistry
from velvet_architecture.domain.orders import OrderCancelled, OrderConfirmed, OrderPlaced
from velvet_architecture.domain.stock import (
    Allocated,
    BatchQuantityChanged,
    BatchReceived,
    Deallocated,
    Released,
    Shipped,
)
from velvet_architecture.ports import (
    START,
    Cursor,
    EventStore,
    ProjectionPoisoned,
    StoredEvent,
)

NEXT = "__next"
FAR = 1_000_000
_BOOKS = ("checkpoints", "parked_events")


class Rows:
    """A projection's tables; ``{name}`` in its SQL becomes the table that is being built."""

    def __init__(self, connection: sqlite3.Connection, tables: Sequence[str], suffix: str) -> None:
        self._connection = connection
        self._names = {name: f"{name}{suffix}" for name in tables}
        self._ready: dict[str, str] = {}

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        ready = self._ready.get(sql)
        if ready is None:
            ready = self._ready[sql] = sql.format_map(self._names)
        return self._connection.execute(ready, values)


class Projection(Protocol):
    """What is made of the log.

    Attributes:
        schema: of the tables; another number than the stored one means a rebuild.
        tables: table -> its columns as in CREATE TABLE.
    """

    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> int: ...
    @property
    def tables(self) -> Mapping[str, str]: ...

    def apply(self, rows: Rows, event: Any, stored: StoredEvent) -> None:
        """Change rows for one event."""


@dataclass(frozen=True)
class Lag:
    """How far a projection is behind: events, and seconds since the first one it lacks."""

    events: int
    seconds: float


class ProjectionRunner:
    """Follows a store in one thread; of several programs on one database, one rebuilds."""

    def __init__(
        self,
        store: EventStore,
        connection: sqlite3.Connection,
        registry: EventRegistry,
        projections: Sequence[Projection],
        *,
        poison: Literal["stop", "park"] = "stop",
        clock: Callable[[], float] = time.time,
    ) -> None:
        connection.isolation_level = None  # transactions are opened by hand
        self._store, self._db, self._registry = store, connection, registry
        self.projections = {one.name: one for one in projections}
        self._poison, self._clock = poison, clock
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, cursor TEXT, schema INT)"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS parked_events"
            " (name TEXT, cursor TEXT, trace TEXT, PRIMARY KEY (name, cursor))"
        )
        for projection in projections:
            self._prepare(projection)

    def _prepare(self, projection: Projection) -> None:
        for table, columns in projection.tables.items():
            self._db.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
        known = self._db.execute(
            "SELECT schema FROM checkpoints WHERE name = ?", (projection.name,)
        ).fetchone()
        if known is not None and known[0] != projection.schema:
            self.rebuild(projection.name)

    def checkpoint(self, name: str) -> Cursor:
        """Return the cursor of the last event that a projection holds."""
        found = self._db.execute(
            "SELECT cursor FROM checkpoints WHERE name = ?", (name,)
        ).fetchone()
        return Cursor.parse(found[0]) if found else START

    def run_once(self, limit: int = 500) -> int:
        """Apply the next events to every projection, one transaction each; return how many."""
        return sum(self._advance(one, "", limit) for one in self.projections.values())

    def catch_up(self, limit: int = 500) -> None:
        """Run until nothing is left to read."""
        while self.run_once(limit):
            pass

    def _advance(
        self, projection: Projection, suffix: str, limit: int, upto: Cursor | None = None
    ) -> int:
        name = projection.name + suffix
        after = self.checkpoint(name)
        events = self._store.read_all(after=after, upto=upto, limit=limit)
        if not events:
            return 0
        poison: ProjectionPoisoned | None = None
        rows, place = Rows(self._db, list(projection.tables), suffix), after
        with self._transaction():
            if moved := self.checkpoint(name) != after:  # another program was faster
                events = []
            try:
                for stored in events:
                    self._apply(projection, name, rows, stored)
                    place = stored.cursor
            except ProjectionPoisoned as error:  # what came before the poison stays
                poison = error
            if not moved:
                self._save(name, place, projection.schema)
        if poison:
            raise poison
        return self._advance(projection, suffix, limit, upto) if moved else len(events)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        outer = self._db.in_transaction  # then BEGIN is refused, and the caller's goes on
        try:  # before BEGIN: Ctrl-C may come as soon as it has returned
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException:  # Ctrl-C, a full disk
            if not outer:
                self._db.rollback()
            raise

    def _apply(self, projection: Projection, name: str, rows: Rows, stored: StoredEvent) -> None:
        self._db.execute("SAVEPOINT event")
        try:
            projection.apply(rows, self._registry.decode(stored), stored)
        except Exception as error:  # poison is whatever a projection cannot take
            self._db.execute("ROLLBACK TO event")
            if self._poison == "stop":
                raise ProjectionPoisoned(
                    f"{projection.name} stopped at {stored.cursor}: {error!r}"
                ) from error
            self._db.execute(
                "INSERT OR REPLACE INTO parked_events VALUES (?, ?, ?)",
                (name, str(stored.cursor), traceback.format_exc()),
            )
        self._db.execute("RELEASE event")

    def _save(self, name: str, cursor: Cursor, schema: int) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", (name, str(cursor), schema)
        )

    def lag(self, name: str) -> Lag:
        """Return how far a projection is behind; O(events behind)."""
        missing = self._store.read_all(after=self.checkpoint(name), limit=FAR)
        if not missing:
            return Lag(0, 0.0)
        return Lag(len(missing), max(0.0, self._clock() - missing[0].recorded_at_ns / 1e9))

    def _known(self, name: str) -> Projection:
        if name not in self.projections:
            raise LookupError(f"there is no projection {name}")
        return self.projections[name]

    def rebuild(self, name: str, *, limit: int = 1_000) -> None:
        """Build a projection anew beside the old tables, then swap; readers see the old ones till then.

        Args:
            limit: events in one transaction.

        Raises:
            LookupError: there is no such projection.
            ProjectionPoisoned: it failed on an event; the old tables stay.
        """
        projection = self._known(name)
        for _ in self.rebuilding(projection, limit):
            pass
        with self._transaction():
            for table in projection.tables:
                self._db.execute(f"DROP TABLE IF EXISTS {table}")
                self._db.execute(f"ALTER TABLE {table}{NEXT} RENAME TO {table}")
            self._forget(name)
            for table in _BOOKS:
                self._db.execute(f"UPDATE {table} SET name = ? WHERE name = ?", (name, name + NEXT))

    def _forget(self, name: str) -> None:
        for table in _BOOKS:
            self._db.execute(f"DELETE FROM {table} WHERE name = ?", (name,))

    def rebuilding(
        self, projection: Projection, limit: int, upto: Cursor | None = None
    ) -> Iterator[int]:
        """Build the tables beside the old ones; yield the events of each transaction.

        It ends where the store ended when it began, or it would chase busy writers for ever.
        """
        upto = upto or self._store.head()
        for table, columns in projection.tables.items():
            self._db.execute(f"DROP TABLE IF EXISTS {table}{NEXT}")
            self._db.execute(f"CREATE TABLE {table}{NEXT} ({columns})")
        self._forget(projection.name + NEXT)
        while count := self._advance(projection, NEXT, limit, upto):
            yield count

    def verify(self, name: str) -> bool:
        """Return whether the tables are what a rebuild to the same cursor would make."""
        projection = self._known(name)
        for _ in self.rebuilding(projection, 1_000, self.checkpoint(name)):
            pass
        same = all(
            _contents(self._db, table) == _contents(self._db, table + NEXT)
            for table in projection.tables
        )
        for table in projection.tables:
            self._db.execute(f"DROP TABLE {table}{NEXT}")
        self._forget(name + NEXT)
        return same


def _contents(connection: sqlite3.Connection, table: str) -> list[Any]:
    return sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


def _subject(stored: StoredEvent) -> str:
    return stored.stream.partition("-")[2]


class StockLevels:
    """How many units of each article are free."""

    name, schema = "stock_levels", 1
    tables: ClassVar[Mapping[str, str]] = {
        "stock_levels": "sku TEXT PRIMARY KEY, units INT NOT NULL",
        "promises": "sku TEXT, order_id TEXT, qty INT, ref TEXT, PRIMARY KEY (sku, order_id)",
        "counted": "sku TEXT, ref TEXT, qty INT, PRIMARY KEY (sku, ref)",
    }

    def apply(self, rows: Rows, event: Any, stored: StoredEvent) -> None:
        """Change the free units."""
        sku = _subject(stored)
        match event:
            case BatchReceived(ref, qty, _):
                rows.execute("INSERT INTO {counted} VALUES (?, ?, ?)", (sku, ref, qty))
                self._add(rows, sku, qty)
            case BatchQuantityChanged(ref, qty):
                where = " WHERE sku = ? AND ref = ?"
                old = rows.execute("SELECT qty FROM {counted}" + where, (sku, ref)).fetchone()[0]
                rows.execute("UPDATE {counted} SET qty = ?" + where, (qty, sku, ref))
                self._add(rows, sku, qty - old)
            case Allocated(order_id, qty, ref):
                values = (sku, order_id, qty, ref)
                rows.execute("INSERT INTO {promises} VALUES (?, ?, ?, ?)", values)
                self._add(rows, sku, -qty)
            case Released(order_id) | Deallocated(order_id, _):
                where = " WHERE sku = ? AND order_id = ?"
                found = rows.execute("SELECT qty FROM {promises}" + where, (sku, order_id))
                self._add(rows, sku, found.fetchone()[0])
                rows.execute("DELETE FROM {promises}" + where, (sku, order_id))
            case Shipped(order_id):
                where = " WHERE sku = ? AND order_id = ?"
                found = rows.execute("SELECT qty, ref FROM {promises}" + where, (sku, order_id))
                qty, ref = found.fetchone()
                less = "UPDATE {counted} SET qty = qty - ? WHERE sku = ? AND ref = ?"
                rows.execute(less, (qty, sku, ref))
                rows.execute("DELETE FROM {promises}" + where, (sku, order_id))

    @staticmethod
    def _add(rows: Rows, sku: str, units: int) -> None:
        rows.execute(
            "INSERT INTO {stock_levels} VALUES (?, ?) "
            "ON CONFLICT (sku) DO UPDATE SET units = units + excluded.units",
            (sku, units),
        )


class OrderBoard:
    """Each order with its customer, lines and status."""

    name, schema = "order_board", 1
    tables: ClassVar[Mapping[str, str]] = {
        "order_board": "order_id TEXT PRIMARY KEY, customer TEXT, lines INT, status TEXT"
    }
    _STATUS: ClassVar = {OrderConfirmed: "confirmed", OrderCancelled: "cancelled"}

    def apply(self, rows: Rows, event: Any, stored: StoredEvent) -> None:
        """Change one order's row."""
        if isinstance(event, OrderPlaced):
            values = (_subject(stored), event.customer, len(event.lines), "placed")
            rows.execute("INSERT INTO {order_board} VALUES (?, ?, ?, ?)", values)
        elif status := self._STATUS.get(type(event)):
            rows.execute(
                "UPDATE {order_board} SET status = ? WHERE order_id = ?", (status, _subject(stored))
            )


class UnitsSoldPerDay:
    """Units shipped, by article and day: a question that came years after the events."""

    name, schema = "units_sold_per_day", 1
    tables: ClassVar[Mapping[str, str]] = {
        "units_sold_per_day": "sku TEXT, day TEXT, units INT, PRIMARY KEY (sku, day)",
        "waiting": "sku TEXT, order_id TEXT, qty INT, PRIMARY KEY (sku, order_id)",
    }

    def apply(self, rows: Rows, event: Any, stored: StoredEvent) -> None:
        """Remember promises, count them when they ship."""
        sku = _subject(stored)
        where = " WHERE sku = ? AND order_id = ?"
        if isinstance(event, Allocated):
            values = (sku, event.order_id, event.qty)
            rows.execute("INSERT INTO {waiting} VALUES (?, ?, ?)", values)
        elif isinstance(event, Released | Deallocated | Shipped):
            pair = (sku, event.order_id)
            qty = rows.execute("SELECT qty FROM {waiting}" + where, pair).fetchone()[0]
            rows.execute("DELETE FROM {waiting}" + where, pair)
            if isinstance(event, Shipped):
                moment = datetime.fromtimestamp(stored.recorded_at_ns / 1e9, timezone.utc)
                rows.execute(
                    "INSERT INTO {units_sold_per_day} VALUES (?, ?, ?) "
                    "ON CONFLICT (sku, day) DO UPDATE SET units = units + excluded.units",
                    (sku, moment.date().isoformat(), qty),
                )
