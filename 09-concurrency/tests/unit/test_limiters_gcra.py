"""GCRA against the conformance table of a well-known Go implementation, and its corners.

The table states the behaviour of throttled/throttled's `rate_test.go` (one request a second, burst of
five) in our terms: seconds since the start, tokens asked for, and the decision that must come back.
"""

from __future__ import annotations

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import Decision, GCRALimiter, TokenBucketLimiter

# at second, tokens -> allowed, remaining, reset_after, retry_after
TABLE = [
    (0.0, 6, False, 5, 0.0, -1.0),  # larger than the burst: never
    (0.0, 1, True, 4, 1.0, -1.0),
    (0.0, 1, True, 3, 2.0, -1.0),
    (0.0, 1, True, 2, 3.0, -1.0),
    (0.0, 1, True, 1, 4.0, -1.0),
    (0.0, 1, True, 0, 5.0, -1.0),
    (0.0, 1, False, 0, 5.0, 1.0),  # the burst is spent
    (3.0, 1, True, 2, 3.0, -1.0),
    (3.1, 1, True, 1, 3.9, -1.0),
    (4.0, 1, True, 1, 4.0, -1.0),
    (8.0, 1, True, 4, 1.0, -1.0),
    (9.5, 1, True, 4, 1.0, -1.0),
    (9.5, 0, True, 4, 1.0, -1.0),  # a peek changes nothing
    (9.5, 2, True, 2, 3.0, -1.0),
    (9.5, 5, False, 2, 3.0, 3.0),  # within the burst, but not yet
]


@pytest.mark.parametrize("make", [GCRALimiter, TokenBucketLimiter])
def test_decisions_agree_with_the_conformance_table_row_by_row(
    make: type[GCRALimiter] | type[TokenBucketLimiter],
) -> None:
    clock = FakeClock()
    limiter = make(1, 5, clock=clock)

    for row, (at, tokens, allowed, remaining, reset, retry) in enumerate(TABLE):
        clock.advance(at - clock())
        decision = limiter.check(tokens)

        assert decision == Decision(
            allowed, 5, remaining, pytest.approx(retry), pytest.approx(reset)
        ), f"row {row}"


@pytest.mark.parametrize("make", [GCRALimiter, TokenBucketLimiter])
def test_allow_and_check_decide_alike_on_the_conformance_table(
    make: type[GCRALimiter] | type[TokenBucketLimiter],
) -> None:
    clock = FakeClock()
    limiter = make(1, 5, clock=clock)

    answers = []
    for at, tokens, *_ in TABLE:
        clock.advance(at - clock())
        answers.append(limiter.allow(tokens))

    assert answers == [row[2] for row in TABLE]


def test_a_burst_is_exact_on_a_clock_with_large_numbers() -> None:
    limiter = GCRALimiter(1000, 100, clock=FakeClock(start=1.7e9 + 0.1))

    admitted = sum(limiter.allow() for _ in range(200))

    assert admitted == 100


def test_it_sustains_its_rate_after_the_burst() -> None:
    clock = FakeClock()
    limiter = GCRALimiter(10, 1, clock=clock)

    admitted = 0
    for _ in range(1000):
        admitted += limiter.allow()
        clock.advance(0.05)

    assert admitted == 500
