"""Where an interleaving is played on SQLite, which never blocks.

A write beside another writer fails at once with SQLITE_BUSY, and what looks like waiting is the
client trying again. The sessions here do just that, so that both databases show the same picture.
SQLITE_BUSY_SNAPSHOT is final: trying again can never help a stale snapshot.
"""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from velvet_databases.isolation_stage import POLL_SECONDS, Ran
from velvet_databases.isolation_steps import Row


class SqliteSession:
    """A connection with `BEGIN` done, that tries again while it is refused; see `Session`."""

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
        """Execute the statements that make the tables."""
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
        """Return what every session can see now."""
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
