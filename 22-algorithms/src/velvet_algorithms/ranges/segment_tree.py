"""The product of any range under any associative operation, while items change.

The tree is an array: node i has the children 2i and 2i + 1, the leaves are padded with the
identity to a power of two. Left and right parts are multiplied apart, so that the operation need
not be commutative: strings, matrices and functions work. Every loop is iterative. Prefer
`Fenwick` for sums; a method call of `op` is what each step costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class SegmentTree(Generic[T]):
    """Items with an associative `op` and its identity.

    Args:
        op: `op(a, b)`; must be associative and must not change its arguments.
        identity: `op(identity, a) == a == op(a, identity)`.

    Raises:
        ValueError: a position is out of range (in any method).

    >>> tree = SegmentTree("abcde", lambda a, b: a + b, "")
    >>> tree.set(1, "B")
    >>> tree.prod(1, 4), tree.max_right(1, lambda text: len(text) <= 2)
    ('Bcd', 3)
    """

    __slots__ = ("_identity", "_n", "_op", "_size", "_tree")

    def __init__(self, values: Iterable[T], op: Callable[[T, T], T], identity: T) -> None:
        leaves = list(values)
        self._n, self._op, self._identity = len(leaves), op, identity
        self._size = size = 1 << max(len(leaves) - 1, 0).bit_length()
        level = [*leaves, *[identity] * (size - len(leaves))]
        levels = [level]
        while len(level) > 1:
            level = list(map(op, level[::2], level[1::2]))
            levels.append(level)
        self._tree = [identity]
        for level in reversed(levels):
            self._tree += level

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, index: int) -> T:
        self._refuse(index)
        return self._tree[self._size + index]

    def set(self, index: int, value: T) -> None:
        """Replace an item. O(log n); when `op` raises, the tree is as it was before."""
        self._refuse(index)
        tree, op = self._tree, self._op
        i = self._size + index
        before, tree[i] = tree[i], value
        try:
            while i > 1:
                value = op(tree[i - 1], value) if i & 1 else op(value, tree[i + 1])
                i >>= 1
                tree[i] = value
        except BaseException:
            i = self._size + index
            tree[i] = before
            while i > 1:
                i >>= 1
                tree[i] = op(tree[2 * i], tree[2 * i + 1])
            raise

    def prod(self, start: int, stop: int) -> T:
        """Return the product of items from `start` up to but not including `stop`. O(log n)."""
        if not 0 <= start <= stop <= self._n:
            raise ValueError(f"need 0 <= start <= stop <= {self._n}, got {start!r}, {stop!r}")
        tree, op = self._tree, self._op
        left = right = self._identity
        start += self._size
        stop += self._size
        while start < stop:
            if start & 1:
                left = op(left, tree[start])
                start += 1
            if stop & 1:
                stop -= 1
                right = op(tree[stop], right)
            start >>= 1
            stop >>= 1
        return op(left, right)

    def all_prod(self) -> T:
        """Return the product of everything. O(1)."""
        return self._tree[1]

    def max_right(self, start: int, holds: Callable[[T], bool]) -> int:
        """Return the largest stop for which `holds(prod(start, stop))`. O(log n).

        Args:
            holds: true for the identity, and once false for a range, false for longer ones.

        Raises:
            ValueError: `start` is out of range, or `holds` is false for the identity.
        """
        self._refuse_end(start, holds)
        tree, op, size = self._tree, self._op, self._size
        total, i = self._identity, start + size
        if start == self._n:
            return start
        while True:
            while not i & 1:
                i >>= 1
            grown = op(total, tree[i])
            if not holds(grown):
                break
            total, i = grown, i + 1
            if i & -i == i:  # the right edge
                return self._n
        while i < size:
            i *= 2
            grown = op(total, tree[i])
            if holds(grown):
                total, i = grown, i + 1
        return i - size

    def min_left(self, stop: int, holds: Callable[[T], bool]) -> int:
        """Return the smallest start for which `holds(prod(start, stop))`. O(log n).

        Raises:
            ValueError: `stop` is out of range, or `holds` is false for the identity.
        """
        self._refuse_end(stop, holds)
        tree, op, size = self._tree, self._op, self._size
        total, i = self._identity, stop + size
        if not stop:
            return 0
        while True:
            i -= 1
            while i > 1 and i & 1:
                i >>= 1
            grown = op(tree[i], total)
            if not holds(grown):
                break
            total = grown
            if i & -i == i:  # the left edge
                return 0
        while i < size:
            i = 2 * i + 1
            grown = op(tree[i], total)
            if holds(grown):
                total, i = grown, i - 1
        return i + 1 - size

    def check(self) -> None:
        """Verify that every node is the product of its children; raises AssertionError. O(n)."""
        for i in range(1, self._size):
            made = self._op(self._tree[2 * i], self._tree[2 * i + 1])
            assert self._tree[i] == made, f"node {i} is {self._tree[i]!r}, not {made!r}"

    def _refuse(self, index: int) -> None:
        if not 0 <= index < self._n:
            raise ValueError(f"index must be in 0..{self._n - 1}, got {index!r}")

    def _refuse_end(self, end: int, holds: Callable[[T], bool]) -> None:
        if not 0 <= end <= self._n:
            raise ValueError(f"an end must be in 0..{self._n}, got {end!r}")
        if not holds(self._identity):
            raise ValueError("holds() must be true for the identity, or no range can satisfy it")
