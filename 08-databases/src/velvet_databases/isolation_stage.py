"""Where an interleaving is played: real sessions on PostgreSQL or SQLite, and who waits for whom.

PostgreSQL is asked (`pg_blocking_pids`) from a connection of its own. SQLite never blocks: a write
beside another writer fails at once with SQLITE_BUSY, and what looks like waiting is the client
trying again. Its sessions here do just that, so that both databases show the same picture.
SQLITE_BUSY_SNAPSHOT is final: trying again can never help a stale snapshot.
"""

from __future__ import annotations

import sqlite3
import tempfile
import threading
import uuid
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from velvet_databases.stores.address import Address, read_address
from velvet_databases.stores.failures import connect, sqlstate

Row = tuple[Any, ...]
POLL_SECONDS = 0.005
LEVELS: dict[str, tuple[str, ...]] = {
    "postgresql": ("read committed", "repeatable read", "serializable"),
    "sqlite": ("serializable",),
}


@dataclass(frozen=True)
class Ran:
    """What a statement gave: rows (None where it gives none), rows changed, or an error."""

    rows: tuple[Row, ...] | None = None
    rowcount: int = 0
    state: str = ""
    error: str = ""


class PostgresSession:
    """A connection with `BEGIN ISOLATION LEVEL` done, used by one thread."""

    def __init__(self, name: str, connection: psycopg.Connection[Row]) -> None:
        self.name, self.connection = name, connection
        self.pid = connection.info.backend_pid

    def run(self, sql: str) -> Ran:
        """Execute one statement; an error is an answer, not an exception."""
        try:
            cursor = self.connection.execute(sql.encode())
        except psycopg.Error as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            return Ran(state=sqlstate(error) or "error", error=first)
        rows = tuple(cursor.fetchall()) if cursor.description else None
        return Ran(rows, max(cursor.rowcount, 0))


class PostgresStage:
    """A schema of its own, dropped at the end."""

    def __init__(self, address: Address, level: str) -> None:
        self._address, self._level = address, level
        self._schema = f"velvet_play_{uuid.uuid4().hex[:12]}"
        self._sessions: dict[str, PostgresSession] = {}
        self._monitor = self._connect()
        try:
            self._monitor.execute(f"CREATE SCHEMA {self._schema}".encode())
        except BaseException:
            self._monitor.close()
            raise

    def _connect(self) -> psycopg.Connection[Row]:
        connection = connect(self._address)
        connection.execute(f"SET search_path TO {self._schema}".encode())
        return connection

    def prepare(self, setup: Sequence[str]) -> None:
        """Execute the statements that make the tables."""
        for sql in setup:
            self._monitor.execute(sql.encode())

    def session(self, name: str) -> PostgresSession:
        """Open a session; its snapshot is taken by its first statement, not here."""
        connection = self._connect()
        self._sessions[name] = PostgresSession(name, connection)
        connection.execute(f"BEGIN ISOLATION LEVEL {self._level}".encode())
        return self._sessions[name]

    def blockers(self, name: str) -> tuple[str, ...]:
        """Return the sessions that one waits for; empty when it does not wait."""
        asked = self._monitor.execute("SELECT pg_blocking_pids(%s)", (self._sessions[name].pid,))
        row = asked.fetchone()
        names = {one.pid: one.name for one in self._sessions.values()}
        return tuple(sorted(names.get(pid, f"pid {pid}") for pid in (row[0] if row else ())))

    def read(self, sql: str) -> tuple[Row, ...]:
        """Return what every session can see now."""
        return tuple(self._monitor.execute(sql.encode()).fetchall())

    def cancel(self) -> None:
        """End whatever the sessions are doing."""
        for one in self._sessions.values():
            self._monitor.execute("SELECT pg_cancel_backend(%s)", (one.pid,))

    def close(self) -> None:
        """Close the sessions and drop the schema."""
        for one in self._sessions.values():
            one.connection.close()
        with self._monitor, suppress(psycopg.OperationalError):  # the server may be gone
            self._monitor.execute(f"DROP SCHEMA {self._schema} CASCADE".encode())


