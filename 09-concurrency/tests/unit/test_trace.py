"""Spans and the steps of tasks."""

from __future__ import annotations

import asyncio
import collections.abc
import gc
import inspect
import itertools
import os
import sys
import threading
import types
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_concurrency.trace import Tracer
from velvet_concurrency.trace.tracer import _TracedCoroutine as TracedCoroutine


class Ticks:
    """A clock that moves by one at each reading."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 1
        return self.now


def test_a_block_becomes_a_span_of_its_thread() -> None:
    tracer = Tracer(clock=Ticks())

    with tracer.span("parse", "block"):
        pass

    (found,) = tracer.spans()
    assert (found.lane, found.name, found.kind) == ("MainThread", "parse", "block")
    assert (found.t0_ns, found.t1_ns, found.pid) == (1, 2, os.getpid())


def test_a_block_that_raises_is_recorded_too() -> None:
    tracer = Tracer()

    with pytest.raises(LookupError), tracer.span("parse"):
        raise LookupError

    assert len(tracer.spans()) == 1


def test_a_full_ring_keeps_the_newest_and_counts_the_rest() -> None:
    tracer = Tracer(capacity=3)

    for number in range(5):
        with tracer.span(str(number)):
            pass

    assert [found.name for found in tracer.spans()] == ["2", "3", "4"]
    assert (tracer.dropped, Tracer().dropped) == (2, 0)


@given(st.integers(1, 5), st.lists(st.integers(0, 7), max_size=8))
def test_a_follower_sees_every_span_once_unless_it_was_overwritten(
    capacity: int, bursts: list[int]
) -> None:
    ring, number, written, seen = Tracer(capacity), 0, 0, []

    for burst in bursts:
        for _ in range(burst):
            ring.record(("lane", str(written), "run", 0, 0, "", "", 0, 0))
            written += 1
        found, number = ring.since(number)
        assert [int(s.name) for s in found] == list(range(written - min(burst, capacity), written))
        seen.extend(found)

    assert len({s.name for s in seen}) == len(seen)


def test_threads_lose_no_span_to_each_other() -> None:
    tracer = Tracer(capacity=10_000)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(
                target=lambda: [
                    tracer.record(("lane", "x", "run", 0, 0, "", "", 0, 0)) for _ in range(1000)
                ]
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)

    assert len(tracer.spans()) == 8000


@pytest.mark.asyncio
async def test_each_step_of_a_task_is_a_run_and_each_pause_a_wait() -> None:
    tracer = Tracer()

    async def two_pauses() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0.002)
        return "done"

    with tracer.installed():
        task = asyncio.get_running_loop().create_task(two_pauses(), name="pauser")
        result = await asyncio.wait_for(task, 10.0)

    mine = [found for found in tracer.spans() if found.task == "pauser"]
    assert result == "done"
    assert [found.kind for found in mine] == ["queue", "run", "wait", "run", "wait", "run"]
    assert all(a.t1_ns == b.t0_ns for a, b in itertools.pairwise(mine))
    assert mine[4].t1_ns - mine[4].t0_ns >= 1_000_000
    assert {found.lane for found in mine if found.kind == "run"} == {"MainThread"}
    assert {found.lane for found in mine if found.kind != "run"} == {"pauser"}
    assert mine[1].name.endswith("two_pauses")


@pytest.mark.asyncio
async def test_a_task_knows_its_parent() -> None:
    tracer = Tracer()
    loop = asyncio.get_running_loop()

    async def child() -> None: ...

    async def parent() -> None:
        await loop.create_task(child(), name="child")

    with tracer.installed():
        await asyncio.wait_for(loop.create_task(parent(), name="parent"), 10.0)

    assert {found.parent for found in tracer.spans() if found.task == "child"} == {"parent"}


@pytest.mark.asyncio
async def test_a_cancelled_task_is_cancelled_and_recorded() -> None:
    tracer = Tracer()
    cleaned: list[bool] = []

    async def waiter() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    with tracer.installed():
        task = asyncio.get_running_loop().create_task(waiter(), name="w")
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=10.0)

    assert task.cancelled()
    assert cleaned == [True]
    assert [f.kind for f in tracer.spans() if f.task == "w"] == ["queue", "run", "wait", "run"]


@pytest.mark.asyncio
async def test_an_error_in_a_task_is_the_task_s_error() -> None:
    async def fail() -> None:
        raise LookupError

    with Tracer().installed(), pytest.raises(LookupError):
        await asyncio.wait_for(asyncio.get_running_loop().create_task(fail()), 10.0)


@pytest.mark.asyncio
async def test_a_task_factory_that_was_there_keeps_making_tasks_and_comes_back() -> None:
    loop, made = asyncio.get_running_loop(), []

    def factory(on: asyncio.AbstractEventLoop, coro: object, **options: object) -> asyncio.Task:
        made.append(coro)
        return asyncio.Task(coro, loop=on, **options)  # type: ignore[arg-type]

    async def nothing() -> None: ...

    loop.set_task_factory(factory)
    tracer = Tracer()
    with tracer.installed():
        await loop.create_task(nothing())

    assert isinstance(made[0], TracedCoroutine)
    assert loop.get_task_factory() is factory
    loop.set_task_factory(None)


@pytest.mark.asyncio
async def test_installing_twice_is_refused_and_uninstalling_twice_is_not() -> None:
    loop, tracer = asyncio.get_running_loop(), Tracer()
    tracer.install(loop)

    with pytest.raises(RuntimeError, match="installed on this loop already"):
        tracer.install(loop)

    tracer.uninstall(loop)
    tracer.uninstall(loop)
    assert loop.get_task_factory() is None


@pytest.mark.asyncio
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_tracers_may_be_removed_in_any_order(order: tuple[int, int]) -> None:
    loop, tracers = asyncio.get_running_loop(), [Tracer(), Tracer()]
    for tracer in tracers:
        tracer.install(loop)

    tracers[order[0]].uninstall(loop)
    await asyncio.create_task(asyncio.sleep(0))
    counts = [len(tracer.spans()) for tracer in tracers]
    tracers[order[1]].uninstall(loop)

    assert loop.get_task_factory() is None
    assert counts[order[0]] == 0 < counts[order[1]]


@pytest.mark.asyncio
async def test_a_factory_set_later_is_left_alone() -> None:
    loop, tracer = asyncio.get_running_loop(), Tracer()
    tracer.install(loop)
    loop.set_task_factory(None)

    tracer.uninstall(loop)

    assert loop.get_task_factory() is None


def test_two_loops_share_a_tracer_until_the_last_one_leaves() -> None:
    tracer, loops = Tracer(), [asyncio.new_event_loop(), asyncio.new_event_loop()]
    before = len(gc.callbacks)
    for loop in loops:
        tracer.install(loop)

    assert len(gc.callbacks) == before + 1
    for loop in loops:
        tracer.uninstall(loop)
        loop.close()

    assert len(gc.callbacks) == before


def test_a_traced_coroutine_is_a_coroutine_for_asyncio_and_for_debuggers() -> None:
    async def work() -> None: ...

    inner = work()
    wrapped = TracedCoroutine(Tracer(), inner, "")

    assert isinstance(wrapped, collections.abc.Coroutine)
    assert asyncio.iscoroutine(wrapped)
    assert wrapped.cr_code is inner.cr_code
    assert wrapped.__qualname__.endswith("work")
    wrapped.close()
    assert inspect.getcoroutinestate(inner) == inspect.CORO_CLOSED


def test_a_traced_coroutine_can_be_awaited_and_stepped_by_hand() -> None:
    @types.coroutine
    def pause() -> Iterator[str]:
        yield "paused"

    async def work() -> int:
        await pause()
        return 7

    async def outer() -> int:
        return await TracedCoroutine(tracer, work(), "")

    tracer = Tracer()
    by_hand = TracedCoroutine(tracer, work(), "")
    assert by_hand.send(None) == "paused"
    with pytest.raises(LookupError):
        by_hand.throw(LookupError())
    assert [found.kind for found in tracer.spans()] == ["queue", "run", "wait", "run"]
    awaiting = outer()
    assert awaiting.send(None) == "paused"
    awaiting.close()
