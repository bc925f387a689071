"""The table that workers race for: made for one race, on either database, and removed after it."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from velvet_databases.race_counters import READ, Counter, PostgresCounter, SqliteCounter
from velvet_databases.retry import RETRYABLE
from velvet_databases.stores.address import BUSY_SECONDS, CONNECT_SECONDS, read_address
from velvet_databases.stores.failures import connecting

MAKE = (
    "CREATE TABLE {} (id INTEGER PRIMARY KEY, value INTEGER, version INTEGER)",
    "INSERT INTO {} VALUES (1, 0, 0)",
)
BUSY = frozenset({"SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"})
LEVELS: dict[str, tuple[str, ...]] = {
    "postgresql": ("read committed", "repeatable read", "serializable"),
    "sqlite": ("autocommit", "serializable"),
}


class RaceTable:
    """A table of its own with a counter in it, and how workers reach it.

    Raises:
        ValueError: the level is unknown; `StoreUnavailable`: so is the scheme.
    """

    def __init__(self, url: str, level: str) -> None:
        address = read_address(url, frozenset(LEVELS))
        if level not in LEVELS[address.backend]:
            known = ", ".join(LEVELS[address.backend])
            raise ValueError(f"{address.backend} has no level {level!r} here; known are {known}")
        self._address, self._level = address, level
        self._table = f"race_{uuid.uuid4().hex[:12]}"
        self.on = RETRYABLE if address.backend == "postgresql" else BUSY

    def counter(self) -> Counter:
        """Connect a worker."""
        if self._address.backend == "sqlite":
            return SqliteCounter(Path(self._address.path), self._table, self._level)
        with connecting(self._address):
            return PostgresCounter(self._address.url, self._table, self._level)

    def ask(self, *statements: str) -> list[tuple[Any, ...]]:
        """Execute statements on a connection of their own; return the rows of the last."""
        connection: Any
        if self._address.backend == "sqlite":
            connection = sqlite3.connect(
                self._address.path, timeout=BUSY_SECONDS, isolation_level=None
            )
        else:
            with connecting(self._address):
                connection = psycopg.connect(
                    self._address.url, autocommit=True, connect_timeout=CONNECT_SECONDS
                )
        with closing(connection):
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def table(self) -> Iterator[None]:
        """Make the table, and remove it."""
        first = ["PRAGMA journal_mode = WAL"] if self._address.backend == "sqlite" else []
        self.ask(*first, *(sql.format(self._table) for sql in MAKE))
        try:
            yield
        finally:
            self.ask(f"DROP TABLE {self._table}")

    def value(self) -> int:
        """Return what the counter says."""
        return int(self.ask(READ.format(self._table))[0][0])
