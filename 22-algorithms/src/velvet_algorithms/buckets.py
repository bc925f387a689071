"""The storage under `SortedList`: short sorted lists, their maxima, a Fenwick tree of their sizes.

A list is the fastest container that Python has for finding (bisect) and, as long as it is short,
for inserting: moving 1,000 pointers is one memmove of 8 kB. So the values are cut into buckets of
500 to 2,000. Their maxima say which bucket a value belongs to; a Fenwick tree (1994) of their sizes
says which one holds the k-th value. It is made at the first question about a position, kept up to
date by every add and remove, and dropped only when a bucket is split or joined, once in about a
thousand operations. The idea of the bucket list is sortedcontainers' (Grant Jenks).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, pairwise
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import changed_meanwhile, ensure, refuse_unordered, watched

T = TypeVar("T")


class Buckets(Generic[T]):
    """Sorted values in buckets; `_keys` is `_lists` itself where values are their own keys."""

    __slots__ = (
        *("__weakref__", "_added", "_key", "_keys", "_least", "_lists", "_load"),
        *("_maxes", "_most", "_removed", "_steps", "_tree"),
    )

    def __init__(self, key: Callable[[T], Any] | None, load: int) -> None:
        if load < 4:
            raise ValueError(f"load must be >= 4 values a bucket, got {load!r}; 1000 is usual")
        self._key, self._load = key, (load := operator.index(load))
        self._least, self._most = load // 2, 2 * load
        # The length is the difference; the sum, which iterators watch, changes with every mutation.
        self._added = self._removed = 0
        self._lists: list[list[T]] = []
        self._keys: list[list[Any]] = self._lists if key is None else []
        self._maxes: list[Any] = []
        self._tree: list[int] = []
        self._steps: list[int] = []

    def __len__(self) -> int:
        return self._added - self._removed

    def _refuse_change(self, stamp: int) -> None:
        """Raise RuntimeError where a comparison came back and changed the list."""
        if self._added + self._removed != stamp:
            raise changed_meanwhile()

    def _fill(self, values: list[T], keys: list[Any]) -> None:
        """Replace everything by sorted values (`keys` are not read where there is no key)."""
        gone = [*self._lists, *self._keys, self._maxes[:]]  # noqa: F841 - `__del__` may come back
        cuts = range(0, len(values), self._load)
        self._lists[:] = [values[i : i + self._load] for i in cuts]
        if self._key is not None:
            self._keys[:] = [keys[i : i + self._load] for i in cuts]
        self._maxes[:] = [bucket[-1] for bucket in self._keys]
        self._tree.clear()

    def _sorted(self, values: list[T]) -> tuple[list[T], list[Any]]:
        """Return values and their keys in order, refusing what has none."""
        keys: list[Any] = values if self._key is None else list(map(self._key, values))
        refuse_unordered(keys)
        if self._key is None:
            values.sort()
            return values, values
        ranks = sorted(range(len(keys)), key=keys.__getitem__)
        return [values[i] for i in ranks], [keys[i] for i in ranks]

    def _index(self) -> list[int]:
        """Make the Fenwick tree: entry i sums the sizes of the i & -i buckets before i."""
        size = 1 << max(len(self._lists) - 1, 1).bit_length()
        self._tree = tree = [0] * size
        tree[1 : len(self._lists) + 1] = map(len, self._lists[: size - 1])
        for i in range(1, size):
            parent = i + (i & -i)
            if parent < size:
                tree[parent] += tree[i]
        self._steps = [1 << bit for bit in reversed(range(size.bit_length() - 1))]
        return tree

    def _place(self, index: int) -> tuple[int, int]:
        """Return bucket and offset of a position, which may count from the end."""
        length = self._added - self._removed
        if not -length <= index < length:
            raise IndexError(f"position {index} of a list of {length}")
        if index < 0 or type(index) is not int:
            index = operator.index(index) % length
        tree = self._tree or self._index()
        bucket = 0
        for step in self._steps:
            below = tree[bucket + step]
            if below <= index:
                bucket += step
                index -= below
        return bucket, index

    def _rank(self, value: T, bisect: Callable[[list[Any], Any], int]) -> int:
        """Return how many values are before the place that `bisect` has for one."""
        key = value if self._key is None else self._key(value)
        bucket = bisect(self._maxes, key)
        if bucket == len(self._maxes):
            return len(self)
        offset = bisect(self._keys[bucket], key)
        tree = self._tree or self._index()
        while bucket:
            offset += tree[bucket]
            bucket &= bucket - 1
        return offset

    def _split(self, bucket: int) -> None:
        half = self._load
        for lists in (self._lists, self._keys):
            if len(lists[bucket]) > half:  # not twice, where both are the same list
                lists.insert(bucket + 1, lists[bucket][half:])
                del lists[bucket][half:]
        self._maxes.insert(bucket, self._keys[bucket][-1])
        self._tree.clear()

    def _drop(self, bucket: int, offset: int) -> None:
        """Delete one value by its place."""
        # Held until all is in order: its `__del__` may come back.
        gone = [self._keys[bucket].pop(offset)]
        if self._key is not None:
            gone.append(self._lists[bucket].pop(offset))
        self._removed += 1
        self._settle(bucket)

    def _settle(self, bucket: int) -> None:
        """Make maximum, sizes and the tree true again after one value has left a bucket."""
        keys = self._keys[bucket]
        if len(keys) < self._least:
            self._join(bucket)
            return
        self._maxes[bucket] = keys[-1]
        tree = self._tree
        if tree:
            i, end = bucket + 1, len(tree)
            while i < end:
                tree[i] -= 1
                i += i & -i

    def _join(self, bucket: int) -> None:
        """Join a bucket that ran low to a neighbour; the last one may run dry."""
        self._tree.clear()
        if len(self._lists) == 1:
            if self._keys[0]:
                self._maxes[0] = self._keys[0][-1]
            else:
                self._fill([], [])
            return
        left = max(bucket - 1, 0)
        self._lists[left] += self._lists.pop(left + 1)
        if self._key is not None:
            self._keys[left] += self._keys.pop(left + 1)
        del self._maxes[left]
        self._maxes[left] = self._keys[left][-1]
        if len(self._keys[left]) > self._most:
            self._split(left)

    def _between(self, start: int, stop: int) -> list[T]:
        return list(chain.from_iterable(self._parts(start, stop, reverse=False)))

    def _parts(self, start: int, stop: int, *, reverse: bool) -> Iterator[list[T]]:
        """Yield the pieces of buckets between two positions."""
        if start >= stop:
            return
        (first, low), (last, high) = self._place(start), self._place(stop - 1)
        order = range(first, last + 1)
        for bucket in reversed(order) if reverse else order:
            begin, end = low if bucket == first else 0, high + 1 if bucket == last else None
            part = self._lists[bucket][begin:end]
            yield part[::-1] if reverse else part

    def _walk(self, parts: Iterator[Iterable[T]]) -> Iterator[T]:
        return chain.from_iterable(watched(parts, lambda: self._added + self._removed))

    def check(self) -> None:
        """Verify every invariant; raises AssertionError naming the broken one. O(n)."""
        sizes = [len(bucket) for bucket in self._lists]
        ensure(sum(sizes) == len(self), f"{sum(sizes)} values, but the length is {len(self)}")
        ensure(sizes == [len(keys) for keys in self._keys], "keys and values differ in number")
        ensure(all(0 < size <= self._most for size in sizes), f"a bucket out of bounds: {sizes}")
        ensure(self._maxes == [bucket[-1] for bucket in self._keys], "a wrong maximum")
        flat = chain.from_iterable(self._keys)
        ensure(not any(b < a for a, b in pairwise(flat)), "values out of order")
        kept = self._tree
        ensure(not kept or kept == self._index(), "the tree of sizes is not up to date")
