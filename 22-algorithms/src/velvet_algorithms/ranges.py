"""Questions about ranges: their sum, their minimum, the intervals that overlap them, their value.

`Fenwick` (1994) sums items that change: entry i of its tree, counted from 1, holds the sum of the
`i & -i` items that end with item i. Prefer `itertools.accumulate` when nothing changes, and
`numpy.cumsum` when changes come in bulk: below about 1,000 items even `sum(values[a:b])` is as fast.
`SparseTable` answers for items that never change: row j holds the minima of all ranges of length 2^j,
and any range is covered by two of them. `IntervalIndex` is static, too: intervals sorted by start, in
blocks of 32 under a tree of the largest ends. A block is looked into by one list comprehension; a
node per interval, as interval trees have it, costs several times more. All intervals are half-open.
"""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import OwnCopies, changed_meanwhile, plain, refuse_nan

T = TypeVar("T")
BLOCK = 32


def _finite(number: Any) -> Any:
    """Return a number as Python's own; refuse what could not be taken out of a sum again."""
    number = plain(number)
    refuse_nan(number)
    if number in (inf, -inf):
        raise ValueError(f"an item must be finite, not {number}: inf - inf is no number")
    return number


class Fenwick(OwnCopies):
    """Numbers at the positions 0 to n - 1, all 0 at first.

    Integers stay exact; floats accumulate the errors of their additions. Not thread-safe.

    Raises ValueError where `n` is negative, and in any method for NaN or a position out of range.

    >>> f = Fenwick.from_list([3, 1, 4, 1, 5])
    >>> f.add(0, 10)
    >>> f.prefix(2), f.range(1, 4), f.kth(13)
    (14, 6, 1)
    """

    __slots__ = ("_tree",)

    def __init__(self, n: int) -> None:
        if n < 0:
            raise ValueError(f"n must be >= 0, got {n!r}")
        self._tree: list[float] = [0] * (operator.index(n) + 1)

    @classmethod
    def from_list(cls, values: Iterable[float]) -> Fenwick:
        """Make the tree of a sequence. O(n)."""
        made = cls(0)
        made._tree = tree = [0, *map(_finite, values)]
        for i in range(1, len(tree)):
            parent = i + (i & -i)
            if parent < len(tree):
                tree[parent] += tree[i]
        return made

    def __len__(self) -> int:
        return len(self._tree) - 1

    def add(self, index: int, amount: float) -> None:
        """Add to one item. O(log n)."""
        tree = self._tree
        n = len(tree)
        if not 0 <= index < n - 1:
            raise ValueError(f"index must be in 0..{n - 2}, got {index!r}")
        if type(amount) is not int:
            amount = _finite(amount)
        i = operator.index(index) + 1
        while i < n:
            tree[i] += amount
            i += i & -i

    def prefix(self, stop: int) -> float:
        """Return the sum of the first `stop` items. O(log n)."""
        return self.range(0, stop)

    def range(self, start: int, stop: int) -> float:
        """Return the sum of items from `start` up to but not including `stop`. O(log n).

        Only the parts in which the two prefixes differ are read.
        """
        tree = self._tree
        if not 0 <= start <= stop < len(tree):
            raise ValueError(f"need 0 <= start <= stop <= {len(tree) - 1}, got {start!r}, {stop!r}")
        total: float = 0
        while stop > start:
            total += tree[stop]
            stop &= stop - 1
        while start > stop:
            total -= tree[start]
            start &= start - 1
        return total

    def __getitem__(self, index: int) -> float:
        index = operator.index(index)
        return self.range(index, index + 1)

    def __iter__(self) -> Iterator[float]:
        """Walk the items. O(n)."""
        values = list(self._tree)
        for i in range(len(values) - 1, 0, -1):
            parent = i + (i & -i)
            if parent < len(values):
                values[parent] -= values[i]
        return iter(values[1:])

    def kth(self, k: float) -> int:
        """Return the first position whose prefix, itself included, exceeds `k`. O(log n).

        With counts as items this is where the k-th one (from 0) lies. Items must not be negative.
        Raises ValueError where `k` is negative or not less than the sum of all.
        """
        tree, size = self._tree, len(self._tree)
        if not k >= 0:
            raise ValueError(f"k must be >= 0, got {k!r}")
        place, left = 0, k
        step = 1 << size.bit_length()
        while step:
            after = place + step
            if after < size and tree[after] <= left:
                place = after
                left -= tree[after]
            step >>= 1
        if place == size - 1:
            total = self.prefix(size - 1)
            raise ValueError(f"k must be less than the sum of all, {total}, got {k!r}")
        return place


