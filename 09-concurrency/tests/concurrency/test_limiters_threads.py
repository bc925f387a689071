"""Every thread-safe limiter and budget under sixteen threads: the count stays exact.

And the naive limiter under the same treatment, which must go wrong, so that the lesson stays true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import (
    FixedWindowLimiter,
    GCRALimiter,
    KeyedLimiter,
    NaiveRateLimiter,
    SlidingLogLimiter,
    SlidingWindowCounter,
    TokenBucketLimiter,
)
from velvet_concurrency.resilience import HedgeBudget

THREADS = 16
BURST = 200
Together = Callable[..., list[Any]]


def checking(clock: FakeClock) -> Callable[[], bool]:
    bucket = TokenBucketLimiter(1, BURST, clock=clock)
    return lambda: bucket.check().allowed


def reserving(clock: FakeClock) -> Callable[[], bool]:
    bucket = TokenBucketLimiter(1, BURST, clock=clock)
    return lambda: bucket.reserve(max_wait=0).ok


def keyed(clock: FakeClock) -> Callable[[], bool]:
    limiter = KeyedLimiter(lambda: TokenBucketLimiter(1, BURST, clock=clock))
    return lambda: limiter.allow("shared")


@pytest.mark.parametrize(
    "make",
    [
        lambda clock: TokenBucketLimiter(1, BURST, clock=clock).allow,
        lambda clock: GCRALimiter(1, BURST, clock=clock).allow,
        lambda clock: FixedWindowLimiter(BURST, 60, clock=clock).allow,
        lambda clock: SlidingLogLimiter(BURST, 60, clock=clock).allow,
        lambda clock: SlidingWindowCounter(BURST, 60, clock=clock).allow,
        lambda clock: HedgeBudget(0.0, BURST).try_spend,
        checking,
        reserving,
        keyed,
    ],
    ids=["bucket", "gcra", "fixed", "log", "counter", "budget", "check", "reserve", "keyed"],
)
def test_sixteen_threads_admit_exactly_the_burst(
    together: Together, make: Callable[[FakeClock], Callable[[], bool]]
) -> None:
    allow = make(FakeClock(start=30.0))

    admitted = together(lambda: sum(allow() for _ in range(2 * BURST // THREADS)))

    assert sum(admitted) == BURST


def test_a_budget_counts_what_it_refused(together: Together) -> None:
    budget = HedgeBudget(ratio=0.0, burst=100)

    together(lambda: [budget.try_spend() for _ in range(50)])

    assert (budget.spent, budget.refused) == (100, THREADS * 50 - 100)


def test_threads_that_reserve_and_cancel_leave_the_bucket_as_it_was(together: Together) -> None:
    bucket = TokenBucketLimiter(1, BURST, clock=FakeClock())

    def reserve_and_cancel() -> None:
        for reservation in [bucket.reserve(3) for _ in range(20)]:
            reservation.cancel()
            reservation.cancel()

    together(reserve_and_cancel)

    assert bucket.tokens == pytest.approx(BURST)


def test_threads_that_change_the_rate_and_take_tokens_do_not_disturb_each_other(
    together: Together,
) -> None:
    bucket = TokenBucketLimiter(1, BURST, clock=FakeClock())

    def mixed() -> int:
        admitted = 0
        for step in range(25):
            bucket.set_rate(step)
            admitted += bucket.allow()
        return admitted

    assert sum(together(mixed)) == BURST


def test_threads_with_many_keys_keep_the_number_of_keys_bounded(together: Together) -> None:
    limiter = KeyedLimiter(lambda: TokenBucketLimiter(1, 1), max_keys=10)
    numbers = iter(range(10_000_000))

    admitted = together(lambda: sum(limiter.allow(next(numbers)) for _ in range(100)))

    assert sum(admitted) == THREADS * 100
    assert len(limiter) == 10
    assert limiter.evictions == THREADS * 100 - 10


def test_the_naive_limiter_admits_too_many_within_twenty_attempts(together: Together) -> None:
    limit = 500

    for _ in range(20):
        naive = NaiveRateLimiter(limit, 3600)
        admitted = sum(together(lambda naive=naive: sum(naive.allow() for _ in range(100)), 8))
        if admitted > limit:
            break

    assert admitted > limit
