"""The two kinds of node of a B+ tree, and what must be true of them.

A B+ tree: values in the leaves, which are chained; inner nodes hold separators and sizes.

A database takes it because a node is a disk page. In memory and in Python a node of 64 is a
short list that bisect searches in C, so it beats the skip list by far; each level still costs
a Python step, and a two-level tree of nodes of 1,000 is `SortedList`, which wins. A node is
split when full and freed when empty, not merged when half empty ("free-at-empty": Johnson and
Shasha 1993 show that this costs little room unless removals outnumber insertions for long).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import OwnCopies, ensure, refuse_nan


class Leaf:
    """Values, and the leaves before and after."""

    __slots__ = ("after", "before", "values")

    def __init__(self, values: list[Any], before: Leaf | None, after: Leaf | None) -> None:
        self.values, self.before, self.after = values, before, after


class Inner:
    """Children, how many values are under each, and the separators between them.

    No value left of a separator is greater, none right of it is less.
    """

    __slots__ = ("children", "separators", "sizes")

    def __init__(self, children: list[Any], separators: list[Any], sizes: list[int]) -> None:
        self.children, self.separators, self.sizes = children, separators, sizes


def verify(root: Leaf | Inner, size: int) -> list[Any]:
    """Verify lengths, sizes, order and the chain of leaves; return all values.

    Raises:
        AssertionError: naming what is broken.
    """
    leaves: list[Leaf] = []
    waiting: list[tuple[Any, int]] = [(root, size)]
    while waiting:
        node, size = waiting.pop()
        if isinstance(node, Leaf):
            ensure(len(node.values) == size, "a wrong size of a leaf")
            leaves.append(node)
            continue
        ensure(sum(node.sizes) == size, "a wrong size of an inner node")
        ensure(len(node.children) == len(node.separators) + 1 == len(node.sizes), "lengths")
        waiting.extend(reversed(list(zip(node.children, node.sizes, strict=True))))
    for before, after in zip(leaves, [*leaves[1:], None], strict=True):
        ensure(before.after is after, "a broken chain")
    flat = [value for leaf in leaves for value in leaf.values]
    ensure(flat == sorted(flat), "values out of order")
    return flat


T = TypeVar("T")


class BPlusTree(OwnCopies, Generic[T]):
    """Values in order, equal ones in the order of their arrival.

    Args:
        order: the most values of a leaf and children of an inner node, at least 4.

    Not thread-safe. An iterator raises RuntimeError when the tree changes meanwhile.
    """

    __slots__ = ("_changes", "_order", "_root", "_size")

    def __init__(self, iterable: Iterable[T] = (), *, order: int = 64) -> None:
        if not order >= 4:
            raise ValueError(f"order must be >= 4 children a node, got {order!r}")
        self._order = order
        self._root: Leaf | Inner = Leaf([], None, None)
        self._size = self._changes = 0
        for value in iterable:
            self.add(value)

    def __len__(self) -> int:
        return self._size

    def add(self, value: T) -> None:
        """Add a value behind its equals. O(log n).

        Raises:
            ValueError: it is NaN.
            TypeError: it cannot be compared; the tree is as it was before.
        """
        refuse_nan(value)
        path: list[tuple[Inner, int]] = []
        node = self._root
        while isinstance(node, Inner):
            child = bisect_right(node.separators, value)
            path.append((node, child))
            node = node.children[child]
        insort(node.values, value)
        for inner, child in path:
            inner.sizes[child] += 1
        self._size += 1
        self._changes += 1
        if len(node.values) > self._order:
            self._split(path, node)

    def _split(self, path: list[tuple[Inner, int]], leaf: Leaf) -> None:
        half = len(leaf.values) // 2
        fresh = Leaf(leaf.values[half:], leaf, leaf.after)
        del leaf.values[half:]
        if leaf.after is not None:
            leaf.after.before = fresh
        leaf.after = fresh
        left: Any = leaf
        right: Any = fresh
        separator, moved = fresh.values[0], len(fresh.values)
        while path:
            inner, child = path.pop()
            inner.children.insert(child + 1, right)
            inner.separators.insert(child, separator)
            inner.sizes[child : child + 1] = [inner.sizes[child] - moved, moved]
            if len(inner.children) <= self._order:
                return
            half = len(inner.children) // 2
            left, separator = inner, inner.separators[half - 1]
            right = Inner(inner.children[half:], inner.separators[half:], inner.sizes[half:])
            moved = sum(right.sizes)
            del inner.children[half:], inner.separators[half - 1 :], inner.sizes[half:]
        self._root = Inner([left, right], [separator], [self._size - moved, moved])

    def _seek(self, value: Any) -> tuple[Leaf, int, int]:
        """Return leaf and offset of the first value not less, and how many are less."""
        node, rank = self._root, 0
        while isinstance(node, Inner):
            child = bisect_left(node.separators, value)
            rank += sum(node.sizes[:child])
            node = node.children[child]
        offset = bisect_left(node.values, value)
        rank += offset
        if offset == len(node.values) and node.after is not None:
            return node.after, 0, rank
        return node, offset, rank

    def __contains__(self, value: Any) -> bool:
        node = self._root
        while isinstance(node, Inner):
            node = node.children[bisect_left(node.separators, value)]
        offset = bisect_left(node.values, value)
        if offset == len(node.values):
            if node.after is None:
                return False
            node, offset = node.after, 0
        return bool(node.values[offset] == value)

    def _descend(self, index: int) -> tuple[list[tuple[Inner, int]], Leaf, int]:
        """Return the path to a position, its leaf and its offset there."""
        path: list[tuple[Inner, int]] = []
        node = self._root
        while isinstance(node, Inner):
            child = 0
            while index >= node.sizes[child]:
                index -= node.sizes[child]
                child += 1
            path.append((node, child))
            node = node.children[child]
        return path, node, index

    def __getitem__(self, index: int) -> T:
        """Return the value at a position; raises IndexError. O(order log n)."""
        if not -self._size <= index < self._size:
            raise IndexError(f"position {index} of a tree of {self._size}")
        _, leaf, offset = self._descend(index % self._size)
        return leaf.values[offset]  # type: ignore[no-any-return]

    def remove(self, value: T) -> None:
        """Remove the first value that is equal; raises ValueError if there is none. O(log n)."""
        leaf, offset, rank = self._seek(value)
        if offset == len(leaf.values) or leaf.values[offset] != value:
            raise ValueError(f"{value!r} is not in the tree; ask with `in` first")
        path, leaf, offset = self._descend(rank)
        del leaf.values[offset]
        for inner, child in path:
            inner.sizes[child] -= 1
        self._size -= 1
        self._changes += 1
        if not leaf.values and path:
            self._free(path, leaf)

    def _free(self, path: list[tuple[Inner, int]], leaf: Leaf) -> None:
        if leaf.before is not None:
            leaf.before.after = leaf.after
        if leaf.after is not None:
            leaf.after.before = leaf.before
        while path:
            inner, child = path.pop()
            del inner.children[child], inner.sizes[child]
            if inner.children:
                del inner.separators[max(child - 1, 0)]
                break
        while isinstance(self._root, Inner) and len(self._root.children) == 1:
            self._root = self._root.children[0]

    def _state(self) -> Any:
        return list(self), self._order

    def _restore(self, state: Any) -> None:
        values, order = state
        BPlusTree.__init__(self, values, order=order)

    def _unchanged(self, stamp: int) -> None:
        if self._changes != stamp:
            raise RuntimeError("the tree changed during iteration; iterate over list(it)")

    def _walk(self, leaf: Leaf | None, offset: int, maximum: Any, stamp: int) -> Iterator[list[T]]:
        self._unchanged(stamp)
        while leaf is not None:
            values, last = leaf.values[offset:] if offset else leaf.values, False
            if maximum is not None and values and maximum < values[-1]:
                values, last = values[: bisect_right(values, maximum)], True
            yield values
            self._unchanged(stamp)
            leaf, offset = None if last else leaf.after, 0

    def __iter__(self) -> Iterator[T]:
        return self.range()

    def range(self, minimum: Any = None, maximum: Any = None) -> Iterator[T]:
        """Walk the values from `minimum` to `maximum`, both included; None leaves a side open."""
        leaf, offset = self._descend(0)[1:] if minimum is None else self._seek(minimum)[:2]
        return chain.from_iterable(self._walk(leaf, offset, maximum, self._changes))

    def check(self) -> None:
        """Verify order, separators, sizes and the chain of leaves; raises AssertionError. O(n)."""
        for value in verify(self._root, self._size):
            ensure(value in self, f"{value!r} is not found")
