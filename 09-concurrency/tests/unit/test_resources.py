"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from velvet.hostile_resources import Resource, ResourceTests, at_once, unlocked
from velvet_concurrency import breaker, pipeline, resilience, shared_array
from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import async_limiter, gcra, keyed, token_bucket
from velvet_concurrency.pressure import bulkhead, queue
from velvet_concurrency.structured import shutdown
from velvet_concurrency.trace import sampling, tracer

LOOP = "it belongs to the tasks of one event loop, as its docstring says"
FRAME = "it is left by the function that entered it, as `__enter__` says"
THREADS = "a forked child has no thread that it could end"
SHARED = Path("/dev/shm")  # where Linux shows the segments


def one_loop(**more: Any) -> dict[str, Any]:
    return dict.fromkeys(("thread", "loop", "child"), LOOP) | more


def half_open(_: object) -> breaker.CircuitBreaker:
    """Make a breaker that failed once, and whose pause is over."""
    clock = FakeClock()
    made = breaker.CircuitBreaker(window=1, min_calls=1, open_for=1.0, clock=clock)
    made.try_enter().failure()
    clock.advance(1.0)
    return made


def lets_a_probe_through(one: breaker.CircuitBreaker) -> None:
    assert not any(one._blocks.values())
    assert one.call(int) == 0
    assert one.state is breaker.State.CLOSED


@asynccontextmanager
async def after_another(one: bulkhead.Bulkhead) -> AsyncIterator[None]:
    async def hold() -> None:
        async with one:
            await asyncio.sleep(0)

    asyncio.ensure_future(hold())  # noqa: RUF006 - it ends while this waits
    await asyncio.sleep(0)
    async with one:
        yield


@asynccontextmanager
async def waited(one: async_limiter.AsyncLimiter) -> AsyncIterator[None]:
    one.try_acquire()
    async with one:
        yield


def no_one_waits(one: async_limiter.AsyncLimiter) -> bool:
    return not one._waiters and one._balance <= one._depth


def full(_: object) -> queue.AdmissionQueue[int]:
    made = queue.AdmissionQueue[int](1)
    made.put_nowait(1)
    return made


@asynccontextmanager
async def put_and_taken(one: queue.AdmissionQueue[int]) -> AsyncIterator[None]:
    asyncio.get_running_loop().call_soon(one.get_nowait)
    await one.put(2)
    yield
    await one.get()


def adds_up(one: queue.AdmissionQueue[int]) -> bool:
    stats = one.stats
    known = stats.delivered + stats.refused + stats.dropped + stats.depth
    return stats.offered == known and not one._putters.granted + one._getters.granted


@asynccontextmanager
async def asked(one: pipeline.Actor[int, int]) -> AsyncIterator[None]:
    async with one:
        # On Python 3.10 a time-out, which `ask` has, moves its caller into another task.
        await (one.ask(1) if sys.version_info >= (3, 11) else one.tell(1))
        yield


def stopped(one: pipeline.Actor[int, int]) -> bool:
    return (one._task is None or one._task.done()) and not len(one._mailbox)


def actor(_: object) -> pipeline.Actor[int, int]:
    async def handle(message: int) -> int:
        await asyncio.sleep(0)
        return message + 1

    return pipeline.Actor(lambda: handle)


@asynccontextmanager
async def traced(one: tracer.Tracer) -> AsyncIterator[None]:
    with one.installed():
        await asyncio.sleep(0)
        yield


@asynccontextmanager
async def working(one: shutdown.GracefulShutdown) -> AsyncIterator[None]:
    async with one:
        one.create_task(asyncio.sleep(0))
        yield


def segments(_: object) -> set[str]:
    return {path.name for path in SHARED.iterdir()} if SHARED.is_dir() else set()


@asynccontextmanager
async def passed_through(used: Any) -> AsyncIterator[None]:
    async with used:
        await asyncio.sleep(0)
        yield


def no_sampler_runs(_: object) -> bool:
    for thread in threading.enumerate():
        if thread.name == "resources":
            thread.join(5.0)  # it was told to end
    return all(thread.name != "resources" for thread in threading.enumerate())


def bucket(_: object) -> token_bucket.TokenBucketLimiter:
    return token_bucket.TokenBucketLimiter(1.0, 1, clock=FakeClock())


