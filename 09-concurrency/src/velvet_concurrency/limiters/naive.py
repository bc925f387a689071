"""The limiter that everybody writes first, kept exactly as it is usually written.

It is the baseline of the evolution: correct in a single thread with a short window, and wrong or slow
everywhere else. The other files of this package each remove one of its faults.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from velvet_concurrency.limiters.base import (
    Decision,
    checked_count,
    checked_seconds,
    checked_tokens,
)


class NaiveRateLimiter:
    """At most `max_calls` in the last `window` seconds, by keeping a list of all call times.

    Its four faults, each shown by a test or a benchmark:

    1. O(n) per call: the whole list is rebuilt every time, also to refuse.
    2. O(max_calls) memory: one float for every call in the window.
    3. Check, then act: two threads can both see the last free place and both take it, and a rebuilt
       list overwrites the entry that another thread has just appended.
    4. Wall clock: `time.time` can be stepped; a step forward forgets calls, a step back keeps them.

    Args:
        max_calls: calls per window, at least 1.
        window: seconds, above 0.
        clock: returns seconds.

    Raises:
        ValueError: an argument breaks its rule.

    Not thread-safe, on purpose.
    """

    def __init__(
        self, max_calls: int, window: float, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.max_calls = checked_count("max_calls", max_calls)
        self.window = checked_seconds("window", window)
        self.clock = clock
        self.calls: list[float] = []

    def allow(self, tokens: int = 1) -> bool:
        """Take `tokens` places if they are free; O(calls in the window).

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
        """
        tokens = checked_tokens(tokens)
        now = self.clock()
        self.calls = [called for called in self.calls if now - called < self.window]
        if len(self.calls) + tokens <= self.max_calls:
            for _ in range(tokens):
                self.calls.append(now)
            return True
        return tokens == 0

    def check(self, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it; O(calls in the window).

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
        """
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
