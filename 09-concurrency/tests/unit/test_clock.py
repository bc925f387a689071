"""The fake clock: it moves only when told, and wakes its sleepers in the order of their moments."""

from __future__ import annotations

import asyncio
import math

import pytest

from velvet_concurrency.clock import FakeClock

pytestmark = pytest.mark.asyncio


async def test_a_fake_clock_stands_still_until_it_is_moved_either_way() -> None:
    clock = FakeClock(start=5.0)

    readings = [clock(), clock()]
    clock.sleep(3600)
    readings.append(clock())
    clock.advance(-3)
    readings.append(clock())

    assert readings == [5.0, 5.0, 3605.0, 3602.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
async def test_a_clock_refuses_times_that_are_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="start must be finite"):
        FakeClock(start=bad)
    with pytest.raises(ValueError, match="dt must be finite"):
        FakeClock().advance(bad)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
async def test_no_sleep_is_negative_or_endless(bad: float) -> None:
    clock = FakeClock()

    with pytest.raises(ValueError, match="dt must be finite and >= 0"):
        clock.sleep(bad)
    with pytest.raises(ValueError, match="dt must be finite and >= 0"):
        await clock.asleep(bad)


async def test_sleepers_wake_in_time_order_and_ties_in_order_of_arrival() -> None:
    clock = FakeClock()
    woken: list[str] = []

    async def sleeper(name: str, dt: float) -> None:
        await clock.asleep(dt)
        woken.append(name)

    tasks = [
        asyncio.create_task(sleeper(name, dt))
        for name, dt in (("late", 3), ("early", 1), ("tie", 3), ("too far", 9))
    ]
    await asyncio.sleep(0)
    clock.advance(5)
    await asyncio.wait_for(asyncio.gather(*tasks[:3]), 10)

    assert woken == ["early", "late", "tie"]
    assert not tasks[3].done()
    clock.advance(4)
    await asyncio.wait_for(tasks[3], 10)


async def test_a_sleep_of_zero_yields_once_and_needs_no_advance() -> None:
    clock, turns = FakeClock(), list[int]()
    asyncio.get_running_loop().call_soon(turns.append, 1)

    await clock.asleep(0)

    assert (clock(), turns) == (0, [1])


async def test_a_cancelled_sleeper_is_skipped() -> None:
    clock = FakeClock()
    first = asyncio.create_task(clock.asleep(1))
    second = asyncio.create_task(clock.asleep(2))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.wait([first], timeout=10)
    clock.advance(2)
    await asyncio.wait_for(second, 10)

    assert first.cancelled()


async def test_stepping_through_time_shows_every_sleeper_its_own_moment(advance) -> None:
    clock = FakeClock()
    seen: list[float] = []

    async def ticker() -> None:
        for _ in range(4):
            await clock.asleep(0.5)
            seen.append(clock())

    task = asyncio.create_task(ticker())
    await advance(clock, 1.75)

    assert seen == [0.5, 1.0, 1.5]
    assert clock() == 1.75
    await advance(clock, 1)
    await asyncio.wait_for(task, 10)
