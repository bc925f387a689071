"""What all caches here share: a size, two counters, and the manners of a dictionary.

`get` and `[]` count as a use and as a hit or a miss, and so does what is built on them (`items`,
`values`, `pop`); `in`, iteration and `len` do not count. Errors are a dictionary's. Nothing is
thread-safe; see `locked` for that.

A cache behind a lock, for threads.

Every operation here is several steps (look up, move, count), so two threads in one cache can
evict a key between another's look and use, or lose a count. The lock makes each call whole. It
does not make "look, compute, store" whole: two threads may compute the same missing value,
and the last one is kept, which is what a cache may do; `get_or_make` computes it once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from velvet_algorithms.contract import OwnCopies

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(OwnCopies, MutableMapping[K, V]):
    """A mapping that holds at most `maxsize` entries and evicts by a policy of its own.

    Attributes:
        maxsize: entries.
        hits, misses: how `get` and `[]` went so far.

    Raises:
        ValueError: `maxsize` is not positive.
    """

    __slots__ = ("_changes", "hits", "maxsize", "misses")

    def __init__(self, maxsize: int) -> None:
        if not maxsize > 0:
            raise ValueError(f"maxsize must be > 0 entries, got {maxsize!r}")
        self.maxsize = maxsize
        self.hits = self.misses = 0
        self._changes = 0  # keys that came or went, which is what iterators watch

    def _watched(self, keys: Iterator[K]) -> Iterator[K]:
        """Pass keys on, and raise RuntimeError where one came or went since this was called."""
        stamp = self._changes

        def unchanged() -> None:
            if self._changes != stamp:
                raise RuntimeError("the cache changed during iteration; iterate over list(cache)")

        def walk() -> Iterator[K]:
            unchanged()
            for key in keys:
                yield key
                unchanged()

        return walk()

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(maxsize={self.maxsize}, {len(self)} entries, "
            f"{self.hits} hits, {self.misses} misses)"
        )


D = TypeVar("D")
_MISSING: Any = object()


class LockedCache(MutableMapping[K, V]):
    """Any `Cache` whose calls exclude each other. Thread-safe.

    Args:
        cache: to be used through this wrapper only from now on.
        lock: to share one lock among several things; re-entrant, or `get_or_make` must not
            come back to this cache. A new `threading.RLock` by default.
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

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """Return a value, made and stored under the lock where it is missing.

        All other threads wait meanwhile. When `make` raises, nothing is stored.
        """
        with self._lock:
            found = self._cache.get(key, _MISSING)
            if found is _MISSING:
                found = make()
                self._cache[key] = found
            return found  # type: ignore[no-any-return]

    def __getitem__(self, key: K) -> V:
        with self._lock:
            return self._cache[key]

    def __setitem__(self, key: K, value: V) -> None:
        with self._lock:
            self._cache[key] = value

    def __delitem__(self, key: K) -> None:
        with self._lock:
            del self._cache[key]

    # Those below would otherwise be several calls here, and another thread could come between.

    def pop(self, key: K, *default: Any) -> Any:
        """Remove a key and return its value, or the default; counts as a use."""
        with self._lock:
            return self._cache.pop(key, *default)

    def popitem(self) -> tuple[K, V]:
        """Remove and return the first entry in the order of iteration; KeyError when empty."""
        with self._lock:
            return self._cache.popitem()

    def setdefault(self, key: K, default: V) -> V:
        """Return a key's value, stored now if it was missing."""
        return self.get_or_make(key, lambda: default)

    def clear(self) -> None:
        """Remove everything."""
        with self._lock:
            self._cache.clear()

    def snapshot(self) -> dict[K, V]:
        """Return a copy of all entries; each of them counts as a use.

        `items` and `values` walk while others write, and so may raise KeyError.
        """
        with self._lock:
            return dict(self._cache.items())

    def __reduce__(self) -> Any:
        raise TypeError("a locked cache is shared and not copied; copy its snapshot()")

    def __contains__(self, key: object) -> bool:
        with self._lock:
            return key in self._cache

    def __len__(self) -> int:
        with self._lock:
            return len(self._cache)

    def __iter__(self) -> Iterator[K]:
        """Walk a copy of the keys, made under the lock."""
        with self._lock:
            return iter(list(self._cache))

    def counts(self) -> tuple[int, int]:
        """Return hits and misses of one moment."""
        with self._lock:
            return self._cache.hits, self._cache.misses