@pytest.fixture(autouse=True)
def _the_tracker_runs() -> None:
    """Start what a first segment starts, and what then stays."""
    if SHARED.is_dir():
        resource_tracker.ensure_running()


DEADLINE = (
    Resource(
        "resilience.deadline",
        lambda _: None,
        use=lambda _: passed_through(resilience.deadline(9.0)),
        free=lambda _: resilience.time_left() is None,
        elsewhere=one_loop(task="before Python 3.11 a time-out ends in the task that began it"),
    ),
) * (sys.version_info >= (3, 11))


class TestResources(ResourceTests):
    resources = (
        Resource(
            "breaker.CircuitBreaker",
            half_open,
            free=lets_a_probe_through,
            elsewhere=dict.fromkeys(("thread", "task", "loop", "child"), FRAME),
        ),
        Resource(
            "breaker.core.Permit",
            half_open,
            use=breaker.CircuitBreaker.try_enter,
            free=lets_a_probe_through,
        ),
        Resource(
            "breaker.CircuitBreaker.call",
            half_open,
            use=lambda one: at_once(lambda: one.call(int)),
            free=lets_a_probe_through,
        ),
        Resource(
            "limiters.async_limiter.AsyncLimiter",
            lambda _: async_limiter.AsyncLimiter(1000.0, 1),
            use=waited,
            free=no_one_waits,
        ),
        Resource(
            "limiters.token_bucket.TokenBucketLimiter",
            bucket,
            use=lambda one: at_once(lambda: one.acquire() and one.acquire()),
            free=lambda one: unlocked(one._lock) and one.tokens >= -1.0,
        ),
        Resource(
            "limiters.keyed.KeyedLimiter",
            lambda _: keyed.KeyedLimiter(lambda: gcra.GCRALimiter(1.0, 1), 1),
            use=lambda one: at_once(lambda: one.allow("a") and one.allow("b")),
            free=lambda one: unlocked(one._lock) and len(one) <= 1,
        ),
        Resource("pipeline.Actor", actor, use=asked, free=stopped, elsewhere=one_loop()),
        Resource(
            "pressure.bulkhead.Bulkhead",
            lambda _: bulkhead.Bulkhead(1, 1),
            use=after_another,
            free=lambda one: not (one._running or one._waiting.granted or len(one._waiting)),
        ),
        Resource(
            "pressure.queue.AdmissionQueue",
            full,
            use=put_and_taken,
            free=adds_up,
            elsewhere=one_loop(),
        ),
        *DEADLINE,
        Resource(
            "shared_array.SharedArray",
            segments,
            use=lambda _: shared_array.SharedArray.copy_of(np.ones(2)),
            free=lambda before: segments(None) <= before,
        ),
        Resource(
            "structured.shutdown.GracefulShutdown",
            lambda _: shutdown.GracefulShutdown(1.0, (signal.SIGTERM,)),
            use=working,
            free=lambda _: signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
            elsewhere=one_loop(),
        ),
        Resource(
            "trace.sampling.LoopLag",
            lambda _: sampling.LoopLag(1.0),
            use=passed_through,
            free=lambda one: one._handle is None,
        ),
        Resource(
            "trace.sampling.Resources",
            lambda _: sampling.Resources(1.0),
            free=no_sampler_runs,
            elsewhere={"child": THREADS},
        ),
        Resource(
            "trace.tracer.Tracer.span",
            lambda _: tracer.Tracer(10),
            use=lambda one: one.span("a"),
            free=lambda one: len(one.spans()) <= 1,
        ),
        Resource(
            "trace.tracer.Tracer.installed",
            lambda _: tracer.Tracer(10),
            use=traced,
            free=lambda one: not one._loops and one._on_gc not in gc.callbacks,
            elsewhere=one_loop(),
        ),
        Resource(
            "trace.tracer.tracing",
            lambda _: tracer.Tracer(10),
            use=tracer.tracing,
            free=lambda _: tracer.in_charge() is None,
            elsewhere={"thread": "it is in charge of the context that entered it"},
        ),
    )
    excepted = {} if DEADLINE else {"resilience.deadline": "on Python 3.10 it moves its task"}
