"""Faults that users reported, each with the value that is right: errors, deadlines, actors, breakers."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, State
from velvet_concurrency.clock import FakeClock
from velvet_concurrency.contenders._frame import FetchFailed, FetchResult
from velvet_concurrency.pipeline import Actor, ActorStopped
from velvet_concurrency.pools import cpu_map
from velvet_concurrency.resilience import deadline, time_left


async def soon(awaitable: Any) -> Any:
    return await asyncio.wait_for(awaitable, 10)


def test_an_open_circuit_in_a_worker_is_an_open_circuit_here() -> None:
    with pytest.raises(CircuitOpen, match=r"retry after 1\.000 s"):
        cpu_map(exec, [RAISE_OPEN], mode="processes", workers=1)


RAISE_OPEN = "from velvet_concurrency.breaker import CircuitOpen; raise CircuitOpen(1.0)"


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

    assert await soon(task) >= 0.055


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

    await soon(task)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="3.10's backport is left where entered")
@pytest.mark.asyncio
async def test_a_generator_inside_a_deadline_may_be_closed_by_another_task() -> None:
    async def steps() -> AsyncIterator[int]:
        async with deadline(60):
            yield 1

    generator = steps()
    assert await anext(generator) == 1

    await soon(asyncio.create_task(generator.aclose()))

    assert time_left() is None or time_left() > 50  # type: ignore[operator]


@pytest.mark.asyncio
async def test_a_handler_that_is_cancelled_answers_its_asker() -> None:
    def make() -> Any:
        async def handle(_: str) -> None:
            raise asyncio.CancelledError

        return handle

    with pytest.raises(ActorStopped) as left:  # noqa: PT012 - the block is what ends
        async with Actor(make) as actor:
            with pytest.raises(ActorStopped, match="CancelledError") as asked:
                await soon(actor.ask("x"))

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
                    await soon(actor.ask("first"))
            with pytest.raises(ActorStopped, match="no database") as asked:
                await soon(actor.ask("x"))

    assert isinstance(asked.value.__cause__, OSError)
    assert isinstance(left.value.__cause__, OSError)


def test_a_batch_in_which_a_request_failed_has_no_time_to_show() -> None:
    good, bad = FetchResult([0.1]), FetchResult([0.1])
    bad.errors["ConnectionRefusedError"] = 9

    assert good.all_good() is good
    with pytest.raises(FetchFailed, match="9 of 10 requests failed"):
        bad.all_good()


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


def returns_a_coroutine() -> Any:
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
@pytest.mark.parametrize("fn", [generator, agenerator, coroutine, Client(), returns_a_coroutine])
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


@pytest.mark.asyncio
async def test_a_generator_that_ends_is_a_success_and_one_that_is_left_is_neither() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(window=1, min_calls=1, open_for=1.0, clock=clock)

    @breaker
    def numbers(broken: bool) -> Iterator[int]:
        if broken:
            raise ConnectionError
        sent = yield 1
        yield sent

    @breaker
    async def anumbers() -> AsyncIterator[Any]:
        sent = yield 1
        try:
            yield sent
        except KeyError:
            yield "caught"

    with pytest.raises(ConnectionError):
        next(numbers(True))
    clock.advance(1)
    left = numbers(False)
    assert (next(left), breaker.state) == (1, State.HALF_OPEN)
    left.close()
    assert breaker.state is State.HALF_OPEN
    probe = anumbers()
    assert [await anext(probe), await probe.asend(7)] == [1, 7]
    assert await probe.athrow(KeyError()) == "caught"
    with pytest.raises(StopAsyncIteration):
        await anext(probe)
    assert breaker.state is State.CLOSED


def half_open() -> tuple[CircuitBreaker, FakeClock]:
    clock = FakeClock()
    breaker = CircuitBreaker(window=1, min_calls=1, open_for=1.0, clock=clock)
    with pytest.raises(ConnectionError):
        breaker.call(lambda: (_ for _ in ()).throw(ConnectionError()))
    clock.advance(1)
    return breaker, clock


def test_a_block_may_be_entered_in_a_copied_context() -> None:
    breaker, _ = half_open()

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
    breaker, _ = half_open()

    async def steps() -> AsyncIterator[int]:
        async with breaker:
            yield 1

    generator = steps()
    await anext(generator)
    with pytest.raises(StopAsyncIteration):
        await soon(asyncio.create_task(anext(generator)))

    assert breaker.state is State.CLOSED
