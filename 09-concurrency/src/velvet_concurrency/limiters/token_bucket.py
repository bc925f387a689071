"""The token bucket: the limiter to reach for first, and the fast path of this package.

Tokens drip in at `rate` a second up to `capacity`; a call takes some or is refused. No timer does the
dripping: what has come in since the last call is computed when a call asks, so an idle bucket costs
nothing. A refusal writes no state at all. Reservations let a caller claim tokens that have not
come in yet and learn how long to wait, which is how `acquire` blocks without polling.
"""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field

from velvet_concurrency.clock import Clock
from velvet_concurrency.limiters.base import (
    SLACK,
    CapacityExceeded,
    Decision,
    checked_count,
    checked_rate,
    checked_tokens,
    checked_wait,
)

_DAY = 86_400.0  # seconds: `time.sleep` refuses the longest waits, so they are slept in days


@dataclass(frozen=True)
class Reservation:
    """The answer of `TokenBucketLimiter.reserve`; when it is not `ok`, nothing was taken."""

    ok: bool
    delay: float  # seconds to wait before acting; `inf` when no wait is long enough
    cancel: Callable[[], None] = field(default=lambda: None, repr=False)
    """Return what can be returned; a second call, or one after the time to act, does nothing.

    Thread-safe. O(p) for p pending reservations.
    """


