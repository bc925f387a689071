"""The textbook's sorted containers: in Python a skip list and a B+ tree lose to `SortedList`.

A skip list (Pugh 1990) is sorted linked lists on several levels; a value is in each next one with
probability 1/2, and links carry how many values they skip. No memory is ever moved, which is what
textbooks praise; in Python each of about 2 log n steps is an object and costs more than moving a
thousand pointers at once. A B+ tree keeps values in chained leaves under nodes of separators and
sizes. A node of 64 is a short list that bisect searches in C, so it beats the skip list by far; each
level still costs a Python step. Nodes are split when full and freed when empty, not merged when half
empty: this costs little room unless removals outnumber insertions for long (Johnson and Shasha 1993).
"""

from __future__ import annotations

import operator
import random
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, pairwise
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import changed_meanwhile, ensure, refuse_nan, watched

T = TypeVar("T")
LEVELS = 20  # enough for a million values


class _Link:
    """A value with, on each level, the next one and how many values its link skips."""

    __slots__ = ("next", "value", "width")

    def __init__(self, value: Any, levels: int) -> None:
        self.value = value
        self.next: list[Any] = [None] * levels
        self.width = [1] * levels


class SkipList(Generic[T]):
    """Values in order, equal ones in the order of their arrival.

    Args:
        seed: of the coins that choose levels; equal seeds give equal shapes.

    Not thread-safe. An iterator raises RuntimeError when the list changes meanwhile.
    """

    __slots__ = ("_changes", "_coins", "_head", "_levels", "_seed", "_size")

    def __init__(self, iterable: Iterable[T] = (), *, seed: int = 0) -> None:
        self._head = _Link(None, LEVELS)
        self._coins, self._seed = random.Random(seed), seed
        self._levels = 1  # in use
        self._size = self._changes = 0
        for value in iterable:
            self.add(value)

    def __reduce__(self) -> Any:
        return partial(type(self), seed=self._seed), (list(self),)

    def __len__(self) -> int:
        return self._size

    def add(self, value: T) -> None:
        """Add a value behind its equals; raises ValueError for NaN. O(log n) expected."""
        stamp = self._changes
        refuse_nan(value)
        path, places = self._path(value, past_equals=True)
        if self._changes != stamp:
            raise changed_meanwhile()
        bits = self._coins.getrandbits(LEVELS - 1)
        levels = (~bits & (bits + 1)).bit_length()  # one more than its trailing ones
        while self._levels < levels:
            self._head.width[self._levels] = self._size + 1
            path.append(self._head)
            places.append(0)
            self._levels += 1
        node = _Link(value, levels)
        place = places[0] + 1
        for level, before in enumerate(path):
            if level < levels:
                gap = place - places[level]
                node.next[level], before.next[level] = before.next[level], node
                node.width[level], before.width[level] = before.width[level] - gap + 1, gap
            else:
                before.width[level] += 1
        self._size += 1
        self._changes += 1

    def _path(self, value: Any, *, past_equals: bool) -> tuple[list[_Link], list[int]]:
        """Return per level, the lowest first, the last link before a value, and its position."""
        node, place = self._head, 0
        path: list[_Link] = []
        places: list[int] = []
        for level in range(self._levels - 1, -1, -1):
            after = node.next[level]
            while after is not None:
                if value < after.value if past_equals else not after.value < value:
                    break
                place += node.width[level]
                node, after = after, after.next[level]
            path.append(node)
            places.append(place)
        path.reverse()
        places.reverse()
        return path, places

    def remove(self, value: T) -> None:
        """Remove the first value that is equal; raises ValueError if there is none."""
        stamp = self._changes
        path, _ = self._path(value, past_equals=False)
        node = path[0].next[0]
        if node is None or node.value != value:
            raise ValueError(f"{value!r} is not in the list; ask with `in` first")
        if self._changes != stamp:
            raise changed_meanwhile()
        for level, before in enumerate(path):
            if before.next[level] is node:
                before.width[level] += node.width[level] - 1
                before.next[level] = node.next[level]
            else:
                before.width[level] -= 1
        self._size -= 1
        self._changes += 1

    def __contains__(self, value: Any) -> bool:
        node = self._head
        for level in range(self._levels - 1, -1, -1):
            after = node.next[level]
            while after is not None and after.value < value:
                node, after = after, after.next[level]
        after = node.next[0]
        return after is not None and bool(after.value == value)

    def __getitem__(self, index: int) -> T:
        """Return the value at a position; raises IndexError. O(log n) expected."""
        if not -self._size <= index < self._size:
            raise IndexError(f"position {index} of a list of {self._size}")
        left = operator.index(index) % self._size + 1
        node = self._head
        for level in range(self._levels - 1, -1, -1):
            while node.width[level] <= left:
                left -= node.width[level]
                node = node.next[level]
                if not left:
                    return node.value  # type: ignore[no-any-return]
        raise AssertionError("the widths are wrong")

    def __iter__(self) -> Iterator[T]:
        return self.range()

    def range(self, minimum: Any = None, maximum: Any = None) -> Iterator[T]:
        """Walk the values from `minimum` to `maximum`, both included; None leaves a side open."""
        path = [self._head] if minimum is None else self._path(minimum, past_equals=False)[0]

        def walk() -> Iterator[T]:
            node = path[0].next[0]
            while node is not None and (maximum is None or not maximum < node.value):
                yield node.value
                node = node.next[0]

        return watched(walk(), lambda: self._changes)

    def check(self) -> None:
        """Verify order, links and widths on every level; raises AssertionError. O(n)."""
        nodes: list[Any] = [self._head]
        while nodes[-1].next[0] is not None:
            nodes.append(nodes[-1].next[0])
        ensure(len(nodes) == self._size + 1, "the length is wrong")
        pairs = pairwise(node.value for node in nodes[1:])
        ensure(not any(b < a for a, b in pairs), "values out of order")
        places = {id(node): place for place, node in enumerate([*nodes, None])}
        for level in range(self._levels):
            node = self._head
            while node is not None:
                end = places[id(node)] + node.width[level]
                node = node.next[level]
                ensure(places[id(node)] == end, f"a wrong width, level {level}")


