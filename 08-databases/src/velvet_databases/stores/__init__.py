"""The contenders: one shop behind one interface, from the bare driver to the document store.

`make("django")` gives a store by name, `available(url)` all that an address allows. Libraries are
imported when they are asked for: a reader who wants SQLite alone pays for nothing else, and a
missing driver is a reason in a list instead of an error at import.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any, TypeVar, cast

from velvet_databases.domain import Order
from velvet_databases.sqlcapture import QueryLog
from velvet_databases.stores.base import (
    Conflict,
    DataError,
    Loading,
    NotFound,
    Overdraft,
    ServerFull,
    StaleWrite,
    Store,
    StoreError,
    StoreUnavailable,
    TransferHow,
    Unavailable,
    Unsupported,
    ValueOutOfRange,
    not_open,
)

__all__ = [
    "NAMES",
    "Conflict",
    "DataError",
    "Loading",
    "NotFound",
    "Overdraft",
    "ServerFull",
    "StaleWrite",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "TransferHow",
    "Unavailable",
    "Unsupported",
    "ValueOutOfRange",
    "available",
    "make",
]

T = TypeVar("T")
_CLASSES = {
    "sqlite3": "floor:RawSqlite",
    "psycopg": "raw_psycopg:RawPsycopg",
    "asyncpg": "raw_asyncpg:RawAsyncpg",
    "sqlalchemy core": "sa_core:SaCore",
    "sqlalchemy orm": "sa_orm:SaOrm",
    "sqlalchemy async": "sa_orm:SaAsync",
    "django": "django_store:DjangoStore",
    "peewee": "peewee_store:PeeweeStore",
    "mongodb": "mongo_store:MongoStore",
    "redis": "redis_store:RedisStore",
}
NAMES = tuple(_CLASSES)


def make(name: str) -> Store:
    """Return a store that is not open yet, with synchronous methods whatever it is.

    Raises:
        ValueError: no store has that name.
        StoreUnavailable: its library is not installed.
    """
    if name not in _CLASSES:
        raise ValueError(f"there is no store {name!r}; known are {', '.join(NAMES)}")
    module, _, attribute = _CLASSES[name].partition(":")
    try:
        store = getattr(import_module(f"{__name__}.{module}"), attribute)()
    except ModuleNotFoundError as error:
        missing = (error.name or "a library").partition(".")[0]
        raise StoreUnavailable(f"{missing} is not installed: pip install {missing}") from error
    return cast(Store, SyncStore(store) if inspect.iscoroutinefunction(store.open) else store)


def available(url: str) -> list[Store | Unavailable]:
    """Open every store on an address; those that cannot be come back with the reason.

    The caller closes the stores.

    Raises:
        StoreUnavailable: the scheme of the address is unknown to all of them.
    """
    found: list[Store | Unavailable] = []
    for name in NAMES:
        try:
            store = make(name)
            store.open(url)
        except StoreUnavailable as error:
            found.append(Unavailable(name, str(error)))
        else:
            found.append(store)
    if all("unknown URL scheme" in getattr(one, "reason", "") for one in found):
        raise StoreUnavailable(found[0].reason)  # type: ignore[union-attr]  # the line above
    return found


class SyncStore:
    """An asynchronous store with the face of a synchronous one, so that one driver serves both.

    Each call is a turn of a private loop in the calling thread. What this adds (a task and a turn
    of the loop) is a few microseconds a call, and is part of what the store costs a synchronous
    caller. Used by one thread, and by none in which a loop is running.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self._loop: asyncio.AbstractEventLoop | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._store, name)
        return partial(self._wait, found) if inspect.iscoroutinefunction(found) else found

    def _wait(self, method: Any, *args: Any, **options: Any) -> Any:
        return self._run(method(*args, **options))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the private loop; raises `StoreUnavailable` before `open`."""
        if _loop_is_running():
            work.close()
            raise RuntimeError(
                f"a loop is running in this thread: await the store {self._store.name} itself"
            )
        if self._loop is None:
            work.close()
            raise not_open(self._store.name)
        return self._loop.run_until_complete(work)

    def open(self, url: str) -> None:
        """Begin the loop and connect, as `Store.open`."""
        if self._loop is None and not _loop_is_running():
            self._loop = asyncio.new_event_loop()
        try:
            self._run(self._store.open(url))
        except BaseException:
            self._end_loop()
            raise

    def close(self) -> None:
        """Disconnect and end the loop; safe to call twice."""
        if self._loop is not None:
            try:
                self._run(self._store.close())
            finally:
                self._end_loop()

    def _end_loop(self) -> None:
        if self._loop is not None:
            loop, self._loop = self._loop, None
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        """Yield as `Store.stream_orders`; a turn of the loop for each order."""
        orders = self._store.stream_orders(batch)
        try:
            while (order := self._run(_next(orders))) is not None:
                yield order
        finally:
            if self._loop is not None:  # else the store was closed in mid-stream, and it with it
                self._run(orders.aclose())

    @contextmanager
    def capture(self) -> Iterator[QueryLog]:
        """Record as `Store.capture`."""
        with self._store.capture() as log:
            try:
                yield log
            finally:
                # asyncpg tells of a statement one turn of the loop later.
                self._run(asyncio.sleep(0))


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _next(orders: AsyncIterator[Order]) -> Order | None:
    return await anext(orders, None)
