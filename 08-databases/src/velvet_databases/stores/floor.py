"""The floor: SQL by hand over a driver's connection, rows to values, and nothing above it.

These stores are what every layer above is compared with. SQLite's driver and psycopg have the same
`execute`, so the same code drives both: `sqlite3` of the standard library here, psycopg in its file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import index
from typing import Any, ClassVar, NamedTuple

from velvet_databases.domain import COLUMNS, Order, OrderLine, rows
from velvet_databases.stores.address import BUSY_SECONDS, PRAGMAS, Address
from velvet_databases.stores.base import Loading, no_order
from velvet_databases.stores.failures import reading
from velvet_databases.stores.shared import Relational

# ruff: noqa: S608 - only names of columns and placeholders are put into the texts
HEAD, LINE = ", ".join(COLUMNS["orders"]), ", ".join(COLUMNS["order_line"])


class Sql:
    """The drivers' statements, for one way of writing placeholders (`mark(1)` is the first).

    A floor is only a floor if it sends what a person would write, so each statement stands here in
    full and is the same for SQLite and PostgreSQL.
    """

    def __init__(self, mark: Callable[[int], str]) -> None:
        one, two, three = mark(1), mark(2), mark(3)
        self.mark = mark
        self.insert = {table: self.insert_many(table, 1) for table in COLUMNS}
        self.stream = f"SELECT {HEAD} FROM orders ORDER BY id"
        self.order = f"SELECT {HEAD} FROM orders WHERE id = {one}"
        self.page = f"SELECT {HEAD} FROM orders WHERE id > {one} ORDER BY id LIMIT {two}"
        self.lines = f"SELECT {LINE} FROM order_line WHERE order_id = {one} ORDER BY id"
        heads = ", ".join(f"o.{name}" for name in COLUMNS["orders"])
        lines = ", ".join(f"l.{name}" for name in COLUMNS["order_line"])
        self.join = (
            f"SELECT {heads}, {lines} "
            f"FROM (SELECT {HEAD} FROM orders ORDER BY id LIMIT {one}) o "
            "LEFT JOIN order_line l ON l.order_id = o.id ORDER BY o.id, l.id"
        )
        self.set_status = (
            f"UPDATE orders SET status = {one}, version = version + 1 "
            f"WHERE id = {two} AND version = {three}"
        )
        self.account = f"SELECT id, balance_cents, version FROM account WHERE id = {one}"
        self.account_locked = f"{self.account} FOR UPDATE"
        self.add = (
            f"UPDATE account SET balance_cents = balance_cents + {one}, version = version + 1 "
            f"WHERE id = {two} AND balance_cents + {three} >= 0"
        )
        self.put = (
            f"UPDATE account SET balance_cents = {one}, version = version + 1 WHERE id = {two}"
        )
        self.put_version = f"{self.put} AND version = {three}"

    def insert_many(self, table: str, count: int) -> str:
        """Return an INSERT of `count` rows in one statement."""
        columns = COLUMNS[table]
        marks = [self.mark(number + 1) for number in range(count * len(columns))]
        width = len(columns)
        groups = [f"({', '.join(marks[at : at + width])})" for at in range(0, len(marks), width)]
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join(groups)}"

    def lines_of(self, count: int) -> str:
        """Return the SELECT of the lines of `count` orders."""
        marks = ", ".join(self.mark(number + 1) for number in range(count))
        return f"SELECT {LINE} FROM order_line WHERE order_id IN ({marks}) ORDER BY order_id, id"


class Held(NamedTuple):
    """What `Sql.account` selects."""

    id: int
    balance_cents: int
    version: int


def head(row: Sequence[Any]) -> Order:
    """Make an order of its row; SQLite keeps its moment as text."""
    placed = row[3] if isinstance(row[3], datetime) else datetime.fromisoformat(row[3])
    return Order(row[0], row[1], row[2], placed, row[4])


def with_lines(heads: Iterable[Order], lines: Iterable[OrderLine]) -> list[Order]:
    """Give each order its lines; O(orders + lines)."""
    by_order: dict[int, list[OrderLine]] = {}
    for line in lines:
        by_order.setdefault(line.order_id, []).append(line)
    return [Order(*one.head, lines=tuple(by_order.get(one.id, ()))) for one in heads]


def from_join(rows: Iterable[Sequence[Any]]) -> list[Order]:
    """Make orders of joined rows: the columns of the order, then those of a line or NULL."""
    heads: dict[int, Order] = {}
    lines: list[OrderLine] = []
    for row in rows:
        if row[0] not in heads:
            heads[row[0]] = head(row[:5])
        if row[5] is not None:
            lines.append(OrderLine(*row[5:]))
    return with_lines(heads.values(), lines)


class Floor(Relational):
    """SQL by hand over one connection; used by one thread at a time."""

    sql: Sql

    @property
    def connection(self) -> Any:
        """The driver's connection; raises `StoreUnavailable` before `open` and after `close`."""
        return self.opened

    def _ask(self, statement: str, *values: object) -> list[Any]:
        found: list[Any] = self.connection.execute(statement, values).fetchall()
        return found

    def _execute(self, session: Any, statement: str) -> None:
        session.execute(statement)

    def _lines(self, order_id: int) -> list[OrderLine]:
        return [OrderLine(*row) for row in self._ask(self.sql.lines, index(order_id))]

    @reading
    def get_order(self, order_id: int) -> Order:
        for row in self._ask(self.sql.order, index(order_id)):
            return with_lines([head(row)], self._lines(order_id))[0]
        raise no_order(order_id)

    @reading
    def page(self, after_id: int, limit: int) -> list[Order]:
        return [head(row) for row in self._ask(self.sql.page, index(after_id), index(limit))]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        if strategy is Loading.JOIN:
            return from_join(self._ask(self.sql.join, index(limit)))
        heads = self.page(-(2**62), limit)
        if strategy is Loading.LAZY:
            return with_lines(heads, (line for one in heads for line in self._lines(one.id)))
        if not heads:
            return []
        found = self._ask(self.sql.lines_of(len(heads)), *(one.id for one in heads))
        return with_lines(heads, (OrderLine(*row) for row in found))

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        cursor = self.connection.execute(self.sql.stream)
        while found := cursor.fetchmany(batch):
            yield from (head(row) for row in found)

    def _change_status(self, order_id: int, status: str, expected_version: int) -> int:
        values = (status, index(order_id), index(expected_version))
        return int(self.connection.execute(self.sql.set_status, values).rowcount)

    def balance(self, account_id: int) -> int:
        return self._balance(self.connection, index(account_id))

    def _accounts(
        self, session: Any, keys: Sequence[int], *, locked: bool = False
    ) -> dict[int, Held]:
        statement = self.sql.account_locked if locked else self.sql.account
        rows = (session.execute(statement, (key,)).fetchone() for key in keys)
        return {row[0]: Held(*row) for row in rows if row is not None}

    def _add(self, session: Any, account: int, change: int) -> int:
        return int(session.execute(self.sql.add, (change, account, change)).rowcount)

    def _put(self, session: Any, account: Held, balance: int, *, checked: bool) -> int:
        values = (balance, account.id)
        if checked:
            done = session.execute(self.sql.put_version, (*values, account.version))
        else:
            done = session.execute(self.sql.put, values)
        return int(done.rowcount)


