"""Claims on tokens that do not exist yet, and what is given back when a claim is dropped.

A reservation pushes the balance below zero, and every later one is priced (told its delay) on that
balance. Giving all its tokens back on cancellation would let newcomers go at the very moment for which
a later reservation has been promised: a burst above the capacity. So a cancelled claim returns only
what no later claim stands on, the rule of Go's golang.org/x/time/rate. Unlike there, what was held
back is returned too once the later claims are cancelled, so cancelling all of them, in any order, leaves
the bucket as if none had been made.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable


class Reservation:
    """The answer of `TokenBucketLimiter.reserve`.

    Attributes:
        ok: whether the tokens were claimed; when False nothing was taken.
        delay: seconds to wait before acting; 0.0 means now. When not ok, the wait that would have been
            needed, `inf` if no wait is long enough.
    """

    __slots__ = ("_cancel", "delay", "ok")

    def __init__(self, ok: bool, delay: float, cancel: Callable[[], None] | None = None) -> None:
        self.ok = ok
        self.delay = delay
        self._cancel = cancel

    def cancel(self) -> None:
        """Give back what can be given back; a second call, or one after the time to act, does nothing.

        Thread-safe. O(p) for p pending reservations.
        """
        if self._cancel is not None:
            self._cancel()

    def __repr__(self) -> str:
        return f"Reservation(ok={self.ok}, delay={self.delay!r})"


class Ledger:
    """The pending reservations of one bucket. Not thread-safe: the bucket's lock guards it."""

    __slots__ = ("_held", "_pending")

    def __init__(self) -> None:
        self._pending: list[float] = []
        self._held: list[tuple[float, float, float]] = []

    def add(self, act: float, now: float) -> None:
        """Record a claim that acts at `act`; forgets those whose time has passed. O(log p)."""
        del self._pending[: bisect_left(self._pending, now)]
        insort(self._pending, act)

    def cancel(self, act: float, tokens: int, rate: float, now: float) -> float:
        """Drop the claim that acts at `act` and return how many tokens go back to the bucket.

        Between a cancelled claim and the last pending one, `rate` tokens a second were promised away.
        The same fades what is held back once its own time has passed: the bucket may have been full.
        """
        del self._pending[: bisect_left(self._pending, now)]
        del self._pending[bisect_left(self._pending, act)]
        horizon = max(now, self._pending[-1]) if self._pending else now
        self._held.append((act, float(tokens), rate))
        given_back = 0.0
        still_held: list[tuple[float, float, float]] = []
        for moment, amount, promised in self._held:
            pace = max(promised, rate)
            priced = min(amount, max(0.0, horizon - moment) * pace)
            given_back += amount - priced
            if priced > 0 and self._pending:
                still_held.append((moment, priced, pace))
        self._held = still_held
        return given_back
