"""An event store in one SQLite file: durable without a server.

`BEGIN IMMEDIATE` takes the write lock before reading, because a deferred transaction that upgrades
later fails at once with SQLITE_BUSY. There is one writer at a time, so positions are committed in
the order in which they are taken and a follower misses nothing. ``synchronous=full`` waits for the
disk at each commit; ``normal`` survives a killed process and may lose the end when power fails.
"""

# ruff: noqa: S608 - names of tables are ours, values are bound
from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from velvet_architecture.domain import ArchitectureError, whole
from velvet_architecture.ports import (
    START,
    AppendResult,
    Cursor,
    Expected,
    NewEvent,
    Snapshot,
    StoredEvent,
    StoreUnavailable,
    StreamAppend,
    settle,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL, version INT NOT NULL, type TEXT NOT NULL, schema INT NOT NULL,
    data BLOB NOT NULL, metadata TEXT NOT NULL, event_id TEXT NOT NULL UNIQUE,
    recorded_at_ns INT NOT NULL, UNIQUE (stream, version));
CREATE TABLE IF NOT EXISTS snapshots (
    stream TEXT PRIMARY KEY, version INT NOT NULL, state_schema INT NOT NULL, state BLOB NOT NULL);
"""
_COLUMNS = "position, stream, version, type, schema, data, metadata, event_id, recorded_at_ns"
_VERSION = "SELECT max(version) FROM events WHERE stream = ?"
_MANY_IDS = 500  # SQLite's limit of variables in one statement was 999 for a long time


class SqliteEventStore:
    """One connection a thread; `close` closes all of them.

    Args:
        busy_timeout_s: seconds that an append waits for another writer before StoreUnavailable.
        max_pages: a limit of the file's size, for trying out a full disk; 0 for none.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        synchronous: Literal["full", "normal"] = "full",
        busy_timeout_s: float = 5.0,
        max_pages: int = 0,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        if synchronous not in ("full", "normal"):
            raise ValueError(f"synchronous must be 'full' or 'normal', not {synchronous!r}")
        if not 0 <= busy_timeout_s <= 86_400:
            raise ValueError(f"busy_timeout_s must be from 0 to 86,400, not {busy_timeout_s!r}")
        self._path, self._synchronous, self._timeout = str(path), synchronous, busy_timeout_s
        self._max_pages, self._clock_ns = max_pages, clock_ns
        self._local, self._lock = threading.local(), threading.Lock()
        self._opened: list[sqlite3.Connection] = []
        try:
            self._db().executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self.close()
            raise StoreUnavailable(f"{path} is no event store: {error}") from error

    def _db(self) -> sqlite3.Connection:
        known = getattr(self._local, "connection", None)
        if isinstance(known, sqlite3.Connection):
            return known
        connection = sqlite3.connect(
            self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        with self._lock:
            self._opened.append(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        if self._max_pages:
            connection.execute(f"PRAGMA max_page_count = {self._max_pages}")
        self._local.connection = connection
        return connection

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._db().execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreUnavailable(f"{self._path} cannot be read: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._db()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            self._rollback(connection)
            raise StoreUnavailable(f"{self._path} took no append: {error}") from error
        except BaseException:
            self._rollback(connection)
            raise

    @staticmethod
    def _rollback(connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")

    def append(
        self, stream: str, events: Sequence[NewEvent], *, expected: int = Expected.ANY
    ) -> AppendResult:
        """Store events of one stream in one transaction."""
        return self.append_many([StreamAppend(stream, tuple(events), expected)])[0]

    def append_many(self, batch: Sequence[StreamAppend]) -> list[AppendResult]:
        """Store events of several streams in one transaction."""
        with self._transaction() as connection:
            return [self._one(connection, append) for append in batch]

    def append_group(self, group: Sequence[StreamAppend]) -> list[AppendResult | ArchitectureError]:
        """Store independent appends with one commit; one that is refused leaves the others alone."""
        answers: list[AppendResult | ArchitectureError] = []
        with self._transaction() as connection:
            for append in group:
                connection.execute("SAVEPOINT one")
                try:
                    answers.append(self._one(connection, append))
                except ArchitectureError as refusal:
                    connection.execute("ROLLBACK TO one")
                    answers.append(refusal)
                connection.execute("RELEASE one")
        return answers

    def _one(self, connection: sqlite3.Connection, append: StreamAppend) -> AppendResult:
        actual = int(connection.execute(_VERSION, (append.stream,)).fetchone()[0] or 0)
        found: dict[str, tuple[str, int]] = {}
        for first in range(0, len(append.events), _MANY_IDS):
            ids = [event.event_id for event in append.events[first : first + _MANY_IDS]]
            marks = ",".join("?" * len(ids))
            sql = f"SELECT event_id, stream, version FROM events WHERE event_id IN ({marks})"
            found |= {row[0]: (row[1], row[2]) for row in connection.execute(sql, ids)}
        if (settled := settle(append, actual, found)) is not None:
            return settled
        now = self._clock_ns()
        rows = [
            (append.stream, version, new.type, new.schema, new.data)
            + (json.dumps(dict(new.metadata)) if new.metadata else "", new.event_id, now)
            for version, new in enumerate(append.events, actual + 1)
        ]
        columns = _COLUMNS.removeprefix("position, ")
        connection.executemany(
            f"INSERT INTO events ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        last = connection.execute("SELECT last_insert_rowid()").fetchone()[0]
        cursors = tuple(Cursor(0, last - len(rows) + n) for n in range(1, len(rows) + 1))
        return AppendResult(append.stream, actual + len(rows), cursors)

    def read(
        self,
        stream: str,
        *,
        after: int = 0,
        upto: int | None = None,
        limit: int | None = None,
        backwards: bool = False,
    ) -> list[StoredEvent]:
        """Return events of a stream; O(events returned)."""
        order = "DESC" if backwards else "ASC"
        sql = (
            f"SELECT {_COLUMNS} FROM events WHERE stream = ? AND version > ? AND version <= ?"
            f" ORDER BY version {order} LIMIT ?"
        )
        if limit is not None:
            whole("limit", limit, least=0)
        last = 2**62 if upto is None else upto
        return _stored(self._rows(sql, (stream, int(after), last, -1 if limit is None else limit)))

    def read_all(
        self,
        *,
        after: Cursor = START,
        upto: Cursor | None = None,
        limit: int = 500,
        types: Iterable[str] | None = None,
    ) -> list[StoredEvent]:
        """Return events behind a cursor, in the order of their commits."""
        whole("limit", limit, least=0)
        _own(after)
        values: list[Any] = [after.position, 2**62 if upto is None else _own(upto).position]
        chosen = ""
        if types is not None:
            wanted = list(types)
            chosen = f" AND type IN ({','.join('?' * len(wanted))})"
            values += wanted
        sql = (
            f"SELECT {_COLUMNS} FROM events WHERE position > ? AND position <= ?{chosen}"
            " ORDER BY position LIMIT ?"
        )
        return _stored(self._rows(sql, [*values, limit]))

    def head(self) -> Cursor:
        """Return the cursor of the last committed event."""
        return Cursor(0, self._rows("SELECT max(position) FROM events")[0][0] or 0)

    def stream_version(self, stream: str) -> int:
        """Return the version of a stream."""
        return int(self._rows(_VERSION, (stream,))[0][0] or 0)

    def load(self, stream: str) -> Snapshot | None:
        """Return the newest snapshot; with `save` this store is a SnapshotStore, too."""
        sql = "SELECT stream, version, state_schema, state FROM snapshots WHERE stream = ?"
        found = self._rows(sql, (stream,))
        return Snapshot(*found[0]) if found else None

    def save(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of an older one."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO snapshots VALUES (?, ?, ?, ?) ON CONFLICT (stream) DO UPDATE SET "
                "version = excluded.version, state_schema = excluded.state_schema, "
                "state = excluded.state WHERE excluded.version > snapshots.version",
                (snapshot.stream, snapshot.version, snapshot.state_schema, snapshot.state),
            )

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            while self._opened:
                self._opened.pop().close()
        self._local = threading.local()


def _own(cursor: Cursor) -> Cursor:
    if cursor.epoch:
        raise ValueError(f"the cursor {cursor} is of another kind of store: its epoch is not 0")
    return cursor


def _stored(rows: Iterable[Sequence[Any]]) -> list[StoredEvent]:
    return [
        StoredEvent(
            *(Cursor(0, at), stream, version, kind, schema),
            data if isinstance(data, bytes) else str(data).encode(),  # changed by other hands
            _metadata(text) if text else {},
            *(event_id, recorded),
        )
        for at, stream, version, kind, schema, data, text, event_id, recorded in rows
    ]


def _metadata(text: str) -> dict[str, str]:
    """Return the metadata; what other hands made unreadable is kept, so that its event is named."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    return told if isinstance(told, dict) else {"unreadable": repr(text)}
