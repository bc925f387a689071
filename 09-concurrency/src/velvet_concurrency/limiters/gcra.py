"""The generic cell rate algorithm: a token bucket whose whole state is one moment in time.

GCRA remembers the theoretical arrival time (TAT) at which a perfectly spaced stream would bring its
next call. A call may come early by at most the tolerance. This is the virtual scheduling form of ITU-T
Recommendation I.371, Annex A, and ATM Forum Traffic Management 4.0, section 4.4. It decides exactly as a
token bucket does, in one float, and the waiting time falls out of the comparison.
"""

from __future__ import annotations

import math
import threading
import time

from velvet_concurrency.clock import Clock
from velvet_concurrency.limiters.base import (
    SLACK,
    Decision,
    checked_count,
    checked_rate,
    checked_tokens,
)


class GCRALimiter:
    """`rate` tokens a second with bursts of up to `burst`; O(1) time and memory, thread-safe.

    `rate` is finite and above 0 (at 0 the TAT would be infinite: use `TokenBucketLimiter` for a budget
    that never refills), `burst` at least 1. A clock that goes back makes calls look early, so they are
    refused until it has caught up: no interval is paid out twice. Raises `ValueError` for a broken rule.

    >>> from velvet_concurrency.clock import FakeClock
    >>> limiter = GCRALimiter(rate=1, burst=2, clock=FakeClock())
    >>> [limiter.allow() for _ in range(3)]
    [True, True, False]
    >>> limiter.check().retry_after
    1.0
    """

    __slots__ = ("_burst", "_clock", "_epoch", "_interval", "_lock", "_tat", "_tolerance")

    def __init__(self, rate: float, burst: int, *, clock: Clock = time.monotonic) -> None:
        self._interval = 1.0 / checked_rate(rate)
        self._burst = checked_count("burst", burst)
        self._tolerance = (self._burst + SLACK) * self._interval
        self._clock = clock
        self._lock = threading.Lock()
        self._epoch = clock()  # small numbers: a TAT in seconds since 1970 would lose microseconds
        self._tat = 0.0

    def allow(self, tokens: int = 1) -> bool:
        """Take `tokens` if the call is not too early."""
        if type(tokens) is not int or not 0 <= tokens <= self._burst:
            tokens = checked_tokens(tokens)
            if tokens > self._burst:
                return False
        with self._lock:
            now = self._clock() - self._epoch
            tat = self._tat
            if tat < now:
                tat = now
            tat += tokens * self._interval
            if tat - now <= self._tolerance:
                self._tat = tat
                return True
            return tokens == 0

    def check(self, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it."""
        tokens = checked_tokens(tokens)
        with self._lock:
            now = self._clock() - self._epoch
            start = max(self._tat, now)
            tat = start + tokens * self._interval if tokens <= self._burst else math.inf
            fits = tat - now <= self._tolerance
            if fits:
                self._tat = start = tat
            backlog = start - now
            retry_after = -1.0
            if not fits and 0 < tokens <= self._burst:
                retry_after = tat - now - self._burst * self._interval
            return Decision(
                allowed=fits or tokens == 0,
                limit=self._burst,
                remaining=max(0, int((self._tolerance - backlog) / self._interval)),
                retry_after=retry_after,
                reset_after=backlog,
            )
