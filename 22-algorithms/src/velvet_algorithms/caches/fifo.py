"""Queues that a hit does not reorder: SIEVE and S3-FIFO.

SIEVE has one queue. A hit only sets a mark. A hand walks from old to new, clears marks, evicts the
first key without one and stays there; new keys come in behind it, so what is used once is sifted out
quickly (Zhang et al., "SIEVE is simpler than LRU", NSDI 2024). It is not for scans that repeat nor
for popularity that drifts quickly. S3-FIFO has a small queue on probation (a tenth), a main queue,
and a ghost queue of keys that left early: most objects of real traces are asked for once and leave
without disturbing the main one, which only takes what is used more than once, or returns while its
key is a ghost (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from velvet_algorithms.caches import Cache, K, V


class SieveCache(Cache[K, V]):
    """SIEVE; O(1), an eviction amortised over the hits whose marks it clears."""

    __slots__ = ("_ahead", "_passed", "_used")

    def _begin(self) -> None:
        self._data = {}
        self._used: set[K] = set()
        # From old to new: what the hand has passed, and what is ahead of it, never nothing.
        self._passed: OrderedDict[K, None] = OrderedDict()
        self._ahead: OrderedDict[K, None] = OrderedDict()

    def _use(self, key: K) -> None:
        self._used.add(key)

    def __setitem__(self, key: K, value: V) -> None:
        if key in self._data:
            gone: Any = self._data[key]
            self._data[key] = value
            self._used.add(key)
            return
        gone = [self._evict()] if len(self._data) >= self.maxsize else []
        self._data[key] = value
        self._ahead[key] = None
        while len(self._data) > self.maxsize:
            gone.append(self._evict())
        self._changes += 1

    def _evict(self) -> V:
        key = next(iter(self._ahead))
        while key in self._used:
            self._used.remove(key)
            self._passed[key] = self._ahead.pop(key)
            self._turn()
            key = next(iter(self._ahead))
        return self._drop(key)

    def _drop(self, key: K) -> V:
        value = self._data.pop(key)
        self._used.discard(key)
        self._ahead.pop(key, None)
        self._passed.pop(key, None)
        self._turn()
        return value

    def _turn(self) -> None:
        """Begin with the oldest again, once the hand has passed the newest."""
        if not self._ahead:
            self._ahead, self._passed = self._passed, self._ahead

    def queue(self) -> tuple[list[tuple[K, bool]], int]:
        """Return the queue from old to new as (key, used), and the place of the hand in it."""
        keys = [*self._passed, *self._ahead]
        return [(key, key in self._used) for key in keys], len(self._passed)


MAX_USES = 3  # two bits, as in the paper


class S3FIFOCache(Cache[K, V]):
    """S3-FIFO; O(1) amortised."""

    __slots__ = ("_ghosts", "_main", "_main_max", "_small", "_small_max", "_uses")

    def _begin(self) -> None:
        self._data = {}
        self._uses: dict[K, int] = {}
        # As queues, because a key can be taken out of their middle.
        self._small: OrderedDict[K, None] = OrderedDict()
        self._main: OrderedDict[K, None] = OrderedDict()
        self._ghosts: OrderedDict[K, None] = OrderedDict()
        self._small_max = max(1, self.maxsize // 10)
        self._main_max = self.maxsize - self._small_max

    def _use(self, key: K) -> None:
        uses = self._uses[key]
        if uses < MAX_USES:
            self._uses[key] = uses + 1

    def __setitem__(self, key: K, value: V) -> None:
        if key in self._data:
            gone: Any = self._data[key]
            self._data[key] = value
            self._use(key)
            return
        gone = self._evict(self.maxsize - 1) if len(self._data) >= self.maxsize else []
        self._data[key], self._uses[key] = value, 0
        if key in self._ghosts:
            del self._ghosts[key]
            self._main[key] = None
        else:
            self._small[key] = None
        if len(self._data) > self.maxsize:
            gone += self._evict(self.maxsize)
        self._changes += 1

    def _evict(self, most: int) -> list[V | None]:
        gone = []
        while len(self._data) > most:
            small = len(self._small) >= self._small_max
            gone.append(self._evict_small() if small else self._evict_main())
        return gone

    def _evict_small(self) -> V | None:
        while self._small:
            key = next(iter(self._small))
            if self._uses[key] <= 1:
                self._ghosts[key] = None
                if len(self._ghosts) > self._main_max:
                    self._ghosts.popitem(last=False)
                return self._drop(key)
            del self._small[key]
            self._main[key] = None
            if len(self._main) > self._main_max:
                return self._evict_main()
        return None

    def _evict_main(self) -> V | None:
        while self._main:
            key = next(iter(self._main))
            if not self._uses[key]:
                return self._drop(key)
            self._uses[key] -= 1
            self._main.move_to_end(key)
        return None

    def _drop(self, key: K) -> V:
        value = self._data.pop(key)
        del self._uses[key]
        self._small.pop(key, None)
        self._main.pop(key, None)
        return value
