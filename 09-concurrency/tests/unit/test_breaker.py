"""The breaker edge by edge, in virtual time: closed, open, half-open, and the forms it is used in."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, State
from velvet_concurrency.clock import FakeClock

CLOSED, OPEN, HALF_OPEN = State


def boom() -> None:
    raise ConnectionError("down")


def fine() -> str:
    return "fine"


def interrupted() -> None:
    raise KeyboardInterrupt


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
    assert breaker.state is OPEN
    return breaker


def paused(clock: FakeClock, **options: object) -> CircuitBreaker:
    """Return one that is open and whose pause is over: the next call is a probe."""
    breaker = opened(clock, **options)
    clock.advance(10.0)
    return breaker


# --- closed ---------------------------------------------------------------------------------------


def test_a_closed_breaker_passes_arguments_and_results_through(clock):
    assert make(clock).call(divmod, 7, 2) == (3, 1)


@pytest.mark.parametrize(
    ("options", "calls", "state", "totals"),
    [
        pytest.param({"min_calls": 3}, "xx", CLOSED, (2, 2, None), id="below min_calls"),
        pytest.param({"min_calls": 3}, "xx.", OPEN, (3, 2, 2 / 3), id="a success completes them"),
        pytest.param({"failure_rate": 0.5}, ".x", OPEN, (2, 1, 0.5), id="the rate exactly"),
        pytest.param({"failure_rate": 0.51}, ".x", CLOSED, (2, 1, 0.5), id="just under the rate"),
        pytest.param({"failure_rate": 0.75}, "..x....", CLOSED, (4, 0, 0.0), id="pushed out"),
        pytest.param({}, 50 * "." + "xx", OPEN, (4, 2, 0.5), id="after a full clean window"),
        pytest.param({"is_failure": lambda _: False}, "xxxx", CLOSED, (4, 0, 0.0), id="an answer"),
    ],
)
def test_it_opens_when_enough_of_the_last_calls_failed(clock, options, calls, state, totals):
    breaker = make(clock, **options)

    for outcome in calls:
        with contextlib.suppress(ConnectionError):
            breaker.call(boom if outcome == "x" else fine)

    seen = breaker.snapshot()
    assert breaker.state is seen.state is state
    assert (seen.calls, seen.failures, seen.failure_rate) == (*totals[:2], pytest.approx(totals[2]))


def test_a_slow_success_counts_as_failed_and_slow(clock):
    breaker = make(clock, slow_call=1.0, failure_rate=0.9)
    breaker.call(lambda: clock.advance(1.0))
    breaker.call(lambda: clock.advance(0.5))

    snapshot = breaker.snapshot()

    assert (snapshot.calls, snapshot.failures, snapshot.slow) == (2, 1, 1)


@pytest.mark.parametrize("slow_call", [None, 5.0])
def test_keyboard_interrupt_propagates_and_counts_as_neither(clock, slow_call):
    breaker = make(clock, slow_call=slow_call)

    with pytest.raises(KeyboardInterrupt):
        breaker.call(interrupted)

    assert breaker.snapshot().calls == 0


@pytest.mark.parametrize("before", [0, 4])
def test_a_permit_settles_once(clock, before):
    breaker = make(clock)
    for _ in range(before):  # a full clean window books a success without its lock
        breaker.call(fine)
    permit = breaker.try_enter()

    permit.success()
    permit.failure()
    permit.ignored()

    assert (breaker.snapshot().calls, breaker.snapshot().failures) == (before or 1, 0)


# --- open -----------------------------------------------------------------------------------------


def test_an_open_breaker_refuses_without_calling_and_says_for_how_long(clock):
    breaker = opened(clock)
    clock.advance(4.0)
    called = []

    with pytest.raises(CircuitOpen, match=r"retry after 6\.000 s") as caught:
        breaker.call(called.append, 1)

    assert caught.value.retry_after == pytest.approx(6.0)
    assert called == []
    assert breaker.snapshot().not_permitted == 1


def test_a_result_of_before_the_opening_is_ignored(clock):
    breaker = make(clock)
    late = breaker.try_enter()
    fail(breaker, 2)

    late.success()

    assert breaker.state is OPEN
    assert breaker.snapshot().calls == 2


# --- half-open ------------------------------------------------------------------------------------


def test_one_probe_passes_after_the_pause_and_closes_it(clock):
    breaker = paused(clock)
    before = breaker.state

    assert breaker.call(fine) == "fine"

    assert (before, breaker.state) == (OPEN, CLOSED)
    assert breaker.snapshot().calls == 0


def test_while_a_probe_is_out_others_are_refused_with_retry_after_zero(clock):
    breaker = paused(clock)
    probe = breaker.try_enter()

    with pytest.raises(CircuitOpen) as caught:
        breaker.try_enter()

    assert caught.value.retry_after == 0.0
    assert breaker.state is HALF_OPEN

    del probe

    assert breaker.call(fine) == "fine"  # a permit that is dropped is returned


def test_every_probe_must_succeed_to_close_it(clock):
    breaker = paused(clock, half_open_calls=3)
    probes = [breaker.try_enter() for _ in range(3)]

    probes[0].success()
    probes[1].success()
    with pytest.raises(CircuitOpen):
        breaker.try_enter()
    before = breaker.state
    probes[2].success()

    assert (before, breaker.state) == (HALF_OPEN, CLOSED)


def test_one_failed_probe_reopens_it_for_the_whole_pause(clock):
    breaker = paused(clock, half_open_calls=2)
    good, bad = breaker.try_enter(), breaker.try_enter()

    bad.failure()
    good.success()

    assert breaker.state is OPEN
    with pytest.raises(CircuitOpen) as caught:
        breaker.try_enter()
    assert caught.value.retry_after == pytest.approx(10.0)


def test_slow_calls_open_it_and_a_slow_probe_reopens_it(clock):
    breaker, states = make(clock, slow_call=1.0), []

    for pause in (0.0, 10.0, 10.0):
        breaker.call(lambda: clock.advance(1.0))
        states.append(breaker.state)
        clock.advance(pause)

    assert states == [CLOSED, OPEN, OPEN]


def test_a_call_of_the_closed_time_does_not_count_as_a_probe(clock):
    breaker = make(clock)
    late = breaker.try_enter()
    fail(breaker, 2)
    clock.advance(10.0)
    probe = breaker.try_enter()

    late.failure()

    assert breaker.state is HALF_OPEN
    probe.success()
    assert breaker.state is CLOSED


@pytest.mark.parametrize("broken", ["ignored", "interrupt", "is_failure", "listener"])
def test_a_probe_without_an_outcome_gives_its_permit_to_the_next(clock, broken):
    faults: list[str] = []

    def is_failure(error: Exception) -> bool:
        if "is_failure" in faults:
            raise ZeroDivisionError("a bug in is_failure")
        return True

    def listener(old: State, new: State) -> None:
        if "listener" in faults:
            raise ZeroDivisionError("a bug in on_change")

    breaker = paused(clock, is_failure=is_failure, on_change=listener)
    faults.append(broken)
    if broken == "ignored":
        breaker.try_enter().ignored()
    else:
        with pytest.raises((KeyboardInterrupt, ZeroDivisionError)):
            breaker.call(interrupted if broken == "interrupt" else boom)

    assert breaker.state is HALF_OPEN
    faults.clear()
    assert breaker.call(fine) == "fine"
    assert breaker.state is CLOSED


def test_the_listener_hears_every_change_without_the_lock(clock):
    changes = []
    breaker = make(clock)
    breaker = make(clock, on_change=lambda *edge: changes.append((edge, breaker.snapshot().state)))

    fail(breaker, 2)
    clock.advance(10.0)
    breaker.call(fine)

    assert [edge for edge, _ in changes] == [(CLOSED, OPEN), (OPEN, HALF_OPEN), (HALF_OPEN, CLOSED)]
    assert [state for _, state in changes] == [OPEN, HALF_OPEN, CLOSED]


# --- the forms in which it is used ----------------------------------------------------------------


def test_a_with_block_counts_its_outcome_and_blocks_nest_also_of_two_breakers(clock):
    one, two = make(clock), make(clock)

    with one, two, one:
        pass
    with pytest.raises(ConnectionError), two:
        boom()

    assert (one.snapshot().calls, two.snapshot().calls, two.snapshot().failures) == (2, 2, 1)


def test_a_decorated_function_keeps_its_name_and_is_guarded(clock):
    guarded = make(clock)(boom)

    for _ in range(2):
        with pytest.raises(ConnectionError):
            guarded()

    assert guarded.__name__ == "boom"
    with pytest.raises(CircuitOpen):
        guarded()


@pytest.mark.asyncio
@pytest.mark.parametrize("slow_call", [None, 5.0])
async def test_acall_counts_like_call(clock, slow_call):
    breaker = make(clock, slow_call=slow_call)

    async def answer(value: int) -> int:
        await asyncio.sleep(0)
        return value

    assert await breaker.acall(answer, 3) == 3

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
    breaker = paused(clock)
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
