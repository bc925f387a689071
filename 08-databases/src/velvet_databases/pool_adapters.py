"""One face for six ways of getting a connection, so that one driver loads and compares them all.

Every adapter lends in autocommit mode and executes the statements it is given with its own driver
or library; what remains of their differences is the pool itself, and what it does on the way in
and out (asyncpg sends a reset, SQLAlchemy and ours ask for a rollback that needs no message).
"""

from __future__ import annotations

import selectors
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import psycopg

from velvet_databases.pool import Check, Pool
from velvet_databases.stores.address import CONNECT_SECONDS, read_address
from velvet_databases.stores.base import Opened
from velvet_databases.stores.failures import connect, connecting

POSTGRES = frozenset({"postgresql"})
PING_SECONDS = 2.0
Execute = Callable[[str], object]
AsyncExecute = Callable[[str], Awaitable[object]]


def ping(connection: psycopg.Connection[tuple[Any, ...]], limit_s: float = PING_SECONDS) -> None:
    """Send an empty statement and wait for the answer, but not for ever: one round trip.

    A driver waits as long as the system keeps the connection, which in a black hole is a quarter
    of an hour; a check that can hang is worse than none.

    Raises:
        TimeoutError: no answer within `limit_s` seconds; the connection cannot be used any more.
        psycopg.OperationalError: the server has closed it.
    """
    line = connection.pgconn
    line.send_query(b"")
    until = time.monotonic() + limit_s
    with selectors.DefaultSelector() as selector:
        selector.register(line.socket, selectors.EVENT_READ)
        while line.is_busy():
            if not selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError(f"no answer within {limit_s:g} s")
            line.consume_input()
    while (result := line.get_result()) is not None:
        if result.status != psycopg.pq.ExecStatus.EMPTY_QUERY:
            raise psycopg.OperationalError(result.error_message.decode(errors="replace"))


class PoolAdapter(Opened, ABC):
    """A pool for threads.

    `open` connects at most `size` connections, all of them in use by others making a caller wait
    at most `timeout` seconds; with `check` it makes sure that a connection is alive before lending
    it. It raises `StoreUnavailable` where nothing answers. `borrow` lends what executes.
    """

    @abstractmethod
    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None: ...
    @abstractmethod
    def borrow(self) -> AbstractContextManager[Execute]: ...


class OurPool(PoolAdapter):
    """The teaching pool of this module over psycopg."""

    name = "ours"

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None:
        make = partial(connect, read_address(url, POSTGRES))
        mode: Check = "checkout" if check else "none"
        self._opened = Pool(make, size, size, timeout=timeout, check=mode, ping=ping)

    @contextmanager
    def borrow(self) -> Iterator[Execute]:
        with self.opened.connection() as connection:
            yield lambda sql: connection.execute(sql.encode())


class PsycopgPool(PoolAdapter):
    """psycopg_pool: connects, checks and replaces in threads of its own."""

    name = "psycopg_pool"

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None:
        from psycopg_pool import ConnectionPool

        address = read_address(url, POSTGRES)
        # Its threads would try for as long as they are given, and not say why they fail.
        connect(address).close()
        pool = ConnectionPool(
            address.url,
            kwargs={"autocommit": True},
            min_size=size,
            max_size=size,
            timeout=timeout,
            check=ConnectionPool.check_connection if check else None,
            open=False,
        )
        try:
            pool.open(wait=True)  # `timeout` is for those who borrow
        except BaseException:
            pool.close()
            raise
        self._opened = pool

    @contextmanager
    def borrow(self) -> Iterator[Execute]:
        with self.opened.connection() as connection:
            yield connection.execute


class SqlAlchemyPool(PoolAdapter):
    """SQLAlchemy's QueuePool without overflow; `check` is its `pool_pre_ping`."""

    name = "sqlalchemy"

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None:
        self._open(
            url,
            pool_size=size,
            max_overflow=0,
            pool_timeout=timeout,
            pool_pre_ping=check,
            pool_recycle=3600,
        )

    def _open(self, url: str, **options: Any) -> None:
        from sqlalchemy import create_engine

        address = read_address(url, POSTGRES)
        self._opened = create_engine(
            address.with_driver("psycopg"), isolation_level="AUTOCOMMIT", **options
        )
        with connecting(address), self._opened.connect():
            pass

    @contextmanager
    def borrow(self) -> Iterator[Execute]:
        with self.opened.connect() as connection:
            yield connection.exec_driver_sql

    def close(self) -> None:
        if self._opened is not None:
            self._opened.dispose()
            self._opened = None


class NoPool(SqlAlchemyPool):
    """SQLAlchemy's NullPool: connect, use, close, every time; the options bound nothing."""

    name = "nullpool"

    def open(self, url: str, size: int, **_: Any) -> None:  # noqa: ARG002 - as above
        from sqlalchemy.pool import NullPool

        self._open(url, poolclass=NullPool)


class DjangoPool(PoolAdapter):
    """Django's `OPTIONS["pool"]` (5.1 and later), which is psycopg_pool; threads share it."""

    name = "django"

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None:
        """Add a database under a fresh alias; Django connects when it is first used."""
        from velvet_databases.stores.django_setup import add_database, options_of

        address = read_address(url, POSTGRES)
        connect(address).close()  # as above: it is psycopg_pool
        options = options_of(address)
        options["OPTIONS"]["pool"] = {"min_size": size, "max_size": size, "timeout": timeout}
        self._opened = add_database({**options, "CONN_HEALTH_CHECKS": check})

    @contextmanager
    def borrow(self) -> Iterator[Execute]:
        """Lend a cursor's `execute`; closing Django's connection gives it back to the pool."""
        from django.db import connections  # type: ignore[import-untyped]

        connection = connections[self.opened]
        try:
            with connection.cursor() as cursor:
                yield cursor.execute
        finally:
            connection.close()

    def close(self) -> None:
        if self._opened is not None:
            from velvet_databases.stores.django_setup import remove_database

            remove_database(self._opened)
            self._opened = None


class AsyncpgPool(Opened):
    """asyncpg's pool, for the tasks of one loop; it has no check, and sends a reset on return."""

    name = "asyncpg"
    _timeout = 30.0

    async def open(self, url: str, size: int, *, timeout: float = 30.0) -> None:
        """Connect all at once."""
        import asyncpg  # type: ignore[import-untyped]

        address = read_address(url, POSTGRES)
        self._timeout = timeout
        with connecting(address):
            self._opened = await asyncpg.create_pool(
                address.for_asyncpg, min_size=size, max_size=size, timeout=CONNECT_SECONDS
            )

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[AsyncExecute]:
        async with self.opened.acquire(timeout=self._timeout) as connection:
            yield connection.execute

    async def close(self) -> None:  # type: ignore[override]
        if self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.close()


#: The pools for threads by name.
ADAPTERS: dict[str, type[PoolAdapter]] = {
    one.name: one for one in (OurPool, PsycopgPool, SqlAlchemyPool, DjangoPool, NoPool)
}
