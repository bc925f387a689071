"""A sorted list that stays fast when it grows: add, remove, k-th value and ranges.

Prefer `list` with `bisect.insort` below about 5,000 values: a list of that size is one bucket
anyway. Above it, `SortedList` keeps values in `buckets`, so that adding moves a thousand pointers
instead of all.
"""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from reprlib import recursive_repr
from typing import Any, TypeVar, overload

from velvet_algorithms.buckets import Buckets
from velvet_algorithms.contract import refuse_nan

T = TypeVar("T")


def _compared(compare: Callable[[Any, Any], Any]) -> Any:
    """Return the method that compares with any sequence, value by value."""

    def method(self: SortedList[Any], other: object) -> Any:
        if not isinstance(other, SortedList | Sequence):
            return NotImplemented
        return compare(list(self), list(other))

    return method


class SortedList(Buckets[T]):
    """Values in order, equal ones in the order of their arrival.

    Args:
        iterable: the first values.
        key: values are ordered by what it returns; their own order by default.
        load: values a bucket is made with; it is split at twice and joined at half of it.

    Values (or their keys) must be totally ordered. NaN is refused; inside a tuple it cannot be
    seen, because tuples compare their members by identity first. Names and errors are those of
    sortedcontainers' `SortedList` and `SortedKeyList`. As there, `append`, `extend`, `insert`,
    `reverse` and assignment to a position do not exist, because the order decides the position;
    for `+` and `*` use `update`. Not thread-safe.

    Raises:
        ValueError: `load` is below 4, or a value is not ordered.
        TypeError: values that cannot be compared; the list is as it was before.

    >>> values = SortedList([3, 1, 2, 3])
    >>> values.add(0)
    >>> list(values), values[1], values.count(3)
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

    def __reduce__(self) -> Any:
        return _restored, (type(self), list(self), self._key, self._load)

    def copy(self) -> SortedList[T]:
        """Return a list of its own with the same values. O(n)."""
        return _restored(type(self), list(self), self._key, self._load)

    __copy__ = copy

    def add(self, value: T) -> None:
        """Add a value behind its equals. O(sqrt n) moves, made by one memmove; O(log n) else."""
        key = value if self._key is None else self._key(value)
        maxes = self._maxes
        try:
            bucket = bisect_right(maxes, key)
        except ArithmeticError:
            refuse_nan(key)  # `decimal` does not compare its NaN
            raise
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
        raise ValueError(f"{value!r} is not in the list; discard() would not mind")

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
        values, keys = list(self), list(chain.from_iterable(self._keys))
        del values[index], keys[index]
        self._removed += len(doomed)
        self._fill(values, keys if self._key is not None else values)

    def __contains__(self, value: Any) -> bool:
        if self._key is not None:
            return self._find(value) is not None
        maxes = self._maxes
        bucket = bisect_left(maxes, value)
        if bucket == len(maxes):
            return False
        values = self._lists[bucket]
        return bool(values[bisect_left(values, value)] == value)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        """Return the value at a position, or the list of a slice. O(log n) and the slice."""
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step < 0:
                wanted = range(start, stop, step)
                return self._copied(wanted[-1], start + 1)[::step] if wanted else []
            return self._copied(start, stop)[::step]
        if index < 0:
            index += len(self)
            if index < 0:
                raise IndexError(f"position {index - len(self)} of a list of {len(self)}")
        tree = self._tree or self._index()
        bucket, offset = 0, index
        for step in self._steps:
            below = tree[bucket + step]
            if below <= offset:
                bucket += step
                offset -= below
        try:
            return self._lists[bucket][offset]
        except IndexError:
            raise IndexError(f"position {index} of a list of {len(self)}") from None

    def __iter__(self) -> Iterator[T]:
        """Walk the values in order; raises RuntimeError when the list changes meanwhile.

        Whole buckets go to `chain.from_iterable`, so that a value costs no Python code: a third of
        a generator's time. A change is noticed at the end of a bucket, before the walk ends.
        """
        return self._walk(iter(self._lists))

    def __reversed__(self) -> Iterator[T]:
        """Walk the values backwards."""
        return self._walk(map(reversed, reversed(self._lists)))

    def islice(
        self, start: int | None = None, stop: int | None = None, *, reverse: bool = False
    ) -> Iterator[T]:
        """Walk the values between two positions, which are read as a slice's are."""
        begin, end, _ = slice(start, stop).indices(len(self))
        return self._walk(self._parts(begin, end, reverse=reverse))

    def irange(
        self,
        minimum: Any = None,
        maximum: Any = None,
        inclusive: tuple[bool, bool] = (True, True),
        *,
        reverse: bool = False,
    ) -> Iterator[T]:
        """Walk the values from `minimum` to `maximum`; None leaves a side open.

        Args:
            inclusive: whether the two bounds themselves belong to the range.
            reverse: from the largest to the smallest.
        """
        begin, end = 0, len(self)
        if minimum is not None:
            begin = self.bisect_left(minimum) if inclusive[0] else self.bisect_right(minimum)
        if maximum is not None:
            end = self.bisect_right(maximum) if inclusive[1] else self.bisect_left(maximum)
        return self._walk(self._parts(begin, end, reverse=reverse))

    def bisect_left(self, value: T) -> int:
        """Return how many values are less. O(log n)."""
        key = value if self._key is None else self._key(value)
        bucket = bisect_left(self._maxes, key)
        inside = bisect_left(self._keys[bucket], key) if bucket < len(self._maxes) else 0
        return self._rank(bucket, inside)

    def bisect_right(self, value: T) -> int:
        """Return how many values are less or equal. O(log n)."""
        key = value if self._key is None else self._key(value)
        bucket = bisect_right(self._maxes, key)
        inside = bisect_right(self._keys[bucket], key) if bucket < len(self._maxes) else 0
        return self._rank(bucket, inside)

    bisect = bisect_right

    def count(self, value: T) -> int:
        """Return how many values are equal. O(log n), and those of the same key."""
        first, last = self.bisect_left(value), self.bisect_right(value)
        if self._key is None:
            return max(last - first, 0)
        return self._copied(first, last).count(value)

    def index(self, value: T, start: int | None = None, stop: int | None = None) -> int:
        """Return the first position of a value between two positions. O(log n).

        Raises:
            ValueError: it is not there.
        """
        begin, end, _ = slice(start, stop).indices(len(self))
        first = max(self.bisect_left(value), begin)
        last = min(self.bisect_right(value), end)
        for position, found in enumerate(self._copied(first, last), first):
            if found == value:
                return position
        raise ValueError(f"{value!r} is not in the list between positions {begin} and {end}")

    __eq__ = _compared(operator.eq)
    __lt__ = _compared(operator.lt)
    __le__ = _compared(operator.le)
    __gt__ = _compared(operator.gt)
    __ge__ = _compared(operator.ge)
    __hash__ = None  # type: ignore[assignment]

    @recursive_repr("SortedList(...)")
    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"

    def _find(self, value: T) -> tuple[int, int] | None:
        """Return bucket and offset of the first value that is equal, or None."""
        key = value if self._key is None else self._key(value)
        bucket = bisect_left(self._maxes, key)
        if bucket == len(self._maxes):
            return None
        offset = bisect_left(self._keys[bucket], key)
        while bucket < len(self._maxes):
            lists, keys = self._lists[bucket], self._keys[bucket]
            for i in range(offset, len(keys)):
                if lists[i] == value:
                    return bucket, i
                if self._key is None or keys[i] != key:
                    return None
            bucket, offset = bucket + 1, 0
        return None

    def _checked(self, index: int) -> tuple[int, int]:
        """Return bucket and offset of a position that may be negative or wrong."""
        length = len(self)
        if not -length <= index < length:
            raise IndexError(f"position {index} of a list of {length}")
        return self._place(index % length)


def _restored(
    kind: type[SortedList[T]], values: list[T], key: Callable[[T], Any] | None, load: int
) -> SortedList[T]:
    """Make a list for `copy` and `pickle`, whose buckets are its own."""
    return kind(values, key=key, load=load)
