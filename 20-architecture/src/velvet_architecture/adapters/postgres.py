"""An event store in PostgreSQL, and why a `bigserial` is no order of events.

A sequence hands out positions before the commit: a transaction may take 7 and commit after the one
that took 8. A follower that has read 8 never sees 7. Three cures, to be chosen by `order`:

- ``xid`` stores the transaction's id and reads only below the oldest one that is still running
  (`pg_snapshot_xmin`); writers never wait, and a long writing transaction anywhere delays readers;
- ``serial`` lets one appender at a time past an advisory lock;
- ``table`` does the same with a lock on the table.

``naive`` is the mistake, kept for the experiment. Needs `psycopg` and PostgreSQL 13 or later.
"""

# ruff: noqa: S608 - names of tables are ours, values are bound
from __future__ import annotations

import json
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, cast

import psycopg
from psycopg import errors

from velvet_architecture.domain import whole
from velvet_architecture.ports import (
    START,
    AppendResult,
    ConcurrencyError,
    Cursor,
    Expected,
    NewEvent,
    StoredEvent,
    StoreUnavailable,
    StreamAppend,
    settle,
)

Order = Literal["xid", "serial", "table", "naive"]
ORDERS = ("xid", "serial", "table", "naive")
_LOCK = 20_2026
_MANY_ROWS = 1_000  # a statement takes 65,535 values
_COLUMNS = "epoch, position, stream, version, type, schema, data, metadata, event_id, recorded_at"


