"""One counter in a table, and five ways of adding one to it.

The statements are those that an application would send. `select_for_update` is `BEGIN IMMEDIATE` on
SQLite, whose only lock is that of the whole file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import psycopg

from velvet_databases.stores.address import CONNECT_SECONDS
from velvet_databases.stores.base import Unsupported

STRATEGIES = (
    "read_modify_write",
    "atomic_update",
    "select_for_update",
    "version_column",
    "advisory_lock",
)
LOCK_KEY = 8_008
READ = "SELECT value, version FROM {} WHERE id = 1"
WRITE = "UPDATE {} SET value = {} WHERE id = 1"
CHECKED = "UPDATE {} SET value = {}, version = version + 1 WHERE id = 1 AND version = {}"


class Conflict(Exception):
    """Another writer was faster: the version is no longer the one that was read."""


class Counter(Protocol):
    """A worker's connection to the counter."""

    def add_one(self, strategy: str) -> None:
        """One transaction; raises whatever the database does, after rolling back."""

    def close(self) -> None: ...


class PostgresCounter:
    """A worker on PostgreSQL; for one thread."""

    def __init__(self, url: str, table: str, level: str) -> None:
        self._connection = psycopg.connect(
            url, autocommit=True, connect_timeout=CONNECT_SECONDS, prepare_threshold=1
        )
        self._begin = f"BEGIN ISOLATION LEVEL {level}".encode()
        self._read = READ.format(table).encode()
        self._lock_row = self._read + b" FOR UPDATE"
        self._write = WRITE.format(table, "%s").encode()
        self._add = WRITE.format(table, "value + 1").encode()
        self._checked = CHECKED.format(table, "%s", "%s").encode()
        self._steps: dict[str, Callable[[], None]] = {
            "read_modify_write": self._read_modify_write,
            "atomic_update": self._atomic_update,
            "select_for_update": self._select_for_update,
            "version_column": self._version_column,
            "advisory_lock": self._advisory_lock,
        }

    def add_one(self, strategy: str) -> None:
        """One transaction; rolled back when it fails."""
        self._connection.execute(self._begin)
        try:
            self._steps[strategy]()
            self._connection.execute(b"COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                self._connection.execute(b"ROLLBACK")
            raise

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def _one(self, sql: bytes) -> tuple[int, int]:
        row: Any = self._connection.execute(sql).fetchone()
        return row[0], row[1]

    def _read_modify_write(self) -> None:
        value, _ = self._one(self._read)
        self._connection.execute(self._write, (value + 1,))

    def _atomic_update(self) -> None:
        self._connection.execute(self._add)

    def _select_for_update(self) -> None:
        value, _ = self._one(self._lock_row)
        self._connection.execute(self._write, (value + 1,))

    def _version_column(self) -> None:
        value, version = self._one(self._read)
        if self._connection.execute(self._checked, (value + 1, version)).rowcount == 0:
            raise Conflict

    def _advisory_lock(self) -> None:
        # Above READ COMMITTED this very statement takes the snapshot, before the lock is granted.
        self._connection.execute(b"SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        self._read_modify_write()


class SqliteCounter:
    """A worker on SQLite; for one thread. `autocommit` makes each statement a transaction."""

    def __init__(self, path: Path, table: str, level: str, *, busy_seconds: float = 5.0) -> None:
        # The worker's thread is not the one that makes and closes it.
        self._connection = sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        # Whether a commit reaches the disk decides no race, and costs milliseconds each.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._autocommit = level == "autocommit"
        self._read = READ.format(table)
        self._write = WRITE.format(table, "?")
        self._add = WRITE.format(table, "value + 1")
        self._checked = CHECKED.format(table, "?", "?")

    def add_one(self, strategy: str) -> None:
        """One transaction; rolled back when it fails."""
        if strategy == "advisory_lock":
            raise Unsupported("SQLite has no advisory locks; BEGIN IMMEDIATE locks the whole file")
        if strategy == "select_for_update":
            self._connection.execute("BEGIN IMMEDIATE")
        elif not self._autocommit:
            self._connection.execute("BEGIN")
        try:
            self._step(strategy)
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _step(self, strategy: str) -> None:
        if strategy == "atomic_update":
            self._connection.execute(self._add)
            return
        value, version = self._connection.execute(self._read).fetchone()
        if strategy != "version_column":
            self._connection.execute(self._write, (value + 1,))
        elif not self._connection.execute(self._checked, (value + 1, version)).rowcount:
            raise Conflict