class SparseTable(Generic[T]):
    """The products of all ranges of a fixed sequence under an idempotent operation.

    Args:
        op: associative with `op(a, a) == a`, such as min, max, gcd or set union.

    Building costs O(n log n) time and memory, in C as far as the operation is.

    >>> SparseTable([5, 2, 7, 3], min).prod(2, 4)
    3
    """

    __slots__ = ("_op", "_rows")

    def __init__(self, values: Sequence[T], op: Callable[[T, T], T]) -> None:
        self._op = op
        self._rows = [list(values)]
        width = 1
        while 2 * width <= len(values):
            row = self._rows[-1]
            self._rows.append(list(map(op, row, row[width:])))
            width *= 2

    def __len__(self) -> int:
        return len(self._rows[0])

    def prod(self, start: int, stop: int) -> T:
        """Return the product of items from `start` up to but not including `stop`, at least one. O(1)."""
        if not 0 <= start < stop <= len(self._rows[0]):
            raise ValueError(f"need 0 <= start < stop <= {len(self)}, got {start!r}, {stop!r}")
        level = int(stop - start).bit_length() - 1
        row = self._rows[level]
        return self._op(row[start], row[stop - (1 << level)])


def _refuse_empty(start: Any, stop: Any) -> None:
    try:
        fine = bool(start < stop)
    except ArithmeticError:  # a NaN of `decimal`
        fine = False
    if not fine:
        raise ValueError(f"an interval needs start < stop, got [{start!r}, {stop!r})")


class IntervalIndex(OwnCopies):
    """Intervals `(start, stop)`, further members carried along; equal ones are kept apart.

    Raises ValueError where an interval is empty, reversed, or has NaN for an end.

    >>> index = IntervalIndex([(1, 4, "a"), (3, 9, "b"), (6, 8, "c")])
    >>> index.at(3)
    [(1, 4, 'a'), (3, 9, 'b')]
    """

    __slots__ = ("_items", "_levels", "_starts", "_stops")

    def __init__(self, intervals: Iterable[tuple[Any, ...]]) -> None:
        self._items = items = list(intervals)
        for item in items:
            _refuse_empty(item[0], item[1])
        items.sort(key=lambda item: (item[0], item[1]))
        self._starts = [item[0] for item in items]
        self._stops = [item[1] for item in items]
        level = [max(self._stops[i : i + BLOCK]) for i in range(0, len(items), BLOCK)]
        self._levels = [level]
        while len(level) > 1:
            level = [max(level[i : i + 2]) for i in range(0, len(level), 2)]
            self._levels.append(level)

    def __len__(self) -> int:
        return len(self._items)

    def overlaps(self, start: Any, stop: Any) -> list[tuple[Any, ...]]:
        """Return the intervals that share a point with [start, stop), by their starts.

        O(log n + blocks looked into). Raises ValueError for a range that is empty or reversed.
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

    __slots__ = ("_changes", "_starts", "_stops", "_values")

    def __init__(self) -> None:
        self._changes = 0
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
        """Give all points of [start, stop) a value; raises ValueError where it is empty or NaN."""
        self._replace(start, stop, [(start, stop, value)])

    def erase(self, start: Any, stop: Any) -> None:
        """Take the value from all points of [start, stop); raises ValueError as `set` does."""
        self._replace(start, stop, [])

    def _replace(self, start: Any, stop: Any, middle: list[tuple[Any, Any, T]]) -> None:
        stamp = self._changes
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
        if self._changes != stamp:
            raise changed_meanwhile()
        self._changes += 1
        self._starts[first:last] = [piece[0] for piece in merged]
        self._stops[first:last] = [piece[1] for piece in merged]
        self._values[first:last] = [piece[2] for piece in merged]
