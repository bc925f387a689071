"""A token bucket: `capacity` tokens at most, `rate` tokens a second, full at the start.

`try_take(n)` takes n tokens or none; n from 1 to the capacity, else ValueError. `wait_time(n)` is
the time after which `try_take(n)` succeeds. A clock that steps back refills nothing and takes
nothing away.
"""

from __future__ import annotations

from collections.abc import Callable


class TokenBucket:
    """Tokens that refill with the injected clock."""

    def __init__(self, rate: float, capacity: int, clock: Callable[[], float]) -> None:
        self.rate, self.capacity, self._clock = rate, capacity, clock
        self._tokens = float(capacity)
        self._at = clock()

    def _refill(self) -> None:
        now = self._clock()
        elapsed = max(0.0, now - self._at)
        self._tokens = min(self.capacity, self._tokens + elapsed * self.rate)
        self._at = now

    def _check(self, n: int) -> None:
        if not 1 <= n <= self.capacity:
            raise ValueError(f"{n} tokens of {self.capacity}")

    def try_take(self, n: int = 1) -> bool:
        """Take n tokens at once, or none."""
        self._check(n)
        self._refill()
        if self._tokens < n:
            return False
        self._tokens -= n
        return True

    def wait_time(self, n: int = 1) -> float:
        """Return the seconds until n tokens are there."""
        self._check(n)
        self._refill()
        return max(0.0, (n - self._tokens) / self.rate)
