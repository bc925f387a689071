"""What every pool looks like to the driver that loads it, and how each of them connects."""

from __future__ import annotations

import selectors
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, ClassVar, Protocol

import psycopg

from velvet_databases.stores.address import CONNECT_SECONDS, Address
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
