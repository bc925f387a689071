"""What every test of this module shares: the leak check, a watchdog and a bounded wait.

Concurrent code that leaves a thread, a child process, a socket or a shared-memory segment behind
is wrong even when its results are right, so each test is compared with the state before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from velvet_concurrency.clock import FakeClock

T = TypeVar("T")

BOUND_SECONDS = 10.0


@pytest.fixture(autouse=True)
def _tidy(watchdog: None, nothing_left: None) -> None:
    """Fail what leaves something behind; show where it stands when it takes a minute."""


@pytest.fixture
def bounded() -> Callable[[Awaitable[T]], Awaitable[T]]:
    """Await something, but fail instead of hanging for ever."""

    async def wait(awaitable: Awaitable[T]) -> T:
        return await asyncio.wait_for(awaitable, BOUND_SECONDS)

    return wait


@pytest.fixture
def advance() -> Callable[[FakeClock, float], Awaitable[None]]:
    """Move a clock through time, stopping at every sleeper's moment to let it run."""

    async def through(clock: FakeClock, dt: float) -> None:
        target = clock() + dt
        await turns()
        while (due := clock._next_due()) is not None and due <= target:
            clock.advance(max(0.0, due - clock()))
            await turns()
        clock.advance(max(0.0, target - clock()))

    async def turns() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    return through
