"""SIEVE: a queue that is never reordered, and a hand that spares what was used since it passed.

A hit only sets a mark, so hits are cheap (and, in a language with threads, free of locks). The
hand walks from old to new, clears marks and evicts the first entry without one, and stays
there; new entries come in behind it, so what is used once is sifted out quickly (Zhang et al.,
"SIEVE is simpler than LRU", NSDI 2024). It is not for scans that repeat nor for popularity
that drifts quickly.

S3-FIFO: a small queue on probation, a main queue, and a ghost queue of keys that left early.

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
            gone, entry.value, entry.used = entry.value, value, True
            return
        gone = self._evict() if len(self._data) >= self.maxsize else None  # noqa: F841 - see LRU
        entry = self._data[key] = _Entry(key, value, self._newest)
        if self._newest is None:
            self._oldest = entry
        else:
            self._newest.newer = entry
        self._newest = entry
        self._changes += 1

    def _evict(self) -> _Entry | None:
        entry = self._hand or self._oldest
        while entry is not None and entry.used:
            entry.used = False
            entry = entry.newer or self._oldest
        if entry is not None:
            self._hand = entry.newer
            del self._data[entry.key]
            self._unlink(entry)
        return entry

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

    def clear(self) -> None:
        """Remove everything. O(n)."""
        entry, gone = self._oldest, self._data  # noqa: F841
        self._data, self._newest, self._oldest, self._hand = {}, None, None, None
        while entry is not None:  # a long chain of links would be freed by recursion
            entry.older, entry = None, entry.newer
        self._changes += 1

    def _state(self) -> Any:
        entries, hand = self.queue()
        values = [self._data[key].value for key, _ in entries]
        return self.maxsize, self.hits, self.misses, entries, values, self._hand and hand

    def _restore(self, state: Any) -> None:
        maxsize, hits, misses, entries, values, hand = state
        SieveCache.__init__(self, maxsize)
        for (key, used), value in zip(entries, values, strict=True):
            self[key] = value
            self._data[key].used = used
        self._hand = None if hand is None else self._data[entries[hand][0]]
        self.hits, self.misses = hits, misses

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


MAX_USES = 3  # two bits, as in the paper


class _Ticket:
    """An entry of S3-FIFO, in one of its queues; dead once it was deleted by hand."""

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
        self._data: dict[K, _Ticket] = {}
        # Deleted entries stay in the queues, dead, until they come to the front.
        self._small: deque[_Ticket] = deque()
        self._main: deque[_Ticket] = deque()
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
        if entry.uses < MAX_USES:
            entry.uses += 1
        self.hits += 1
        return entry.value  # type: ignore[no-any-return]

    def __getitem__(self, key: K) -> V:
        if key not in self._data:
            self.misses += 1
            raise KeyError(key)
        entry = self._data[key]
        entry.uses = min(entry.uses + 1, MAX_USES)
        self.hits += 1
        return entry.value  # type: ignore[no-any-return]

    def __setitem__(self, key: K, value: V) -> None:
        entry = self._data.get(key)
        if entry is not None:
            gone: Any = entry.value
            entry.value = value
            entry.uses = min(entry.uses + 1, MAX_USES)
            return
        gone = []
        while len(self._data) >= self.maxsize:
            small = self._small_size >= self._small_max
            gone += self._evict_small() if small else self._evict_main()
        known = key in self._ghosts
        if known:
            del self._ghosts[key]
        self._data[key] = entry = _Ticket(key, value, known)
        self._append(entry)
        self._changes += 1

    def _append(self, entry: _Ticket) -> None:
        if entry.in_main:
            self._main.append(entry)
            self._main_size += 1
        else:
            self._small.append(entry)
            self._small_size += 1

    def _evict_small(self) -> list[_Ticket]:
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
                return [entry]
            entry.in_main = True
            self._append(entry)
            if self._main_size > self._main_max:
                return self._evict_main()
        return []

    def _evict_main(self) -> list[_Ticket]:
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
            return [entry]
        return []

    def clear(self) -> None:
        """Remove everything, the ghosts too. O(n)."""
        gone, changes = self._data, self._changes  # noqa: F841
        hits, misses = self.hits, self.misses
        S3FIFOCache.__init__(self, self.maxsize)
        self.hits, self.misses, self._changes = hits, misses, changes + 1

    def _state(self) -> Any:
        queues = [
            [(one.key, one.value, one.in_main, one.uses) for one in queue if one.alive]
            for queue in (self._small, self._main)
        ]
        return self.maxsize, self.hits, self.misses, queues, list(self._ghosts)

    def _restore(self, state: Any) -> None:
        maxsize, hits, misses, queues, ghosts = state
        S3FIFOCache.__init__(self, maxsize)
        for key, value, in_main, uses in (row for queue in queues for row in queue):
            entry = self._data[key] = _Ticket(key, value, in_main)
            entry.uses = uses
            self._append(entry)
        self._ghosts.update(dict.fromkeys(ghosts))
        self.hits, self.misses = hits, misses

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