class RawSqlite(Floor):
    """`sqlite3`; used by the thread that opened it.

    Transactions are opened by hand (`isolation_level=None`), because the module's own implicit
    ones begin only before the first write and differ between Python versions.
    """

    name: ClassVar[str] = "sqlite3"
    backends: ClassVar[frozenset[str]] = frozenset({"sqlite"})
    backend = "sqlite"
    sql = Sql(lambda _: "?")

    def _connect(self, address: Address) -> sqlite3.Connection:
        return sqlite3.connect(address.path, timeout=BUSY_SECONDS, isolation_level=None)

    def _check(self) -> None:
        for pragma, value in PRAGMAS.items():
            self.connection.execute(f"PRAGMA {pragma} = {value}")

    @contextmanager
    def _transaction(self, *, reads_first: bool = False) -> Iterator[Any]:
        # One that writes at once waits its turn here; one that reads first may find, when it
        # comes to write, that its snapshot is old, and no waiting would help it.
        mine = not self.connection.in_transaction
        try:
            self.connection.execute("BEGIN" if reads_first else "BEGIN IMMEDIATE")
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            if mine and self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def bulk_methods(self) -> tuple[str, ...]:
        """`commit_each` commits after every row and so keeps what came before a failure."""
        return ("commit_each", "one_transaction", "executemany")

    def _insert(self, session: Any, table: str, items: Sequence[Any], method: str) -> None:
        statement, values = self.sql.insert[table], rows(items)
        if table == "orders":
            values = [(*one[:3], one[3].isoformat(" "), one[4]) for one in values]
        if method == "executemany":
            session.executemany(statement, values)
            return
        for row in values:
            session.execute(statement, row)
            if method == "commit_each":
                session.execute("COMMIT")
                session.execute("BEGIN IMMEDIATE")
