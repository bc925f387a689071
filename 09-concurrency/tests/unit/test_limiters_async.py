"""The asynchronous bucket in virtual time: order, cancellation at every step, one loop only."""

from __future__ import annotations

import asyncio
import inspect
import time

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import AsyncLimiter, CapacityExceeded

pytestmark = pytest.mark.asyncio


async def nothing_is_left(limiter: AsyncLimiter) -> bool:
    for _ in range(3):
        await asyncio.sleep(0)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return not others and not limiter._waiters and limiter._timer is None


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate_in_order(advance) -> None:
    clock = FakeClock()
    limiter = AsyncLimiter(4, 2, clock=clock)
    served: list[tuple[int, float]] = []

    async def caller(number: int) -> None:
        await limiter.acquire()
        served.append((number, clock()))

    tasks = [asyncio.create_task(caller(number)) for number in range(6)]
    await advance(clock, 2)
    await asyncio.gather(*tasks)

    assert served == [(0, 0.0), (1, 0.0), (2, 0.25), (3, 0.5), (4, 0.75), (5, 1.0)]
    assert await nothing_is_left(limiter)


async def test_one_late_wake_up_serves_all_who_are_due(advance) -> None:
    clock = FakeClock()
    limiter = AsyncLimiter(10, 5, clock=clock)
    await limiter.acquire(5)
    tasks = [asyncio.create_task(limiter.acquire()) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    clock.advance(0.3)
    for _ in range(3):
        await asyncio.sleep(0)

    assert [task.done() for task in tasks] == [True, True, True, False, False]
    await advance(clock, 1)
    await asyncio.gather(*tasks)


async def test_a_large_request_is_not_overtaken_by_small_ones(advance) -> None:
    clock = FakeClock()
    limiter = AsyncLimiter(1, 5, clock=clock)
    await limiter.acquire(5)
    large = asyncio.create_task(limiter.acquire(5))
    await asyncio.sleep(0)
    small = asyncio.create_task(limiter.acquire(1))

    await advance(clock, 4)

    assert not large.done()
    assert not small.done()
    assert not limiter.try_acquire()
    assert not limiter.has_capacity()
    await advance(clock, 2)
    await asyncio.gather(large, small)


async def test_trying_never_waits_and_asking_never_takes() -> None:
    limiter = AsyncLimiter(1, 2, clock=FakeClock())

    answers = [
        limiter.has_capacity(2),
        limiter.try_acquire(2),
        limiter.has_capacity(),
        limiter.try_acquire(),
        limiter.try_acquire(0),
        limiter.has_capacity(0),
        limiter.has_capacity(3),
    ]

    assert answers == [True, True, False, False, True, True, False]
    await limiter.acquire(0)
    with pytest.raises(StopIteration):  # what is there is taken without a turn of the loop
        AsyncLimiter(1, 2, clock=FakeClock()).acquire(2).send(None)


async def test_it_is_an_asynchronous_context_manager() -> None:
    limiter = AsyncLimiter(1, 1, clock=FakeClock())

    async with limiter:
        assert not limiter.has_capacity()

    assert not limiter.has_capacity()


async def test_more_than_capacity_raises_at_once_and_takes_nothing() -> None:
    limiter = AsyncLimiter(1, 2, clock=FakeClock())

    with pytest.raises(CapacityExceeded, match="3 tokens can never be granted"):
        await limiter.acquire(3)
    with pytest.raises(ValueError, match="tokens must be a non-negative int"):
        await limiter.acquire(-1)
    with pytest.raises(ValueError, match="tokens must be a non-negative int"):
        limiter.try_acquire(True)
    with pytest.raises(ValueError, match="tokens must be a non-negative int"):
        limiter.has_capacity(1.5)  # type: ignore[arg-type]

    assert limiter.has_capacity(2)


@pytest.mark.parametrize("step", range(10))
@pytest.mark.parametrize("victim", [0, 1, 2])
async def test_cancelling_at_any_step_loses_no_token_and_moves_the_others_up(
    advance, step: int, victim: int
) -> None:
    clock = FakeClock()
    limiter = AsyncLimiter(1, 1, clock=clock)
    await limiter.acquire()
    tasks = [asyncio.create_task(limiter.acquire()) for _ in range(3)]

    for turn in range(10):
        if turn == step:
            tasks[victim].cancel()
        if turn == 3:
            clock.advance(1)
        await asyncio.sleep(0)

    survivors = [task for task in tasks if not task.cancelled()]
    granted_first = 3 - len(survivors) + sum(task.done() for task in survivors)
    assert granted_first >= 1
    assert survivors[0].done(), "the token of second one went to the first who still wanted it"
    await advance(clock, len(survivors) - 1)
    await asyncio.gather(*survivors)
    assert clock() == len(survivors)
    assert not limiter.has_capacity()
    assert await nothing_is_left(limiter)


async def test_a_waiter_cancelled_after_its_grant_passes_the_tokens_on() -> None:
    clock = FakeClock()
    limiter = AsyncLimiter(1, 2, clock=clock)
    await limiter.acquire(2)
    first = asyncio.create_task(limiter.acquire(2))
    second = asyncio.create_task(limiter.acquire(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.advance(2)
    await asyncio.sleep(0)
    assert not first.done()

    first.cancel()
    await asyncio.wait([first, second], timeout=10)

    assert first.cancelled()
    assert second.exception() is None
    assert await nothing_is_left(limiter)


async def test_cancelling_a_large_head_lets_the_small_ones_go_at_once() -> None:
    clock = FakeClock()
    limiter = AsyncLimiter(1, 5, clock=clock)
    await limiter.acquire(4)
    large = asyncio.create_task(limiter.acquire(5))
    await asyncio.sleep(0)
    small = asyncio.create_task(limiter.acquire(1))
    await asyncio.sleep(0)

    large.cancel()
    await small

    assert clock() == 0.0
    assert await nothing_is_left(limiter)


async def test_on_the_loops_own_clock_it_really_waits() -> None:
    limiter = AsyncLimiter(500, 1)

    for _ in range(4):
        await limiter.acquire()
    tasks = [asyncio.create_task(limiter.acquire()) for _ in range(5)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.wait(tasks, timeout=10)

    assert [task.cancelled() for task in tasks] == [True, False, False, False, False]
    assert await nothing_is_left(limiter)


async def test_a_timer_that_fires_early_still_serves_its_head_once() -> None:
    limiter = AsyncLimiter(200, 1, clock=lambda: 0.0)  # to this clock every timer is early

    for _ in range(3):
        await limiter.acquire()

    assert await nothing_is_left(limiter)


async def test_a_plain_clock_without_asleep_is_read_and_timed_by_the_loop() -> None:
    limiter = AsyncLimiter(500, 1, clock=time.monotonic)

    for _ in range(3):
        await limiter.acquire()

    assert await nothing_is_left(limiter)


async def test_a_second_event_loop_is_refused_and_so_is_none() -> None:
    limiter, other = AsyncLimiter(1, 5, clock=FakeClock()), AsyncLimiter(1, 5)
    await limiter.acquire()

    with pytest.raises(RuntimeError, match="belongs to another event loop"):
        await asyncio.to_thread(lambda: asyncio.run(limiter.acquire()))
    with pytest.raises(RuntimeError, match="no running event loop"):
        await asyncio.to_thread(other.try_acquire)


async def test_closing_a_waiting_call_after_its_loop_is_gone_is_quiet() -> None:
    def abandon() -> str:
        loop = asyncio.new_event_loop()
        limiter = AsyncLimiter(1, 1)

        async def drain() -> None:
            await limiter.acquire()
            waiting.send(None)

        waiting = limiter.acquire()
        loop.run_until_complete(drain())
        loop.close()
        waiting.close()
        return inspect.getcoroutinestate(waiting)

    state = await asyncio.wait_for(asyncio.to_thread(abandon), 10)

    assert state == inspect.CORO_CLOSED
