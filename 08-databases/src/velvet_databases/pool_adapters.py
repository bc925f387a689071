"""One face for six ways of getting a connection, so that one driver loads and compares them all.

Every adapter lends in autocommit mode and executes the statements it is given with its own driver
or library; what remains of their differences is the pool itself, and what it does on the way in
and out (asyncpg sends a reset, SQLAlchemy and ours ask for a rollback that needs no message).
"""

from __future__ import annotations

import selectors
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from functools import partial
from typing import Any, ClassVar, Protocol

import psycopg

from velvet_databases.pool import Check, Pool
from velvet_databases.stores.address import CONNECT_SECONDS, Address, read_address
from velvet_databases.stores.base import not_open
from velvet_databases.stores.failures import connecting

POSTGRES = frozenset({"postgresql"})
PING_SECONDS = 2.0
Execute = Callable[[str], object]
AsyncExecute = Callable[[str], Awaitable[object]]


class PoolAdapter(Protocol):
    """A pool for threads.

    `open` connects at most `size` connections, all of them in use by others making a caller wait
    at most `timeout` seconds; with `check` it makes sure that a connection is alive before lending
    it. Raises `StoreUnavailable` where nothing answers.
    """

    name: ClassVar[str]

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None: ...
    def borrow(self) -> AbstractContextManager[Execute]: ...
    def close(self) -> None: ...


class AsyncPoolAdapter(Protocol):
    """The same for the tasks of one event loop."""

    name: ClassVar[str]

    async def open(
        self, url: str, size: int, *, timeout: float = 30.0, check: bool = False
    ) -> None: ...
    def borrow(self) -> AbstractAsyncContextManager[AsyncExecute]: ...
    async def close(self) -> None: ...


def connect(address: Address) -> psycopg.Connection[tuple[Any, ...]]:
    """Open one connection in autocommit mode; raises `ServerFull` or `StoreUnavailable`."""
    with connecting(address):
        return psycopg.connect(address.url, autocommit=True, connect_timeout=CONNECT_SECONDS)


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


class OurPool:
    """The teaching pool of this module over psycopg."""

    name: ClassVar[str] = "ours"
    pool: Pool[psycopg.Connection[tuple[Any, ...]]] | None = None

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None:
        """Connect all at once."""
        make = partial(connect, read_address(url, POSTGRES))
        mode: Check = "checkout" if check else "none"
        self.pool = Pool(make, size, size, timeout=timeout, check=mode, ping=ping)

    @contextmanager
    def borrow(self) -> Iterator[Execute]:
        """Lend a connection's `execute`."""
        if self.pool is None:
            raise not_open(self.name)
        with self.pool.connection() as connection:
            yield lambda sql: connection.execute(sql.encode())

    def close(self) -> None:
        """Close what is idle."""
        if self.pool is not None:
            self.pool.close()


class PsycopgPool:
    """psycopg_pool: connects, checks and replaces in threads of its own."""

    name: ClassVar[str] = "psycopg_pool"
    pool: Any = None

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None:
        """Connect all, and wait for it."""
        from psycopg_pool import ConnectionPool

        address = read_address(url, POSTGRES)
        # Its threads would try for as long as they are given, and not say why they fail.
        connect(address).close()
        self.pool = ConnectionPool(
            address.url,
            kwargs={"autocommit": True},
            min_size=size,
            max_size=size,
            timeout=timeout,
            check=ConnectionPool.check_connection if check else None,
            open=False,
        )
        try:
            self.pool.open(wait=True, timeout=timeout)
        except BaseException:
            self.pool.close()
            raise

    @contextmanager
    def borrow(self) -> Iterator[Execute]:
        """Lend a connection's `execute`."""
        if self.pool is None:
            raise not_open(self.name)
        with self.pool.connection() as connection:
            yield connection.execute

    def close(self) -> None:
        """Close the pool and join its threads."""
        if self.pool is not None:
            self.pool.close()


