"""What a breaker remembers: the last n calls, or the calls of the last few seconds.

Both windows answer "how many calls, how many failed, how many slow" from running totals, so recording costs
the same however long the window is. The count window is one byte a call in a ring; the time window is one
bucket a second, so it forgets a whole second at a time and covers between `seconds - 1` and `seconds`.
Neither locks: the breaker's core calls them with its own lock held.
"""

from __future__ import annotations

FAILED = 1  # bits of a mark; 0 is a success
SLOW = 2


class CountWindow:
    """The last `size` calls: O(1) to record, `size` bytes."""

    timed = False
    __slots__ = ("_next", "_ring", "calls", "failures", "full", "slow")

    def __init__(self, size: int) -> None:
        self._ring = bytearray(size)
        self._next = self.calls = self.failures = self.slow = 0
        self.full = False

    def add(self, mark: int, now: float) -> None:  # noqa: ARG002 - the time window needs it
        """Record one call over the oldest one."""
        ring, at = self._ring, self._next
        old = ring[at]
        if not self.full:
            self.calls += 1
            self.full = self.calls == len(ring)
        if old or mark:
            self.failures += (mark & FAILED) - (old & FAILED)
            self.slow += ((mark & SLOW) - (old & SLOW)) // SLOW
            ring[at] = mark
        at += 1
        self._next = 0 if at == len(ring) else at

    def expire(self, now: float) -> None:
        """Nothing: calls leave by being overwritten."""

    def clear(self) -> None:
        """Forget every call."""
        self._ring[:] = bytes(len(self._ring))
        self._next = self.calls = self.failures = self.slow = 0
        self.full = False


class TimeWindow:
    """The calls of the last `seconds` seconds: O(1) amortised, one bucket a second."""

    timed = True
    full = False  # every call counts in its own second, so none may be left out
    __slots__ = ("_buckets", "_second", "calls", "failures", "slow")

    def __init__(self, seconds: int) -> None:
        self._buckets = [[0, 0, 0] for _ in range(seconds)]
        self._second: int | None = None
        self.calls = self.failures = self.slow = 0

    def add(self, mark: int, now: float) -> None:
        """Record one call in the second that `now` belongs to."""
        self.expire(now)
        bucket = self._buckets[(self._second or 0) % len(self._buckets)]
        failed, slow = mark & FAILED, (mark & SLOW) // SLOW
        bucket[0] += 1
        bucket[1] += failed
        bucket[2] += slow
        self.calls += 1
        self.failures += failed
        self.slow += slow

    def expire(self, now: float) -> None:
        """Forget the seconds that have left the window; a clock that went back forgets nothing."""
        second = int(now // 1.0)
        if self._second is None:
            self._second = second
        gone = second - self._second
        if gone <= 0:
            return
        size = len(self._buckets)
        for step in range(1, min(gone, size) + 1):
            bucket = self._buckets[(self._second + step) % size]
            self.calls -= bucket[0]
            self.failures -= bucket[1]
            self.slow -= bucket[2]
            bucket[:] = (0, 0, 0)
        self._second = second

    def clear(self) -> None:
        """Forget every call."""
        for bucket in self._buckets:
            bucket[:] = (0, 0, 0)
        self.calls = self.failures = self.slow = 0
