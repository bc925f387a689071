"""Time as an argument, so that logic about time can be tested without waiting.

Every limiter, breaker and queue of this module takes a `clock`: any callable without arguments that
returns seconds. Production code passes `time.monotonic`; tests and simulations pass a `FakeClock`,
which moves only when it is told to. A year of traffic then takes milliseconds, and a test that
depends on a moment names that moment instead of sleeping towards it.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import threading
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Return seconds that never go back; only differences have a meaning."""


class FakeClock:
    """A clock that stands still until `advance` or `sleep` moves it.

    Reading is safe from any thread. Moving it wakes tasks, so while tasks sleep on it move it only
    from the thread of their event loop.

    >>> clock = FakeClock(start=100.0)
    >>> clock.advance(2.5)
    >>> clock()
    102.5
    """

    __slots__ = ("_lock", "_now", "_order", "_sleepers")

    def __init__(self, start: float = 0.0) -> None:
        if not math.isfinite(start):
            raise ValueError(f"start must be finite, got {start!r}")
        self._now = float(start)
        self._lock = threading.Lock()
        self._order = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        """Return the current virtual time in seconds."""
        return self._now

    def advance(self, dt: float) -> None:
        """Move the clock by `dt` seconds and wake the sleepers that are due, earliest first.

        A negative `dt` steps the clock back, as a time daemon steps a wall clock. Woken tasks run
        when the loop next runs and read the final time.

        Raises `ValueError` unless `dt` is finite.
        """
        if not math.isfinite(dt):
            raise ValueError(f"dt must be finite, got {dt!r}")
        with self._lock:
            self._now += dt
        self._wake_due()

    def sleep(self, dt: float) -> None:
        """Stand in for `time.sleep`: the caller's wait is what moves the clock by `dt` seconds."""
        self.advance(_duration(dt))

    async def asleep(self, dt: float) -> None:
        """Stand in for `asyncio.sleep`: wait until the clock has moved `dt` seconds on.

        Sleepers wake in the order of their due times, equal times in the order of arrival. With
        `dt == 0` it yields to the loop once. Safe to cancel.
        """
        if _duration(dt) == 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (self._now + dt, self._order, future))
        await future

    def _next_due(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _wake_due(self) -> None:
        while (due := self._next_due()) is not None and due <= self._now:
            heapq.heappop(self._sleepers)[2].set_result(None)


def _duration(dt: float) -> float:
    if not (math.isfinite(dt) and dt >= 0):
        raise ValueError(f"dt must be finite and >= 0, got {dt!r}")
    return dt