class PostgresEventStore:
    """One connection a thread, in a schema of its own; `close` closes all of them."""

    def __init__(
        self,
        url: str,
        *,
        schema: str = "velvet_events",
        order: Order = "xid",
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        if order not in ORDERS:
            raise ValueError(f"order must be one of {', '.join(ORDERS)}, not {order!r}")
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,50}", schema):
            raise ValueError(f"schema must be a plain lower-case name, not {schema!r}")
        if order == "naive":
            warnings.warn("order='naive' loses events for followers", stacklevel=2)
        self._url, self._schema, self._order, self._clock_ns = url, schema, order, clock_ns
        self._local, self._lock = threading.local(), threading.Lock()
        self._opened: list[psycopg.Connection[Any]] = []
        with self._transaction() as db:
            self._run(db, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            self._run(db, f"CREATE SCHEMA IF NOT EXISTS {schema}")
            self._run(
                db,
                f"CREATE TABLE IF NOT EXISTS {schema}.events (epoch bigint NOT NULL, "
                "position bigserial, stream text NOT NULL, version int NOT NULL, "
                "type text NOT NULL, schema int NOT NULL, data bytea NOT NULL, "
                "metadata text NOT NULL, event_id text NOT NULL UNIQUE, "
                "recorded_at bigint NOT NULL, PRIMARY KEY (epoch, position), "
                "UNIQUE (stream, version))",
            )

    @staticmethod
    def _run(db: psycopg.Connection[Any], sql: str, values: Sequence[Any] = ()) -> Any:
        return db.execute(cast(Any, sql), values)  # the schema's name is checked above

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            db = getattr(self._local, "connection", None)
            if db is None or db.closed:
                db = self._local.connection = psycopg.connect(self._url, connect_timeout=5)
                with self._lock:
                    self._opened.append(db)
            with db.transaction():
                yield db
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected):
                raise
            raise StoreUnavailable(f"PostgreSQL took no request: {error}") from error

    def append(
        self, stream: str, events: Sequence[NewEvent], *, expected: int = Expected.ANY
    ) -> AppendResult:
        """Store events of one stream in one transaction."""
        return self.append_many([StreamAppend(stream, tuple(events), expected)])[0]

    def append_many(self, batch: Sequence[StreamAppend]) -> list[AppendResult]:
        """Store events of several streams in one transaction."""
        try:
            with self._transaction() as db:
                if self._order == "serial":
                    self._run(db, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                elif self._order == "table":
                    self._run(db, f"LOCK TABLE {self._schema}.events IN EXCLUSIVE MODE")
                # Versions first: the first row fixes the transaction's id, and a version that is
                # read after that may belong to a later id, which a follower would see later.
                sql = f"SELECT stream, max(version) FROM {self._schema}.events"
                sql += " WHERE stream = ANY(%s) GROUP BY stream"
                versions = dict(self._run(db, sql, ([one.stream for one in batch],)).fetchall())
                answers = [self._one(db, append, versions) for append in batch]
                self._run(db, f"NOTIFY {self._schema}")
                return answers
        except (errors.UniqueViolation, errors.SerializationFailure, errors.DeadlockDetected):
            if all(one.expected in (Expected.ANY, Expected.EXISTS) for one in batch):
                return self.append_many(batch)  # a rival has committed: once more
            lost = next(one for one in batch if one.expected not in (Expected.ANY, Expected.EXISTS))
            actual = self.stream_version(lost.stream)
            raise ConcurrencyError(lost.stream, lost.expected, actual) from None

    def _one(
        self, db: psycopg.Connection[Any], append: StreamAppend, versions: dict[str, int]
    ) -> AppendResult:
        actual = versions.get(append.stream, 0)
        sql = (
            f"SELECT event_id, stream, version FROM {self._schema}.events WHERE event_id = ANY(%s)"
        )
        ids = [event.event_id for event in append.events]
        found = {row[0]: (row[1], row[2]) for row in self._run(db, sql, (ids,)).fetchall()}
        if (settled := settle(append, actual, found)) is not None:
            return settled
        epoch = "pg_current_xact_id()::text::bigint" if self._order == "xid" else "0"
        row = f"({epoch}, %s, %s, %s, %s, %s, %s, %s, %s)"
        columns, now = _COLUMNS.replace("position, ", ""), self._clock_ns()
        cursors: list[Cursor] = []
        for first in range(0, len(append.events), _MANY_ROWS):
            some, values = append.events[first : first + _MANY_ROWS], list[Any]()
            for version, new in enumerate(some, actual + first + 1):
                values += [append.stream, version, new.type, new.schema, new.data]
                values += [json.dumps(dict(new.metadata)), new.event_id, now]
            made = self._run(
                db,
                f"INSERT INTO {self._schema}.events ({columns}) VALUES "
                f"{', '.join([row] * len(some))} RETURNING epoch, position",
                values,
            )
            cursors += [Cursor(*place) for place in made.fetchall()]
        versions[append.stream] = actual + len(cursors)
        return AppendResult(append.stream, versions[append.stream], tuple(cursors))

    def _select(self, rest: str, values: Sequence[Any]) -> list[StoredEvent]:
        with self._transaction() as db:
            rows = self._run(db, f"SELECT {_COLUMNS} FROM {self._schema}.events {rest}", values)
            return [
                StoredEvent(
                    *(Cursor(epoch, position), name, version, kind, schema),
                    *(data, json.loads(told), event_id, recorded),
                )
                for epoch, position, name, version, kind, schema, data, told, event_id, recorded in (
                    rows.fetchall()
                )
            ]

    def read(
        self,
        stream: str,
        *,
        after: int = 0,
        upto: int | None = None,
        limit: int | None = None,
        backwards: bool = False,
    ) -> list[StoredEvent]:
        """Return events of a stream."""
        if limit is not None:
            whole("limit", limit, least=0)
        order = "DESC" if backwards else "ASC"
        last = 2**31 - 1 if upto is None else upto
        return self._select(
            f"WHERE stream = %s AND version > %s AND version <= %s ORDER BY version {order} LIMIT %s",
            (stream, after, last, limit),
        )

    def read_all(
        self,
        *,
        after: Cursor = START,
        upto: Cursor | None = None,
        limit: int = 500,
        types: Iterable[str] | None = None,
    ) -> list[StoredEvent]:
        """Return events behind a cursor; in ``xid`` order, only those no writer can precede."""
        whole("limit", limit, least=0)
        for one in (after, upto or START):
            if one != START and bool(one.epoch) != (self._order == "xid"):
                raise ValueError(f"the cursor {one} is of a store with another order of events")
        last = upto or Cursor(2**62, 2**62)
        wanted = None if types is None else list(types)
        return self._select(
            f"WHERE (epoch, position) > (%s, %s) AND (epoch, position) <= (%s, %s){self._safe}"
            " AND (%s::text[] IS NULL OR type = ANY(%s)) ORDER BY epoch, position LIMIT %s",
            (*after, *last, wanted, wanted, limit),
        )

    @property
    def _safe(self) -> str:
        horizon = " AND epoch < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        return horizon if self._order == "xid" else ""

    def head(self) -> Cursor:
        """Return the highest cursor that is safe to read up to."""
        found = self._select(
            f"WHERE true{self._safe} ORDER BY epoch DESC, position DESC LIMIT 1", ()
        )
        return found[0].cursor if found else START

    def stream_version(self, stream: str) -> int:
        """Return the version of a stream."""
        last = self.read(stream, limit=1, backwards=True)
        return last[0].version if last else 0

    def drop(self) -> None:
        """Remove the schema with all events, for tests and experiments."""
        with self._transaction() as db:
            self._run(db, f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            while self._opened:
                self._opened.pop().close()
        self._local = threading.local()
