"""Carry a blocking library into an event loop, and an asyncio library out of one.

Both bridges are what applications do by hand: a pool of threads, and a loop in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio.from_thread import BlockingPortal, start_blocking_portal

from velvet_http.client import CLOCK_SLACK, AsyncExchange, AsyncTransport, Exchange, Transport
from velvet_http.errors import DeadlineExceeded, HttpError
from velvet_http.model import Deadline, Request, Timeouts

T = TypeVar("T")


class _ThreadedExchange:
    def __init__(self, inner: Exchange, places: anyio.CapacityLimiter, ticket: object) -> None:
        self._inner, self._places, self._ticket = inner, places, ticket
        self.status, self.headers = inner.status, inner.headers
        self.http_version = inner.http_version

    async def read(self) -> bytes:
        return await _in_thread(self._inner.read)

    async def close(self) -> None:
        await anyio.to_thread.run_sync(self._inner.close)
        self._places.release_on_behalf_of(self._ticket)


async def _in_thread(work: Callable[[], T]) -> T:
    """Run `work` in a thread; a timeout that comes because the scope ends becomes its end."""
    try:
        return await anyio.to_thread.run_sync(work)
    except HttpError:
        if anyio.current_effective_deadline() - anyio.current_time() <= CLOCK_SLACK:
            await anyio.sleep(CLOCK_SLACK)  # the scope is cancelled here
        raise


class Threaded:
    """An asyncio transport that runs a blocking one in threads, `workers` requests at a time.

    A thread cannot be interrupted: a cancelled request is waited for until its timeout, and its
    connection is closed then. So the pool survives, and cancelling is slow.
    """

    cancel_safe = True

    def __init__(self, inner: Transport, *, workers: int) -> None:
        self.name = f"{inner.name}+threads"
        self._inner, self._workers = inner, workers
        self._places: anyio.CapacityLimiter | None = None

    async def open(self, request: Request, timeouts: Timeouts) -> AsyncExchange:
        """Send the request in a thread."""
        if self._places is None:  # it belongs to the loop that runs now
            self._places = anyio.CapacityLimiter(self._workers)
        ticket = object()
        end = anyio.current_effective_deadline()  # asyncio's clock is the monotonic one
        deadline = None if end == float("inf") else Deadline(end)
        await self._places.acquire_on_behalf_of(ticket)
        opened: list[Exchange] = []
        try:
            await _in_thread(lambda: opened.append(self._inner.open(request, timeouts, deadline)))
        except BaseException:  # cancelled after the thread had opened it: nothing else knows of it
            for exchange in opened:
                exchange.close()
            self._places.release_on_behalf_of(ticket)
            raise
        return _ThreadedExchange(opened[0], self._places, ticket)

    async def close(self) -> None:
        """Close every connection."""
        self._inner.close()


class _PortalExchange:
    def __init__(
        self, inner: AsyncExchange, portal: BlockingPortal, deadline: Deadline | None
    ) -> None:
        self._inner, self._portal, self._deadline = inner, portal, deadline
        self.status, self.headers = inner.status, inner.headers
        self.http_version = inner.http_version

    def read(self) -> bytes:
        async def read() -> bytes:
            with _fail_at(self._deadline):
                return await self._inner.read()
            raise DeadlineExceeded("the deadline passed in the body")

        return self._portal.call(read)

    def close(self) -> None:
        self._portal.call(self._inner.close)


def _fail_at(deadline: Deadline | None) -> anyio.CancelScope:
    return anyio.move_on_after(None if deadline is None else max(0.0, deadline.remaining()))


class Blocking:
    """A blocking transport that runs an asyncio one in a loop of its own thread; thread-safe."""

    def __init__(self, inner: AsyncTransport) -> None:
        self.name = inner.name
        self._inner = inner
        self._closed = False
        self._stack = ExitStack()
        self._portal = self._stack.enter_context(start_blocking_portal())

    def open(self, request: Request, timeouts: Timeouts, deadline: Deadline | None) -> Exchange:
        """Send the request in the loop."""

        async def open_() -> AsyncExchange:
            with _fail_at(deadline):
                return await self._inner.open(request, timeouts)
            raise DeadlineExceeded("the deadline passed before the response began")

        return _PortalExchange(self._portal.call(open_), self._portal, deadline)

    def close(self) -> None:
        """Close every connection, and the loop."""
        if not self._closed:
            self._closed = True
            try:
                self._portal.call(self._inner.close)
            finally:
                self._stack.close()
