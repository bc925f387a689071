"""Breaker, token bucket and hedge, in virtual time."""

from __future__ import annotations

import pytest

from velvet_http.guard import Circuit, CircuitBreaker, HedgePolicy, TokenBucket


def breaker() -> CircuitBreaker:
    made = CircuitBreaker(0.5, min_calls=4, window=10, open_for=5, half_open=2)
    for ok in (True, True, False, False):
        assert made.allow(0.0)
        made.record(ok=ok, now=0.0)
    return made


def test_half_of_the_calls_failing_opens_the_circuit() -> None:
    opened = breaker()

    assert opened.state is Circuit.OPEN
    assert not opened.allow(4.9)
    assert opened.retry_at == 5.0


def test_probes_that_succeed_close_it() -> None:
    opened = breaker()

    assert [opened.allow(5.0) for _ in range(3)] == [True, True, False]
    opened.record(ok=True, now=5.1)
    assert opened.state is Circuit.HALF_OPEN
    opened.record(ok=True, now=5.1)
    assert opened.state is Circuit.CLOSED


def test_a_probe_that_fails_opens_it_again_and_late_answers_do_not_matter() -> None:
    opened = breaker()
    opened.allow(5.0)

    opened.record(ok=False, now=6.0)
    opened.record(ok=True, now=6.1)

    assert (opened.state, opened.retry_at) == (Circuit.OPEN, 11.0)


def test_a_probe_without_a_result_makes_room_for_another() -> None:
    opened = breaker()
    for _ in range(4):
        opened.record(ok=False, now=0.0)
    assert [opened.allow(6.0) for _ in range(3)] == [True, True, False]

    opened.release()

    assert [opened.allow(6.0) for _ in range(2)] == [True, False]


def test_old_failures_leave_the_window() -> None:
    made = CircuitBreaker(0.5, min_calls=2, window=10)
    made.record(ok=False, now=0.0)

    made.record(ok=True, now=20.0)
    made.record(ok=True, now=20.0)

    assert made.state is Circuit.CLOSED


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    bucket = TokenBucket(10, burst=2)

    assert [bucket.reserve(0.0) for _ in range(4)] == [0.0, 0.0, 0.1, 0.2]
    assert bucket.reserve(100.0) == 0.0


def test_hedging_waits_until_it_knows_the_tail() -> None:
    hedge = HedgePolicy(0.9, max_extra=0.1)
    for _ in range(19):
        hedge.observe(0.01)
    assert hedge.hedge_after() is None

    hedge.observe(0.5)
    assert hedge.hedge_after() == 0.01
    for _ in range(500):
        hedge.observe(1.0)
    assert hedge.hedge_after() == 1.0, "old latencies are forgotten"


def test_extra_requests_stay_within_their_share() -> None:
    hedge = HedgePolicy(max_extra=0.1)
    for _ in range(20):
        hedge.hedge_after()

    assert [hedge.try_hedge() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    "make",
    [
        lambda: CircuitBreaker(0.0),
        lambda: CircuitBreaker(min_calls=0),
        lambda: TokenBucket(0),
        lambda: TokenBucket(1, burst=0),
        lambda: HedgePolicy(0.0),
        lambda: HedgePolicy(1.0),
        lambda: HedgePolicy(max_extra=0),
        lambda: HedgePolicy(max_extra=1.01),
        lambda: CircuitBreaker(1.01),
        lambda: CircuitBreaker(half_open=0),
        lambda: CircuitBreaker(window=0),
        lambda: CircuitBreaker(open_for=0),
    ],
)
def test_settings_without_sense_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"positive|lie"):
        make()  # type: ignore[operator]


def test_the_ends_of_what_is_allowed_are_allowed() -> None:
    assert CircuitBreaker(1.0, min_calls=1, half_open=1).allow(0.0)
    assert HedgePolicy(max_extra=1.0).hedge_after() is None
    assert TokenBucket(1, burst=1).reserve(0.0) == 0.0
    HedgePolicy().observe(0.0)


def test_a_breaker_counts_its_window_from_the_first_to_the_last_second() -> None:
    made = CircuitBreaker(1.0, min_calls=2, window=10)
    made.record(ok=False, now=0.0)
    made.record(ok=False, now=9.9)

    assert made.state is Circuit.OPEN
