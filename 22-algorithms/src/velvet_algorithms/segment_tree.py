"""The product of any range under any associative operation, while items or whole ranges change.

Node i of an array has the children 2i and 2i + 1, the leaves are padded with the identity to a power
of two. Left and right parts are multiplied apart, so that the operation need not be commutative:
strings, matrices and functions work. Prefer `Fenwick` for sums; a method call of `op` is what each
step costs. `LazySegmentTree` changes ranges at once, such as "add 5 to all": a change of a whole node
is noted there and passed on to its children only when a query looks below it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Generic, TypeVar

from velvet_algorithms.contract import OwnCopies, changed_meanwhile

T = TypeVar("T")
F = TypeVar("F")


class _Products(OwnCopies, Generic[T]):
    """The array of products that both trees are."""

    __slots__ = ("_busy", "_identity", "_n", "_op", "_size", "_tree")

    def __init__(self, values: Iterable[T], op: Callable[[T, T], T], identity: T) -> None:
        leaves = list(values)
        self._n, self._op, self._identity = len(leaves), op, identity
        self._size = 1 << max(len(leaves) - 1, 0).bit_length()
        levels = [leaves + [identity] * (self._size - len(leaves))]
        while len(levels[-1]) > 1:
            levels.append(list(map(op, levels[-1][::2], levels[-1][1::2])))
        self._tree = [identity, *chain.from_iterable(reversed(levels))]
        self._busy = False  # while a function of the caller stands between two changes

    def __len__(self) -> int:
        return self._n

    def _leaf(self, index: int) -> int:
        """Return the node of an item."""
        if not 0 <= index < self._n:
            raise ValueError(f"index must be in 0..{self._n - 1}, got {index!r}")
        return self._size + operator.index(index)

    def _ends(self, start: int, stop: int) -> tuple[int, int]:
        """Return the nodes at the ends of a range."""
        if not 0 <= start <= stop <= self._n:
            raise ValueError(f"need 0 <= start <= stop <= {self._n}, got {start!r}, {stop!r}")
        return operator.index(start) + self._size, operator.index(stop) + self._size

    def _product(self, start: int, stop: int) -> T:
        """Return the product of the leaves from one node up to but not including another."""
        tree, op = self._tree, self._op
        left = right = self._identity
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

    def _put(self, leaf: int, value: T) -> None:
        """Replace a leaf; when `op` raises, the tree is as it was before."""
        if self._busy:
            raise changed_meanwhile()
        tree, op = self._tree, self._op
        i, before, tree[leaf] = leaf, tree[leaf], value
        try:
            self._busy = True
            while i > 1:
                value = op(tree[i - 1], value) if i & 1 else op(value, tree[i + 1])
                i >>= 1
                tree[i] = value
        except BaseException:
            i, tree[leaf] = leaf, before
            while i > 1:
                i >>= 1
                tree[i] = op(tree[2 * i], tree[2 * i + 1])
            raise
        finally:
            self._busy = False


class SegmentTree(_Products[T]):
    """Items with an associative `op` and its identity.

    Args:
        op: `op(a, b)`; must be associative and must not change its arguments.
        identity: `op(identity, a) == a == op(a, identity)`.

    Raises ValueError where a position is out of range (in any method).

    >>> tree = SegmentTree("abcde", lambda a, b: a + b, "")
    >>> tree.set(1, "B")
    >>> tree.prod(1, 4), tree.max_right(1, lambda text: len(text) <= 2)
    ('Bcd', 3)
    """

    __slots__ = ()

    def __getitem__(self, index: int) -> T:
        return self._tree[self._leaf(index)]

    def __iter__(self) -> Iterator[T]:
        return iter(self._tree[self._size : self._size + self._n])

    def set(self, index: int, value: T) -> None:
        """Replace an item. O(log n); when `op` raises, the tree is as it was before."""
        self._put(self._leaf(index), value)

    def prod(self, start: int, stop: int) -> T:
        """Return the product of items from `start` up to but not including `stop`. O(log n)."""
        return self._product(*self._ends(start, stop))

    def max_right(self, start: int, holds: Callable[[T], bool]) -> int:
        """Return the largest stop for which `holds(prod(start, stop))`. O(log n).

        Args:
            holds: true for the identity, and once false for a range, false for longer ones.

        Raises ValueError where `start` is out of range, or `holds` is false for the identity.
        """
        self._refuse_end(start, holds)
        tree, op, size = self._tree, self._op, self._size
        total, i = self._identity, operator.index(start) + size
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
        """Return the smallest start for which `holds(prod(start, stop))`; see `max_right`."""
        self._refuse_end(stop, holds)
        tree, op, size = self._tree, self._op, self._size
        total, i = self._identity, operator.index(stop) + size
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

    def _refuse_end(self, end: int, holds: Callable[[T], bool]) -> None:
        if not 0 <= end <= self._n:
            raise ValueError(f"an end must be in 0..{self._n}, got {end!r}")
        if not holds(self._identity):
            raise ValueError("holds() must be true for the identity, or no range can satisfy it")


class LazySegmentTree(_Products[T], Generic[T, F]):
    """Items with an associative `op`, and changes that act on products.

    Args:
        op, identity: as in `SegmentTree`.
        act: `act(f, product)`; must agree with `op`: f(a op b) == f(a) op f(b). Where the length
            of a range matters, as in sums, items carry it, such as `(sum, count)`.
        compose: `compose(new, old)` does first `old`, then `new`.
        nothing: the change that changes nothing.

    Raises ValueError where a position is out of range (in any method).

    >>> tree = LazySegmentTree([1, 2, 3], max, 0, lambda f, x: f + x, lambda f, g: f + g, 0)
    >>> tree.apply(0, 2, 10)
    >>> tree.prod(0, 3), tree[2]
    (12, 3)
    """

    __slots__ = ("_act", "_compose", "_lazy", "_log", "_nothing")

    def __init__(
        self,
        values: Iterable[T],
        op: Callable[[T, T], T],
        identity: T,
        act: Callable[[F, T], T],
        compose: Callable[[F, F], F],
        nothing: F,
    ) -> None:
        super().__init__(values, op, identity)
        self._act, self._compose, self._nothing = act, compose, nothing
        self._log = self._size.bit_length() - 1
        self._lazy = [nothing] * self._size

    def __getitem__(self, index: int) -> T:
        index = self._leaf(index) - self._size
        return self.prod(index, index + 1)

    def __iter__(self) -> Iterator[T]:
        return (self.prod(at, at + 1) for at in range(self._n))

    def set(self, index: int, value: T) -> None:
        """Replace an item. O(log n); when `op` raises, the tree is as it was before."""
        leaf = self._leaf(index)
        for level in range(self._log, 0, -1):
            self._push(leaf >> level)
        self._put(leaf, value)

    def prod(self, start: int, stop: int) -> T:
        """Return the product of items from `start` up to but not including `stop`. O(log n)."""
        return self._product(*self._open(start, stop))

    def apply(self, start: int, stop: int, f: F) -> None:
        """Change every item from `start` up to but not including `stop`. O(log n).

        When `act`, `compose` or `op` raises, the tree is as it was before.
        """
        start, stop = self._open(start, stop)
        if start == stop:
            return
        tree, lazy, op = self._tree, self._lazy, self._op
        nodes, above = self._cover(start, stop)
        before = [(i, tree[i]) for i in (*nodes, *above)]
        noted = [(i, lazy[i]) for i in nodes if i < len(lazy)]
        try:
            self._busy = True
            for i in nodes:
                tree[i] = self._act(f, tree[i])
            for i, known in noted:
                lazy[i] = f if known is self._nothing else self._compose(f, known)
            for i in above:
                tree[i] = op(tree[2 * i], tree[2 * i + 1])
        except BaseException:
            for i, value in before:
                tree[i] = value
            for i, known in noted:
                lazy[i] = known
            raise
        finally:
            self._busy = False

    def _cover(self, start: int, stop: int) -> tuple[list[int], list[int]]:
        """Return the nodes that together are a range, and those above, the lowest first."""
        above = []
        for level in range(1, self._log + 1):
            if (start >> level) << level != start:
                above.append(start >> level)
            if (stop >> level) << level != stop:
                above.append((stop - 1) >> level)
        nodes = []
        while start < stop:
            if start & 1:
                nodes.append(start)
                start += 1
            if stop & 1:
                stop -= 1
                nodes.append(stop)
            start >>= 1
            stop >>= 1
        return nodes, above

    def _open(self, start: int, stop: int) -> tuple[int, int]:
        """Pass on what is noted above both ends of a range; return the ends as nodes."""
        start, stop = self._ends(start, stop)
        if self._busy:
            raise changed_meanwhile()
        lazy, nothing = self._lazy, self._nothing
        try:
            self._busy = True
            for level in range(self._log, 0, -1):
                left, right = start >> level, (stop - 1) >> level
                if left << level != start and lazy[left] is not nothing:
                    self._push(left)
                if (stop >> level) << level != stop and lazy[right] is not nothing:
                    self._push(right)
        finally:
            self._busy = False
        return start, stop

    def _push(self, i: int) -> None:
        """Pass on what is noted at a node; it stays noted there when `act` or `compose` raises."""
        tree, lazy, nothing = self._tree, self._lazy, self._nothing
        f, left = lazy[i], 2 * i
        if f != nothing:
            act, right = self._act, left + 1
            product, other = act(f, tree[left]), act(f, tree[right])
            if left < len(lazy):
                # What composes with nothing is itself, and most changes fall on untouched nodes.
                below, beside = lazy[left], lazy[right]
                below = f if below is nothing else self._compose(f, below)
                lazy[right] = f if beside is nothing else self._compose(f, beside)
                lazy[left] = below
            tree[left], tree[right] = product, other
        lazy[i] = nothing
