"""`amap`: apply a coroutine function to many items, a bounded number at a time.

`gather` over a million items makes a million tasks, and one failure leaves the others running. Here one feeder
takes an item from the source only when there is room for it (backpressure), every task ends before the
generator does, and an error stops the source at once. In order, it keeps the promise of the built-in `map`:
what came before the failed item is delivered, then the error is raised.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from typing import Any, TypeVar

if sys.version_info < (3, 11):  # pragma: no cover - Python 3.10
    from exceptiongroup import ExceptionGroup  # type: ignore[import-not-found,unused-ignore]

from velvet_concurrency.runtime import check_int

S = TypeVar("S")
T = TypeVar("T")


async def reap(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel `tasks` and return when every one is done; their results and errors are discarded.

    `task.cancel()` only asks: leaving without waiting leaks the task, its connection and its error.
    Cancelled meanwhile, it still waits for all of them and raises `CancelledError` afterwards.
    """
    every = list(tasks)
    for task in every:
        task.cancel()
    pending = {task for task in every if not task.done()}
    interrupted: asyncio.CancelledError | None = None
    while pending:
        try:
            _, pending = await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            interrupted = error
            pending = {task for task in pending if not task.done()}
    for task in every:
        if not task.cancelled():
            task.exception()  # marks it as seen: the caller has another outcome to report
    if interrupted is not None:
        raise interrupted


def amap(
    fn: Callable[[S], Awaitable[T]],
    items: Iterable[S] | AsyncIterable[S],
    limit: int,
    *,
    ordered: bool = True,
    buffer: int = 0,
) -> AsyncGenerator[T, None]:
    """Yield `await fn(item)` for each item, at most `limit` calls running at once.

    Arguments: `ordered` False yields results as they complete. At most `limit + buffer` items are taken from the
    source and not yet yielded. An async generator given as source is closed when this one ends.
    Leave early only under `contextlib.aclosing`, as with every async generator that holds tasks.
    Raises `ValueError` for a bad bound; while iterating, an `ExceptionGroup` of what `fn` raised, or the source's own
    error as it is. O(1) a result. Use within one event loop.
    """
    check_int("limit", limit, 1)
    check_int("buffer", buffer, 0)
    return _amap(fn, items, limit, ordered, buffer)


async def _amap(
    fn: Callable[[S], Awaitable[T]],
    items: Iterable[S] | AsyncIterable[S],
    limit: int,
    ordered: bool,
    buffer: int,
) -> AsyncGenerator[T, None]:
    out: asyncio.Queue[asyncio.Task[Any]] = asyncio.Queue()  # in order of start, or of completion
    room = asyncio.Semaphore(limit + buffer)
    slots = asyncio.Semaphore(limit)
    live: dict[asyncio.Task[Any], None] = {}  # strong references, in order of start

    async def work(item: S) -> T:
        async with slots:
            return await fn(item)

    def finished(task: asyncio.Task[T]) -> None:
        if task.cancelled() or task.exception() is not None:
            feeder.cancel()
        if not ordered:
            out.put_nowait(task)

    async def feed() -> None:
        source = items if isinstance(items, AsyncIterable) else _iterate(items)
        try:
            await room.acquire()
            async for item in source:
                task = asyncio.create_task(work(item))
                live[task] = None
                task.add_done_callback(finished)
                if ordered:
                    out.put_nowait(task)
                await room.acquire()
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    feeder = asyncio.create_task(feed())
    live[feeder] = None
    feeder.add_done_callback(out.put_nowait)
    try:
        while live:
            task = await out.get()
            if not task.done():
                await asyncio.wait((task,))
            if task is feeder:
                del live[feeder]
                feeder.result()  # an error of the source, behind the results it did give
            else:
                _raise_errors(task, live)
                del live[task]
                room.release()
                yield task.result()
    finally:
        await reap(live)


def _raise_errors(task: asyncio.Task[Any], live: Iterable[asyncio.Task[Any]]) -> None:
    """Raise when `task` failed, together with every other error that is already known."""
    if task.cancelled() or not isinstance(task.exception(), Exception):
        return
    done = [each for each in live if each is not task and each.done() and not each.cancelled()]
    errors = [each.exception() for each in (task, *done)]
    raise ExceptionGroup("amap", [error for error in errors if isinstance(error, Exception)])


async def _iterate(items: Iterable[S]) -> AsyncIterator[S]:
    for item in items:
        yield item
