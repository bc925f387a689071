"""Which intervals overlap a range, and maps from ranges to values. All intervals are half-open.

`IntervalIndex` is static: intervals sorted by start, in blocks of 32, with a tree of the
largest end over the blocks. Only blocks with an end behind the query's start are looked into,
each by one list comprehension: a node per interval, as interval trees have it, costs several
times more in Python. Prefer a plain list comprehension below about 100 intervals.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import OwnCopies, ensure

T = TypeVar("T")
Interval = tuple[Any, Any]
BLOCK = 32


def _refuse_empty(start: Any, stop: Any) -> None:
    try:
        fine = bool(start < stop)
    except ArithmeticError:  # a NaN of `decimal`
        fine = False
    if not fine:
        raise ValueError(f"an interval needs start < stop, got [{start!r}, {stop!r})")


class IntervalIndex(OwnCopies):
    """Intervals `(start, stop)`, further members carried along; equal ones are kept apart.

    Raises:
        ValueError: an interval is empty, reversed, or has NaN for an end.

    >>> index = IntervalIndex([(1, 4, "a"), (3, 9, "b"), (6, 8, "c")])
    >>> index.at(3)
    [(1, 4, 'a'), (3, 9, 'b')]
    """

    __slots__ = ("_items", "_levels", "_starts", "_stops")

    def __init__(self, intervals: Iterable[tuple[Any, ...]]) -> None:
        items = list(intervals)
        for item in items:
            _refuse_empty(item[0], item[1])
        items.sort(key=lambda item: (item[0], item[1]))
        self._items = items
        self._starts = [item[0] for item in items]
        self._stops = [item[1] for item in items]
        level = [max(self._stops[i : i + BLOCK]) for i in range(0, len(items), BLOCK)]
        self._levels = [level]
        while len(level) > 1:
            pairs = list(map(max, level[::2], level[1::2]))
            level = pairs + level[-1:] if len(level) & 1 else pairs
            self._levels.append(level)

    def __len__(self) -> int:
        return len(self._items)

    def overlaps(self, start: Any, stop: Any) -> list[tuple[Any, ...]]:
        """Return the intervals that share a point with [start, stop), by their starts.

        O(log n + blocks looked into).

        Raises:
            ValueError: the range is empty or reversed.
        """
        _refuse_empty(start, stop)
        return self._behind(start, bisect_left(self._starts, stop))

    def at(self, point: Any) -> list[tuple[Any, ...]]:
        """Return the intervals that hold a point, by their starts; none for NaN."""
        return self._behind(point, bisect_right(self._starts, point))

    def _behind(self, point: Any, count: int) -> list[tuple[Any, ...]]:
        """Return those of the first `count` intervals that stop behind a point."""
        items, stops, levels = self._items, self._stops, self._levels
        blocks = -(-count // BLOCK)
        found: list[tuple[Any, ...]] = []
        waiting = [(len(levels) - 1, 0)] if blocks else []
        while waiting:
            level, i = waiting.pop()
            if not point < levels[level][i]:
                continue
            if level:
                level, i = level - 1, 2 * i
                if i + 1 < len(levels[level]) and (i + 1) << level < blocks:
                    waiting.append((level, i + 1))
                waiting.append((level, i))
                continue
            first = i * BLOCK
            last = min(first + BLOCK, count)
            found += [items[j] for j in range(first, last) if point < stops[j]]
        return found


class IntervalMap(OwnCopies, Generic[T]):
    """A value for every point of some disjoint ranges; later ranges overwrite earlier ones.

    Ranges are split where a new one begins or ends inside, and merged with equal neighbours. O(log
    n) to find, a memmove to change. Not thread-safe.

    >>> day = IntervalMap()
    >>> day.set(8, 18, "open"); day.set(12, 13, "lunch")
    >>> list(day)
    [(8, 12, 'open'), (12, 13, 'lunch'), (13, 18, 'open')]
    """

    __slots__ = ("_starts", "_stops", "_values")

    def __init__(self) -> None:
        self._starts: list[Any] = []
        self._stops: list[Any] = []
        self._values: list[T] = []

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[tuple[Any, Any, T]]:
        return iter(list(zip(self._starts, self._stops, self._values, strict=True)))

    def get(self, point: Any, default: T | None = None) -> T | None:
        """Return the value at a point."""
        i = bisect_right(self._starts, point) - 1
        return self._values[i] if i >= 0 and point < self._stops[i] else default

    def set(self, start: Any, stop: Any, value: T) -> None:
        """Give all points of [start, stop) a value.

        Raises:
            ValueError: the range is empty, reversed, or has NaN for an end.
        """
        self._replace(start, stop, [(start, stop, value)])

    def erase(self, start: Any, stop: Any) -> None:
        """Take the value from all points of [start, stop); raises ValueError as `set` does."""
        self._replace(start, stop, [])

    def _replace(self, start: Any, stop: Any, middle: list[tuple[Any, Any, T]]) -> None:
        _refuse_empty(start, stop)
        first = bisect_left(self._stops, start)  # touching neighbours belong to it: they may merge
        last = bisect_right(self._starts, stop)
        old = [(self._starts[i], self._stops[i], self._values[i]) for i in range(first, last)]
        pieces = [(a, min(b, start), value) for a, b, value in old if a < start]
        pieces += middle
        pieces += [(max(a, stop), b, value) for a, b, value in old if stop < b]
        merged: list[tuple[Any, Any, T]] = []
        for a, b, value in pieces:
            if merged and merged[-1][1] == a and merged[-1][2] == value:
                merged[-1] = (merged[-1][0], b, value)
            else:
                merged.append((a, b, value))
        self._starts[first:last] = [piece[0] for piece in merged]
        self._stops[first:last] = [piece[1] for piece in merged]
        self._values[first:last] = [piece[2] for piece in merged]

    def check(self) -> None:
        """Verify order, disjointness and that equal neighbours are merged; raises AssertionError."""
        pieces = list(self)
        for start, stop, _ in pieces:
            ensure(start < stop, "an empty range")
        for (_, stop, left), (start, _, right) in pairwise(pieces):
            ensure(stop < start or (stop == start and left != right), "ranges touch or overlap")
