"""Faults that users reported, each with the value that is right."""

from __future__ import annotations

import asyncio
import contextvars
import math
import pickle
import runpy
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, State
from velvet_concurrency.clock import FakeClock
from velvet_concurrency.contenders import serial
from velvet_concurrency.contenders._frame import FetchFailed, FetchResult
from velvet_concurrency.limiters import CapacityExceeded, TokenBucketLimiter
from velvet_concurrency.pipeline import Actor, ActorStopped
from velvet_concurrency.pools import cpu_map
from velvet_concurrency.pressure import Bulkhead
from velvet_concurrency.resilience import deadline, hedge, race, time_left
from velvet_concurrency.runtime import Unavailable, quantile
from velvet_concurrency.samples.latency_server import LatencyServer
from velvet_concurrency.simulate import Load, on_off, overload
from velvet_concurrency.structured import BaseExceptionGroup

# --- errors and deadlines -------------------------------------------------------------------------


def test_an_open_circuit_in_a_worker_is_an_open_circuit_here() -> None:
    with pytest.raises(CircuitOpen, match=r"retry after 1\.000 s"):
        cpu_map(exec, [RAISE_OPEN], mode="processes", workers=1)


RAISE_OPEN = "from velvet_concurrency.breaker import CircuitOpen; raise CircuitOpen(1.0)"


@pytest.mark.parametrize(
    "error", [CircuitOpen(1.5), CapacityExceeded(6, 5), Unavailable("a", "b", "c")]
)
def test_an_error_with_arguments_survives_the_way_between_processes(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


@pytest.mark.asyncio
async def test_a_deadline_entered_by_a_task_of_its_own_has_a_timer_of_its_own() -> None:
    async def child() -> float:
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):  # noqa: PT012 - the block is what ends
            async with deadline(0.06):
                assert (time_left() or 0.0) <= 0.03
                await asyncio.sleep(9)
        return asyncio.get_running_loop().time() - began

    async with deadline(0.03):
        task = asyncio.create_task(child())
        await asyncio.sleep(0)

    assert await task >= 0.055


@pytest.mark.asyncio
async def test_a_nested_deadline_of_such_a_task_is_kept_too() -> None:
    async def child() -> None:
        async with deadline(5):
            with pytest.raises(TimeoutError):
                async with deadline(0.04):
                    await asyncio.sleep(9)

    async with deadline(0.02):
        task = asyncio.create_task(child())
        await asyncio.sleep(0)

    await task


@pytest.mark.skipif(sys.version_info < (3, 11), reason="3.10's backport is left where entered")
@pytest.mark.asyncio
async def test_a_generator_inside_a_deadline_may_be_closed_by_another_task() -> None:
    async def steps() -> AsyncIterator[int]:
        async with deadline(60):
            yield 1

    generator = steps()
    assert await anext(generator) == 1

    await asyncio.create_task(generator.aclose())

    assert time_left() is None or time_left() > 50  # type: ignore[operator]


@pytest.mark.asyncio
async def test_an_endless_timeout_under_contention_only_waits() -> None:
    bulkhead, clock = Bulkhead(1, 1, timeout=math.inf), FakeClock()
    async with bulkhead:
        waiting = asyncio.create_task(bulkhead.__aenter__())
        await asyncio.sleep(0)
    await waiting
    bucket = TokenBucketLimiter(1e-7, 1, clock=clock)

    async with deadline(math.inf):
        assert [bucket.acquire(timeout=math.inf) for _ in range(2)] == [True, True]

    assert clock() == pytest.approx(1e7)  # longer than `time.sleep` takes: it is slept in days
    with pytest.raises(ValueError, match="timeout must be > 0"):
        Bulkhead(1, timeout=math.nan)


@pytest.mark.parametrize(
    "call",
    [
        lambda: quantile([1.0, math.nan], 0.5),
        lambda: on_off(1.0, 1.0, off=math.nan),
        lambda: overload("codel", Load(service_rate=math.nan)),
    ],
)
def test_what_is_not_a_number_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"nan|finite|service_rate"):
        call()


# --- actors, hedges and races ---------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_handler_that_is_cancelled_answers_its_asker() -> None:
    def make() -> Any:
        async def handle(_: str) -> None:
            raise asyncio.CancelledError

        return handle

    with pytest.raises(ActorStopped) as left:  # noqa: PT012 - the block is what ends
        async with Actor(make) as actor:
            with pytest.raises(ActorStopped, match="CancelledError") as asked:
                await actor.ask("x")

    assert isinstance(asked.value.__cause__, asyncio.CancelledError)
    assert isinstance(left.value.__cause__, asyncio.CancelledError)


@pytest.mark.asyncio
@pytest.mark.parametrize("at", [1, 2])
async def test_a_handler_that_cannot_be_made_is_the_cause(at: int) -> None:
    made = 0

    def make() -> Any:
        nonlocal made
        made += 1
        if made == at:
            raise OSError("no database")

        async def handle(_: str) -> None:
            raise ValueError("bad")

        return handle

    with pytest.raises(ActorStopped) as left:  # noqa: PT012 - the block is what ends
        async with Actor(make) as actor:
            if at == 2:
                with pytest.raises(ValueError, match="bad"):
                    await actor.ask("first")
            with pytest.raises(ActorStopped, match="no database") as asked:
                await actor.ask("x")

    assert isinstance(asked.value.__cause__, OSError)
    assert isinstance(left.value.__cause__, OSError)


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

    assert await hedge(make, 0.001, max_hedges=2) == "answer"
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


