"""What limits a client from outside: a circuit breaker, a token bucket and a hedge.

Like `policy`, none of them has a clock of its own, and what a clock says is passed through.
"""

from __future__ import annotations

import bisect
import enum
import threading
from collections import deque
from dataclasses import dataclass


class Circuit(enum.Enum):
    """The three states of a breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass
class CircuitBreaker:
    """Stop calling a service that fails, and probe it with a few calls later; thread-safe.

    A `failure_ratio` of at least `min_calls` in the last `window` seconds opens it for `open_for`
    seconds; then `half_open` probes must succeed to close it.
    """

    failure_ratio: float = 0.5
    min_calls: int = 20
    window: float = 10.0
    open_for: float = 5.0
    half_open: int = 3

    def __post_init__(self) -> None:
        seconds_and_counts = (self.min_calls, self.half_open, self.window, self.open_for)
        if not (0 < self.failure_ratio <= 1 and all(each > 0 for each in seconds_and_counts)):
            raise ValueError(f"the ratio lies in (0, 1], counts and seconds above 0, not {self}")
        self._results: deque[tuple[float, bool]] = deque()
        self._probes = self._passed = 0
        self._lock = threading.Lock()
        self.state = Circuit.CLOSED
        self.retry_at = 0.0

    def allow(self, now: float) -> bool:
        """Return whether a call may go out; then call `record` or `release` once."""
        with self._lock:
            if self.state is Circuit.OPEN and now >= self.retry_at:
                self.state, self._probes, self._passed = Circuit.HALF_OPEN, 0, 0
            if self.state is Circuit.HALF_OPEN and self._probes < self.half_open:
                self._probes += 1
                return True
            return self.state is Circuit.CLOSED

    def record(self, *, ok: bool, now: float) -> None:
        """Record how an allowed call ended."""
        with self._lock:
            if self.state is Circuit.HALF_OPEN:
                self._passed += ok
                if not ok:
                    self._open(now)
                elif self._passed >= self.half_open:
                    self.state = Circuit.CLOSED
                    self._results.clear()
            elif self.state is Circuit.CLOSED:
                since = now - self.window
                self._results.append((now, ok))
                while self._results and self._results[0][0] <= since:
                    self._results.popleft()
                calls, failed = len(self._results), sum(not good for _, good in self._results)
                if calls >= self.min_calls and failed >= self.failure_ratio * calls:
                    self._open(now)

    def release(self) -> None:
        """Take back an allowed call that ended without a result, because it was cancelled."""
        with self._lock:
            self._probes -= self.state is Circuit.HALF_OPEN

    def _open(self, now: float) -> None:
        self.state, self.retry_at = Circuit.OPEN, now + self.open_for


class TokenBucket:
    """Admit `rate` requests a second on average, `burst` at once; thread-safe.

    >>> bucket = TokenBucket(10, burst=1)
    >>> bucket.reserve(0.0), bucket.reserve(0.0), bucket.reserve(0.05)
    (0.0, 0.1, 0.15)
    """

    def __init__(self, rate: float, *, burst: int = 1) -> None:
        if not (rate > 0 and burst >= 1):
            raise ValueError(f"rate and burst must be positive, not {rate} and {burst}")
        self._interval, self._tolerance = 1 / rate, (burst - 1) / rate
        self._next: float | None = None
        self._lock = threading.Lock()

    def reserve(self, now: float) -> float:
        """Take the next token and return the seconds to wait for it (GCRA, constant time)."""
        now = float(now)  # before the lock: a number of another kind may come back
        with self._lock:
            turn = now if self._next is None else max(self._next, now)
            self._next = turn + self._interval
            return round(max(0.0, turn - self._tolerance - now), 9)


class HedgePolicy:
    """Send a second request when the first is slower than most (The Tail at Scale, 2013).

    It leaves at the `quantile` of the last 500 latencies, for at most `max_extra` of all calls.
    """

    def __init__(self, quantile: float = 0.95, *, max_extra: float = 0.05) -> None:
        if not 0 < quantile < 1 or not 0 < max_extra <= 1:
            raise ValueError(f"quantile and max_extra lie in (0, 1), not {quantile}, {max_extra}")
        self._quantile, self._max_extra = quantile, max_extra
        self._recent: deque[float] = deque(maxlen=500)
        self._sorted: list[float] = []
        self.calls = self.extra = 0

    def observe(self, latency: float) -> None:
        """Remember the latency of a winning request, in seconds."""
        if not latency >= 0:  # NaN has no place in a sorted list
            raise ValueError(f"a latency is no less than 0 s, not {latency}")
        if len(self._recent) == self._recent.maxlen:
            del self._sorted[bisect.bisect_left(self._sorted, self._recent[0])]
        self._recent.append(latency)
        bisect.insort(self._sorted, latency)

    def hedge_after(self) -> float | None:
        """Count a call; return after how many seconds to hedge it, None while too little is known."""
        self.calls += 1
        known = len(self._sorted)
        return None if known < 20 else self._sorted[int(self._quantile * known)]

    def try_hedge(self) -> bool:
        """Return whether one more extra request stays within `max_extra`, and count it."""
        if self.extra + 1 > self._max_extra * self.calls:
            return False
        self.extra += 1
        return True
