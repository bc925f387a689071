"""What can be asked of sorted buckets without changing them: members, positions, ranges.

Walks hand whole buckets to `chain.from_iterable`, so that a value costs no Python code; a
generator that yields single values is three times slower. The price is that a change during a
walk is noticed at the end of a bucket, at the latest before the walk ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import chain
from typing import Any, TypeVar, overload

from velvet_algorithms.buckets import Buckets

T = TypeVar("T")


class SortedView(Buckets[T]):
    """The reading half of `SortedBag`."""

    __slots__ = ()

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
                raise IndexError(f"position {index - len(self)} of a bag of {len(self)}")
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
            raise IndexError(f"position {index} of a bag of {len(self)}") from None

    def _checked(self, index: int) -> tuple[int, int]:
        """Return bucket and offset of a position that may be negative or wrong."""
        length = len(self)
        if not -length <= index < length:
            raise IndexError(f"position {index} of a bag of {length}")
        return self._place(index % length)

    def _copied(self, start: int, stop: int) -> list[T]:
        return list(chain.from_iterable(self._parts(start, stop, reverse=False)))

    def _parts(self, start: int, stop: int, *, reverse: bool) -> Iterator[list[T]]:
        """Give the pieces of buckets between two positions."""
        if start >= stop:
            return
        (first, low), (last, high) = self._place(start), self._place(stop - 1)
        order = range(first, last + 1)
        for bucket in reversed(order) if reverse else order:
            values = self._lists[bucket]
            begin = low if bucket == first else 0
            end = high + 1 if bucket == last else len(values)
            part = values[begin:end]
            yield part[::-1] if reverse else part

    def __iter__(self) -> Iterator[T]:
        """Walk the values in order; raises RuntimeError when the bag changes meanwhile."""
        return chain.from_iterable(self._watched(iter(self._lists)))

    def __reversed__(self) -> Iterator[T]:
        """Walk the values backwards."""
        return chain.from_iterable(self._watched(map(reversed, reversed(self._lists))))

    def islice(
        self, start: int | None = None, stop: int | None = None, *, reverse: bool = False
    ) -> Iterator[T]:
        """Walk the values between two positions, which are read as a slice's are."""
        begin, end, _ = slice(start, stop).indices(len(self))
        return chain.from_iterable(self._watched(self._parts(begin, end, reverse=reverse)))

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
        return chain.from_iterable(self._watched(self._parts(begin, end, reverse=reverse)))

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
        raise ValueError(f"{value!r} is not in the bag between positions {begin} and {end}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SortedView):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"
