"""The floor on SQLite: the `sqlite3` of the standard library and nothing above it.

Transactions are opened by hand (`isolation_level=None`), because the module's own implicit ones
begin only before the first write and differ between Python versions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from velvet_databases.stores.address import BUSY_SECONDS, PRAGMAS, read_address
from velvet_databases.stores.failures import connecting
from velvet_databases.stores.floor import Floor, Sql


class RawSqlite(Floor):
    """`sqlite3`; used by the thread that opened it."""

    name: ClassVar[str] = "sqlite3"
    backends: ClassVar[frozenset[str]] = frozenset({"sqlite"})
    backend = "sqlite"
    sql = Sql(lambda _: "?")

    def open(self, url: str) -> None:
        """Open the file, which is made if need be."""
        address = read_address(url, self.backends)
        with connecting(address):
            self._opened = sqlite3.connect(address.path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                for pragma, value in PRAGMAS.items():
                    self.connection.execute(f"PRAGMA {pragma} = {value}")
            except BaseException:
                self.close()
                raise

    @contextmanager
    def _transaction(self, *, reads_first: bool = False) -> Iterator[None]:
        # One that writes at once waits its turn here; one that reads first may find, when it
        # comes to write, that its snapshot is old, and no waiting would help it.
        self.connection.execute("BEGIN" if reads_first else "BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def _values(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        number, customer, status, placed_at, version = row
        return number, customer, status, placed_at.isoformat(" "), version

    def bulk_methods(self) -> tuple[str, ...]:
        """`commit_each` commits after every row and so keeps what came before a failure."""
        return ("commit_each", "one_transaction", "executemany")

    def _insert(self, table: str, values: list[tuple[Any, ...]], method: str) -> None:
        statement = self.sql.insert[table]
        if method == "executemany":
            self.connection.executemany(statement, values)
            return
        for row in values:
            self.connection.execute(statement, row)
            if method == "commit_each":
                self.connection.execute("COMMIT")
                self.connection.execute("BEGIN IMMEDIATE")
