"""The breaker while it is half-open, and the forms in which it is used, in virtual time."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, State
from velvet_concurrency.breaker.core import FAILED, SLOW, CountWindow
from velvet_concurrency.clock import FakeClock


def boom() -> None:
    raise ConnectionError("down")


def fine() -> str:
    return "fine"


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with contextlib.suppress(ConnectionError):
            breaker.call(boom)


def make(clock: FakeClock, **options: object) -> CircuitBreaker:
    settings: dict[str, object] = {"window": 4, "min_calls": 2, "open_for": 10.0, "clock": clock}
    return CircuitBreaker(**{**settings, **options})  # type: ignore[arg-type]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(start=100.0)


def opened(clock: FakeClock, **options: object) -> CircuitBreaker:
    breaker = make(clock, **options)
    fail(breaker, 2)
    assert breaker.state is State.OPEN
    return breaker


def test_keyboard_interrupt_in_a_probe_releases_the_permit(clock):
    breaker = opened(clock)
    clock.advance(10.0)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaker.call(interrupted)

    assert breaker.state is State.HALF_OPEN
    assert breaker.call(fine) == "fine"


def test_a_raising_is_failure_propagates_and_releases_the_permit(clock):
    asked = []

    def is_failure(error: Exception) -> bool:
        if asked:
            raise ZeroDivisionError("a bug in is_failure")
        return True

    breaker = opened(clock, is_failure=is_failure)
    clock.advance(10.0)
    asked.append(True)

    with pytest.raises(ZeroDivisionError):
        breaker.call(boom)

    assert breaker.state is State.HALF_OPEN
    assert breaker.call(fine) == "fine"


def test_the_listener_hears_every_change_without_the_lock(clock):
    changes = []
    breaker = make(clock)
    breaker = make(clock, on_change=lambda *edge: changes.append((edge, breaker.snapshot().state)))

    fail(breaker, 2)
    clock.advance(10.0)
    breaker.call(fine)

    closed, opened_, half = State.CLOSED, State.OPEN, State.HALF_OPEN
    assert [edge for edge, _ in changes] == [(closed, opened_), (opened_, half), (half, closed)]
    assert [state for _, state in changes] == [opened_, half, closed]


def test_a_raising_listener_does_not_lose_the_probe(clock):
    def listener(old: State, new: State) -> None:
        if new is State.HALF_OPEN:
            raise RuntimeError("listener")

    breaker = opened(clock, on_change=listener)
    clock.advance(10.0)

    with pytest.raises(RuntimeError, match="listener"):
        breaker.call(fine)

    assert breaker.call(fine) == "fine"


def test_a_with_block_counts_its_outcome(clock):
    breaker = make(clock)

    with breaker:
        pass
    with pytest.raises(ConnectionError), breaker:
        boom()

    assert breaker.snapshot().failures == 1
    assert breaker.snapshot().calls == 2


def test_with_blocks_nest_also_of_two_breakers(clock):
    one, two = make(clock), make(clock)

    with one, two, one:
        pass

    assert (one.snapshot().calls, two.snapshot().calls) == (2, 1)


def test_a_decorated_function_keeps_its_name_and_is_guarded(clock):
    breaker = make(clock)
    guarded = breaker(boom)

    for _ in range(2):
        with pytest.raises(ConnectionError):
            guarded()

    assert guarded.__name__ == "boom"
    with pytest.raises(CircuitOpen):
        guarded()


@pytest.mark.asyncio
async def test_a_decorated_coroutine_function_is_awaited_inside_the_guard(clock):
    breaker = make(clock)

    @breaker
    async def broken() -> None:
        await asyncio.sleep(0)
        raise ConnectionError

    for _ in range(2):
        with pytest.raises(ConnectionError):
            await broken()

    assert breaker.state is State.OPEN


@pytest.mark.asyncio
async def test_acall_counts_like_call(clock):
    breaker = make(clock, slow_call=5.0)

    async def answer(value: int) -> int:
        return value

    assert await breaker.acall(answer, 3) == 3

    assert breaker.snapshot().calls == 1


@pytest.mark.asyncio
async def test_acall_takes_the_quick_way_without_a_slow_call_bound(clock):
    breaker = make(clock)

    async def answer() -> int:
        return 5

    assert await breaker.acall(answer) == 5

    assert breaker.snapshot().calls == 1


@pytest.mark.asyncio
async def test_async_with_blocks_of_many_tasks_do_not_mix_their_permits(clock):
    breaker = make(clock, window=10, failure_rate=1.0)
    gate = asyncio.Event()

    async def enter(broken: bool) -> None:
        async with breaker:
            await gate.wait()
            if broken:
                raise ConnectionError

    tasks = [asyncio.ensure_future(enter(i == 0)) for i in range(4)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.wait(tasks, timeout=10)

    assert isinstance(tasks[0].exception(), ConnectionError)
    assert (breaker.snapshot().calls, breaker.snapshot().failures) == (4, 1)


@pytest.mark.asyncio
async def test_exactly_one_of_fifty_tasks_reaches_a_half_open_dependency(clock):
    breaker = opened(clock)
    clock.advance(10.0)
    reached = 0

    async def dependency() -> None:
        nonlocal reached
        reached += 1
        await asyncio.sleep(0)

    tasks = [asyncio.ensure_future(breaker.acall(dependency)) for _ in range(50)]
    await asyncio.wait(tasks, timeout=10)

    assert reached == 1
    assert sum(isinstance(task.exception(), CircuitOpen) for task in tasks) == 49


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"failure_rate": 0.0}, "failure_rate must be in"),
        ({"failure_rate": 1.1}, "failure_rate must be in"),
        ({"failure_rate": float("nan")}, "failure_rate must be in"),
        ({"open_for": -1.0}, "open_for must be finite"),
        ({"open_for": float("inf")}, "open_for must be finite"),
        ({"slow_call": 0.0}, "slow_call must be > 0"),
        ({"min_calls": 0}, "min_calls must be an int >= 1"),
        ({"min_calls": True}, "min_calls must be an int >= 1"),
        ({"half_open_calls": 0}, "half_open_calls must be an int >= 1"),
        ({"window": 0}, "window must be an int >= 1"),
        ({"window": 5}, "min_calls must be <= window"),
    ],
)
def test_an_argument_out_of_range_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        CircuitBreaker(**options)


def test_a_count_window_keeps_slow_and_failed_apart():
    window = CountWindow(2)
    for mark in (FAILED, FAILED | SLOW, 0, FAILED):
        window.add(mark)

    assert (window.calls, window.failures, window.slow) == (2, 1, 0)
