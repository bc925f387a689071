"""One connection to SQLite or PostgreSQL with the few differences that a queue meets.

SQL is written once, with `?` for a value. SQLite has one writer, so its transactions begin with
`BEGIN IMMEDIATE` and wait for each other; PostgreSQL locks rows, and `SKIP LOCKED` lets workers
pass each other. The connection is shared by the threads of a process behind a lock; processes
have one each.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from velvet.services.ladder import hidden
from velvet_queues.errors import QueueUnavailable

BUSY_S = 30.0
CONNECT_S = 4
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}")
Row = tuple[Any, ...]


def check_name(name: str) -> str:
    """Return the name of a table: a plain identifier, since names cannot be bound like values.

    Raises:
        ValueError: it is none.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"name must be small letters, digits and _, at most 41, not {name!r}")
    return name


class SqlStore:
    """Transactions on a database that is named by an address.

    Args:
        url: ``sqlite:///path/to.db`` or ``postgresql://user:password@host:port/name``.

    Raises:
        ValueError: another kind of address.
        QueueUnavailable: nothing answers there within some seconds.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        scheme = urlsplit(url).scheme
        if scheme not in ("sqlite", "postgresql", "postgres"):
            raise ValueError(f"url must begin with sqlite: or postgresql:, not {hidden(url)!r}")
        self.postgres = scheme != "sqlite"
        self._lock = threading.RLock()
        self._current: Transaction | None = None
        self._connection: Any = self._open()

    def _open(self) -> Any:
        if self.postgres:
            return self._open_postgres()
        path = self.url.partition("://")[2].removeprefix("/")
        try:
            connection = sqlite3.connect(
                path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error as error:
            where = Path(path).name
            raise QueueUnavailable(f"SQLite cannot open {where}: {error}", "check it") from None
        return connection

    def _open_postgres(self) -> Any:
        import psycopg

        try:
            return psycopg.connect(self.url, autocommit=True, connect_timeout=CONNECT_S)
        except psycopg.Error as error:
            cause = f"PostgreSQL at {hidden(self.url)} does not answer ({type(error).__name__})"
            raise QueueUnavailable(cause, "start it or correct the address") from None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run statements together: all of them are kept, or none.

        One inside another joins it as a savepoint, so that a message can be put in the
        transaction of the caller's own rows. The block is left in the thread that entered it.

        Raises:
            QueueUnavailable: the connection is gone; the next transaction opens another.
        """
        lost: tuple[type[BaseException], ...] = (sqlite3.OperationalError,)
        if self.postgres:
            import psycopg

            lost = (psycopg.OperationalError, psycopg.InterfaceError)
        with self._lock:
            if self._current is not None:
                with self._savepoint(self._current) as joined:
                    yield joined
                return
            try:
                if self._connection is None or (self.postgres and self._connection.closed):
                    self._connection = self._open()
                try:  # before BEGIN: Ctrl-C may come as soon as it has returned
                    self._current = Transaction(self._begin(lost), self.postgres)
                    yield self._current
                    self._current.connection.execute("COMMIT")
                except BaseException:
                    if self._connection is not None and _is_open(self._connection):
                        self._connection.execute("ROLLBACK")
                    raise
                finally:
                    self._current = None
            except lost as error:
                cause = f"the database refused: {type(error).__name__}: {error}".strip()
                raise QueueUnavailable(cause.splitlines()[0], "try again when it is back") from None

    @staticmethod
    @contextmanager
    def _savepoint(outer: Transaction) -> Iterator[Transaction]:
        outer.run("SAVEPOINT inner_part")
        try:
            yield outer
        except BaseException:
            if _is_open(outer.connection):
                outer.run("ROLLBACK TO SAVEPOINT inner_part")
            raise
        outer.run("RELEASE SAVEPOINT inner_part")

    def _begin(self, lost: tuple[type[BaseException], ...]) -> Any:
        """Begin a transaction, once more on a new connection where a server was restarted."""
        begin = "BEGIN" if self.postgres else "BEGIN IMMEDIATE"
        try:
            if _is_open(self._connection):  # what an interrupt between two statements left
                self._connection.execute("ROLLBACK")
            self._connection.execute(begin)
        except lost:
            if not self.postgres:
                raise
            self._connection.close()
            self._connection = None  # where opening fails, the next transaction tries again
            self._connection = self._open()
            self._connection.execute(begin)
        return self._connection

    def close(self) -> None:
        """Close the connection; the next transaction opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None


def _is_open(connection: Any) -> bool:
    """Whether a transaction is open: a full disk or a lost connection has ended it already."""
    if isinstance(connection, sqlite3.Connection):
        return connection.in_transaction
    return bool(not connection.closed and connection.info.transaction_status)  # 0 is idle


class Transaction:
    """Statements inside one transaction."""

    def __init__(self, connection: Any, postgres: bool) -> None:
        self.connection, self.postgres = connection, postgres

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Execute a statement and return its rows."""
        cursor = self.connection.execute(sql.replace("?", "%s") if self.postgres else sql, values)
        return cursor.fetchall() if cursor.description else []

    def changed(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Execute a statement and return how many rows it touched."""
        cursor = self.connection.execute(sql.replace("?", "%s") if self.postgres else sql, values)
        return int(cursor.rowcount)
