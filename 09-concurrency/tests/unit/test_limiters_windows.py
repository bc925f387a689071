"""Naive list, fixed window, sliding log and sliding counter against tables worked out by hand."""

from __future__ import annotations

import math

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import (
    Decision,
    FixedWindowLimiter,
    NaiveRateLimiter,
    SlidingLogLimiter,
    SlidingWindowCounter,
)


def at(clock: FakeClock, moment: float) -> FakeClock:
    clock.advance(moment - clock())
    return clock


def test_the_naive_list_holds_one_entry_per_admitted_call() -> None:
    limiter = NaiveRateLimiter(100, 60, clock=FakeClock())

    for _ in range(150):
        limiter.allow()

    assert len(limiter.calls) == 100


def test_the_naive_limiter_forgets_its_calls_when_the_wall_clock_is_stepped_forward() -> None:
    clock = FakeClock(start=1_000)
    limiter = NaiveRateLimiter(2, 60, clock=clock)
    assert limiter.allow(2)
    assert not limiter.allow()

    clock.advance(3600)  # daylight saving by hand: not a second has really passed

    assert limiter.allow(2)


def test_the_naive_limiter_reports_when_its_oldest_call_leaves() -> None:
    clock = FakeClock()
    limiter = NaiveRateLimiter(2, 10, clock=clock)
    limiter.allow()
    at(clock, 4)
    limiter.allow()

    decision = limiter.check()

    assert decision == Decision(False, 2, 0, 6.0, 10.0)
    at(clock, 10)
    assert limiter.check() == Decision(True, 2, 0, -1.0, 10.0)


@pytest.mark.parametrize("limiter_type", [FixedWindowLimiter, NaiveRateLimiter, SlidingLogLimiter])
def test_an_unused_window_is_whole(limiter_type: type[FixedWindowLimiter]) -> None:
    decision = limiter_type(3, 10, clock=FakeClock(start=4)).check(0)

    assert decision == Decision(True, 3, 3, -1.0, 0.0)


def test_a_fixed_window_lets_twice_the_limit_through_around_its_edge() -> None:
    clock = FakeClock(start=59.9)
    limiter = FixedWindowLimiter(100, 60, clock=clock)

    before = sum(limiter.allow() for _ in range(150))
    clock.advance(0.2)
    after = sum(limiter.allow() for _ in range(150))

    assert (before, after) == (100, 100)


def test_a_fixed_window_names_the_edge_as_the_time_to_retry() -> None:
    clock = FakeClock(start=13)
    limiter = FixedWindowLimiter(2, 10, clock=clock)
    limiter.allow(2)

    decision = limiter.check()

    assert decision == Decision(False, 2, 0, 7.0, 7.0)
    assert limiter.check(3).retry_after == -1.0


def test_a_window_edge_that_rounds_onto_now_still_lies_ahead() -> None:
    clock = FakeClock(start=-math.ulp(1.0) / 4)
    limiter = FixedWindowLimiter(1, 10.0, clock=clock)

    assert [limiter.allow(), limiter.allow()] == [True, False]
    for window in (0.1, 0.3, 1e-3):
        for step in range(1, 2000):
            clock = FakeClock(start=step * window)
            limiter = FixedWindowLimiter(1, window, clock=clock)
            assert [limiter.allow(), limiter.allow()] == [True, False]


def test_a_sliding_log_frees_each_place_exactly_one_window_later() -> None:
    clock = FakeClock()
    limiter = SlidingLogLimiter(2, 10, clock=clock)

    answers = []
    for moment in (0, 4, 9.5, 10, 13.5, 14):
        at(clock, moment)
        answers.append(limiter.allow())

    assert answers == [True, True, False, True, False, True]


def test_a_sliding_log_counts_several_tokens_as_several_calls() -> None:
    clock = FakeClock()
    limiter = SlidingLogLimiter(5, 10, clock=clock)
    limiter.allow(2)
    at(clock, 3)
    limiter.allow(3)

    decision = limiter.check(3)

    assert decision == Decision(False, 5, 0, 10.0, 10.0)
    assert limiter.check(2).retry_after == 7.0


def test_a_sliding_log_reads_a_stepped_back_clock_as_its_latest_entry() -> None:
    clock = FakeClock(start=100)
    limiter = SlidingLogLimiter(2, 10, clock=clock)
    limiter.allow()

    at(clock, 50)
    limiter.allow()
    at(clock, 105)

    assert limiter.check() == Decision(False, 2, 0, 5.0, 5.0)


def test_a_counter_weighs_the_previous_window_by_what_is_left_of_it() -> None:
    clock = FakeClock()
    limiter = SlidingWindowCounter(100, 60, clock=clock)
    limiter.allow(84)
    at(clock, 75)  # a quarter into the next window: 84 * 0.75 = 63
    limiter.allow(36)  # 63 + 36 = 99

    answers = [limiter.check(0).remaining, limiter.allow(), limiter.allow()]

    assert answers == [1, True, False]


def test_a_counter_says_when_the_previous_window_has_faded_enough() -> None:
    clock = FakeClock()
    limiter = SlidingWindowCounter(10, 10, clock=clock)
    limiter.allow(10)
    at(clock, 12)

    decision = limiter.check(4)  # 10 * (1 - f) <= 6 at f = 0.4, two seconds from here

    assert decision == Decision(False, 10, 2, pytest.approx(2.0), 8.0)


def test_a_counter_looks_into_the_next_window_when_this_one_is_too_full() -> None:
    clock = FakeClock()
    limiter = SlidingWindowCounter(10, 10, clock=clock)
    limiter.allow(10)

    decision = limiter.check(5)  # the edge is 10 s away, and then half of the next window

    assert decision == Decision(False, 10, 0, pytest.approx(15.0), 20.0)


def test_a_counter_forgets_a_window_that_lies_two_back() -> None:
    clock = FakeClock()
    limiter = SlidingWindowCounter(10, 10, clock=clock)
    limiter.allow(10)

    at(clock, 20)

    assert limiter.check(10) == Decision(True, 10, 0, -1.0, 20.0)


def test_a_counter_on_a_stepped_back_clock_adds_the_step_to_the_wait() -> None:
    clock = FakeClock(start=20)
    limiter = SlidingWindowCounter(10, 10, clock=clock)
    limiter.allow(10)

    at(clock, 15)

    assert limiter.check(10).retry_after == pytest.approx(25.0)


def test_an_untouched_counter_is_whole() -> None:
    assert SlidingWindowCounter(10, 10, clock=FakeClock()).check(0).reset_after == 0.0
