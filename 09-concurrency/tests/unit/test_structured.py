"""Task groups, reaping and the bounded map."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from velvet_concurrency.structured import ExceptionGroup, TaskGroup, amap, reap, timeout, timeout_at

pytestmark = pytest.mark.asyncio


async def turns(count: int = 8) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def collect(results, into: list) -> None:
    async for each in results:
        into.append(each)  # noqa: PERF401 - what came before an error has to stay


async def forever(log: list[str] | None = None, name: str = "task") -> None:
    try:
        await asyncio.Event().wait()
    finally:
        if log is not None:
            log.append(f"{name} ended")


async def test_a_failing_child_cancels_its_siblings_and_is_raised_in_a_group():
    log: list[str] = []

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("child")

    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012 - leaving the block is what raises
        async with TaskGroup() as group:
            group.create_task(forever(log))
            group.create_task(fail())

    matched, rest = caught.value.split(ValueError)
    assert (len(matched.exceptions), rest, log) == (1, None, ["task ended"])


async def test_timeouts_raise_the_builtin_timeout_error():
    with pytest.raises(TimeoutError):
        async with timeout(0.0):
            await forever()
    with pytest.raises(TimeoutError):
        async with timeout_at(asyncio.get_running_loop().time()):
            await forever()


async def test_reap_waits_until_the_cancelled_tasks_have_cleaned_up():
    log: list[str] = []
    tasks = [asyncio.ensure_future(forever(log, str(i))) for i in range(3)]
    await turns()

    await reap(tasks)

    assert sorted(log) == ["0 ended", "1 ended", "2 ended"]


async def test_reap_swallows_the_errors_of_those_it_ends():
    async def stubborn() -> None:
        try:
            await forever()
        finally:
            raise OSError("while cleaning up")

    task = asyncio.ensure_future(stubborn())
    await turns()

    await reap([task])

    assert isinstance(task.exception(), OSError)


async def test_a_cancelled_reap_finishes_its_work_and_then_is_cancelled():
    gate = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await forever()
        finally:
            await gate.wait()

    task = asyncio.ensure_future(slow_to_end())
    await turns()
    reaping = asyncio.ensure_future(reap([task]))
    await turns()
    reaping.cancel()
    await turns()
    early = reaping.done()

    gate.set()

    await asyncio.wait([reaping])
    assert not early
    assert task.done()
    assert reaping.cancelled()


async def test_amap_as_completed_yields_the_quick_ones_first():
    gates = [asyncio.Event() for _ in range(3)]

    async def wait(i: int) -> int:
        await gates[i].wait()
        return i

    gates[2].set()
    got = []
    async with aclosing(amap(wait, range(3), 3, ordered=False)) as results:
        async for i in results:
            got.append(i)
            gates[0 if i == 2 else 1].set()

    assert got == [2, 0, 1]


async def test_amap_takes_an_async_source_and_does_not_wait_for_it_to_yield_what_is_ready():
    more = asyncio.Event()

    async def source():
        yield 1
        await more.wait()
        yield 2

    async def same(x: int) -> int:
        return x

    got = []
    async with aclosing(amap(same, source(), 4)) as results:
        async for x in results:
            got.append(x)
            more.set()  # the second item exists only because the first was delivered

    assert got == [1, 2]


async def test_amap_raises_all_errors_that_are_known_by_then():
    async def work(x: int) -> int:
        await asyncio.sleep(0)
        raise ValueError(f"item {x}")

    with pytest.raises(ExceptionGroup) as caught:
        async for _ in amap(work, range(2), 2):
            pass

    assert [str(error) for error in caught.value.exceptions] == ["item 0", "item 1"]


async def test_amap_as_completed_fails_at_once():
    log: list[str] = []

    async def work(x: int) -> int:
        if x == 1:
            raise ValueError
        await forever(log, str(x))
        return x

    with pytest.raises(ExceptionGroup):
        async for _ in amap(work, range(3), 3, ordered=False):
            pass

    assert sorted(log) == ["0 ended", "2 ended"]


async def test_an_error_of_the_source_comes_as_it_is_behind_its_items():
    def source():
        yield 1
        raise KeyError("source")

    async def same(x: int) -> int:
        return x

    got = []
    with pytest.raises(KeyError, match="source"):
        await collect(amap(same, source(), 2), got)

    assert got == [1]


async def test_a_source_that_is_no_generator_is_only_iterated():
    class Countdown:
        def __init__(self) -> None:
            self.left = 3

        def __aiter__(self):
            return self

        async def __anext__(self) -> int:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    async def same(x: int) -> int:
        return x

    assert [x async for x in amap(same, Countdown(), 2)] == [2, 1, 0]
