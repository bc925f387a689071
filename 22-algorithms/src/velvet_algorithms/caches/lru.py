"""Evict what was used least recently, with or without an age limit.

The order of use lives in an `OrderedDict`, a hash table with a linked list in C. A plain dict,
re-inserting what is used, gives the same answers and is slower: deleting at the front leaves
holes that finding the oldest key has to walk over. Prefer `functools.lru_cache` for
the results of a function: it is all C.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar

from velvet_algorithms.caches.base import Cache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")


class LRUCache(Cache[K, V]):
    """Least recently used; every operation O(1).

    >>> cache = LRUCache(2)
    >>> cache["a"], cache["b"] = 1, 2
    >>> cache["a"]
    1
    >>> cache["c"] = 3
    >>> "b" in cache, cache.hits
    (False, 1)
    """

    __slots__ = ("_data",)

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self._data: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]
        """Return a value and count the use, or return the default and count a miss."""
        # Not through MutableMapping.get, which would call `[]` and catch: half the speed.
        data = self._data
        if key in data:
            data.move_to_end(key)
            self.hits += 1
            return data[key]
        self.misses += 1
        return default

    def __getitem__(self, key: K) -> V:
        try:
            value = self._data[key]
        except KeyError:
            self.misses += 1
            raise
        self._data.move_to_end(key)
        self.hits += 1
        return value

    def __setitem__(self, key: K, value: V) -> None:
        data = self._data
        if key in data:
            data[key] = value
            data.move_to_end(key)
            return
        if len(data) >= self.maxsize:
            data.popitem(last=False)
        data[key] = value
        self._changes += 1

    def __delitem__(self, key: K) -> None:
        del self._data[key]
        self._changes += 1

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[K]:
        """Walk the keys, the least recently used first."""
        return self._watched(iter(list(self._data)))  # a copy, because reading reorders


class TTLCache(Cache[K, V]):
    """Least recently used, and no entry older than `ttl` seconds after it was written.

    Args:
        ttl: seconds; reading does not prolong an entry's life, writing does.
        timer: a monotonic clock in seconds.

    Raises:
        ValueError: `ttl` is not positive.
    """

    __slots__ = ("_data", "_expires", "timer", "ttl")

    def __init__(
        self, maxsize: int, ttl: float, *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(maxsize)
        if not ttl > 0:
            raise ValueError(f"ttl must be > 0 seconds, got {ttl!r}")
        self.ttl, self.timer = ttl, timer
        self._data: OrderedDict[K, V] = OrderedDict()  # by use
        self._expires: OrderedDict[K, float] = OrderedDict()  # by writing, hence by expiry

    def expire(self) -> int:
        """Drop everything that is too old; return how many entries that were."""
        now, expired = self.timer(), 0
        while self._expires:
            key, when = next(iter(self._expires.items()))
            if now < when:
                break
            del self[key]
            expired += 1
        return expired

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]
        """Return a value and count the use, or return the default and count a miss."""
        when = self._expires.get(key)
        if when is None or self.timer() >= when:
            self.misses += 1
            return default
        self._data.move_to_end(key)
        self.hits += 1
        return self._data[key]

    def __getitem__(self, key: K) -> V:
        if key not in self:
            self.misses += 1
            raise KeyError(key)
        self._data.move_to_end(key)
        self.hits += 1
        return self._data[key]

    def __setitem__(self, key: K, value: V) -> None:
        self.expire()
        if key not in self._data:
            if len(self._data) >= self.maxsize:
                oldest, _ = self._data.popitem(last=False)
                del self._expires[oldest]
            self._changes += 1
        self._data[key] = value
        self._data.move_to_end(key)
        self._expires[key] = self.timer() + self.ttl
        self._expires.move_to_end(key)

    def __delitem__(self, key: K) -> None:
        del self._data[key]
        del self._expires[key]
        self._changes += 1

    def __contains__(self, key: object) -> bool:
        when = self._expires.get(key)  # type: ignore[arg-type]
        return when is not None and self.timer() < when

    def __len__(self) -> int:
        self.expire()
        return len(self._data)

    def __iter__(self) -> Iterator[K]:
        self.expire()
        return self._watched(iter(list(self._data)))
