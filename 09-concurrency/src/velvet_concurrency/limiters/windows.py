"""Limits per window of time: the fixed window, which forgets at its edge, and the exact sliding log.

The two ends of a trade: a fixed window costs two numbers and lets twice the limit through around its
edge; the log never does and remembers every call. `counter.py` stands between them. Fixed windows are
aligned to the clock (0, window, 2 * window, ...), as they are when a counter lives under a key that is
named after the minute.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import repeat

from velvet_concurrency.limiters.base import (
    Decision,
    checked_count,
    checked_seconds,
    checked_tokens,
)


class _Windowed:
    """Arguments, lock and clock of the two; `allow` and `check` are views of `_take`."""

    __slots__ = ("_clock", "_lock", "_max_calls", "_window")

    def __init__(
        self, max_calls: int, window: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_calls = checked_count("max_calls", max_calls)
        self._window = checked_seconds("window", window)
        self._clock = clock
        self._lock = threading.Lock()

    def _edge_after(self, now: float) -> float:
        """Return the first window edge that lies after `now`."""
        edge = (now // self._window + 1) * self._window
        return edge if edge > now else edge + self._window


class FixedWindowLimiter(_Windowed):
    """At most `max_calls` between two edges of the clock; O(1) time and memory, thread-safe.

    Its weakness: `max_calls` just before an edge and as many just after pass within an instant, so
    some window of that length holds twice the limit.

    Args:
        max_calls: calls per window, at least 1.
        window: seconds, above 0.
        clock: returns seconds; one that goes back stays in the window it had reached.

    Raises:
        ValueError: an argument breaks its rule.
    """

    __slots__ = ("_edge", "_used")

    def __init__(
        self, max_calls: int, window: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(max_calls, window, clock=clock)
        self._edge = self._edge_after(clock())
        self._used = 0

    def allow(self, tokens: int = 1) -> bool:
        """Take `tokens` from this window if they are left.

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
        """
        if type(tokens) is not int or tokens < 0:
            tokens = checked_tokens(tokens)
        with self._lock:
            return self._take(tokens, self._clock())

    def check(self, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it.

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
        """
        tokens = checked_tokens(tokens)
        with self._lock:
            now = self._clock()
            allowed = self._take(tokens, now)
            to_edge = self._edge - now
            return Decision(
                allowed=allowed,
                limit=self._max_calls,
                remaining=self._max_calls - self._used,
                retry_after=-1.0 if allowed or tokens > self._max_calls else to_edge,
                reset_after=to_edge if self._used else 0.0,
            )

    def _take(self, tokens: int, now: float) -> bool:
        if now >= self._edge:
            self._edge = self._edge_after(now)
            self._used = 0
        if self._used + tokens <= self._max_calls:
            self._used += tokens
            return True
        return False


class SlidingLogLimiter(_Windowed):
    """At most `max_calls` in every window of that length, exactly; thread-safe.

    A call at t counts during [t, t + window). O(1) amortised time; O(max_calls) memory, 32 bytes a
    call (a float and its place in the deque).

    Args:
        max_calls: calls per window, at least 1.
        window: seconds, above 0.
        clock: returns seconds; one that goes back is read as its latest logged value.

    Raises:
        ValueError: an argument breaks its rule.
    """

    __slots__ = ("_log",)

    def __init__(
        self, max_calls: int, window: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(max_calls, window, clock=clock)
        self._log: deque[float] = deque()

    def allow(self, tokens: int = 1) -> bool:
        """Log `tokens` calls if the window has room for them.

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
        """
        if type(tokens) is not int or tokens < 0:
            tokens = checked_tokens(tokens)
        with self._lock:
            return self._take(tokens, self._clock())

    def check(self, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it.

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
        """
        tokens = checked_tokens(tokens)
        with self._lock:
            now = self._clock()
            allowed = self._take(tokens, now)
            log, window = self._log, self._window
            retry_after = -1.0
            if not allowed and tokens <= self._max_calls:
                retry_after = log[len(log) + tokens - self._max_calls - 1] + window - now
            return Decision(
                allowed=allowed,
                limit=self._max_calls,
                remaining=self._max_calls - len(log),
                retry_after=retry_after,
                reset_after=log[-1] + window - now if log else 0.0,
            )

    def _take(self, tokens: int, now: float) -> bool:
        log, window = self._log, self._window
        while log and log[0] + window <= now:
            log.popleft()
        if len(log) + tokens <= self._max_calls:
            log.extend(repeat(max(now, log[-1]) if log else now, tokens))
            return True
        return False
