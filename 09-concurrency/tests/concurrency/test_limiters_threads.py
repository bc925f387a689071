"""Sixteen threads on every thread-safe limiter, switched every microsecond: the count stays exact.

And the naive limiter under the same treatment, which must go wrong, so that the lesson stays true.
"""

from __future__ import annotations

import faulthandler
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import (
    FixedWindowLimiter,
    GCRALimiter,
    KeyedLimiter,
    NaiveRateLimiter,
    Reservation,
    SlidingLogLimiter,
    SlidingWindowCounter,
    TokenBucketLimiter,
)

THREADS = 16
BURST = 200
PATIENCE = 30.0  # seconds after which a deadlock is reported with every thread's stack


@pytest.fixture(autouse=True)
def hectic_switching() -> Iterator[None]:
    """Switch threads a thousand times more often, and print all stacks if they stop for good."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    faulthandler.dump_traceback_later(PATIENCE, exit=False)
    yield
    faulthandler.cancel_dump_traceback_later()
    sys.setswitchinterval(interval)


def total_of(threads: int, work: Callable[[], int]) -> int:
    """Run `work` in many threads that start together and add up what they return."""
    barrier = threading.Barrier(threads)
    results: list[int] = []

    def run() -> None:
        barrier.wait(PATIENCE)
        results.append(work())

    crowd = [threading.Thread(target=run, daemon=True) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(PATIENCE)
    assert len(results) == threads, "a thread failed or hangs"
    return sum(results)


def one_by_one(allow: Callable[[], bool]) -> Callable[[], int]:
    return lambda: sum(allow() for _ in range(2 * BURST // THREADS))


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
        checking,
        reserving,
        keyed,
    ],
    ids=["bucket", "gcra", "fixed", "log", "counter", "check", "reserve", "keyed"],
)
def test_sixteen_threads_admit_exactly_the_burst(
    make: Callable[[FakeClock], Callable[[], bool]],
) -> None:
    allow = make(FakeClock(start=30.0))

    admitted = total_of(THREADS, one_by_one(allow))

    assert admitted == BURST


def test_threads_that_reserve_and_cancel_leave_the_bucket_as_it_was() -> None:
    bucket = TokenBucketLimiter(1, BURST, clock=FakeClock())

    def reserve_and_cancel() -> int:
        mine: list[Reservation] = [bucket.reserve(3) for _ in range(20)]
        for reservation in mine:
            reservation.cancel()
            reservation.cancel()
        return len(mine)

    total_of(THREADS, reserve_and_cancel)

    assert bucket.tokens == pytest.approx(BURST)


def test_threads_that_change_the_rate_and_take_tokens_do_not_disturb_each_other() -> None:
    bucket = TokenBucketLimiter(1, BURST, clock=FakeClock())

    def mixed() -> int:
        admitted = 0
        for step in range(25):
            bucket.set_rate(step)
            admitted += bucket.allow()
        return admitted

    assert total_of(THREADS, mixed) == BURST


def test_threads_with_many_keys_keep_the_number_of_keys_bounded() -> None:
    limiter = KeyedLimiter(lambda: TokenBucketLimiter(1, 1), max_keys=10)
    numbers = iter(range(10_000_000))

    def churn() -> int:
        return sum(limiter.allow(next(numbers)) for _ in range(100))

    admitted = total_of(THREADS, churn)

    assert admitted == THREADS * 100
    assert len(limiter) == 10
    assert limiter.evictions == THREADS * 100 - 10


def test_the_naive_limiter_admits_too_many_within_twenty_attempts() -> None:
    limit = 500

    for _ in range(20):
        naive = NaiveRateLimiter(limit, 3600)
        admitted = total_of(8, lambda naive=naive: sum(naive.allow() for _ in range(100)))
        if admitted > limit:
            break

    assert admitted > limit
