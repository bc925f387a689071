"""Naive list, fixed window, sliding log and sliding counter against tables worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import (
    Decision,
    FixedWindowLimiter,
    NaiveRateLimiter,
    SlidingLogLimiter,
    SlidingWindowCounter,
)

Naive, Fixed, Log, Counter = (
    NaiveRateLimiter,
    FixedWindowLimiter,
    SlidingLogLimiter,
    SlidingWindowCounter,
)


def at(clock: FakeClock, moment: float) -> FakeClock:
    clock.advance(moment - clock())
    return clock


# limiter, limit in 10 s; (moment, tokens) that were taken; the one asked for -> the decision
TABLE: dict[str, tuple[Any, int, list[tuple[float, int]], tuple[float, int], tuple[Any, ...]]] = {
    "naive: unused": (Naive, 3, [], (4, 0), (True, 3, 3, -1, 0)),
    "naive: full": (Naive, 2, [(0, 1), (4, 1)], (4, 1), (False, 2, 0, 6, 10)),
    "naive: its oldest call left": (Naive, 2, [(0, 1), (4, 1)], (10, 1), (True, 2, 0, -1, 10)),
    "fixed: unused": (Fixed, 3, [], (4, 0), (True, 3, 3, -1, 0)),
    "fixed: until its edge": (Fixed, 2, [(13, 2)], (13, 1), (False, 2, 0, 7, 7)),
    "fixed: never": (Fixed, 2, [(13, 2)], (13, 3), (False, 2, 0, -1, 7)),
    "log: unused": (Log, 3, [], (4, 0), (True, 3, 3, -1, 0)),
    "log: until three have left": (Log, 5, [(0, 2), (3, 3)], (3, 3), (False, 5, 0, 10, 10)),
    "log: until two have left": (Log, 5, [(0, 2), (3, 3)], (3, 2), (False, 5, 0, 7, 10)),
    "log: a clock stepped back": (Log, 2, [(100, 1), (50, 1)], (105, 1), (False, 2, 0, 5, 5)),
    "counter: unused": (Counter, 10, [], (0, 0), (True, 10, 10, -1, 0)),
    # 10 * (1 - f) <= 6 at f = 0.4, two seconds from there
    "counter: until enough has faded": (Counter, 10, [(0, 10)], (12, 4), (False, 10, 2, 2, 8)),
    # the edge is 10 s away, and then half of the next window
    "counter: this one is too full": (Counter, 10, [(0, 10)], (0, 5), (False, 10, 0, 15, 20)),
    "counter: two windows on": (Counter, 10, [(0, 10)], (20, 10), (True, 10, 0, -1, 20)),
    "counter: a clock stepped back": (Counter, 10, [(20, 10)], (15, 10), (False, 10, 0, 25, 25)),
}


@pytest.mark.parametrize(
    ("kind", "limit", "taken", "asked", "decision"), TABLE.values(), ids=list(TABLE)
)
def test_a_decision_is_the_one_worked_out_by_hand(kind, limit, taken, asked, decision):
    clock = FakeClock(start=[*taken, asked][0][0])
    limiter = kind(limit, 10, clock=clock)
    for moment, tokens in taken:
        at(clock, moment)
        limiter.allow(tokens)

    at(clock, asked[0])

    retry, reset = map(pytest.approx, decision[3:])
    assert limiter.check(asked[1]) == Decision(*decision[:3], retry, reset)


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


def test_a_fixed_window_lets_twice_the_limit_through_around_its_edge() -> None:
    clock = FakeClock(start=59.9)
    limiter = FixedWindowLimiter(100, 60, clock=clock)

    before = sum(limiter.allow() for _ in range(150))
    clock.advance(0.2)
    after = sum(limiter.allow() for _ in range(150))

    assert (before, after) == (100, 100)


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


def test_a_counter_weighs_the_previous_window_by_what_is_left_of_it() -> None:
    clock = FakeClock()
    limiter = SlidingWindowCounter(100, 60, clock=clock)
    limiter.allow(84)
    at(clock, 60)  # the next window begins
    limiter.allow(16)
    at(clock, 75)  # a quarter into it: 84 * 0.75 = 63
    limiter.allow(20)  # 63 + 16 + 20 = 99

    answers = [limiter.check(0).remaining, limiter.allow(), limiter.allow()]

    assert answers == [1, True, False]
