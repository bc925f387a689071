"""What every test of this module shares: a bounded wait, and a walk through virtual time."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from velvet_concurrency.clock import FakeClock

BOUND_SECONDS = 30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bound every test that awaits: what hangs fails soon, with the stack of where it stands."""
    for item in items:
        mine = Path(__file__).parent in item.path.parents
        if mine and inspect.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.timeout(BOUND_SECONDS))


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


@pytest.fixture
def prefix() -> str:
    """Return what no other test puts before its keys in Redis."""
    return f"velvet-test:{uuid.uuid4().hex}:"
