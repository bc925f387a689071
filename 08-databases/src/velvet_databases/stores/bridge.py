"""An asynchronous store with the face of a synchronous one, so that one driver serves both.

Each call is a turn of a private loop in the calling thread. What this adds (a task and a turn of
the loop) is a few microseconds a call, and is part of what the store costs a synchronous caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from contextlib import AbstractContextManager, aclosing, contextmanager
from typing import Any, ClassVar, Protocol, TypeVar

from velvet_databases.domain import Dataset, Order
from velvet_databases.sqlcapture import QueryLog
from velvet_databases.stores.base import Cap, Loading, TransferHow, not_open

T = TypeVar("T")


class AsyncStore(Protocol):
    """The operations of `Store` as coroutines; used by one loop."""

    name: ClassVar[str]
    backends: ClassVar[frozenset[str]]
    backend: str

    @property
    def capabilities(self) -> frozenset[Cap]: ...
    async def open(self, url: str) -> None: ...
    async def close(self) -> None: ...
    async def create_schema(self) -> None: ...
    async def drop_schema(self) -> None: ...
    def bulk_methods(self) -> tuple[str, ...]: ...
    async def insert_reference(self, data: Dataset) -> None: ...
    async def insert_orders(self, data: Dataset, method: str) -> int: ...
    async def get_order(self, order_id: int) -> Order: ...
    async def page(self, after_id: int, limit: int) -> list[Order]: ...
    async def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]: ...
    def stream_orders(self, batch: int = 1000) -> AsyncIterator[Order]: ...
    async def set_status(self, order_id: int, status: str, expected_version: int) -> None: ...
    async def balance(self, account_id: int) -> int: ...
    async def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None: ...
    def capture(self) -> AbstractContextManager[QueryLog]: ...


class SyncStore:
    """See `to_sync`; used by one thread, and by none in which a loop is running."""

    def __init__(self, store: AsyncStore) -> None:
        self.store = store
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def name(self) -> str:
        """The name of the store behind."""
        return self.store.name

    @property
    def backends(self) -> frozenset[str]:
        """The databases that the store behind can be opened on."""
        return self.store.backends

    @property
    def backend(self) -> str:
        """The database that it is open on."""
        return self.store.backend

    @property
    def capabilities(self) -> frozenset[Cap]:
        """Those of the store behind, without `ASYNC`."""
        return self.store.capabilities - {Cap.ASYNC}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the private loop; raises `StoreUnavailable` before `open`."""
        if _loop_is_running():
            work.close()
            raise RuntimeError(
                f"a loop is running in this thread: await the store {self.name} itself"
            )
        if self._loop is None:
            work.close()
            raise not_open(self.name)
        return self._loop.run_until_complete(work)

    def open(self, url: str) -> None:
        """As `Store.open`."""
        if self._loop is None and not _loop_is_running():
            self._loop = asyncio.new_event_loop()
        try:
            self.run(self.store.open(url))
        except BaseException:
            self._end_loop()
            raise

    def close(self) -> None:
        """As `Store.close`; ends the loop."""
        if self._loop is not None:
            try:
                self.run(self.store.close())
            finally:
                self._end_loop()

    def _end_loop(self) -> None:
        if self._loop is not None:
            loop, self._loop = self._loop, None
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def create_schema(self) -> None:
        """As `Store.create_schema`."""
        self.run(self.store.create_schema())

    def drop_schema(self) -> None:
        """As `Store.drop_schema`."""
        self.run(self.store.drop_schema())

    def bulk_methods(self) -> tuple[str, ...]:
        """As `Store.bulk_methods`."""
        return self.store.bulk_methods()

    def insert_reference(self, data: Dataset) -> None:
        """As `Store.insert_reference`."""
        self.run(self.store.insert_reference(data))

    def insert_orders(self, data: Dataset, method: str) -> int:
        """As `Store.insert_orders`."""
        return self.run(self.store.insert_orders(data, method))

    def get_order(self, order_id: int) -> Order:
        """As `Store.get_order`."""
        return self.run(self.store.get_order(order_id))

    def page(self, after_id: int, limit: int) -> list[Order]:
        """As `Store.page`."""
        return self.run(self.store.page(after_id, limit))

    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        """As `Store.orders_with_lines`."""
        return self.run(self.store.orders_with_lines(strategy, limit))

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        """As `Store.stream_orders`; a turn of the loop for each order."""
        orders = _and_none(self.store.stream_orders(batch))
        try:
            while (order := self.run(orders.__anext__())) is not None:
                yield order
        finally:
            if self._loop is not None:  # else the store was closed in mid-stream, and it with it
                self.run(orders.aclose())

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """As `Store.set_status`."""
        self.run(self.store.set_status(order_id, status, expected_version))

    def balance(self, account_id: int) -> int:
        """As `Store.balance`."""
        return self.run(self.store.balance(account_id))

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        """As `Store.transfer`."""
        self.run(self.store.transfer(source, target, cents, how))

    @contextmanager
    def capture(self) -> Iterator[QueryLog]:
        """As `Store.capture`."""
        with self.store.capture() as log:
            try:
                yield log
            finally:
                # asyncpg tells of a statement one turn of the loop later.
                self.run(asyncio.sleep(0))


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _and_none(orders: Any) -> AsyncGenerator[Order | None, None]:
    """Yield the orders and then None, for a caller that cannot await an end."""
    async with aclosing(orders):
        async for order in orders:
            yield order
    yield None


def to_sync(store: AsyncStore) -> SyncStore:
    """Return a `Store` that runs a store of coroutines on one private loop."""
    return SyncStore(store)
