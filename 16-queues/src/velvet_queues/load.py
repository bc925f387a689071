"""Offered load and its latency: open loop, intended times, a mergeable histogram.

A closed loop sends the next task when the last is done, so an overloaded queue slows its own
tester down and hides the wait (Tene's "coordinated omission"). An open loop decides all send times
in advance and measures each latency from its *intended* time, however late it was sent.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable


def arrivals(rate: float, seconds: float, *, seed: int = 1) -> list[float]:
    """Return the intended send times from 0 to `seconds`: a Poisson process.

    Raises:
        ValueError: a rate or a length that is not above 0, or endless.
    """
    if not 0 < rate < math.inf or not 0 < seconds < math.inf:
        raise ValueError(
            f"rate and seconds must be above 0 and finite, not {rate!r} and {seconds!r}"
        )
    rng, at = random.Random(seed), 0.0
    times: list[float] = []
    while True:
        at += rng.expovariate(rate)
        if at >= seconds:
            return times
        times.append(at)


def open_loop(
    send: Callable[[int, float], object],
    times: Iterable[float],
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Call `send(number, intended)` at each time, without waiting for anything.

    Returns:
        by how many seconds the latest was sent late: above 0, the sender did not keep up.
    """
    begun, worst = clock(), 0.0
    for number, offset in enumerate(times):
        intended = begun + offset
        ahead = intended - clock()
        if ahead > 0:
            sleep(ahead)
        worst = max(worst, clock() - intended)
        send(number, intended)
    return worst


class Histogram:
    """Latencies in buckets of 1 % width: small, mergeable, with percentiles within that width.

    >>> histogram = Histogram()
    >>> for ms in range(1, 1001): histogram.add(ms / 1000)
    >>> round(histogram.percentile(99), 2)
    0.99

    Adding is O(1), a percentile O(buckets log buckets).
    """

    WIDTH = math.log(1.01)
    FLOOR = 1e-6

    def __init__(self) -> None:
        self.buckets: Counter[int] = Counter()
        self.largest = 0.0

    def add(self, seconds: float) -> None:
        """Count one latency; negative ones (clocks) count as none."""
        self.buckets[round(math.log(max(seconds, self.FLOOR) / self.FLOOR) / self.WIDTH)] += 1
        self.largest = max(self.largest, seconds)

    @property
    def count(self) -> int:
        """How many were added."""
        return sum(self.buckets.values())

    def percentile(self, q: float) -> float:
        """Return the latency that `q` percent do not exceed; 0 of an empty one.

        Raises:
            ValueError: q outside 0 to 100.
        """
        if not 0 <= q <= 100:
            raise ValueError(f"q must be 0 to 100, not {q!r}")
        rank = max(1, math.ceil(self.count * q / 100))
        for bucket in sorted(self.buckets):
            rank -= self.buckets[bucket]
            if rank <= 0:
                return min(self.FLOOR * math.exp(bucket * self.WIDTH), self.largest)
        return 0.0

    def __copy__(self) -> Histogram:
        return self.merge(Histogram())

    def merge(self, other: Histogram) -> Histogram:
        """Return both together."""
        both = Histogram()
        both.buckets = self.buckets + other.buckets
        both.largest = max(self.largest, other.largest)
        return both

    def as_ms(self) -> dict[str, float]:
        """Return the usual percentiles in milliseconds."""
        wanted = {"p50": 50, "p95": 95, "p99": 99, "p999": 99.9}
        return {name: self.percentile(q) * 1e3 for name, q in wanted.items()}
