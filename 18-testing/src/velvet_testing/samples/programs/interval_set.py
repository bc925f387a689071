"""A set of integers kept as half-open spans.

After any calls, `x in s` holds exactly for the integers added and not removed since. Spans are
sorted, disjoint, and never touch. Adding or removing an empty or reversed span is a ValueError.
"""

from __future__ import annotations

from bisect import bisect_right


class IntervalSet:
    """Spans [lo, hi) of integers."""

    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []

    def add(self, lo: int, hi: int) -> None:
        """Add every integer from lo to below hi."""
        if lo >= hi:
            raise ValueError(f"[{lo}, {hi}) is empty")
        kept = []
        for a, b in self.spans:
            if b < lo or hi < a:
                kept.append((a, b))
            else:
                lo, hi = min(lo, a), max(hi, b)
        self.spans = sorted([*kept, (lo, hi)])

    def remove(self, lo: int, hi: int) -> None:
        """Remove every integer from lo to below hi."""
        if hi <= lo:
            raise ValueError(f"[{lo}, {hi}) is empty")
        kept = []
        for a, b in self.spans:
            if a < lo:
                kept.append((a, min(b, lo)))
            if b > hi:
                kept.append((max(a, hi), b))
        self.spans = kept

    def __contains__(self, x: int) -> bool:
        i = bisect_right(self.spans, x, key=lambda span: span[0]) - 1
        return i >= 0 and x < self.spans[i][1]

    def total(self) -> int:
        """Return how many integers are in the set."""
        return sum(b - a for a, b in self.spans)
