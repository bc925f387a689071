"""Cancel at every await point, and count what is left: no task, permit, slot, item or room may leak.

Each scenario is run again and again; in run k it is cancelled after the k-th turn of the event loop, until it
ends by itself before that. So every point at which it can be interrupted is one at which it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from velvet_concurrency.breaker import CircuitBreaker, State
from velvet_concurrency.clock import FakeClock
from velvet_concurrency.pressure import AdmissionQueue, Bulkhead
from velvet_concurrency.resilience import HedgeBudget, hedge, race
from velvet_concurrency.structured import amap

Scenario = Callable[[], Coroutine[Any, Any, Any]]


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def cancel_after(k: int, work: Coroutine[Any, Any, Any]) -> bool:
    """Run `work`, cancel it after k turns; True if it ended by itself before."""
    task = asyncio.ensure_future(work)
    await turns(k)
    ended = task.done()
    task.cancel()
    await asyncio.wait([task], timeout=10)
    assert task.done(), "it did not react to its cancellation"
    if not task.cancelled():
        task.exception()
    return ended


def at_every_step(prepare: Callable[[], Awaitable[tuple[Scenario, Callable[[], Awaitable[None]]]]]):
    """`prepare()` gives the work to be cancelled and the check that follows; returns how many steps there were."""

    async def one(k: int) -> bool:
        work, check = await prepare()
        ended = await cancel_after(k, work())
        await asyncio.wait_for(check(), 10)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"leaked at step {k}: {left}"
        return ended

    for k in range(200):
        if asyncio.run(one(k)):
            return k
    raise AssertionError("the scenario never ended by itself")


def test_hedge_leaks_no_attempt():
    async def prepare():
        running = 0

        async def attempt() -> str:
            nonlocal running
            running += 1
            try:
                await turns(12)
                return "answer"
            finally:
                try:
                    await turns(2)  # cleaning up takes a while, and may be interrupted too
                finally:
                    running -= 1

        async def check() -> None:
            assert running == 0

        return lambda: hedge(attempt, 0.0, 2, budget=HedgeBudget()), check

    assert at_every_step(prepare) > 5


def test_race_leaks_no_attempt():
    async def prepare():
        running = 0

        async def attempt() -> str:
            nonlocal running
            running += 1
            try:
                await turns(4 + running)
                return "answer"
            finally:
                running -= 1

        async def check() -> None:
            assert running == 0

        return lambda: race(attempt, attempt, attempt), check

    assert at_every_step(prepare) > 4


@pytest.mark.parametrize("policy", ["block", "reject", "drop_oldest", "codel"])
def test_put_loses_neither_room_nor_item(policy):
    async def prepare():
        queue: AdmissionQueue[str] = AdmissionQueue(1, policy, clock=FakeClock())
        queue.put_nowait("first")

        async def work() -> None:
            taker = asyncio.ensure_future(take())
            try:
                await queue.put("mine")
            finally:
                await taker

        async def take() -> None:
            await turns(3)
            queue.get_nowait()

        async def check() -> None:
            stats = queue.stats
            assert stats.offered == stats.delivered + stats.refused + stats.dropped + stats.depth
            while len(queue):
                queue.get_nowait()
            await queue.put("room is left")
            assert queue.get_nowait() == "room is left"

        return work, check

    at_every_step(prepare)


@pytest.mark.asyncio
async def test_room_granted_to_a_cancelled_putter_goes_to_the_next():
    queue: AdmissionQueue[int] = AdmissionQueue(1)
    queue.put_nowait(0)
    first, second = (asyncio.ensure_future(queue.put(i)) for i in (1, 2))
    await turns(2)
    queue.get_nowait()  # grants the room to the first
    first.cancel()
    await asyncio.wait([first, second], timeout=10)

    assert first.cancelled()
    assert second.result() is None
    assert queue.get_nowait() == 2


@pytest.mark.asyncio
async def test_an_item_granted_to_a_cancelled_getter_goes_to_the_next():
    queue: AdmissionQueue[str] = AdmissionQueue(0)
    first, second = (asyncio.ensure_future(queue.get()) for _ in range(2))
    await turns(2)
    queue.put_nowait("item")
    first.cancel()
    await asyncio.wait([first, second], timeout=10)

    assert first.cancelled()
    assert second.result() == "item"


@pytest.mark.asyncio
async def test_a_lone_getter_cancelled_with_its_item_in_hand_leaves_the_item():
    queue: AdmissionQueue[str] = AdmissionQueue(0)
    getter = asyncio.ensure_future(queue.get())
    await turns(2)
    queue.put_nowait("item")
    getter.cancel()
    await asyncio.wait([getter], timeout=10)

    assert queue.get_nowait() == "item"


@pytest.mark.asyncio
async def test_a_getter_cancelled_after_its_item_was_taken_leaves_nothing_behind():
    queue: AdmissionQueue[str] = AdmissionQueue(0)
    getter = asyncio.ensure_future(queue.get())
    await turns(2)
    queue.put_nowait("item")
    queue.get_nowait()
    getter.cancel()
    await asyncio.wait([getter], timeout=10)

    assert queue.stats.depth == 0


def test_a_bulkhead_loses_no_slot():
    async def prepare():
        bulkhead = Bulkhead(1, 2, timeout=60.0)

        async def call() -> None:
            async with bulkhead:
                await turns(2)

        async def work() -> None:
            others = [asyncio.ensure_future(call()) for _ in range(2)]
            try:
                await asyncio.sleep(0)
                await call()
            finally:
                await asyncio.wait(others)

        async def check() -> None:
            assert (bulkhead.stats.running, bulkhead.stats.waiting) == (0, 0)
            await call()

        return work, check

    assert at_every_step(prepare) > 5


@pytest.mark.asyncio
async def test_a_slot_granted_to_a_cancelled_waiter_goes_to_the_next():
    bulkhead = Bulkhead(1, 2)
    await bulkhead.__aenter__()
    first, second = (asyncio.ensure_future(bulkhead.__aenter__()) for _ in range(2))
    await turns(2)
    await bulkhead.__aexit__(None, None, None)
    first.cancel()
    await asyncio.wait([first, second], timeout=10)

    assert second.result() is None
    assert (bulkhead.stats.running, bulkhead.stats.waiting) == (1, 0)


@pytest.mark.parametrize("slow_call", [None, 5.0])
def test_a_cancelled_call_counts_as_neither(slow_call):
    async def prepare():
        breaker = CircuitBreaker(slow_call=slow_call, clock=FakeClock())

        async def check() -> None:
            snapshot = breaker.snapshot()
            assert snapshot.failures == 0
            assert snapshot.calls in (0, 1)

        return lambda: breaker.acall(turns, 3), check

    assert at_every_step(prepare) >= 3


def test_a_cancelled_probe_gives_its_permit_back():
    async def prepare():
        clock = FakeClock()
        breaker = CircuitBreaker(1.0, 4, min_calls=1, open_for=1.0, clock=clock)
        breaker.try_enter().failure()
        clock.advance(1.0)

        async def check() -> None:
            await breaker.acall(turns, 0)
            assert breaker.state is State.CLOSED

        return lambda: breaker.acall(turns, 3), check

    assert at_every_step(prepare) >= 3


def test_amap_leaks_neither_task_nor_source():
    async def prepare():
        open_sources = 0

        async def source():
            nonlocal open_sources
            open_sources += 1
            try:
                for i in range(4):
                    await turns(1)
                    yield i
            finally:
                open_sources -= 1

        async def same(x: int) -> int:
            await turns(2)
            return x

        async def work() -> list[int]:
            return [x async for x in amap(same, source(), 2)]

        async def check() -> None:
            assert open_sources == 0

        return work, check

    assert at_every_step(prepare) > 8
