"""CoDel, controlled delay: tell a burst from a standing queue by how long items wait; drop only the latter.

A burst drains by itself; a queue whose head has waited longer than `target` for a whole `interval` does not, and
every item in it is late for nothing. CoDel then drops heads, the first at once and each next one sooner,
`interval / sqrt(n)` after the last, until the head is young again. There is nothing to tune to the capacity.
Source: RFC 8289, sections 4.2 to 4.4 and 5.4 to 5.6 (the pseudo-code, kept name for name). One packet of that
text is one item here, so the last two items are never dropped: the worker must not run dry.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from velvet_concurrency.clock import Clock

T = TypeVar("T")

# Intervals for which the last dropping rate stays a good first guess (RFC 8289, section 5.5).
_RECENT = 16


class CoDel:
    """The RFC 8289 control law over a deque of `(enqueued_at, item)`; not thread-safe.

    Arguments, in seconds: `target` is the wait that is fine for ever, `interval` how long it may be exceeded.
    Raises `ValueError` unless 0 < target < interval and both are finite.

    >>> codel = CoDel(target=0.005, interval=0.1, clock=lambda: 0.3)
    >>> codel.control_law(1.0, 4)
    1.05
    """

    def __init__(
        self, target: float = 0.005, interval: float = 0.1, *, clock: Clock = time.monotonic
    ) -> None:
        if not (0.0 < target < interval and math.isfinite(interval)):
            raise ValueError(f"need 0 < target < interval < inf, not {target!r} and {interval!r}")
        self.target = target
        self.interval = interval
        self.dropping = False
        self.count = 0  # drops since dropping began
        self._clock = clock
        self._last_count = 0
        self._first_above_time = 0.0
        self._drop_next = 0.0

    def control_law(self, t: float, count: int) -> float:
        """Return when to drop next: `t + interval / sqrt(count)`, seconds on the clock."""
        return t + self.interval / math.sqrt(count)

    def dequeue(
        self, queue: deque[tuple[float, T]], drop: Callable[[T], None]
    ) -> tuple[float, T] | None:
        """Take the next entry that deserves service; each item in front that does not goes to `drop`.

        Returns None only when `queue` is empty. O(1) amortised over the items.
        """
        now = self._clock()
        entry, ok_to_drop = self._do_dequeue(queue, now)
        if self.dropping:
            if not ok_to_drop:
                self.dropping = False
            while entry is not None and self.dropping and now >= self._drop_next:
                drop(entry[1])
                self.count += 1
                entry, ok_to_drop = self._do_dequeue(queue, now)
                if ok_to_drop:
                    self._drop_next = self.control_law(self._drop_next, self.count)
                else:
                    self.dropping = False
        elif ok_to_drop and entry is not None:
            drop(entry[1])
            entry, ok_to_drop = self._do_dequeue(queue, now)
            self._begin_dropping(now)
        return entry

    def _begin_dropping(self, now: float) -> None:
        self.dropping = True
        delta = self.count - self._last_count
        recent = now - self._drop_next < _RECENT * self.interval
        self.count = delta if delta > 1 and recent else 1
        self._drop_next = self.control_law(now, self.count)
        self._last_count = self.count

    def _do_dequeue(
        self, queue: deque[tuple[float, T]], now: float
    ) -> tuple[tuple[float, T] | None, bool]:
        if not queue:
            self._first_above_time = 0.0
            return None, False
        entry = queue.popleft()
        if now - entry[0] < self.target or len(queue) <= 1:
            self._first_above_time = 0.0  # went below, stay below for at least one interval
            return entry, False
        if self._first_above_time == 0.0:
            self._first_above_time = now + self.interval
            return entry, False
        return entry, now >= self._first_above_time
