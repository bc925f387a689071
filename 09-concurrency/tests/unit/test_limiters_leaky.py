"""The shaper: it spaces calls out, and accepts what a meter of the same size accepts."""

from __future__ import annotations

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import GCRALimiter, LeakyBucket, QueueFull


def test_a_burst_is_spaced_evenly() -> None:
    bucket = LeakyBucket(4, 5, clock=FakeClock())

    delays = [bucket.schedule() for _ in range(5)]

    assert delays == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_a_full_bucket_raises_and_says_when_one_more_fits() -> None:
    clock = FakeClock()
    bucket = LeakyBucket(4, 2, clock=clock)
    bucket.schedule()
    bucket.schedule()

    with pytest.raises(QueueFull, match="already holds 2 calls") as caught:
        bucket.schedule()

    assert caught.value.capacity == 2
    assert caught.value.retry_after == pytest.approx(0.25)
    clock.advance(caught.value.retry_after)
    assert bucket.schedule() == pytest.approx(0.25)


def test_an_idle_bucket_saves_nothing_up() -> None:
    clock = FakeClock()
    bucket = LeakyBucket(1, 3, clock=clock)
    bucket.schedule()

    clock.advance(100)

    assert [bucket.schedule(), bucket.schedule()] == [0.0, 1.0]


def test_shaper_and_meter_accept_the_same_calls() -> None:
    clock = FakeClock()
    shaper, meter = LeakyBucket(8, 3, clock=clock), GCRALimiter(8, 3, clock=clock)

    for step in range(200):
        clock.advance((step * 7 % 5) / 32)
        try:
            shaper.schedule()
            accepted = True
        except QueueFull:
            accepted = False
        assert accepted is meter.allow()
