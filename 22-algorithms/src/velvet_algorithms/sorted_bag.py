"""A sorted list that stays fast when it grows: add, remove, k-th value and ranges.

Prefer `list` with `bisect.insort` below about 5,000 values: a list of that size is one bucket
anyway. Above it, `SortedBag` keeps values in buckets (see `buckets`), so that adding moves a
thousand pointers instead of all. What only reads is in `sorted_view`. Names and errors are those of sortedcontainers'
`SortedList` and `SortedKeyList`. Not thread-safe.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from velvet_algorithms.ordering import refuse_nan
from velvet_algorithms.sorted_view import SortedView

T = TypeVar("T")


class SortedBag(SortedView[T]):
    """Values in order, equal ones in the order of their arrival.

    Args:
        iterable: the first values.
        key: values are ordered by what it returns; their own order by default.
        load: values a bucket is made with; it is split at twice and joined at half of it.

    Values (or their keys) must be totally ordered. NaN is refused; inside a tuple it cannot be
    seen, because tuples compare their members by identity first.

    Raises:
        ValueError: `load` is below 4, or a value is not ordered.
        TypeError: values that cannot be compared; the bag is as it was before.

    >>> bag = SortedBag([3, 1, 2, 3])
    >>> bag.add(0)
    >>> list(bag), bag[1], bag.count(3)
    ([0, 1, 2, 3, 3], 1, 2)
    """

    __slots__ = ()

    def __init__(
        self,
        iterable: Iterable[T] = (),
        *,
        key: Callable[[T], Any] | None = None,
        load: int = 1000,
    ) -> None:
        super().__init__(key, load)
        self.update(iterable)

    def add(self, value: T) -> None:
        """Add a value behind its equals. O(sqrt n) moves, made by one memmove; O(log n) else."""
        key = value if self._key is None else self._key(value)
        maxes = self._maxes
        bucket = bisect_right(maxes, key)
        if bucket == len(maxes):
            # Only a new maximum or NaN, which is less than nothing, comes out at the end.
            refuse_nan(key)
            if not bucket:
                self._added += 1
                self._fill([value], [key])
                return
            bucket -= 1
            keys = self._keys[bucket]
            keys.append(key)
            if self._key is not None:
                self._lists[bucket].append(value)
            maxes[bucket] = key
        elif self._key is None:
            keys = self._keys[bucket]
            insort(keys, key)
        else:
            keys = self._keys[bucket]
            offset = bisect_right(keys, key)
            keys.insert(offset, key)
            self._lists[bucket].insert(offset, value)
        self._added += 1
        if len(keys) > self._most:
            self._split(bucket)
            return
        tree = self._tree
        if tree:
            i, end = bucket + 1, len(tree)
            while i < end:
                tree[i] += 1
                i += i & -i

    def update(self, iterable: Iterable[T]) -> None:
        """Add all values, or none of them where one cannot be compared. O(n + k log k)."""
        values, keys = self._sorted(list(iterable))
        count = len(values)
        if 8 * count < len(self):
            for key in keys:  # every comparison once before anything changes
                bucket = min(bisect_right(self._maxes, key), len(self._maxes) - 1)
                bisect_right(self._keys[bucket], key)
            for value in values:
                self.add(value)
            return
        if self:
            values, keys = self._sorted([*self, *values])
        self._added += count
        self._fill(values, keys)

    def remove(self, value: T) -> None:
        """Remove the first value that is equal. O(sqrt n) moves, made by one memmove.

        Raises:
            ValueError: there is none.
        """
        if self._key is None:  # the common case, written out: half the time of the general one
            maxes = self._maxes
            bucket = bisect_left(maxes, value)
            if bucket < len(maxes):
                keys = self._keys[bucket]
                offset = bisect_left(keys, value)
                if keys[offset] == value:
                    del keys[offset]
                    self._removed += 1
                    if self._tree or not self._least <= len(keys) > offset:
                        self._settle(bucket)
                    return
        else:
            place = self._find(value)
            if place is not None:
                self._drop(*place)
                return
        raise ValueError(f"{value!r} is not in the bag; discard() would not mind")

    def discard(self, value: T) -> None:
        """Remove the first value that is equal, if there is one."""
        place = self._find(value)
        if place is not None:
            self._drop(*place)

    def pop(self, index: int = -1) -> T:
        """Remove and return the value at a position.

        Raises:
            IndexError: there is no such position.
        """
        bucket, offset = self._checked(index)
        value = self._lists[bucket][offset]
        self._drop(bucket, offset)
        return value

    def clear(self) -> None:
        """Remove everything."""
        self._removed = self._added
        self._fill([], [])

    def __delitem__(self, index: int | slice) -> None:
        """Delete by position; many at once are cheaper than one by one."""
        if not isinstance(index, slice):
            self._drop(*self._checked(index))
            return
        doomed = range(len(self))[index]
        if 8 * len(doomed) < len(self):
            for position in sorted(doomed, reverse=True):
                self._drop(*self._place(position))
            return
        values, keys = list(self), list(self)
        if self._key is not None:
            keys = [key for bucket in self._keys for key in bucket]
            del keys[index]
        del values[index]
        self._removed += len(doomed)
        self._fill(values, keys)
