"""The leaky bucket as a queue: it does not refuse early calls, it spaces them.

The name is used for two machines. As a *meter* (ITU-T I.371's continuous-state leaky bucket) it is GCRA
upside down: it admits or refuses and lets a burst through as a burst. As a *shaper* (Turner 1986;
Tanenbaum's "leaky bucket algorithm") it holds calls back so that they leave evenly. This is the shaper.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from velvet_concurrency.limiters.base import SLACK, checked_count, checked_rate


class QueueFull(RuntimeError):
    """The shaper holds as many calls as it may; `retry_after` is the seconds until one more fits."""

    def __init__(self, capacity: int, retry_after: float) -> None:
        super().__init__(
            f"the bucket already holds {capacity} calls; retry in {retry_after:.3g} s or shed the call"
        )
        self.capacity = capacity
        self.retry_after = retry_after


class LeakyBucket:
    """A shaper: calls leave `1 / rate` seconds apart, at most `capacity` of them are held.

    Meter and shaper accept exactly the same calls (`GCRALimiter(rate, burst=capacity)` refuses what this
    refuses). They differ in when the accepted ones go: the meter passes a burst at once, the shaper
    delays it, so what lies behind never sees two calls closer together than `1 / rate`. Choose the
    shaper to protect something that cannot take bursts, the meter where latency matters more.

    Args:
        rate: calls per second that leave, finite and above 0.
        capacity: calls that may be inside, the leaving one included, at least 1.
        clock: returns seconds; one that goes back only makes the delays longer.

    Raises:
        ValueError: an argument breaks its rule.

    O(1) time and memory, thread-safe.

    >>> from velvet_concurrency.clock import FakeClock
    >>> bucket = LeakyBucket(rate=10, capacity=3, clock=FakeClock())
    >>> [bucket.schedule() for _ in range(3)]
    [0.0, 0.1, 0.2]
    """

    __slots__ = ("_capacity", "_clock", "_epoch", "_interval", "_lock", "_next_free")

    def __init__(
        self, rate: float, capacity: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1.0 / checked_rate(rate)
        self._capacity = checked_count("capacity", capacity)
        self._clock = clock
        self._lock = threading.Lock()
        self._epoch = clock()  # keeps the numbers small, and so exact
        self._next_free = 0.0

    def schedule(self) -> float:
        """Accept one call and return the seconds it has to wait before it may go.

        Raises:
            QueueFull: `capacity` calls are inside; nothing was accepted.
        """
        with self._lock:
            now = self._clock() - self._epoch
            delay = max(0.0, self._next_free - now)
            excess = delay - (self._capacity - 1 + SLACK) * self._interval
            if excess > 0:
                raise QueueFull(self._capacity, excess + SLACK * self._interval)
            self._next_free = now + delay + self._interval
            return delay
