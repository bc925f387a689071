"""Sums of ranges of a sequence whose items change (Fenwick 1994).

Entry i of the tree (counted from 1) holds the sum of the `i & -i` items that end with item i, so
that a prefix is the sum of as many entries as the position has bits. Prefer
`itertools.accumulate` when nothing changes, and `numpy.cumsum` when changes come in bulk: below
about 1,000 items even `sum(values[a:b])` is as fast.

Minima (or any idempotent product) of ranges that never change, in O(1) per question.

Row j holds the answers for all ranges of length 2^j. Any range is covered by two of them, which
may overlap, because min(a, a) is a. Building costs O(n log n) time and memory, in C as far as
the operation is: a row is one `map` over the row before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import OwnCopies, plain, refuse_nan


class Fenwick(OwnCopies):
    """Numbers at the positions 0 to n - 1, all 0 at first.

    Integers stay exact; floats accumulate the errors of their additions. Not thread-safe.

    Raises:
        ValueError: `n` is negative, a position is out of range (in any method), or a number is NaN.

    >>> f = Fenwick.from_list([3, 1, 4, 1, 5])
    >>> f.add(0, 10)
    >>> f.prefix(2), f.range(1, 4), f.kth(13)
    (14, 6, 1)
    """

    __slots__ = ("_tree",)

    def __init__(self, n: int) -> None:
        if n < 0:
            raise ValueError(f"n must be >= 0, got {n!r}")
        self._tree: list[float] = [0] * (n + 1)

    @classmethod
    def from_list(cls, values: Iterable[float]) -> Fenwick:
        """Make the tree of a sequence. O(n)."""
        numbers = list(map(_finite, values))
        made = cls(0)
        made._tree = tree = [0, *numbers]
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
        i = index + 1
        while i < n:
            tree[i] += amount
            i += i & -i

    def prefix(self, stop: int) -> float:
        """Return the sum of the first `stop` items. O(log n)."""
        tree = self._tree
        if not 0 <= stop < len(tree):
            raise ValueError(f"stop must be in 0..{len(tree) - 1}, got {stop!r}")
        total: float = 0
        while stop:
            total += tree[stop]
            stop &= stop - 1
        return total

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
        return self.range(index, index + 1)

    def __iter__(self) -> Iterator[float]:
        return iter(self.to_list())

    def __contains__(self, value: object) -> bool:
        return value in self.to_list()

    def kth(self, k: float) -> int:
        """Return the first position whose prefix, itself included, exceeds `k`. O(log n).

        With counts as items this is where the k-th one (from 0) lies. Items must not be negative.

        Raises:
            ValueError: `k` is negative or not less than the sum of all.
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
            raise ValueError(
                f"k must be less than the sum of all, {self.prefix(size - 1)}, got {k!r}"
            )
        return place

    def to_list(self) -> list[float]:
        """Return the items. O(n)."""
        values = list(self._tree)
        for i in range(len(values) - 1, 0, -1):
            parent = i + (i & -i)
            if parent < len(values):
                values[parent] -= values[i]
        return values[1:]


T = TypeVar("T")


def _finite(number: Any) -> Any:
    """Return a number as Python's own; refuse what could not be taken out of a sum again."""
    number = plain(number)
    refuse_nan(number)
    if number in (inf, -inf):
        raise ValueError(f"an item must be finite, not {number}: inf - inf is no number")
    return number


class SparseTable(Generic[T]):
    """The products of all ranges of a fixed sequence under an idempotent operation.

    Args:
        op: associative with `op(a, a) == a`, such as min, max, gcd or set union.

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
        """Return the product of items from `start` up to but not including `stop`. O(1).

        Raises:
            ValueError: the range is empty (it has no minimum) or reaches outside.
        """
        if not 0 <= start < stop <= len(self._rows[0]):
            raise ValueError(f"need 0 <= start < stop <= {len(self)}, got {start!r}, {stop!r}")
        level = int(stop - start).bit_length() - 1
        row = self._rows[level]
        return self._op(row[start], row[stop - (1 << level)])
