"""The token bucket: the limiter to reach for first, and the fast path of this package.

Tokens drip in at `rate` a second up to `capacity`; a call takes some or is refused. No timer does the
dripping: what has come in since the last call is computed when somebody asks, so an idle bucket costs
nothing. A refusal writes no state at all. Reservations let a caller claim tokens that have not
come in yet and be told how long to wait, which is how `acquire` blocks without polling.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from velvet_concurrency.limiters.base import (
    SLACK,
    CapacityExceeded,
    Decision,
    checked_count,
    checked_rate,
    checked_tokens,
    checked_wait,
)
from velvet_concurrency.limiters.reservation import Ledger, Reservation


class TokenBucketLimiter:
    """`rate` tokens a second with bursts of up to `capacity`; starts full. Thread-safe, O(1).

    Args:
        rate: tokens per second, finite and >= 0; 0 is a budget that never refills.
        capacity: the most tokens it can hold, at least 1.
        clock: returns seconds. One that goes back adds nothing until it has caught up, so no interval
            is paid out twice. If it has a `sleep` method (a `FakeClock`), `acquire` sleeps on that.

    Raises:
        ValueError: an argument breaks its rule.

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

    def __init__(
        self, rate: float, capacity: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = checked_rate(rate, zero_ok=True)
        self._capacity = checked_count("capacity", capacity)
        self._clock = clock
        self._lock = threading.Lock()
        self._depth = self._balance = self._capacity + SLACK
        self._stamp = clock()
        self._ledger: Ledger | None = None

    def allow(self, tokens: int = 1) -> bool:
        """Take `tokens` if they are there; never blocks. 0 peeks and is always allowed.

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
        """
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
        """Do what `allow` does and report on it.

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
        """
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

        Delays that were already promised stay as they are.

        Raises:
            ValueError: `rate` is negative or not finite.
        """
        new_rate = checked_rate(rate, zero_ok=True)
        with self._lock:
            self._settle()
            self._rate = new_rate

    def reserve(self, tokens: int = 1, *, max_wait: float = math.inf) -> Reservation:
        """Claim `tokens` now and be told how long to wait before using them.

        Args:
            tokens: how many.
            max_wait: seconds; a claim that would have to wait longer is not made.

        Returns:
            A `Reservation`; not ok, with nothing taken, when `tokens` is above the capacity, when the
            rate is 0 and too few are left, or when the delay is above `max_wait`.

        Raises:
            ValueError: an argument breaks its rule.
        """
        tokens = checked_tokens(tokens)
        max_wait = checked_wait("max_wait", max_wait)
        with self._lock:
            now = self._settle()
            delay = self._wait_for(tokens, now)
            if delay > max_wait or math.isinf(delay):
                return Reservation(False, delay)
            self._balance -= tokens
            if self._ledger is None:
                self._ledger = Ledger()
            act, rate = now + delay, self._rate
            self._ledger.add(act, now)
        pending = True

        def cancel() -> None:
            nonlocal pending
            with self._lock:
                if pending:
                    pending = False
                    self._give_back(act, tokens, rate)

        return Reservation(True, delay, cancel)

    def acquire(self, tokens: int = 1, timeout: float | None = None) -> bool:
        """Wait for `tokens` and take them; interrupted while waiting, it gives them back.

        Args:
            tokens: how many.
            timeout: seconds to wait at most; None waits as long as it takes.

        Returns:
            False, at once and with nothing taken, when they cannot be had within `timeout`, or never
            because the rate is 0.

        Raises:
            CapacityExceeded: `tokens` is above the capacity: waiting would never end.
            ValueError: an argument breaks its rule.
        """
        if checked_tokens(tokens) > self._capacity:
            raise CapacityExceeded(tokens, self._capacity)
        max_wait = math.inf if timeout is None else checked_wait("timeout", timeout)
        reservation = self.reserve(tokens, max_wait=max_wait)
        if reservation.ok and reservation.delay > 0:
            try:
                getattr(self._clock, "sleep", time.sleep)(reservation.delay)
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

    def _give_back(self, act: float, tokens: int, rate: float) -> None:
        now = self._settle()
        if self._ledger is not None and now <= act:
            returned = self._ledger.cancel(act, tokens, max(rate, self._rate), now)
            self._balance = min(self._depth, self._balance + returned)
