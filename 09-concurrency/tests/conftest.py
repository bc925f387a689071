"""What every test of this module shares: a bounded wait, and a walk through virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from velvet_concurrency.clock import FakeClock

T = TypeVar("T")

BOUND_SECONDS = 10.0


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
