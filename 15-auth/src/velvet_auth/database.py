"""One SQLite connection for threads of this process, WAL for other processes on the same file.

Every decision of this package that two requests may race for is one statement whose row count
decides, so no lock of this process is needed for it to be right; the lock here serialises the
connection, as SQLite demands.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from velvet_auth.errors import SessionError

BUSY_MS = 10_000


class Database:
    """A file, or ``:memory:`` for tests and demonstrations. Close it, or use it as a context."""

    def __init__(self, path: str | Path = ":memory:", schema: str = "") -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = threading.RLock()
        self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        if schema:
            self.define(schema)

    def define(self, schema: str) -> None:
        """Create tables that are missing."""
        with self._lock:
            self._connection.executescript(schema)

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row, or None."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed.

        Raises:
            SessionError: code `unavailable`, when the disk is full or the file is locked for long.
        """
        try:
            with self._lock:
                return self._connection.execute(statement, values).rowcount
        except sqlite3.OperationalError as error:
            raise SessionError("unavailable", f"the store refused a write: {error}") from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several changes one: all of them, or none after an exception or a killed process.

        The block is left in the thread that entered it.
        """
        with self._lock:
            outer = self._connection.in_transaction  # then BEGIN is refused, and it goes on
            try:
                self.change("BEGIN IMMEDIATE")
                yield
                self.change("COMMIT")
            finally:  # an exception, Ctrl-C at any moment, or a commit on a full disk
                if self._connection.in_transaction and not outer:
                    self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
