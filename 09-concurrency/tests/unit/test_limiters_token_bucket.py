"""The token bucket in virtual time: refill, reservations, cancellation, blocking."""

from __future__ import annotations

import math

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import CapacityExceeded, Decision, TokenBucketLimiter


def test_a_burst_larger_than_capacity_is_refused() -> None:
    bucket = TokenBucketLimiter(1, 5, clock=FakeClock())

    assert not bucket.allow(6)
    assert bucket.allow(5)


def test_it_starts_full_and_refills_at_its_rate() -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(2, 4, clock=clock)

    levels = [bucket.tokens]
    bucket.allow(4)
    for _ in range(3):
        clock.advance(0.75)
        levels.append(bucket.tokens)

    assert levels == [4.0, 1.5, 3.0, 4.0]


def test_ten_steps_of_a_tenth_make_whole_tokens_despite_rounding() -> None:
    clock = FakeClock(start=0.7)
    bucket = TokenBucketLimiter(10, 1, clock=clock)
    assert bucket.allow()

    answers = []
    for _ in range(100):
        clock.advance(0.1)
        answers.append(bucket.allow())

    assert all(answers)


def test_a_refusal_leaves_the_state_alone() -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(1, 1, clock=clock)
    bucket.allow()

    for _ in range(9):
        clock.advance(0.1)
        assert not bucket.allow()
    clock.advance(0.1)

    assert bucket.allow()


def test_a_rate_of_zero_is_a_budget_that_never_refills() -> None:
    clock = FakeClock()
    budget = TokenBucketLimiter(0, 3, clock=clock)
    budget.allow(2)

    clock.advance(1e9)

    assert budget.check(2) == Decision(False, 3, 1, -1.0, math.inf)
    assert budget.reserve(2).delay == math.inf
    assert not budget.reserve(2).ok
    assert budget.acquire(2) is False
    assert budget.acquire(1) is True


def test_a_clock_that_goes_back_neither_adds_nor_takes_tokens() -> None:
    clock = FakeClock(start=100)
    bucket = TokenBucketLimiter(1, 50, clock=clock)
    bucket.allow(40)

    levels = []
    for step in (-30, 20, 10, 5):
        clock.advance(step)
        levels.append(bucket.tokens)

    assert levels == [10, 10, 10, 15]


def test_check_counts_a_stepped_back_clock_into_the_wait() -> None:
    clock = FakeClock(start=100)
    bucket = TokenBucketLimiter(1, 2, clock=clock)
    bucket.allow(2)

    clock.advance(-30)

    assert bucket.check() == Decision(False, 2, 0, pytest.approx(31), pytest.approx(32))
    clock.advance(31)
    assert bucket.allow()


def test_reservations_are_told_longer_and_longer_delays() -> None:
    bucket = TokenBucketLimiter(2, 2, clock=FakeClock())

    reservations = [bucket.reserve() for _ in range(4)]

    assert [reservation.delay for reservation in reservations] == [0.0, 0.0, 0.5, 1.0]
    assert all(reservation.ok for reservation in reservations)
    assert repr(reservations[2]) == "Reservation(ok=True, delay=0.5)"


def test_an_outstanding_reservation_makes_allow_refuse() -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(1, 2, clock=clock)
    bucket.reserve(2)
    bucket.reserve(2)

    clock.advance(2.5)

    assert bucket.tokens == 0.5
    assert not bucket.allow()
    assert bucket.allow(0)
    assert bucket.check(0).allowed
    assert bucket.reserve(0).delay == 0.0


@pytest.mark.parametrize(("tokens", "max_wait"), [(6, math.inf), (5, 4.9), (1, 0.5)])
def test_a_reservation_that_is_not_ok_takes_nothing(tokens: int, max_wait: float) -> None:
    bucket = TokenBucketLimiter(1, 5, clock=FakeClock())
    bucket.allow(5)

    reservation = bucket.reserve(tokens, max_wait=max_wait)
    reservation.cancel()

    assert not reservation.ok
    assert reservation.delay > max_wait or tokens > 5
    assert bucket.tokens == 0.0


