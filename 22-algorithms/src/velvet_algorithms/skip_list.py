"""An indexable skip list: sorted linked lists on several levels, each skipping more (Pugh 1990).

Every value is in the lowest list and with probability 1/2 in each next one; a search goes right
while it can and down when it cannot, O(log n) expected. Links carry the number of values they
skip, so the k-th value is found the same way. No memory is ever moved, which is what textbooks
praise; in Python each of about 2 log n steps is an object and costs more than moving a
thousand pointers at once. It is here as an honest loser: prefer `SortedList`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import OwnCopies, ensure, refuse_nan

T = TypeVar("T")
LEVELS = 20  # enough for a million values


class _Node:
    """A value with, on each level, the next node and how many values its link skips."""

    __slots__ = ("next", "value", "width")

    def __init__(self, value: Any, levels: int) -> None:
        self.value = value
        self.next: list[Any] = [None] * levels
        self.width = [1] * levels


class SkipList(OwnCopies, Generic[T]):
    """Values in order, equal ones in the order of their arrival.

    Args:
        seed: of the coins that choose levels; equal seeds give equal shapes.

    Not thread-safe. An iterator raises RuntimeError when the list changes meanwhile.
    """

    __slots__ = ("_changes", "_coins", "_head", "_levels", "_size")

    def __init__(self, iterable: Iterable[T] = (), *, seed: int = 0) -> None:
        self._head = _Node(None, LEVELS)
        self._coins = random.Random(seed)
        self._levels = 1  # in use
        self._size = self._changes = 0
        for value in iterable:
            self.add(value)

    def __len__(self) -> int:
        return self._size

    def add(self, value: T) -> None:
        """Add a value behind its equals. O(log n) expected.

        Raises:
            ValueError: it is NaN.
            TypeError: it cannot be compared; the list is as it was before.
        """
        refuse_nan(value)
        path, places = self._path(value, past_equals=True)
        bits = self._coins.getrandbits(LEVELS - 1)
        levels = (~bits & (bits + 1)).bit_length()  # one more than its trailing ones
        while self._levels < levels:
            self._head.width[self._levels] = self._size + 1
            path.append(self._head)
            places.append(0)
            self._levels += 1
        node = _Node(value, levels)
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

    def _path(self, value: Any, *, past_equals: bool) -> tuple[list[_Node], list[int]]:
        """Return per level, the lowest first, the last node before a value, and its position."""
        node, place = self._head, 0
        path: list[_Node] = []
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
        path, _ = self._path(value, past_equals=False)
        node = path[0].next[0]
        if node is None or node.value != value:
            raise ValueError(f"{value!r} is not in the list; ask with `in` first")
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
        left = index + 1 if index >= 0 else index + 1 + self._size
        if not 0 < left <= self._size:
            raise IndexError(f"position {index} of a list of {self._size}")
        node = self._head
        for level in range(self._levels - 1, -1, -1):
            while node.width[level] <= left:
                left -= node.width[level]
                node = node.next[level]
                if not left:
                    return node.value  # type: ignore[no-any-return]
        raise AssertionError("the widths are wrong")

    def _state(self) -> Any:
        return list(self), self._coins.getstate()

    def _restore(self, state: Any) -> None:
        values, coins = state
        SkipList.__init__(self, values)
        self._coins.setstate(coins)

    def _walk(self, node: Any, maximum: Any, stamp: int) -> Iterator[T]:
        while True:
            if self._changes != stamp:
                raise RuntimeError("the list changed during iteration; iterate over list(it)")
            if node is None or (maximum is not None and maximum < node.value):
                return
            yield node.value
            node = node.next[0]

    def __iter__(self) -> Iterator[T]:
        return self.range()

    def range(self, minimum: Any = None, maximum: Any = None) -> Iterator[T]:
        """Walk the values from `minimum` to `maximum`, both included; None leaves a side open."""
        path = [self._head] if minimum is None else self._path(minimum, past_equals=False)[0]
        return self._walk(path[0].next[0], maximum, self._changes)

    def check(self) -> None:
        """Verify order, links and widths on every level; raises AssertionError. O(n)."""
        places: dict[int, int] = {id(self._head): 0}
        node, place = self._head.next[0], 0
        while node is not None:
            place += 1
            places[id(node)] = place
            after = node.next[0]
            ensure(after is None or not after.value < node.value, "values out of order")
            node = after
        ensure(place == self._size, f"{place} values, but the length is {self._size}")
        for level in range(self._levels):
            node = self._head
            while node is not None:
                after = node.next[level]
                end = self._size + 1 if after is None else places[id(after)]
                ensure(places[id(node)] + node.width[level] == end, f"a wrong width, level {level}")
                node = after
