"""Evict what was used least often; among equals, what was used least recently.

Keys of one count share an ordered bucket, so that a use moves a key from one bucket to the next
and an eviction takes the oldest of the lowest bucket: O(1) without a heap (Shah, Mitra, Matani
2010). Counts never fade here: what was popular last year stays, which loses when popularity
drifts (see the trace `drift`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import TypeVar

from velvet_algorithms.caches.base import Cache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")


class LFUCache(Cache[K, V]):
    """Least frequently used; every operation O(1)."""

    __slots__ = ("_buckets", "_data", "_least", "_uses")

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self._data: dict[K, V] = {}
        self._uses: dict[K, int] = {}
        self._buckets: dict[int, OrderedDict[K, None]] = {}
        self._least = 0  # the lowest count; right whenever nothing was deleted by hand

    def _use(self, key: K) -> None:
        uses = self._uses[key]
        bucket = self._buckets[uses]
        del bucket[key]
        if not bucket:
            del self._buckets[uses]
            if self._least == uses:
                self._least = uses + 1
        self._uses[key] = uses = uses + 1
        above = self._buckets.get(uses)
        if above is None:
            above = self._buckets[uses] = OrderedDict()
        above[key] = None

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]
        """Return a value and count the use, or return the default and count a miss."""
        if key in self._data:
            self.hits += 1
            self._use(key)
            return self._data[key]
        self.misses += 1
        return default

    def __getitem__(self, key: K) -> V:
        if key not in self._data:
            self.misses += 1
            raise KeyError(key)
        self.hits += 1
        self._use(key)
        return self._data[key]

    def __setitem__(self, key: K, value: V) -> None:
        if key in self._data:
            self._data[key] = value
            self._use(key)
            return
        if len(self._data) >= self.maxsize:
            if self._least not in self._buckets:
                self._least = min(self._buckets)
            victim, _ = self._buckets[self._least].popitem(last=False)
            self._forget(victim)
        self._data[key] = value
        self._uses[key] = self._least = 1
        self._buckets.setdefault(1, OrderedDict())[key] = None
        self._changes += 1

    def _forget(self, key: K) -> None:
        uses = self._uses.pop(key)
        del self._data[key]
        if not self._buckets[uses]:
            del self._buckets[uses]

    def __delitem__(self, key: K) -> None:
        if key not in self._data:
            raise KeyError(key)
        del self._buckets[self._uses[key]][key]
        self._forget(key)
        self._changes += 1

    def uses(self, key: K) -> int:
        """Return how often a key was used since it came, its coming included; raises KeyError."""
        return self._uses[key]

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[K]:
        return self._watched(iter(self._data))