class _Leaf:
    """Values, and the leaves before and after."""

    __slots__ = ("after", "before", "values")

    def __init__(self, values: list[Any], before: _Leaf | None, after: _Leaf | None) -> None:
        self.values, self.before, self.after = values, before, after


class _Inner:
    """Children, how many values are under each, and the separators between them.

    No value left of a separator is greater, none right of it is less.
    """

    __slots__ = ("children", "separators", "sizes")

    def __init__(self, children: list[Any], separators: list[Any], sizes: list[int]) -> None:
        self.children, self.separators, self.sizes = children, separators, sizes


_Path = list[tuple[_Inner, int]]


class BPlusTree(Generic[T]):
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
        self._root: _Leaf | _Inner = _Leaf([], None, None)
        self._size = self._changes = 0
        for value in iterable:
            self.add(value)

    def __reduce__(self) -> Any:
        return partial(type(self), order=self._order), (list(self),)

    def __len__(self) -> int:
        return self._size

    def add(self, value: T) -> None:
        """Add a value behind its equals; raises ValueError for NaN. O(log n)."""
        stamp = self._changes
        refuse_nan(value)
        path: _Path = []
        node = self._root
        while isinstance(node, _Inner):
            child = bisect_right(node.separators, value)
            path.append((node, child))
            node = node.children[child]
        values = node.values
        insort(values, value)
        if self._changes != stamp:
            del values[next(i for i, one in enumerate(values) if one is value)]
            raise changed_meanwhile()
        for inner, child in path:
            inner.sizes[child] += 1
        self._size += 1
        self._changes += 1
        if len(node.values) > self._order:
            self._split(path, node)

    def _split(self, path: _Path, leaf: _Leaf) -> None:
        half = len(leaf.values) // 2
        fresh = _Leaf(leaf.values[half:], leaf, leaf.after)
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
            right = _Inner(inner.children[half:], inner.separators[half:], inner.sizes[half:])
            moved = sum(right.sizes)
            del inner.children[half:], inner.separators[half - 1 :], inner.sizes[half:]
        self._root = _Inner([left, right], [separator], [self._size - moved, moved])

    def _seek(self, value: Any) -> tuple[_Leaf, int, int]:
        """Return leaf and offset of the first value not less, and how many are less."""
        node, rank = self._root, 0
        while isinstance(node, _Inner):
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
        while isinstance(node, _Inner):
            node = node.children[bisect_left(node.separators, value)]
        offset = bisect_left(node.values, value)
        if offset == len(node.values):
            if node.after is None:
                return False
            node, offset = node.after, 0
        return bool(node.values[offset] == value)

    def _descend(self, index: int) -> tuple[_Path, _Leaf, int]:
        """Return the path to a position, its leaf and its offset there."""
        path: _Path = []
        node = self._root
        while isinstance(node, _Inner):
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
        _, leaf, offset = self._descend(operator.index(index) % self._size)
        return leaf.values[offset]  # type: ignore[no-any-return]

    def remove(self, value: T) -> None:
        """Remove the first value that is equal; raises ValueError if there is none. O(log n)."""
        stamp = self._changes
        leaf, offset, rank = self._seek(value)
        if offset == len(leaf.values) or leaf.values[offset] != value:
            raise ValueError(f"{value!r} is not in the tree; ask with `in` first")
        if self._changes != stamp:
            raise changed_meanwhile()
        path, leaf, offset = self._descend(rank)
        gone = leaf.values.pop(offset)  # noqa: F841 - held: its `__del__` may come back
        for inner, child in path:
            inner.sizes[child] -= 1
        self._size -= 1
        self._changes += 1
        if not leaf.values and path:
            self._free(path, leaf)

    def _free(self, path: _Path, leaf: _Leaf) -> None:
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
        while isinstance(self._root, _Inner) and len(self._root.children) == 1:
            self._root = self._root.children[0]

    def __iter__(self) -> Iterator[T]:
        return self.range()

    def range(self, minimum: Any = None, maximum: Any = None) -> Iterator[T]:
        """Walk the values from `minimum` to `maximum`, both included; None leaves a side open."""
        found = self._descend(0)[1:] if minimum is None else self._seek(minimum)[:2]

        def walk() -> Iterator[list[T]]:
            leaf: _Leaf | None
            leaf, offset = found
            while leaf is not None:
                values = leaf.values[offset:] if offset else leaf.values
                if maximum is not None and values and maximum < values[-1]:
                    yield values[: bisect_right(values, maximum)]
                    return
                yield values
                leaf, offset = leaf.after, 0

        return chain.from_iterable(watched(walk(), lambda: self._changes))

    def check(self) -> None:
        """Verify order, sizes, separators and the chain of leaves; raises AssertionError. O(n)."""
        leaves: list[Any] = []
        waiting: list[tuple[Any, int]] = [(self._root, self._size)]
        while waiting:
            node, size = waiting.pop()
            if isinstance(node, _Leaf):
                ensure(len(node.values) == size, "a wrong size of a leaf")
                leaves.append(node)
                continue
            ensure(sum(node.sizes) == size, "a wrong size of an inner node")
            ensure(len(node.children) == len(node.separators) + 1 == len(node.sizes), "lengths")
            waiting.extend(reversed(list(zip(node.children, node.sizes, strict=True))))
        chained = [leaves[0], *(leaf.after for leaf in leaves)]
        ensure(chained == [*leaves, None], "a broken chain")
        flat = list(self)
        ensure(flat == sorted(flat), "values out of order")  # type: ignore[type-var]
        ensure(all(value in self for value in flat), "a value is not found")
