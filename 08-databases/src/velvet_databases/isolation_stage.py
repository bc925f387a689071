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
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from velvet_databases.stores.address import Address, read_address
from velvet_databases.stores.failures import connect, sqlstate

Row = tuple[Any, ...]
POLL_SECONDS = 0.005
LEVELS: dict[str, tuple[str, ...]] = {
    "postgresql": ("read committed", "repeatable read", "serializable"),
    "sqlite": ("serializable",),
}


class Ran(NamedTuple):
    """What a statement gave: rows (None where it gives none), rows changed, or an error."""

    rows: tuple[Row, ...] | None = None
    rowcount: int = 0
    state: str = ""
    error: str = ""


class PostgresStage:
    """A schema of its own, dropped at the end."""

    def __init__(self, address: Address, level: str) -> None:
        self._address, self._level = address, level
        self._schema = f"velvet_play_{uuid.uuid4().hex[:12]}"
        self._sessions: dict[str, psycopg.Connection[Row]] = {}
        self._pids: dict[str, int] = {}
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

    def begin(self, name: str) -> None:
        """Open a session; its snapshot is taken by its first statement, not here."""
        session = self._sessions[name] = self._connect()
        self._pids[name] = session.info.backend_pid
        session.execute(f"BEGIN ISOLATION LEVEL {self._level}".encode())

    def run(self, name: str, sql: str) -> Ran:
        """Execute one statement in a session; an error is an answer, not an exception."""
        try:
            cursor = self._sessions[name].execute(sql.encode())
        except psycopg.Error as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            return Ran(state=sqlstate(error) or "error", error=first)
        rows = tuple(cursor.fetchall()) if cursor.description else None
        return Ran(rows, max(cursor.rowcount, 0))

    def blockers(self, name: str) -> tuple[str, ...]:
        """Return the sessions that one waits for; empty when it does not wait."""
        asked = self._monitor.execute("SELECT pg_blocking_pids(%s)", (self._pids[name],))
        row = asked.fetchone()
        names = {pid: name for name, pid in self._pids.items()}
        return tuple(sorted(names.get(pid, f"pid {pid}") for pid in (row[0] if row else ())))

    def read(self, sql: str) -> tuple[Row, ...]:
        """Return what every session can see now."""
        return tuple(self._monitor.execute(sql.encode()).fetchall())

    def cancel(self) -> None:
        """End whatever the sessions are doing."""
        for pid in self._pids.values():
            self._monitor.execute("SELECT pg_cancel_backend(%s)", (pid,))

    def close(self) -> None:
        """Close the sessions and drop the schema."""
        for session in self._sessions.values():
            session.close()
        with self._monitor, suppress(psycopg.OperationalError):  # the server may be gone
            self._monitor.execute(f"DROP SCHEMA {self._schema} CASCADE".encode())


class SqliteStage:
    """The same in a temporary file in WAL mode, where readers go on beside one writer."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="velvet-databases-")
        self._path = Path(self._folder.name) / "play.db"
        self._sessions: dict[str, sqlite3.Connection] = {}
        self._waiting: set[str] = set()
        self._writing: set[str] = set()
        self._ending = threading.Event()
        self.prepare(["PRAGMA journal_mode = WAL"])

    def _connect(self) -> sqlite3.Connection:
        # It never waits by itself, and begins nothing.
        return sqlite3.connect(
            self._path, timeout=0.0, isolation_level=None, check_same_thread=False
        )

    def prepare(self, setup: Sequence[str]) -> None:
        with closing(self._connect()) as connection:
            for sql in setup:
                connection.execute(sql)

    def begin(self, name: str) -> None:
        self._sessions[name] = self._connect()
        self._sessions[name].execute("BEGIN")

    def run(self, name: str, sql: str) -> Ran:
        session = self._sessions[name]
        while True:
            try:
                cursor = session.execute(sql)
                rows = tuple(cursor.fetchall()) if cursor.description else None
            except sqlite3.Error as error:
                state = self._state(name, error)
                if state != "SQLITE_BUSY" or self._ending.is_set():
                    self._waiting.discard(name)
                    return Ran(state=state, error=str(error))
                self._waiting.add(name)
                self._ending.wait(POLL_SECONDS)
                continue
            self._waiting.discard(name)
            if not session.in_transaction:
                self._writing.discard(name)
            elif rows is None:
                self._writing.add(name)
            return Ran(rows, max(cursor.rowcount, 0))

    def _state(self, name: str, error: sqlite3.Error) -> str:
        named: str | None = getattr(error, "sqlite_errorname", None)
        if named is not None:
            return named
        if "database is locked" not in str(error):
            return "SQLITE_ERROR"
        # Python 3.10 does not tell the code. Locked without a writer is a stale snapshot.
        return "SQLITE_BUSY" if self._writing - {name} else "SQLITE_BUSY_SNAPSHOT"

    def blockers(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(self._writing - {name})) if name in self._waiting else ()

    def read(self, sql: str) -> tuple[Row, ...]:
        with closing(self._connect()) as connection:
            return tuple(connection.execute(sql).fetchall())

    def cancel(self) -> None:
        self._ending.set()

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()
        self._folder.cleanup()


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