class SqliteSession:
    """A connection with `BEGIN` done, that tries again while it is refused; for one thread."""

    def __init__(self, name: str, stage: SqliteStage) -> None:
        self.name, self._stage = name, stage
        self.waiting = self.writing = False
        self.connection = stage.connect()
        self.connection.execute("BEGIN")

    def run(self, sql: str) -> Ran:
        """Execute one statement; an error is an answer, not an exception."""
        while True:
            try:
                cursor = self.connection.execute(sql)
                rows = tuple(cursor.fetchall()) if cursor.description else None
            except sqlite3.Error as error:
                state = self._state(error)
                if state != "SQLITE_BUSY" or self._stage.ending.is_set():
                    self.waiting = False
                    return Ran(state=state, error=str(error))
                self.waiting = True
                self._stage.ending.wait(POLL_SECONDS)
                continue
            self.waiting = False
            self.writing = self.connection.in_transaction and (self.writing or rows is None)
            return Ran(rows, max(cursor.rowcount, 0))

    def _state(self, error: sqlite3.Error) -> str:
        named: str | None = getattr(error, "sqlite_errorname", None)
        if named is not None:
            return named
        if "database is locked" not in str(error):
            return "SQLITE_ERROR"
        # Python 3.10 does not tell the code. Locked without a writer is a stale snapshot.
        return "SQLITE_BUSY" if self._stage.writers(self.name) else "SQLITE_BUSY_SNAPSHOT"


class SqliteStage:
    """A temporary file in WAL mode, where readers go on beside one writer."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="velvet-databases-")
        self._path = Path(self._folder.name) / "play.db"
        self._sessions: dict[str, SqliteSession] = {}
        self.ending = threading.Event()
        with closing(self.connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")

    def connect(self) -> sqlite3.Connection:
        """Open a connection that never waits and begins nothing by itself."""
        return sqlite3.connect(
            self._path, timeout=0.0, isolation_level=None, check_same_thread=False
        )

    def prepare(self, setup: Sequence[str]) -> None:
        with closing(self.connect()) as connection:
            for sql in setup:
                connection.execute(sql)

    def session(self, name: str) -> SqliteSession:
        """Open a session; its snapshot is taken by its first read, not here."""
        self._sessions[name] = SqliteSession(name, self)
        return self._sessions[name]

    def writers(self, name: str) -> tuple[str, ...]:
        """Return who else has the only write lock."""
        others = self._sessions.values()
        return tuple(one.name for one in others if one.writing and one.name != name)

    def blockers(self, name: str) -> tuple[str, ...]:
        """Return whom a session waits for; empty when it does not wait."""
        return self.writers(name) if self._sessions[name].waiting else ()

    def read(self, sql: str) -> tuple[Row, ...]:
        with closing(self.connect()) as connection:
            return tuple(connection.execute(sql).fetchall())

    def cancel(self) -> None:
        """End the sessions' trying."""
        self.ending.set()

    def close(self) -> None:
        """Close the sessions and remove the file."""
        for one in self._sessions.values():
            one.connection.close()
        self._folder.cleanup()


Session = PostgresSession | SqliteSession
Stage = PostgresStage | SqliteStage


def stage_for(url: str, level: str) -> Stage:
    """Open the stage that an address asks for.

    Raises:
        StoreUnavailable: nothing answers there, or it is neither PostgreSQL nor SQLite.
        ValueError: the database has no such isolation level.
    """
    address = read_address(url, frozenset(LEVELS))
    known = LEVELS[address.backend]
    if level not in known:
        raise ValueError(f"{address.backend} has no level {level!r}; known are {', '.join(known)}")
    return SqliteStage() if address.backend == "sqlite" else PostgresStage(address, level)
