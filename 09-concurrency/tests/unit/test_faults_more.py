"""More faults that users reported, each with the value that is right: blocks, traces, hedges, arrays."""

from __future__ import annotations

import asyncio
import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest

from velvet_concurrency.breaker import CircuitBreaker, State
from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import TokenBucketLimiter
from velvet_concurrency.pools import process_pool
from velvet_concurrency.pressure import AdmissionQueue, CoDel
from velvet_concurrency.resilience import hedge, race
from velvet_concurrency.runtime import quantile
from velvet_concurrency.shared_array import SharedArray
from velvet_concurrency.simulate import Load, hedging, on_off, overload
from velvet_concurrency.structured import BaseExceptionGroup
from velvet_concurrency.trace import LoopLag, Resources, TracedExecutor, Tracer, chrome_trace


async def soon(awaitable: Any) -> Any:
    return await asyncio.wait_for(awaitable, 10)


def half_open() -> tuple[CircuitBreaker, FakeClock]:
    clock = FakeClock()
    breaker = CircuitBreaker(window=1, min_calls=1, open_for=1.0, clock=clock)
    with pytest.raises(ConnectionError):
        breaker.call(lambda: (_ for _ in ()).throw(ConnectionError()))
    clock.advance(1)
    return breaker, clock


@pytest.mark.asyncio
async def test_exit_stacks_hold_blocks_too() -> None:
    breaker, _ = half_open()
    with ExitStack() as stack:
        stack.enter_context(breaker)
    assert breaker.state is State.CLOSED

    async with AsyncExitStack() as astack:
        await astack.enter_async_context(breaker)
    assert breaker.snapshot().calls == 1


def test_leaving_what_another_function_entered_says_what_to_use() -> None:
    breaker = CircuitBreaker()

    with pytest.raises(RuntimeError, match="use try_enter"):
        breaker.__exit__(None, None, None)


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


def test_a_future_of_a_process_pool_says_what_its_job_does(tmp_path: Path) -> None:
    with TracedExecutor(process_pool(1), Tracer()) as pool:
        running = pool.submit(exec, WAIT_FOR_FILE, {"name": str(tmp_path / "go")})
        waiting = [pool.submit(abs, -1) for _ in range(3)]
        while not (tmp_path / "go.begun").exists():
            threading.Event().wait(0.005)

        assert (running.running(), running.cancel(), running.cancelled()) == (True, False, False)
        assert (waiting[-1].cancel(), waiting[-1].cancelled()) == (True, True)
        (tmp_path / "go").touch()
        assert running.result(20) is None
        assert waiting[0].result(20) == 1


WAIT_FOR_FILE = """
import pathlib, time
pathlib.Path(name + ".begun").touch()
while not pathlib.Path(name).exists():
    time.sleep(0.005)
"""


def test_nested_spans_are_exported_in_the_order_of_their_start() -> None:
    tracer = Tracer()
    with tracer.span("outer"), tracer.span("inner"):
        pass

    starts = [event["ts"] for event in chrome_trace(tracer.spans())["traceEvents"] if "ts" in event]

    assert [span.name for span in tracer.spans()] == ["inner", "outer"]
    assert starts == sorted(starts)


@pytest.mark.asyncio
async def test_a_meter_started_twice_stops_once() -> None:
    lag = LoopLag(0.001)
    lag.start()
    lag.start()
    lag.stop()
    before = len(lag.samples)

    await asyncio.sleep(0.01)

    assert len(lag.samples) == before
    with Resources(0.01) as resources, pytest.raises(RuntimeError, match="already"):
        resources.__enter__()


@pytest.mark.asyncio
async def test_a_hedge_that_cannot_be_made_does_not_fail_the_call() -> None:
    made = 0

    def make() -> Any:
        nonlocal made
        made += 1
        if made > 1:
            raise OSError("no more sockets")

        async def slow() -> str:
            await asyncio.sleep(0.03)
            return "answer"

        return slow()

    assert await soon(hedge(make, 0.001, max_hedges=2)) == "answer"
    assert made == 3


class NoError(BaseException):
    """Not an `Exception`."""


@pytest.mark.asyncio
async def test_a_race_of_attempts_that_raise_no_exception_raises_what_they_raised() -> None:
    async def attempt() -> None:
        raise NoError

    with pytest.raises(BaseExceptionGroup) as caught:
        await race(attempt, attempt)

    assert [type(error) for error in caught.value.exceptions] == [NoError, NoError]


@pytest.mark.parametrize("shape", [(2**62, 2**62), (2**62,), (-1,)])
def test_an_array_that_no_process_can_map_leaves_no_segment(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        SharedArray.create(shape)


def test_a_dimension_is_a_whole_number() -> None:
    with pytest.raises(TypeError):
        SharedArray.create((1.5,))  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_that_leaves_the_block_removes_nothing() -> None:
    with SharedArray.create((2,)) as shared:
        shared.array[:] = 7.0
        if not (child := os.fork()):
            shared.close()
            os._exit(0)
        os.waitpid(child, 0)

        with SharedArray.attach(shared.handle) as same:
            assert same.array.tolist() == [7.0, 7.0]


@pytest.mark.parametrize(
    "call",
    [
        lambda: quantile([1.0, math.nan], 0.5),
        lambda: on_off(1.0, 1.0, off=math.nan),
        lambda: hedging(10, delay=math.nan),
        lambda: overload("codel", Load(service_rate=math.nan)),
    ],
)
def test_what_is_not_a_number_is_refused(call: Any) -> None:
    with pytest.raises(ValueError, match=r"nan|finite|delay|service_rate"):
        call()


def test_the_longest_wait_is_slept_in_days() -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(1e-7, 1, clock=clock)
    bucket.allow()

    assert bucket.acquire()
    assert clock() == pytest.approx(1e7)


@pytest.mark.parametrize("policy", ["drop_oldest", "codel"])
def test_a_callback_that_raises_loses_no_item(policy: Any) -> None:
    clock = FakeClock()

    def complain(item: int) -> None:
        raise ValueError(item)

    queue: AdmissionQueue[int] = AdmissionQueue(
        2 if policy == "drop_oldest" else 0,
        policy,
        on_drop=complain,
        codel=CoDel(0.01, 0.1, clock=clock),
        clock=clock,
    )
    queue.put_nowait(1)
    queue.put_nowait(2)
    if policy == "drop_oldest":
        with pytest.raises(ValueError, match="1"):
            queue.put_nowait(3)
    else:
        for item in (3, 4, 5):
            queue.put_nowait(item)
        clock.advance(1)
        assert queue.get_nowait() == 1
        clock.advance(1)
        with pytest.raises(ValueError, match="2"):
            queue.get_nowait()

    stats = queue.stats
    assert stats.offered == stats.delivered + stats.refused + stats.dropped + stats.depth
    assert queue.get_nowait() in (2, 3)


def test_threads_share_a_breaker_block_by_block() -> None:
    breaker = CircuitBreaker(window=100)

    def block(_: int) -> None:
        with breaker, breaker:
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(block, range(50)))

    assert breaker.snapshot().calls == 100
