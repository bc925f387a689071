"""Limits per window of time: the list that is written first, the exact log, two approximations.

A trade between memory and truth: the log remembers every call and never lets one too many through; the
fixed window keeps two numbers and lets twice the limit through around its edge; the counter keeps
three and guesses in between. Fixed windows are aligned to the clock (0, window, 2 * window, ...), as
they are when a counter lives under a key that is named after the minute.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from itertools import repeat

from velvet_concurrency.clock import Clock
from velvet_concurrency.limiters.base import (
    SLACK,
    Decision,
    checked_count,
    checked_seconds,
    checked_tokens,
)


class NaiveRateLimiter:
    """At most `max_calls` in the last `window` seconds, by keeping a list of all call times.

    Kept exactly as it is usually written. Its four faults, each shown by a test or a benchmark:

    1. O(n) per call: the whole list is rebuilt every time, also to refuse.
    2. O(max_calls) memory: one float for every call in the window.
    3. Check, then act: two threads can both see the last free place and both take it, and a rebuilt
       list overwrites the entry that another thread has just appended.
    4. Wall clock: `time.time` can be stepped; a step forward forgets calls, a step back keeps them.

    Not thread-safe, on purpose.
    """

    def __init__(self, max_calls: int, window: float, *, clock: Clock = time.time) -> None:
        self.max_calls = checked_count("max_calls", max_calls)
        self.window = checked_seconds("window", window)
        self.clock = clock
        self.calls: list[float] = []

    def allow(self, tokens: int = 1) -> bool:
        """Take `tokens` places if they are free; O(calls in the window)."""
        tokens = checked_tokens(tokens)
        now = self.clock()
        self.calls = [called for called in self.calls if now - called < self.window]
        if len(self.calls) + tokens <= self.max_calls:
            for _ in range(tokens):
                self.calls.append(now)
            return True
        return tokens == 0

    def check(self, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it; O(calls in the window)."""
        allowed = self.allow(tokens)
        now = self.clock()
        used = len(self.calls)
        retry_after = -1.0
        if not allowed and tokens <= self.max_calls:
            retry_after = self.calls[used + tokens - self.max_calls - 1] + self.window - now
        return Decision(
            allowed=allowed,
            limit=self.max_calls,
            remaining=max(0, self.max_calls - used),
            retry_after=retry_after,
            reset_after=self.calls[-1] + self.window - now if self.calls else 0.0,
        )


