"""A segment tree whose ranges are changed at once: "add 5 to all of them", "set all to 0".

A change of a whole node is noted there and passed on to its children only when somebody looks
below it, so that a range is changed in O(log n). Changes are functions: `act` applies one to a
product, `compose(new, old)` joins two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")
F = TypeVar("F")


class LazySegmentTree(Generic[T, F]):
    """Items with an associative `op`, and changes that act on products.

    Args:
        op, identity: as in `SegmentTree`.
        act: `act(f, product)`; must agree with `op`: f(a op b) == f(a) op f(b). Where the length
            of a range matters, as in sums, items carry it, such as `(sum, count)`.
        compose: `compose(new, old)` does first `old`, then `new`.
        nothing: the change that changes nothing.

    Raises:
        ValueError: a position is out of range (in any method).

    >>> tree = LazySegmentTree([1, 2, 3], max, 0, lambda f, x: f + x, lambda f, g: f + g, 0)
    >>> tree.apply(0, 2, 10)
    >>> tree.prod(0, 3), tree[2]
    (12, 3)
    """

    __slots__ = ("_act", "_compose", "_identity", "_lazy", "_log", "_n", "_nothing", "_op", "_tree")

    def __init__(
        self,
        values: Iterable[T],
        op: Callable[[T, T], T],
        identity: T,
        act: Callable[[F, T], T],
        compose: Callable[[F, F], F],
        nothing: F,
    ) -> None:
        leaves = list(values)
        self._n, self._op, self._identity = len(leaves), op, identity
        self._act, self._compose, self._nothing = act, compose, nothing
        self._log = max(len(leaves) - 1, 0).bit_length()
        size = 1 << self._log
        self._tree = [identity] * size + leaves + [identity] * (size - len(leaves))
        self._lazy = [nothing] * size
        for i in range(size - 1, 0, -1):
            self._tree[i] = op(self._tree[2 * i], self._tree[2 * i + 1])

    def __len__(self) -> int:
        return self._n

    def _change(self, i: int, f: F) -> None:
        self._tree[i] = self._act(f, self._tree[i])
        if i < len(self._lazy):
            self._lazy[i] = self._compose(f, self._lazy[i])

    def _push(self, i: int) -> None:
        f, self._lazy[i] = self._lazy[i], self._nothing
        if f != self._nothing:
            self._change(2 * i, f)
            self._change(2 * i + 1, f)

    def _open(self, start: int, stop: int) -> tuple[int, int]:
        """Pass on what is noted above both ends of a range; return the ends as nodes."""
        if not 0 <= start <= stop <= self._n:
            raise ValueError(f"need 0 <= start <= stop <= {self._n}, got {start!r}, {stop!r}")
        start, stop = start + len(self._lazy), stop + len(self._lazy)
        for level in range(self._log, 0, -1):
            if (start >> level) << level != start:
                self._push(start >> level)
            if (stop >> level) << level != stop:
                self._push((stop - 1) >> level)
        return start, stop

    def __getitem__(self, index: int) -> T:
        if not 0 <= index < self._n:
            raise ValueError(f"index must be in 0..{self._n - 1}, got {index!r}")
        return self.prod(index, index + 1)

    def set(self, index: int, value: T) -> None:
        """Replace an item. O(log n); when `op` raises, the tree is as it was before."""
        if not 0 <= index < self._n:
            raise ValueError(f"index must be in 0..{self._n - 1}, got {index!r}")
        i = index + len(self._lazy)
        for level in range(self._log, 0, -1):
            self._push(i >> level)
        before, self._tree[i] = self._tree[i], value
        above = [i >> level for level in range(1, self._log + 1)]
        try:
            for node in above:
                self._renew(node)
        except BaseException:
            self._tree[i] = before
            for node in above:
                self._renew(node)
            raise

    def _renew(self, i: int) -> None:
        self._tree[i] = self._op(self._tree[2 * i], self._tree[2 * i + 1])

    def prod(self, start: int, stop: int) -> T:
        """Return the product of items from `start` up to but not including `stop`. O(log n)."""
        start, stop = self._open(start, stop)
        left = right = self._identity
        while start < stop:
            if start & 1:
                left = self._op(left, self._tree[start])
                start += 1
            if stop & 1:
                stop -= 1
                right = self._op(self._tree[stop], right)
            start >>= 1
            stop >>= 1
        return self._op(left, right)

    def apply(self, start: int, stop: int, f: F) -> None:
        """Change every item from `start` up to but not including `stop`. O(log n).

        When `act`, `compose` or `op` raises, the tree is as it was before.
        """
        start, stop = self._open(start, stop)
        if start == stop:
            return
        nodes, above = self._cover(start, stop)
        inner = [i for i in nodes if i < len(self._lazy)]
        before = [(i, self._tree[i]) for i in (*nodes, *above)]
        noted = [(i, self._lazy[i]) for i in inner]
        try:
            for i in nodes:
                self._change(i, f)
            for i in above:
                self._renew(i)
        except BaseException:
            for i, value in before:
                self._tree[i] = value
            for i, change in noted:
                self._lazy[i] = change
            raise

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
