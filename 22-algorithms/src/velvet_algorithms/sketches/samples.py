"""Which items come most often, with k counters and a guaranteed interval for every single item.

Metwally, Agrawal and El Abbadi (2005, "Efficient computation of frequent and top-k elements in data
streams"). A new item takes the place of the one counted least and inherits its count as its possible
error. Items of one count share a dictionary, so the least is at hand: O(1) an item. Prefer
`collections.Counter` while the distinct items fit into memory.

A fair sample of k items from a stream of unknown length.

Li (1994, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))", algorithm L): instead of
drawing a random number an item, draw how many items to let pass until the next one enters. Prefer
`random.sample` when the items are a list already.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from velvet_algorithms.contract import OwnCopies
from velvet_algorithms.hashing import checked_whole

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Heavy(Generic[T]):
    """An item with bounds: it came at least ``count - error`` and at most `count` times."""

    item: T
    count: int
    error: int


class SpaceSaving(OwnCopies, Generic[T]):
    """Keeps the k items that matter; every item with more than total / k appearances is among them.

    Args:
        k: how many items are counted at a time, at least 1.

    Raises:
        ValueError: `k` is smaller than 1.

    O(1) per item for counts of one; not thread-safe.

    >>> words = SpaceSaving(2)
    >>> words.update("abracadabra")
    >>> words.top(1)[0].item
    'a'
    """

    _nested = ("_buckets",)

    def __init__(self, k: int) -> None:
        self.k = checked_whole("k", k)
        self.total = 0
        self._least = 0
        self._counts: dict[T, int] = {}
        self._errors: dict[T, int] = {}
        self._buckets: dict[int, dict[T, None]] = {}

    def add(self, item: T, count: int = 1) -> None:
        """Count an item; `count` over 1 may cost O(k) where the least counted moves up.

        Raises:
            ValueError: `count` is smaller than 1.
            TypeError: the item cannot be hashed.
        """
        if count != 1:
            checked_whole("count", count)
        before = self._counts.get(item)
        if before is None:
            before = self._make_room(item)
        else:
            self._leave(before, item)
        self.total += count
        after = before + count
        self._counts[item] = after
        bucket = self._buckets.get(after)
        if bucket is None:
            bucket = self._buckets[after] = {}
        bucket[item] = None
        if self._least not in self._buckets or after < self._least:
            self._least = after if count == 1 else min(self._buckets)

    def _make_room(self, item: T) -> int:
        """Return the count that a new item begins with, taking it over from the least counted one."""
        if len(self._counts) < self.k:
            return 0
        # popitem takes the newest of the least: taking the oldest would leave holes to walk over.
        least = self._least
        bucket = self._buckets[least]
        gone, _ = bucket.popitem()
        if not bucket:
            del self._buckets[least]
        del self._counts[gone]
        self._errors.pop(gone, None)
        self._errors[item] = least
        return least

    def _leave(self, count: int, item: T) -> None:
        bucket = self._buckets[count]
        del bucket[item]
        if not bucket:
            del self._buckets[count]

    def update(self, items: Iterable[T]) -> None:
        """Count every item once."""
        for item in items:
            self.add(item)

    def bounds(self, item: T) -> tuple[int, int]:
        """Return how often an item came at least and at most; it need not be among the k."""
        count = self._counts.get(item)
        if count is not None:
            return count - self._errors.get(item, 0), count
        return 0, (self._least if len(self._counts) == self.k else 0)

    def top(self, n: int) -> list[Heavy[T]]:
        """Return the n items with the highest counts, the highest first; O(k log k)."""
        ranked = sorted(self._counts.items(), key=lambda pair: -pair[1])[: checked_whole("n", n, 0)]
        return [Heavy(item, count, self._errors.get(item, 0)) for item, count in ranked]

    def __len__(self) -> int:
        return len(self._counts)

    def error_bound(self) -> float:
        """Return by how much any count can be too high: at most total / k."""
        return self.total / self.k

    @property
    def bytes_used(self) -> int:
        """Bytes of the tables and the items in them; small integers are shared and not counted; O(k)."""
        tables: tuple[Mapping[T, object], ...] = (
            self._counts,
            self._errors,
            *self._buckets.values(),
        )
        # Equal items that came as different objects are held by different tables.
        items = {id(item): item for table in tables for item in table}
        sizes = map(sys.getsizeof, (self._buckets, *tables, *items.values()))
        return sum(sizes)

    def merge(self, other: SpaceSaving[T]) -> None:
        """Take in what another one counted; the bounds then hold for both streams together.

        Agarwal et al. (2013, "Mergeable summaries"): an item that one side does not have may have come
        there as often as its least counted one. O(k log k).

        Raises:
            ValueError: the other counts another number of items; the message names both.
        """
        if other.k != self.k:
            raise ValueError(
                f"two SpaceSavings can only be merged with equal k; they have {self.k} and {other.k}"
            )
        joined = []
        for item in {**self._counts, **other._counts}:
            (low, high), (low2, high2) = self.bounds(item), other.bounds(item)
            joined.append((high + high2, low + low2, item))
        joined.sort(key=lambda row: -row[0])
        # What is dropped came at most as often as the least that is kept, and so did what neither has.
        kept = joined[: self.k]
        self.total += other.total
        self._counts = {item: high for high, _, item in kept}
        self._errors = {item: high - low for high, low, item in kept if high > low}
        self._buckets = {}
        for high, _, item in kept:
            self._buckets.setdefault(high, {})[item] = None
        self._least = min(self._buckets, default=0)


Item = TypeVar("Item")


class Reservoir(OwnCopies, Generic[Item]):
    """Keeps k items such that each one seen so far is among them with equal probability.

    Args:
        k: size of the sample, at least 1.
        seed: of the random choices.

    Raises:
        ValueError: `k` is smaller than 1.

    O(1) per item, O(k log(n / k)) random numbers in all; not thread-safe.

    >>> sample = Reservoir(3, seed=7)
    >>> sample.update(range(1000))
    >>> len(sample.sample), sample.seen
    (3, 1000)
    """

    def __init__(self, k: int, seed: int) -> None:
        self.k = checked_whole("k", k)
        self.seen = 0
        self.sample: list[Item] = []
        self._draw = random.Random(seed)
        self._threshold = 1.0
        self._next = self.k
        self._skip()

    def _skip(self) -> None:
        """Draw which item enters next: the gap is geometric, with a threshold that falls."""
        draw = self._draw
        self._threshold *= math.exp(math.log(1.0 - draw.random()) / self.k)
        gap = math.log(1.0 - draw.random()) / math.log1p(-self._threshold)
        self._next += math.floor(gap) + 1

    def add(self, item: Item) -> None:
        """Let an item pass; it may enter the sample."""
        self.seen += 1
        if self.seen <= self.k:
            self.sample.append(item)
        elif self.seen == self._next:
            self.sample[self._draw.randrange(self.k)] = item
            self._skip()

    def update(self, items: Iterable[Item]) -> None:
        """Let many items pass."""
        for item in items:
            self.add(item)

    def error_bound(self) -> float:
        """Return the largest standard error of a share estimated from the sample: 1 / (2 sqrt(k))."""
        return 0.5 / math.sqrt(self.k)

    @property
    def bytes_used(self) -> int:
        """Bytes of the sample and the items in it."""
        return sys.getsizeof(self.sample) + sum(map(sys.getsizeof, self.sample))
