"""SIEVE: a queue that is never reordered, and a hand that spares what was used since it passed.

A hit only sets a mark, so hits are cheap (and, in a language with threads, free of locks). The
hand walks from old to new, clears marks and evicts the first entry without one, and stays
there; new entries come in behind it, so what is used once is sifted out quickly (Zhang et al.,
"SIEVE is simpler than LRU", NSDI 2024). It is not for scans that repeat nor for popularity
that drifts quickly.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, TypeVar

from velvet_algorithms.caches.base import Cache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")


class _Entry:
    __slots__ = ("key", "newer", "older", "used", "value")

    def __init__(self, key: Any, value: Any, older: _Entry | None) -> None:
        self.key, self.value, self.used = key, value, False
        self.older: _Entry | None = older
        self.newer: _Entry | None = None


class SieveCache(Cache[K, V]):
    """SIEVE; O(1), an eviction amortised over the hits whose marks it clears."""

    __slots__ = ("_data", "_hand", "_newest", "_oldest")

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self._data: dict[K, _Entry] = {}
        self._newest: _Entry | None = None
        self._oldest: _Entry | None = None
        self._hand: _Entry | None = None

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]
        """Return a value and count the use, or return the default and count a miss."""
        entry = self._data.get(key)
        if entry is None:
            self.misses += 1
            return default
        entry.used = True
        self.hits += 1
        return entry.value  # type: ignore[no-any-return]

    def __getitem__(self, key: K) -> V:
        entry = self._data.get(key)
        if entry is None:
            self.misses += 1
            raise KeyError(key)
        entry.used = True
        self.hits += 1
        return entry.value  # type: ignore[no-any-return]

    def __setitem__(self, key: K, value: V) -> None:
        entry = self._data.get(key)
        if entry is not None:
            entry.value, entry.used = value, True
            return
        if len(self._data) >= self.maxsize:
            self._evict()
        entry = self._data[key] = _Entry(key, value, self._newest)
        if self._newest is None:
            self._oldest = entry
        else:
            self._newest.newer = entry
        self._newest = entry
        self._changes += 1

    def _evict(self) -> None:
        entry = self._hand or self._oldest
        while entry is not None and entry.used:
            entry.used = False
            entry = entry.newer or self._oldest
        if entry is not None:
            self._hand = entry.newer
            del self._data[entry.key]
            self._unlink(entry)

    def _unlink(self, entry: _Entry) -> None:
        if entry.older is None:
            self._oldest = entry.newer
        else:
            entry.older.newer = entry.newer
        if entry.newer is None:
            self._newest = entry.older
        else:
            entry.newer.older = entry.older

    def __delitem__(self, key: K) -> None:
        entry = self._data.pop(key)
        if self._hand is entry:
            self._hand = entry.newer
        self._unlink(entry)
        self._changes += 1

    def queue(self) -> tuple[list[tuple[K, bool]], int]:
        """Return the queue from old to new as (key, used), and the place of the hand in it."""
        found: list[tuple[K, bool]] = []
        place, entry = 0, self._oldest
        while entry is not None:
            if entry is self._hand:
                place = len(found)
            found.append((entry.key, entry.used))
            entry = entry.newer
        return found, place

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[K]:
        return self._watched(iter(self._data))
