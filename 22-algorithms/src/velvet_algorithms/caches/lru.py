"""Evict what was used least recently, with or without an age limit.

The order of use lives in an `OrderedDict`, a hash table with a linked list in C. A plain dict,
re-inserting what is used, gives the same answers and is slower: deleting at the front leaves
holes that finding the oldest key has to walk over. Prefer `functools.lru_cache` for
the results of a function: it is all C.

Evict what was used least often; among equals, what was used least recently.

Keys of one count share an ordered bucket, so that a use moves a key from one bucket to the next
and an eviction takes the oldest of the lowest bucket: O(1) without a heap (Shah, Mitra, Matani
2010). Counts never fade here: what was popular last year stays, which loses when popularity
drifts (see the trace `drift`).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, ItemsView, Iterator, ValuesView
from typing import Any, TypeVar

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

    # What leaves is held until all is in order: its `__del__` may come back to this cache.

    def __setitem__(self, key: K, value: V) -> None:
        data = self._data
        if key in data:
            gone: Any = data[key]
            data[key] = value
            data.move_to_end(key)
            return
        gone = data.popitem(last=False) if len(data) >= self.maxsize else None  # noqa: F841
        data[key] = value
        self._changes += 1

    def __delitem__(self, key: K) -> None:
        gone = self._data.pop(key)  # noqa: F841
        self._changes += 1

    def popitem(self) -> tuple[K, V]:
        """Remove and return the least recently used entry; KeyError when empty. O(1)."""
        item = self._data.popitem(last=False)
        self._changes += 1
        return item

    def clear(self) -> None:
        """Remove everything. O(n)."""
        gone, self._data = self._data, OrderedDict()  # noqa: F841
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
        return len(self._expired(self.timer()))

    def _expired(self, now: float) -> list[V]:
        """Drop what is too old at a moment; return the values, which may have a `__del__`."""
        gone = []
        while self._expires:
            key, when = next(iter(self._expires.items()))
            if now < when:
                break
            gone.append(self._drop(key))
        return gone

    def _drop(self, key: K) -> V:
        del self._expires[key]
        self._changes += 1
        return self._data.pop(key)

    def _alive(self) -> dict[K, V]:
        """Return what is alive at one moment, by use."""
        now, expires = self.timer(), self._expires
        return {key: value for key, value in self._data.items() if now < expires[key]}

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
        now = self.timer()
        gone: list[Any] = [self._expired(now), self._data.get(key)]
        if key not in self._data:
            if len(self._data) >= self.maxsize:
                gone.append(self._drop(next(iter(self._data))))
            self._changes += 1
        self._data[key] = value
        self._data.move_to_end(key)
        self._expires[key] = now + self.ttl
        self._expires.move_to_end(key)

    def __delitem__(self, key: K) -> None:
        """Remove a key; raises KeyError when it is not here, or too old."""
        alive = key in self
        if key in self._expires:
            gone = self._drop(key)  # noqa: F841
        if not alive:
            raise KeyError(key)

    # A mapping's own methods look twice, and an entry can expire between the looks.

    def pop(self, key: K, *default: Any) -> Any:
        """Remove a key and return its value, or the default; counts as a use."""
        if key in self:
            self.hits += 1
            return self._drop(key)
        self.misses += 1
        if default:
            return default[0]
        raise KeyError(key)

    def popitem(self) -> tuple[K, V]:
        """Remove and return the least recently used entry; KeyError when empty."""
        gone = self._expired(self.timer())  # noqa: F841
        key = next(iter(self._data), None)
        if key is None and not self._data:
            raise KeyError("popitem(): the cache is empty")
        return key, self._drop(key)  # type: ignore[return-value, arg-type]

    def items(self) -> ItemsView[K, V]:
        """Return the entries of one moment; each counts as a use."""
        alive = self._alive()
        self.hits += len(alive)
        return alive.items()

    def values(self) -> ValuesView[V]:
        """Return the values of one moment; each counts as a use."""
        alive = self._alive()
        self.hits += len(alive)
        return alive.values()

    def clear(self) -> None:
        """Remove everything. O(n)."""
        gone, self._data, self._expires = self._data, OrderedDict(), OrderedDict()  # noqa: F841
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


class LFUCache(Cache[K, V]):
    """Least frequently used; every operation O(1)."""

    __slots__ = ("_buckets", "_data", "_least", "_uses")
    _nested = ("_buckets",)

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
        gone: Any = None
        if key in self._data:
            gone = self._data[key]
            self._data[key] = value
            self._use(key)
            return
        if len(self._data) >= self.maxsize:
            if self._least not in self._buckets:
                self._least = min(self._buckets)
            victim, _ = self._buckets[self._least].popitem(last=False)
            gone = self._forget(victim)  # noqa: F841
        self._data[key] = value
        self._uses[key] = self._least = 1
        self._buckets.setdefault(1, OrderedDict())[key] = None
        self._changes += 1

    def _forget(self, key: K) -> V:
        uses = self._uses.pop(key)
        if not self._buckets[uses]:
            del self._buckets[uses]
        return self._data.pop(key)

    def __delitem__(self, key: K) -> None:
        if key not in self._data:
            raise KeyError(key)
        del self._buckets[self._uses[key]][key]
        gone = self._forget(key)  # noqa: F841
        self._changes += 1

    def clear(self) -> None:
        """Remove everything. O(n)."""
        gone, self._data, self._uses, self._buckets = self._data, {}, {}, {}  # noqa: F841
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
