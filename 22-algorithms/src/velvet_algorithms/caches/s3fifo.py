"""S3-FIFO: a small queue on probation, a main queue, and a ghost queue of keys that left early.

Most objects of real traces are asked for once within a cache's reach. They pass through the
small queue (a tenth) and leave without disturbing the main one; only what is used more than once
there, or returns while its key is still a ghost, gets in (Yang et al., "FIFO queues are all you
need for cache eviction", SOSP 2023, algorithm 1).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Any, TypeVar

from velvet_algorithms.caches.base import Cache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")

_MOST_USES = 3  # two bits, as in the paper


class _Entry:
    __slots__ = ("alive", "in_main", "key", "uses", "value")

    def __init__(self, key: Any, value: Any, in_main: bool) -> None:
        self.key, self.value, self.in_main = key, value, in_main
        self.uses = 0
        self.alive = True


class S3FIFOCache(Cache[K, V]):
    """S3-FIFO; O(1) amortised."""

    __slots__ = (
        "_data",
        "_ghosts",
        "_main",
        "_main_max",
        "_main_size",
        "_small",
        "_small_max",
        "_small_size",
    )

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self._data: dict[K, _Entry] = {}
        # Deleted entries stay in the queues, dead, until they come to the front.
        self._small: deque[_Entry] = deque()
        self._main: deque[_Entry] = deque()
        self._ghosts: OrderedDict[K, None] = OrderedDict()
        self._small_max = max(1, maxsize // 10)
        self._main_max = maxsize - self._small_max
        self._small_size = self._main_size = 0

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]
        """Return a value and count the use, or return the default and count a miss."""
        entry = self._data.get(key)
        if entry is None:
            self.misses += 1
            return default
        if entry.uses < _MOST_USES:
            entry.uses += 1
        self.hits += 1
        return entry.value  # type: ignore[no-any-return]

    def __getitem__(self, key: K) -> V:
        if key not in self._data:
            self.misses += 1
            raise KeyError(key)
        entry = self._data[key]
        entry.uses = min(entry.uses + 1, _MOST_USES)
        self.hits += 1
        return entry.value  # type: ignore[no-any-return]

    def __setitem__(self, key: K, value: V) -> None:
        entry = self._data.get(key)
        if entry is not None:
            entry.value = value
            entry.uses = min(entry.uses + 1, _MOST_USES)
            return
        while len(self._data) >= self.maxsize:
            if self._small_size >= self._small_max:
                self._evict_small()
            else:
                self._evict_main()
        known = key in self._ghosts
        if known:
            del self._ghosts[key]
        self._data[key] = entry = _Entry(key, value, known)
        self._append(entry)
        self._changes += 1

    def _append(self, entry: _Entry) -> None:
        if entry.in_main:
            self._main.append(entry)
            self._main_size += 1
        else:
            self._small.append(entry)
            self._small_size += 1

    def _evict_small(self) -> None:
        while self._small:
            entry = self._small.popleft()
            if not entry.alive:
                continue
            self._small_size -= 1
            if entry.uses <= 1:
                del self._data[entry.key]
                self._ghosts[entry.key] = None
                if len(self._ghosts) > self._main_max:
                    self._ghosts.popitem(last=False)
                return
            entry.in_main = True
            self._append(entry)
            if self._main_size > self._main_max:
                self._evict_main()

    def _evict_main(self) -> None:
        while self._main:
            entry = self._main.popleft()
            if not entry.alive:
                continue
            if entry.uses:
                entry.uses -= 1
                self._main.append(entry)
                continue
            self._main_size -= 1
            del self._data[entry.key]
            return

    def __delitem__(self, key: K) -> None:
        entry = self._data.pop(key)
        entry.alive = False
        if entry.in_main:
            self._main_size -= 1
        else:
            self._small_size -= 1
        for queue, size in ((self._small, self._small_size), (self._main, self._main_size)):
            if len(queue) > 2 * size + 16:  # the dead do not outnumber the living for long
                alive = [one for one in queue if one.alive]
                queue.clear()
                queue.extend(alive)
        self._changes += 1

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[K]:
        return self._watched(iter(self._data))