class _Windowed(ABC):
    """Arguments, lock and clock of the three others; a subclass says how calls are counted.

    `max_calls` is at least 1, `window` above 0 seconds. A clock that goes back never pays a window out
    twice. Raises `ValueError` for a broken rule.
    """

    __slots__ = ("_clock", "_lock", "_max_calls", "_window")

    def __init__(self, max_calls: int, window: float, *, clock: Clock = time.monotonic) -> None:
        self._max_calls = checked_count("max_calls", max_calls)
        self._window = checked_seconds("window", window)
        self._clock = clock
        self._lock = threading.Lock()

    def allow(self, tokens: int = 1) -> bool:
        """Count `tokens` calls if the window has room for them."""
        if type(tokens) is not int or tokens < 0:
            tokens = checked_tokens(tokens)
        with self._lock:
            return self._take(tokens, self._clock())

    def check(self, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it."""
        tokens = checked_tokens(tokens)
        with self._lock:
            now = self._clock()
            allowed = self._take(tokens, now)
            never = allowed or tokens > self._max_calls
            return Decision(
                allowed=allowed,
                limit=self._max_calls,
                remaining=self._remaining(now),
                retry_after=-1.0 if never else self._wait(tokens, now),
                reset_after=self._until_empty(now),
            )

    @abstractmethod
    def _take(self, tokens: int, now: float) -> bool: ...

    @abstractmethod
    def _remaining(self, now: float) -> int: ...

    @abstractmethod
    def _wait(self, tokens: int, now: float) -> float: ...

    @abstractmethod
    def _until_empty(self, now: float) -> float: ...


class FixedWindowLimiter(_Windowed):
    """At most `max_calls` between two edges of the clock; O(1) time and memory, thread-safe.

    Its weakness: `max_calls` just before an edge and as many just after pass within an instant, so
    some window of that length holds twice the limit. A clock that goes back stays in its window.
    """

    __slots__ = ("_edge", "_used")

    def __init__(self, max_calls: int, window: float, *, clock: Clock = time.monotonic) -> None:
        super().__init__(max_calls, window, clock=clock)
        self._edge = self._edge_after(clock())
        self._used = 0

    def _edge_after(self, now: float) -> float:
        edge = (now // self._window + 1) * self._window
        return edge if edge > now else edge + self._window

    def _take(self, tokens: int, now: float) -> bool:
        if now >= self._edge:
            self._edge = self._edge_after(now)
            self._used = 0
        if self._used + tokens <= self._max_calls:
            self._used += tokens
            return True
        return False

    def _remaining(self, now: float) -> int:  # noqa: ARG002 - its siblings need the time
        return self._max_calls - self._used

    def _wait(self, tokens: int, now: float) -> float:  # noqa: ARG002
        return self._edge - now

    def _until_empty(self, now: float) -> float:
        return self._edge - now if self._used else 0.0


class SlidingLogLimiter(_Windowed):
    """At most `max_calls` in every window of that length, exactly; thread-safe.

    A call at t counts during [t, t + window). O(1) amortised time; O(max_calls) memory, 32 bytes a
    call (a float and its place in the deque). A clock that goes back reads as its latest logged value.
    """

    __slots__ = ("_log",)

    def __init__(self, max_calls: int, window: float, *, clock: Clock = time.monotonic) -> None:
        super().__init__(max_calls, window, clock=clock)
        self._log: deque[float] = deque()

    def _take(self, tokens: int, now: float) -> bool:
        log, window = self._log, self._window
        while log and log[0] + window <= now:
            log.popleft()
        if len(log) + tokens <= self._max_calls:
            log.extend(repeat(max(now, log[-1]) if log else now, tokens))
            return True
        return False

    def _remaining(self, now: float) -> int:  # noqa: ARG002 - its siblings need the time
        return self._max_calls - len(self._log)

    def _wait(self, tokens: int, now: float) -> float:
        return self._log[len(self._log) + tokens - self._max_calls - 1] + self._window - now

    def _until_empty(self, now: float) -> float:
        return self._log[-1] + self._window - now if self._log else 0.0


class SlidingWindowCounter(_Windowed):
    """About `max_calls` in any window of that length; O(1) time and memory, thread-safe.

    The estimate is `previous * (1 - elapsed / window) + current`: exact when the previous window's
    calls were spread evenly, and never wrong by more than that window's whole count. Sources: Cloudflare,
    "How we built rate limiting capable of scaling to millions of domains" (2017), and the strategies
    page of the `limits` documentation. A clock that goes back reads as the start of the window.
    """

    __slots__ = ("_current", "_previous", "_start")

    def __init__(self, max_calls: int, window: float, *, clock: Clock = time.monotonic) -> None:
        super().__init__(max_calls, window, clock=clock)
        self._start = clock() // self._window * self._window
        self._previous = 0
        self._current = 0

    def _roll(self, now: float) -> float:
        """Move to the window that holds `now` and return the seconds since its start."""
        elapsed = now - self._start
        if elapsed >= self._window:
            skipped = elapsed // self._window
            self._previous = self._current if skipped == 1 else 0
            self._current = 0
            self._start += skipped * self._window
            elapsed = now - self._start
        return min(max(elapsed, 0.0), self._window)

    def _room(self, now: float) -> float:
        elapsed = self._roll(now)  # first: it may move on to another window
        faded = self._previous * (1.0 - elapsed / self._window)
        return self._max_calls + SLACK - (faded + self._current)

    def _take(self, tokens: int, now: float) -> bool:
        if tokens <= self._room(now):
            self._current += tokens
            return True
        return tokens == 0

    def _remaining(self, now: float) -> int:
        return max(0, int(self._room(now)))

    def _wait(self, tokens: int, now: float) -> float:
        left = self._window - self._roll(now) + max(0.0, self._start - now)
        spare = self._max_calls - self._current - tokens
        if spare >= 0:  # the previous window fades enough before this one ends
            return left - self._window * spare / self._previous
        return left + self._window * (1.0 - (self._max_calls - tokens) / self._current)

    def _until_empty(self, now: float) -> float:
        left = self._window - self._roll(now) + max(0.0, self._start - now)
        if self._current:
            return left + self._window
        return left if self._previous else max(0.0, self._start - now)