# --- failed measurements --------------------------------------------------------------------------


def test_a_batch_in_which_a_request_failed_has_no_time_to_show() -> None:
    good, bad = FetchResult([0.1]), FetchResult([0.1])
    bad.errors["ConnectionRefusedError"] = 9

    assert good.all_good() is good
    with pytest.raises(FetchFailed, match="9 of 10 requests failed"):
        bad.all_good()


def test_the_first_example_shows_no_time_for_requests_to_a_server_that_died() -> None:
    basic = Path(__file__).resolve().parents[2] / "examples" / "basic.py"
    seconds = runpy.run_path(str(basic))["seconds"]
    with LatencyServer(latency=0.0) as server:
        url = server.url

    with pytest.raises(FetchFailed, match="10 of 10 requests failed"):
        seconds(lambda: serial.fetch(url, 10))
    with pytest.raises(FetchFailed):
        seconds(lambda: [serial.fetch(url, 5)])


# --- breakers: what is guarded, and whose permit it is --------------------------------------------


def generator() -> Iterator[int]:
    yield 1
    raise ConnectionError


async def agenerator() -> AsyncIterator[int]:
    yield 1
    raise ConnectionError


async def coroutine() -> None:
    raise ConnectionError


class Client:
    async def __call__(self) -> None:
        raise ConnectionError


def deferred() -> Any:
    return coroutine()


async def drain(result: Any) -> None:
    if hasattr(result, "__await__"):
        await result
    elif hasattr(result, "__anext__"):
        async for _ in result:
            continue
    else:
        for _ in result:
            continue


@pytest.mark.asyncio
@pytest.mark.parametrize("fn", [generator, agenerator, partial(coroutine), Client(), deferred])
@pytest.mark.parametrize("form", ["call", "decorator"])
async def test_a_result_that_fails_while_it_is_used_is_a_failure(fn: Any, form: str) -> None:
    breaker = CircuitBreaker(window=2, min_calls=2)
    guarded = breaker(fn) if form == "decorator" else lambda: breaker.call(fn)

    for _ in range(2):
        with pytest.raises(ConnectionError):
            await drain(guarded())

    assert breaker.state is State.OPEN
    with pytest.raises(CircuitOpen):
        await drain(guarded())


def half_open() -> CircuitBreaker:
    clock = FakeClock()
    breaker = CircuitBreaker(window=1, min_calls=1, open_for=1.0, clock=clock)
    breaker.try_enter().failure()
    clock.advance(1)
    return breaker


@pytest.mark.asyncio
async def test_a_generator_that_ends_is_a_success_and_one_that_is_left_is_neither() -> None:
    breaker = half_open()

    @breaker
    def numbers() -> Iterator[int]:
        yield 1

    @breaker
    async def anumbers() -> AsyncIterator[Any]:
        sent = yield 1
        try:
            yield sent
        except KeyError:
            yield "caught"

    left = numbers()
    assert (next(left), breaker.state) == (1, State.HALF_OPEN)
    left.close()
    aleft = anumbers()
    await anext(aleft)
    await aleft.aclose()
    assert breaker.state is State.HALF_OPEN
    probe = anumbers()
    assert [await anext(probe), await probe.asend(7)] == [1, 7]
    assert await probe.athrow(KeyError()) == "caught"
    with pytest.raises(StopAsyncIteration):
        await anext(probe)
    assert breaker.state is State.CLOSED


@pytest.mark.asyncio
async def test_a_coroutine_that_is_refused_is_closed_unawaited() -> None:
    breaker = CircuitBreaker(window=1, min_calls=1)
    waiting = breaker.call(coroutine)
    breaker.try_enter().failure()

    with pytest.raises(CircuitOpen):
        await waiting


def test_a_block_may_be_entered_in_a_copied_context() -> None:
    breaker = half_open()

    contextvars.copy_context().run(breaker.__enter__)
    breaker.__exit__(None, None, None)

    assert breaker.state is State.CLOSED


def test_interleaved_generators_keep_their_own_permits() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(window=1, min_calls=1, open_for=1.0, clock=clock)

    def block() -> Iterator[None]:
        with breaker:
            yield

    old = block()
    next(old)
    with pytest.raises(ConnectionError), breaker:
        raise ConnectionError
    clock.advance(1)
    probe = block()
    next(probe)

    assert list(old) == []  # its permit is of before the opening: ignored
    assert breaker.state is State.HALF_OPEN
    assert list(probe) == []
    assert breaker.state is State.CLOSED


@pytest.mark.asyncio
async def test_a_block_in_a_generator_may_be_left_in_another_task() -> None:
    breaker = half_open()

    async def steps() -> AsyncIterator[int]:
        async with breaker:
            yield 1

    generator = steps()
    await anext(generator)
    with pytest.raises(StopAsyncIteration):
        await asyncio.create_task(anext(generator))

    assert breaker.state is State.CLOSED


@pytest.mark.asyncio
async def test_exit_stacks_hold_blocks_too() -> None:
    breaker = half_open()
    with ExitStack() as stack:
        stack.enter_context(breaker)
    assert breaker.state is State.CLOSED

    async with AsyncExitStack() as astack:
        await astack.enter_async_context(breaker)
    assert breaker.snapshot().calls == 1


def test_leaving_what_another_function_entered_says_what_to_use() -> None:
    with pytest.raises(RuntimeError, match="use try_enter"):
        CircuitBreaker().__exit__(None, None, None)