class TokenBucketLimiter:
    """`rate` tokens a second with bursts of up to `capacity`; starts full. Thread-safe, O(1).

    `rate` is finite and >= 0, where 0 is a budget that never refills; `capacity` is at least 1. A clock
    that goes back adds nothing until it has caught up, so no interval is paid out twice; on one with a
    `sleep` method (a `FakeClock`) `acquire` sleeps. Raises `ValueError` for a broken rule.

    In any interval of dt seconds it admits at most `capacity + rate * dt`. With capacity equal to a
    "per second" limit that is twice the limit in the worst second: choose a smaller capacity.

    >>> from velvet_concurrency.clock import FakeClock
    >>> clock = FakeClock()
    >>> bucket = TokenBucketLimiter(rate=10, capacity=2, clock=clock)
    >>> [bucket.allow() for _ in range(3)]
    [True, True, False]
    >>> clock.advance(0.1)
    >>> bucket.allow()
    True
    """

    __slots__ = ("_balance", "_capacity", "_clock", "_depth", "_ledger", "_lock", "_rate", "_stamp")

    def __init__(self, rate: float, capacity: int, *, clock: Clock = time.monotonic) -> None:
        self._rate = checked_rate(rate, zero_ok=True)
        self._capacity = checked_count("capacity", capacity)
        self._clock = clock
        self._lock = threading.Lock()
        self._depth = self._balance = self._capacity + SLACK
        self._stamp = clock()
        self._ledger: _Ledger | None = None

    def allow(self, tokens: int = 1) -> bool:
        """Take `tokens` if they are there; never blocks. 0 peeks and is always allowed."""
        if type(tokens) is not int or tokens < 0:
            tokens = checked_tokens(tokens)
        with self._lock:
            now = self._clock()
            balance = self._balance
            if now > self._stamp:
                balance += (now - self._stamp) * self._rate
                if balance > self._depth:
                    balance = self._depth
                if tokens <= balance:
                    self._stamp = now
                    self._balance = balance - tokens
                    return True
            elif tokens <= balance:
                self._balance = balance - tokens
                return True
            return tokens == 0

    def check(self, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it."""
        tokens = checked_tokens(tokens)
        with self._lock:
            now = self._settle()
            wait = self._wait_for(tokens, now)
            if wait == 0:
                self._balance -= tokens
            return Decision(
                allowed=wait == 0,
                limit=self._capacity,
                remaining=max(0, int(self._balance)),
                retry_after=-1.0 if wait == 0 or math.isinf(wait) else wait,
                reset_after=self._wait_for(self._capacity, now),
            )

    @property
    def tokens(self) -> float:
        """The tokens held right now; negative while reservations are outstanding."""
        with self._lock:
            self._settle()
            return self._balance - SLACK

    def set_rate(self, rate: float) -> None:
        """Change the rate from now on; what has dripped in so far counts at the old one.

        Delays that were already promised stay as they are. Raises `ValueError` as the class does.
        """
        new_rate = checked_rate(rate, zero_ok=True)
        with self._lock:
            self._settle()
            self._rate = new_rate

    def reserve(self, tokens: int = 1, *, max_wait: float = math.inf) -> Reservation:
        """Claim `tokens` now and return how long to wait before using them.

        The reservation is not ok, with nothing taken, when `tokens` is above the capacity, when the
        rate is 0 and too few are left, or when the delay is above `max_wait` seconds.
        """
        tokens = checked_tokens(tokens)
        max_wait = checked_wait("max_wait", max_wait)
        with self._lock:
            now = self._settle()
            delay = self._wait_for(tokens, now)
            if delay > max_wait or math.isinf(delay):
                return Reservation(False, delay)
            self._balance -= tokens
            ledger = self._ledger = self._ledger or _Ledger()
            act, rate = now + delay, self._rate
            ledger.add(act, now)
        pending = True

        def cancel() -> None:
            nonlocal pending
            with self._lock:
                now = self._settle()
                if pending and now <= act:
                    returned = ledger.cancel(act, tokens, max(rate, self._rate), now)
                    self._balance = min(self._depth, self._balance + returned)
                pending = False

        return Reservation(True, delay, cancel)

    def acquire(self, tokens: int = 1, timeout: float | None = None) -> bool:
        """Wait for `tokens` and take them; interrupted while waiting, it returns them.

        Returns False, at once and with nothing taken, when they cannot be had within `timeout` seconds
        (None: any time), or never because the rate is 0. Raises `CapacityExceeded` when `tokens` is above
        the capacity: waiting would never end.
        """
        if checked_tokens(tokens) > self._capacity:
            raise CapacityExceeded(tokens, self._capacity)
        max_wait = math.inf if timeout is None else checked_wait("timeout", timeout)
        reservation = self.reserve(tokens, max_wait=max_wait)
        left = reservation.delay if reservation.ok else 0.0
        sleep = getattr(self._clock, "sleep", time.sleep)
        try:
            while left > 0:
                sleep(min(left, _DAY))
                left -= _DAY
        except BaseException:  # also Ctrl-C: the claim must not outlive its caller
            reservation.cancel()
            raise
        return reservation.ok

    def _settle(self) -> float:
        """Pay out what has dripped in and return the time; the lock is held."""
        now = self._clock()
        if now > self._stamp:
            self._balance = min(self._depth, self._balance + (now - self._stamp) * self._rate)
            self._stamp = now
        return now

    def _wait_for(self, tokens: int, now: float) -> float:
        """Return the seconds until `tokens` are there, `inf` for never; the state is settled."""
        if tokens == 0 or tokens <= self._balance:
            return 0.0
        if tokens > self._capacity or self._rate == 0:
            return math.inf
        return self._stamp - now + (tokens + SLACK - self._balance) / self._rate


class _Ledger:
    """The pending reservations of one bucket, whose lock guards it.

    A reservation pushes the balance below zero, and every later one is priced on that balance.
    Returning all its tokens on cancellation would let newcomers go at the very moment for which
    a later reservation has been promised: a burst above the capacity. So a cancelled claim returns only
    what no later claim stands on, the rule of Go's golang.org/x/time/rate. Unlike there, what was held
    back is returned too once the later claims are cancelled, so cancelling all of them, in any order,
    leaves the bucket as if none had been made.
    """

    __slots__ = ("_held", "_pending")

    def __init__(self) -> None:
        self._pending: list[float] = []
        self._held: list[tuple[float, float, float]] = []

    def add(self, act: float, now: float) -> None:
        """Record a claim that acts at `act`; forget those whose time has passed. O(log p)."""
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
        returned = 0.0
        still_held: list[tuple[float, float, float]] = []
        for moment, amount, promised in self._held:
            pace = max(promised, rate)
            priced = min(amount, max(0.0, horizon - moment) * pace)
            returned += amount - priced
            if priced > 0 and self._pending:
                still_held.append((moment, priced, pace))
        self._held = still_held
        return returned
