"""Eviction policies with one surface: a size, two counters, and the manners of a dictionary.

`get` and `[]` count as a use and as a hit or a miss, and so does what is built on them (`items`,
`values`, `pop`); `in`, iteration and `len` do not count. Errors are a dictionary's. Nothing is
thread-safe but `LockedCache`: every operation is several steps (look up, move, count), so two
threads in one cache can evict a key between another's look and use, or lose a count.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Hashable, Iterator, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from velvet_algorithms.contract import OwnCopies, watched

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")
_MISSING: Any = object()


class Cache(OwnCopies, MutableMapping[K, V]):
    """A mapping that holds at most `maxsize` entries and evicts by a policy of its own.

    Attributes:
        maxsize: entries.
        hits, misses: how `get` and `[]` went so far.

    Raises ValueError where `maxsize` is not positive.
    """

    __slots__ = ("_changes", "_data", "hits", "maxsize", "misses")
    _data: dict[K, V]

    def __init__(self, maxsize: int) -> None:
        if not maxsize > 0:
            raise ValueError(f"maxsize must be > 0 entries, got {maxsize!r}")
        self.maxsize = maxsize
        self.hits = self.misses = 0
        self._changes = 0  # keys that came or went, which is what iterators watch
        self._begin()

    @abstractmethod
    def _begin(self) -> None:
        """Make everything that holds keys, empty."""

    @abstractmethod
    def _drop(self, key: K) -> V:
        """Take a key out of everything and return its value; raises KeyError."""

    @abstractmethod
    def _use(self, key: K) -> None:
        """Note that a key which is here was used."""

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]
        """Return a value and count the use, or return the default and count a miss."""
        data = self._data
        if key in data:
            self.hits += 1
            self._use(key)
            return data[key]
        self.misses += 1
        return default

    def __getitem__(self, key: K) -> V:
        value = self.get(key, _MISSING)
        if value is _MISSING:
            raise KeyError(key)
        return value  # type: ignore[return-value]

    # What leaves is held until all is in order: its `__del__` may come back to this cache. While
    # a new key is stored, its `__hash__` may come back and take the room: then another leaves.

    def __delitem__(self, key: K) -> None:
        gone = self._drop(key)  # noqa: F841
        self._changes += 1

    def popitem(self) -> tuple[K, V]:
        """Remove and return the first entry in the order of iteration; KeyError when empty."""
        for key in self._data:
            self._changes += 1
            return key, self._drop(key)
        raise KeyError("popitem(): the cache is empty")

    def clear(self) -> None:
        """Remove everything. O(n)."""
        gone = self._data  # noqa: F841
        self._begin()
        self._changes += 1

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[K]:
        """Walk the keys; raises RuntimeError where one came or went meanwhile."""
        # Over a copy, because reading reorders some.
        return watched(iter(list(self._data)), lambda: self._changes)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(maxsize={self.maxsize}, {len(self)} entries, "
            f"{self.hits} hits, {self.misses} misses)"
        )


def _locked(name: str) -> Any:
    """Return the method of a cache that is called under the lock."""

    def method(self: LockedCache[Any, Any], *args: Any) -> Any:
        with self._lock:
            return getattr(self._cache, name)(*args)

    return method


class LockedCache(MutableMapping[K, V]):
    """Any `Cache` whose calls exclude each other. Thread-safe.

    The lock makes each call whole. It does not make "look, compute, store" whole: two threads may
    compute the same missing value, and the last one is kept, which is what a cache may do.

    Args:
        cache: to be used through this wrapper only from now on.
        lock: to share one lock among several things, or to hold it for several calls. A new
            `threading.RLock` by default.
    """

    __slots__ = ("_cache", "_lock")

    def __init__(
        self, cache: Cache[K, V], *, lock: AbstractContextManager[Any] | None = None
    ) -> None:
        self._cache = cache
        self._lock: AbstractContextManager[Any] = threading.RLock() if lock is None else lock

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]
        """Return a value or the default, and count."""
        with self._lock:
            return self._cache.get(key, default)

    def __setitem__(self, key: K, value: V) -> None:
        with self._lock:
            self._cache[key] = value

    __getitem__ = _locked("__getitem__")
    __delitem__ = _locked("__delitem__")
    __contains__ = _locked("__contains__")
    __len__ = _locked("__len__")
    # Those below would otherwise be several calls here, and another thread could come between.
    pop = _locked("pop")
    popitem = _locked("popitem")
    setdefault = _locked("setdefault")
    clear = _locked("clear")

    def __iter__(self) -> Iterator[K]:
        """Walk a copy of the keys, made under the lock."""
        with self._lock:
            return iter(list(self._cache))

    def snapshot(self) -> dict[K, V]:
        """Return a copy of all entries; each of them counts as a use.

        `items` and `values` walk while others write, and so may raise KeyError.
        """
        with self._lock:
            return dict(self._cache.items())

    def __reduce__(self) -> Any:
        raise TypeError("a locked cache is shared and not copied; copy its snapshot()")
