"""A sorted list that stays fast when it grows, and a dictionary whose keys are kept in one.

Prefer `list` with `bisect.insort` below about 5,000 values: a list of that size is one bucket
anyway. Above it, `SortedList` keeps values in `buckets`, so that adding moves a thousand pointers
instead of all. Prefer a plain `dict` and one `sorted()` to `SortedDict` when all is written before
anything is read in order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import (
    Callable,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from functools import partial, total_ordering
from itertools import chain
from reprlib import recursive_repr
from typing import Any, TypeVar, overload

from velvet_algorithms.buckets import Buckets
from velvet_algorithms.contract import changed_meanwhile, ensure, refuse_nan

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@total_ordering
class SortedList(Buckets[T]):
    """Values in order, equal ones in the order of their arrival.

    Args:
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
        self, iterable: Iterable[T] = (), *, key: Callable[[T], Any] | None = None, load: int = 1000
    ) -> None:
        super().__init__(key, load)
        self.update(iterable)

    def __reduce__(self) -> Any:
        return partial(type(self), key=self._key, load=self._load), (list(self),)

    def copy(self) -> SortedList[T]:
        """Return a list of its own with the same values. O(n)."""
        return type(self)(self, key=self._key, load=self._load)

    def add(self, value: T) -> None:
        """Add a value behind its equals. O(sqrt n) moves, made by one memmove; O(log n) else."""
        stamp, maxes = self._added + self._removed, self._maxes
        key = value if self._key is None else self._key(value)
        try:
            bucket = bisect_right(maxes, key)
        except ArithmeticError:
            refuse_nan(key)  # `decimal` does not compare its NaN
            raise
        if bucket == len(maxes):
            # Only a new maximum or NaN, which is less than nothing, comes out at the end.
            refuse_nan(key)
            self._refuse_change(stamp)
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
            if self._added + self._removed != stamp:
                del keys[next(i for i, one in enumerate(keys) if one is key)]
                raise changed_meanwhile()
        else:
            keys = self._keys[bucket]
            offset = bisect_right(keys, key)
            self._refuse_change(stamp)
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
        stamp = self._added + self._removed
        values, keys = self._sorted(list(iterable))
        count = len(values)
        if 8 * count < len(self):
            for key in keys:  # every comparison once before anything changes
                bucket = min(bisect_right(self._maxes, key), len(self._maxes) - 1)
                bisect_right(self._keys[bucket], key)
            self._refuse_change(stamp)
            for value in values:
                self.add(value)
            return
        if self:
            values, keys = self._sorted([*self, *values])
        self._refuse_change(stamp)
        self._added += count
        self._fill(values, keys)

    def remove(self, value: T) -> None:
        """Remove the first value that is equal; raises ValueError if there is none.

        O(sqrt n) moves, made by one memmove.
        """
        if self._key is None:  # the common case, written out: half the time of the general one
            stamp, maxes = self._added + self._removed, self._maxes
            bucket = bisect_left(maxes, value)
            if bucket < len(maxes):
                keys = self._keys[bucket]
                offset = bisect_left(keys, value)
                if keys[offset] == value:
                    if self._added + self._removed != stamp:
                        raise changed_meanwhile()
                    gone = keys.pop(offset)  # noqa: F841 - held: its `__del__` may come back
                    self._removed += 1
                    if self._tree or not self._least <= len(keys) > offset:
                        self._settle(bucket)
                    return
        elif (place := self._find(value)) is not None:
            self._drop(*place)
            return
        raise ValueError(f"{value!r} is not in the list; discard() would not mind")

    def discard(self, value: T) -> None:
        """Remove the first value that is equal, if there is one."""
        if (place := self._find(value)) is not None:
            self._drop(*place)

    def pop(self, index: int = -1) -> T:
        """Remove and return the value at a position; raises IndexError if there is none."""
        bucket, offset = self._place(index)
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
            self._drop(*self._place(index))
            return
        doomed = range(len(self))[index]
        if 8 * len(doomed) < len(self):
            for position in sorted(doomed, reverse=True):
                self._drop(*self._place(position))
            return
        values, keys = list(self), list(chain.from_iterable(self._keys))
        del values[index], keys[index]
        self._removed += len(doomed)
        self._fill(values, keys)

    def __contains__(self, value: Any) -> bool:
        if self._key is not None:
            return self._find(value) is not None
        maxes = self._maxes
        bucket = bisect_left(maxes, value)
        if bucket == len(maxes):
            return False
        values = self._lists[bucket]
        return bool(values[bisect_left(values, value)] == value)

    def _find(self, value: T) -> tuple[int, int] | None:
        """Return bucket and offset of the first value that is equal, or None."""
        stamp = self._added + self._removed
        key = value if self._key is None else self._key(value)
        bucket = bisect_left(self._maxes, key)
        offset = bisect_left(self._keys[bucket], key) if bucket < len(self._maxes) else 0
        while bucket < len(self._maxes):
            lists, keys = self._lists[bucket], self._keys[bucket]
            for i in range(offset, len(keys)):
                if lists[i] == value:
                    self._refuse_change(stamp)
                    return bucket, i
                if self._key is None or keys[i] != key:
                    return None
            bucket, offset = bucket + 1, 0
        return None

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        """Return the value at a position, or the list of a slice. O(log n) and the slice."""
        if isinstance(index, slice):
            wanted = range(len(self))[index]
            if wanted.step > 0:
                return self._between(wanted.start, wanted.stop)[:: wanted.step]
            return self._between(wanted[-1], wanted[0] + 1)[:: wanted.step] if wanted else []
        bucket, offset = self._place(index)
        return self._lists[bucket][offset]

    def __iter__(self) -> Iterator[T]:
        """Walk the values in order; raises RuntimeError when the list changes meanwhile.

        Whole buckets go to `chain.from_iterable`, so that a value costs no Python code: a third of
        a generator's time. A change is noticed at the end of a bucket, before the walk ends.
        """
        return self._walk(iter(self._lists))

    def __reversed__(self) -> Iterator[T]:
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
            begin = self._rank(minimum, bisect_left if inclusive[0] else bisect_right)
        if maximum is not None:
            end = self._rank(maximum, bisect_right if inclusive[1] else bisect_left)
        return self._walk(self._parts(begin, end, reverse=reverse))

    def bisect_left(self, value: T) -> int:
        """Return how many values are less. O(log n)."""
        return self._rank(value, bisect_left)

    def bisect_right(self, value: T) -> int:
        """Return how many values are less or equal. O(log n)."""
        return self._rank(value, bisect_right)

    bisect = bisect_right

    def count(self, value: T) -> int:
        """Return how many values are equal. O(log n), and those of the same key."""
        first, last = self.bisect_left(value), self.bisect_right(value)
        if self._key is None:
            return max(last - first, 0)
        return self._between(first, last).count(value)

    def index(self, value: T, start: int | None = None, stop: int | None = None) -> int:
        """Return a value's first position between two positions; raises ValueError. O(log n)."""
        begin, end, _ = slice(start, stop).indices(len(self))
        first = max(self.bisect_left(value), begin)
        last = min(self.bisect_right(value), end)
        for position, found in enumerate(self._between(first, last), first):
            if found == value:
                return position
        raise ValueError(f"{value!r} is not in the list between positions {begin} and {end}")

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence, value by value."""
        known = isinstance(other, SortedList | Sequence)
        return list(self) == list(other) if known else NotImplemented  # type: ignore[call-overload]

    def __lt__(self, other: Any) -> bool:
        known = isinstance(other, SortedList | Sequence)
        return list(self) < list(other) if known else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    @recursive_repr("SortedList(...)")
    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"


class SortedDict(MutableMapping[K, V]):
    """A mapping in the order of its keys, with access by position: a `dict` beside a `SortedList`.

    Keys must be hashable and totally ordered; NaN is refused. Reading a key costs what it costs in a
    dict; writing a new one adds the list's O(sqrt n) moves. Not thread-safe.

    >>> m = SortedDict({"b": 2, "a": 1})
    >>> list(m.items()), m.peekitem(0), list(m.irange("b"))
    ([('a', 1), ('b', 2)], ('a', 1), ['b'])
    """

    __slots__ = ("__weakref__", "_keys", "_values", "bisect_left", "bisect_right", "irange")

    def __init__(
        self, items: Mapping[K, V] | Iterable[tuple[K, V]] = (), *, load: int = 1000
    ) -> None:
        self._values: dict[K, V] = dict(items)
        self._keys: SortedList[K] = SortedList(self._values, load=load)
        # The keys are walked and searched as the list of them is.
        self.irange = self._keys.irange
        self.bisect_left, self.bisect_right = self._keys.bisect_left, self._keys.bisect_right

    def __reduce__(self) -> Any:
        return partial(type(self), load=self._keys._load), (dict(self.items()),)

    def copy(self) -> SortedDict[K, V]:
        """Return a mapping of its own with the same items. O(n log n)."""
        return type(self)(self._values, load=self._keys._load)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, key: K) -> V:
        return self._values[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __setitem__(self, key: K, value: V) -> None:
        if key not in self._values:
            self._keys.add(key)  # may refuse the key, so it comes first
        self._values[key] = value

    def __delitem__(self, key: K) -> None:
        if key not in self._values:
            raise KeyError(key)
        self._keys.remove(key)  # may refuse to compare, so it comes first
        del self._values[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[K]:
        return reversed(self._keys)

    def peekitem(self, index: int = -1) -> tuple[K, V]:
        """Return key and value at a position; raises IndexError. O(log n)."""
        key = self._keys[index]
        return key, self._values[key]

    def popitem(self, index: int = -1) -> tuple[K, V]:
        """Remove and return key and value at a position; raises IndexError if there is none.

        Raises KeyError when the map is empty, as dict does.
        """
        if not self._values:
            raise KeyError("popitem(): the map is empty")
        key = self._keys.pop(index)
        return key, self._values.pop(key)

    def clear(self) -> None:
        """Remove everything."""
        self._values.clear()
        self._keys.clear()

    def check(self) -> None:
        """Verify that keys and values belong together; raises AssertionError. O(n)."""
        self._keys.check()
        ensure(len(self._keys) == len(self._values), "keys and values differ in number")
        ensure(all(key in self._values for key in self._keys), "a key without a value")

    def __repr__(self) -> str:
        return f"SortedDict({dict(self.items())!r})"
