"""Evict what was used least recently, with or without an age limit, or what was used least often.

The order of use lives in an `OrderedDict`, a hash table with a linked list in C. A plain dict,
re-inserting what is used, gives the same answers and is slower: deleting at the front leaves
holes that finding the oldest key has to walk over. Prefer `functools.lru_cache` for
the results of a function: it is all C.

In `LFUCache` keys of one count share an ordered bucket, so that a use moves a key from one bucket
to the next and an eviction takes the oldest of the lowest bucket: O(1) without a heap (Shah, Mitra,
Matani 2010). Counts never fade: what was popular last year stays (see the trace `drift`).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, ItemsView, Iterator, ValuesView
from typing import Any

from velvet_algorithms.caches import Cache, D, K, V


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

    __slots__ = ()
    _data: OrderedDict[K, V]

    def _begin(self) -> None:
        self._data = OrderedDict()

    def _use(self, key: K) -> None:
        self._data.move_to_end(key)

    def _drop(self, key: K) -> V:
        return self._data.pop(key)

    def __setitem__(self, key: K, value: V) -> None:
        data = self._data
        if key in data:
            gone: Any = data[key]
            data[key] = value
            data.move_to_end(key)
            return
        data[key] = value
        gone = data.popitem(last=False) if len(data) > self.maxsize else None  # noqa: F841
        self._changes += 1


class TTLCache(LRUCache[K, V]):
    """Least recently used, and no entry older than `ttl` seconds after it was written.

    Args:
        ttl: seconds; reading does not prolong an entry's life, writing does.
        timer: a monotonic clock in seconds.

    Raises ValueError where `ttl` is not positive.
    """

    __slots__ = ("_expires", "timer", "ttl")

    def __init__(
        self, maxsize: int, ttl: float, *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(maxsize)
        if not ttl > 0:
            raise ValueError(f"ttl must be > 0 seconds, got {ttl!r}")
        self.ttl, self.timer = ttl, timer

    def _begin(self) -> None:
        super()._begin()
        self._expires: OrderedDict[K, float] = OrderedDict()  # by writing, hence by expiry

    def _drop(self, key: K) -> V:
        del self._expires[key]
        return self._data.pop(key)

    def _expired(self, now: float) -> list[V]:
        """Drop what is too old at a moment; return the values, which may have a `__del__`."""
        gone = []
        while self._expires:
            key, when = next(iter(self._expires.items()))
            if now < when:
                break
            gone.append(self._drop(key))
            self._changes += 1
        return gone

    def _alive(self) -> dict[K, V]:
        """Return what is alive at one moment, by use; each counts as a use."""
        now, expires = self.timer(), self._expires
        alive = {key: value for key, value in self._data.items() if now < expires[key]}
        self.hits += len(alive)
        return alive

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]
        """Return a value and count the use, or return the default and count a miss."""
        when = self._expires.get(key)
        if when is None or self.timer() >= when:
            self.misses += 1
            return default
        self._data.move_to_end(key)
        self.hits += 1
        return self._data[key]

    def __setitem__(self, key: K, value: V) -> None:
        now = self.timer()
        gone: list[Any] = [self._expired(now), self._data.get(key)]
        self._changes += key not in self._data
        self._data[key] = value
        self._data.move_to_end(key)
        self._expires[key] = now + self.ttl
        self._expires.move_to_end(key)
        while len(self._data) > self.maxsize:
            gone.append(self._drop(next(iter(self._data))))

    def __delitem__(self, key: K) -> None:
        """Remove a key; raises KeyError when it is not here, or too old."""
        alive = key in self
        super().__delitem__(key)
        if not alive:
            raise KeyError(key)

    # A mapping's own methods look twice, and an entry can expire between the looks.

    def pop(self, key: K, *default: Any) -> Any:
        """Remove a key and return its value, or the default; counts as a use."""
        value = self.get(key, self)
        if value is not self:
            super().__delitem__(key)
            return value
        if default:
            return default[0]
        raise KeyError(key)

    def popitem(self) -> tuple[K, V]:
        """Remove and return the least recently used entry; KeyError when empty."""
        self._expired(self.timer())
        return super().popitem()

    def items(self) -> ItemsView[K, V]:
        """Return the entries of one moment; each counts as a use."""
        return self._alive().items()

    def values(self) -> ValuesView[V]:
        """Return the values of one moment; each counts as a use."""
        return self._alive().values()

    def __contains__(self, key: object) -> bool:
        when = self._expires.get(key)  # type: ignore[arg-type]
        return when is not None and self.timer() < when

    def __len__(self) -> int:
        self._expired(self.timer())
        return len(self._data)

    def __iter__(self) -> Iterator[K]:
        self._expired(self.timer())
        return super().__iter__()


class LFUCache(Cache[K, V]):
    """Least frequently used, of equals the least recently used; every operation O(1)."""

    __slots__ = ("_buckets", "_least", "_uses")
    _nested = ("_buckets",)

    def _begin(self) -> None:
        self._data = {}
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

    def __setitem__(self, key: K, value: V) -> None:
        gone: Any = None
        if key in self._data:
            gone = self._data[key]
            self._data[key] = value
            self._use(key)
            return
        gone = [self._evict()] if len(self._data) >= self.maxsize else []
        self._data[key] = value
        self._uses[key] = self._least = 1
        self._buckets.setdefault(1, OrderedDict())[key] = None
        while len(self._data) > self.maxsize:
            gone.append(self._evict())
        self._changes += 1

    def _evict(self) -> V:
        if self._least not in self._buckets:
            self._least = min(self._buckets)
        return self._drop(next(iter(self._buckets[self._least])))

    def _drop(self, key: K) -> V:
        value = self._data.pop(key)
        uses = self._uses.pop(key)
        bucket = self._buckets[uses]
        del bucket[key]
        if not bucket:
            del self._buckets[uses]
        return value
