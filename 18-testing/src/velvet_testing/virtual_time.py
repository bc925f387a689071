"""An event loop whose clock jumps: minutes of sleeps pass in milliseconds, in the right order.

The loop asks its selector to wait until the next timer. This selector does not wait: it moves the
clock by as much. Nothing private of asyncio is touched. A loop that waits with no timer set would
wait for ever, so that is a `Deadlock`; threads and real sockets are out of its reach for the same
reason, unless they are ready at once.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from velvet_testing.schedule import Deadlock

T = TypeVar("T")


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now; move the clock by the time that was to be waited."""
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise Deadlock("every task waits, and no timer is set")
            self.now += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with virtual time, which begins at 0."""

    def __init__(self) -> None:
        self._clock = _JumpingSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        """Return the virtual seconds."""
        return self._clock.now


def run_virtual(coro: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Run a coroutine in virtual time; return its result and the virtual seconds that it took.

    >>> run_virtual(asyncio.sleep(3600, "done"))
    ('done', 3600.0)

    Raises:
        Deadlock: everything waits for something that no timer brings.
    """
    loop = VirtualLoop()
    try:
        result = loop.run_until_complete(coro)
        return result, loop.time()
    finally:
        loop.run_until_complete(_settle(asyncio.all_tasks(loop)))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _settle(left: set[asyncio.Task[Any]]) -> None:
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