@pytest.mark.parametrize("bad", [-1, math.nan, "1"])
def test_a_wait_that_is_no_duration_is_refused_by_name(bad: float) -> None:
    bucket = TokenBucketLimiter(1, 5, clock=FakeClock())

    with pytest.raises(ValueError, match="max_wait must be >= 0"):
        bucket.reserve(max_wait=bad)
    with pytest.raises(ValueError, match="timeout must be >= 0"):
        bucket.acquire(timeout=bad)
    with pytest.raises(ValueError, match="tokens must be"):
        bucket.acquire(-1)


def test_cancelling_the_last_reservation_returns_all_of_it_once() -> None:
    bucket = TokenBucketLimiter(1, 5, clock=FakeClock())
    bucket.allow(5)
    reservation = bucket.reserve(3)

    reservation.cancel()
    reservation.cancel()

    assert bucket.tokens == 0.0


def test_cancelling_returns_only_what_later_reservations_do_not_stand_on() -> None:
    bucket = TokenBucketLimiter(1, 5, clock=FakeClock())
    bucket.allow(5)
    first = bucket.reserve(5)  # acts at 5
    second = bucket.reserve(1)  # acts at 6, priced on one token of the first

    first.cancel()

    assert bucket.tokens == pytest.approx(-2.0)
    second.cancel()
    assert bucket.tokens == pytest.approx(0.0)


def test_what_was_held_back_is_lost_once_the_later_reservation_has_acted() -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(1, 5, clock=clock)
    bucket.allow(5)
    first, _second, third = bucket.reserve(1), bucket.reserve(1), bucket.reserve(1)

    first.cancel()
    clock.advance(2.5)
    third.cancel()

    assert bucket.tokens == pytest.approx(0.5)


def test_cancelling_after_its_time_does_nothing() -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(1, 5, clock=clock)
    bucket.allow(5)
    reservation = bucket.reserve(2)

    clock.advance(2.5)
    reservation.cancel()

    assert bucket.tokens == 0.5


def test_cancelling_never_fills_above_capacity() -> None:
    bucket = TokenBucketLimiter(1, 5, clock=FakeClock())
    reservations = [bucket.reserve(5), bucket.reserve(5)]

    for reservation in reservations:
        reservation.cancel()

    assert bucket.tokens == 5.0


def test_changing_the_rate_settles_at_the_old_one_first() -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(1, 100, clock=clock)
    bucket.allow(100)

    clock.advance(10)
    bucket.set_rate(2)
    clock.advance(10)

    assert bucket.tokens == pytest.approx(30)
    with pytest.raises(ValueError, match="rate must be finite and >= 0"):
        bucket.set_rate(-1)


def test_acquire_waits_for_exactly_what_is_missing() -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(4, 2, clock=clock)

    answers = [bucket.acquire() for _ in range(6)]

    assert answers == [True] * 6
    assert clock() == pytest.approx(1.0)


def test_acquire_gives_up_at_once_when_the_timeout_is_too_short() -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(1, 2, clock=clock)
    bucket.allow(2)

    answers = [bucket.acquire(2, timeout=1.9), bucket.acquire(2, timeout=2.1)]

    assert answers == [False, True]
    assert clock() == pytest.approx(2.0)


def test_acquiring_more_than_capacity_raises_instead_of_hanging() -> None:
    bucket = TokenBucketLimiter(1, 5, clock=FakeClock())

    with pytest.raises(CapacityExceeded, match="6 tokens can never be granted") as caught:
        bucket.acquire(6)

    assert isinstance(caught.value, ValueError)
    assert (caught.value.tokens, caught.value.capacity) == (6, 5)
    assert bucket.tokens == 5.0


class InterruptedClock(FakeClock):
    """A clock on which every sleep is broken off by Ctrl-C."""

    def sleep(self, dt: float) -> None:
        raise KeyboardInterrupt


def test_an_interrupted_acquire_gives_its_claim_back() -> None:
    bucket = TokenBucketLimiter(1, 1, clock=InterruptedClock())
    bucket.acquire()

    with pytest.raises(KeyboardInterrupt):
        bucket.acquire()

    assert bucket.tokens == 0.0


def test_acquire_sleeps_on_the_real_clock_by_default() -> None:
    bucket = TokenBucketLimiter(1000, 1)

    answers = [bucket.acquire() for _ in range(3)]

    assert answers == [True, True, True]