class SqlAlchemyPool:
    """SQLAlchemy's QueuePool without overflow; `check` is its `pool_pre_ping`."""

    name: ClassVar[str] = "sqlalchemy"
    engine: Any = None

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None:
        """Make the engine, and one connection to see that the server answers."""
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
        self.engine = create_engine(
            address.with_driver("psycopg"), isolation_level="AUTOCOMMIT", **options
        )
        with connecting(address), self.engine.connect():
            pass

    @contextmanager
    def borrow(self) -> Iterator[Execute]:
        """Lend a connection's `exec_driver_sql`."""
        if self.engine is None:
            raise not_open(self.name)
        with self.engine.connect() as connection:
            yield connection.exec_driver_sql

    def close(self) -> None:
        """Close what is idle."""
        if self.engine is not None:
            self.engine.dispose()


class NoPool(SqlAlchemyPool):
    """SQLAlchemy's NullPool: connect, use, close, every time; `size` bounds nothing."""

    name: ClassVar[str] = "nullpool"

    def open(  # it has nothing to bound, to wait for or to check
        self,
        url: str,
        size: int,  # noqa: ARG002
        *,
        timeout: float = 30.0,  # noqa: ARG002
        check: bool = False,  # noqa: ARG002
    ) -> None:
        """Make the engine, and one connection to see that the server answers."""
        from sqlalchemy.pool import NullPool

        self._open(url, poolclass=NullPool)


class DjangoPool:
    """Django's `OPTIONS["pool"]` (5.1 and later), which is psycopg_pool; threads share it."""

    name: ClassVar[str] = "django"
    alias = ""

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None:
        """Add a database under a fresh alias; Django connects when it is first used."""
        from velvet_databases.stores.django_setup import add_database, options_of

        address = read_address(url, POSTGRES)
        connect(address).close()  # as above: it is psycopg_pool
        options = options_of(address)
        options["OPTIONS"]["pool"] = {"min_size": size, "max_size": size, "timeout": timeout}
        self.alias = add_database({**options, "CONN_HEALTH_CHECKS": check})

    @contextmanager
    def borrow(self) -> Iterator[Execute]:
        """Lend a cursor's `execute`; closing Django's connection gives it back to the pool."""
        from django.db import connections  # type: ignore[import-untyped]

        if not self.alias:
            raise not_open(self.name)
        connection = connections[self.alias]
        try:
            with connection.cursor() as cursor:
                yield cursor.execute
        finally:
            connection.close()

    def close(self) -> None:
        """Close the pool and forget the alias."""
        if self.alias:
            from velvet_databases.stores.django_setup import remove_database

            remove_database(self.alias)
            self.alias = ""


class AsyncpgPool:
    """asyncpg's pool; it has no check, and sends a reset when a connection comes back."""

    name: ClassVar[str] = "asyncpg"
    pool: Any = None
    _timeout = 30.0

    async def open(
        self,
        url: str,
        size: int,
        *,
        timeout: float = 30.0,
        check: bool = False,  # noqa: ARG002 - it has none
    ) -> None:
        """Connect all at once."""
        import asyncpg  # type: ignore[import-untyped]

        address = read_address(url, POSTGRES)
        self._timeout = timeout
        with connecting(address):
            self.pool = await asyncpg.create_pool(
                address.for_asyncpg, min_size=size, max_size=size, timeout=CONNECT_SECONDS
            )

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[AsyncExecute]:
        """Lend a connection's `execute`."""
        if self.pool is None:
            raise not_open(self.name)
        async with self.pool.acquire(timeout=self._timeout) as connection:
            yield connection.execute

    async def close(self) -> None:
        """Close all."""
        if self.pool is not None:
            await self.pool.close()


#: The pools for threads by name.
ADAPTERS: dict[str, type[PoolAdapter]] = {
    one.name: one for one in (OurPool, PsycopgPool, SqlAlchemyPool, DjangoPool, NoPool)
}
