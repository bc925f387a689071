"""The breaker while it is closed and open, edge by edge, in virtual time."""

from __future__ import annotations

import contextlib

import pytest

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, State
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


def test_a_closed_breaker_passes_arguments_and_results_through(clock):
    assert make(clock).call(divmod, 7, 2) == (3, 1)


def test_it_stays_closed_below_min_calls_even_if_everything_fails(clock):
    breaker = make(clock, min_calls=3)

    fail(breaker, 2)

    assert breaker.state is State.CLOSED
    assert breaker.snapshot().failure_rate is None


def test_it_opens_when_the_rate_is_reached_exactly(clock):
    breaker = make(clock, failure_rate=0.5)

    breaker.call(fine)
    fail(breaker)

    assert breaker.state is State.OPEN


def test_it_stays_closed_just_under_the_rate(clock):
    breaker = make(clock, failure_rate=0.51)

    breaker.call(fine)
    fail(breaker)

    assert breaker.state is State.CLOSED
    assert breaker.snapshot().failure_rate == 0.5


def test_the_success_that_completes_min_calls_may_open_it(clock):
    breaker = make(clock, min_calls=3)
    fail(breaker, 2)

    breaker.call(fine)

    assert breaker.state is State.OPEN


def test_failures_leave_the_count_window_as_calls_push_them_out(clock):
    breaker = make(clock, failure_rate=0.75)
    breaker.call(fine)
    breaker.call(fine)
    fail(breaker)
    for _ in range(4):
        breaker.call(fine)

    assert breaker.snapshot().failures == 0
    assert breaker.snapshot().calls == 4


def test_a_full_clean_window_still_notices_the_next_failures(clock):
    breaker = make(clock)
    for _ in range(50):
        breaker.call(fine)

    fail(breaker, 2)

    assert breaker.state is State.OPEN


def test_a_slow_success_counts_as_failed_and_slow(clock):
    breaker = make(clock, slow_call=1.0, failure_rate=0.9)
    breaker.call(lambda: clock.advance(1.0))
    breaker.call(lambda: clock.advance(0.5))

    snapshot = breaker.snapshot()

    assert (snapshot.calls, snapshot.failures, snapshot.slow) == (2, 1, 1)


def test_slow_calls_alone_open_it(clock):
    breaker = make(clock, slow_call=1.0)

    for _ in range(2):
        breaker.call(lambda: clock.advance(2.0))

    assert breaker.state is State.OPEN


def test_an_error_that_is_no_failure_counts_as_an_answer(clock):
    breaker = make(clock, is_failure=lambda error: not isinstance(error, ConnectionError))

    fail(breaker, 4)

    assert breaker.state is State.CLOSED
    assert breaker.snapshot().failure_rate == 0.0


def test_an_open_breaker_refuses_without_calling_and_says_for_how_long(clock):
    breaker = opened(clock)
    clock.advance(4.0)
    called = []

    with pytest.raises(CircuitOpen, match=r"retry after 6\.000 s") as caught:
        breaker.call(called.append, 1)

    assert caught.value.retry_after == pytest.approx(6.0)
    assert called == []
    assert breaker.snapshot().not_permitted == 1


def test_it_stays_open_until_somebody_calls_after_the_pause(clock):
    breaker = opened(clock)

    clock.advance(10.0)

    assert breaker.state is State.OPEN


def test_a_result_of_before_the_opening_is_ignored(clock):
    breaker = make(clock)
    late = breaker.try_enter()
    fail(breaker, 2)

    late.success()

    assert breaker.state is State.OPEN
    assert breaker.snapshot().calls == 2


def test_one_probe_passes_after_the_pause_and_closes_it(clock):
    breaker = opened(clock)
    clock.advance(10.0)

    assert breaker.call(fine) == "fine"

    assert breaker.state is State.CLOSED
    assert breaker.snapshot().calls == 0


def test_while_a_probe_is_out_others_are_refused_with_retry_after_zero(clock):
    breaker = opened(clock)
    clock.advance(10.0)
    breaker.try_enter()

    with pytest.raises(CircuitOpen) as caught:
        breaker.try_enter()

    assert caught.value.retry_after == 0.0
    assert breaker.state is State.HALF_OPEN


def test_every_probe_must_succeed_to_close_it(clock):
    breaker = opened(clock, half_open_calls=3)
    clock.advance(10.0)
    probes = [breaker.try_enter() for _ in range(3)]

    probes[0].success()
    probes[1].success()
    with pytest.raises(CircuitOpen):
        breaker.try_enter()
    before = breaker.state
    probes[2].success()

    assert (before, breaker.state) == (State.HALF_OPEN, State.CLOSED)


def test_one_failed_probe_reopens_it_for_the_whole_pause(clock):
    breaker = opened(clock, half_open_calls=2)
    clock.advance(10.0)
    good, bad = breaker.try_enter(), breaker.try_enter()

    bad.failure()
    good.success()

    assert breaker.state is State.OPEN
    with pytest.raises(CircuitOpen) as caught:
        breaker.try_enter()
    assert caught.value.retry_after == pytest.approx(10.0)


def test_a_slow_probe_reopens_it(clock):
    breaker = make(clock, slow_call=1.0)
    for _ in range(2):
        breaker.call(lambda: clock.advance(1.0))
    clock.advance(10.0)

    breaker.call(lambda: clock.advance(1.0))

    assert breaker.state is State.OPEN


def test_an_ignored_probe_gives_its_permit_to_the_next(clock):
    breaker = opened(clock)
    clock.advance(10.0)

    breaker.try_enter().ignored()

    assert breaker.call(fine) == "fine"
    assert breaker.state is State.CLOSED


def test_a_call_of_the_closed_time_does_not_count_as_a_probe(clock):
    breaker = make(clock)
    late = breaker.try_enter()
    fail(breaker, 2)
    clock.advance(10.0)
    probe = breaker.try_enter()

    late.failure()

    assert breaker.state is State.HALF_OPEN
    probe.success()
    assert breaker.state is State.CLOSED


def test_a_permit_settles_once(clock):
    breaker = make(clock)
    permit = breaker.try_enter()

    permit.success()
    permit.failure()
    permit.ignored()

    assert breaker.snapshot().calls == 1
    assert breaker.snapshot().failures == 0


def test_keyboard_interrupt_propagates_and_counts_as_neither(clock):
    breaker = make(clock)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaker.call(interrupted)

    assert breaker.snapshot().calls == 0
