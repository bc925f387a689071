"""Family `lru`: a Zipf trace through least-recently-used caches of a tenth of its keys.

`functools.lru_cache` wraps a function and so answers from the inside of its own call; the others
are asked with `get` and filled with `[]=`. The answer of each is its number of hits.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, MutableMapping
from typing import Any

from velvet_algorithms.contenders import contender, library, workload

Data = tuple[list[int], int]  # the trace and the size of the cache
Run = Callable[[], int]


class DictLRU(dict[int, bool]):
    """LRU on a plain dict: what is used is deleted and written again, the oldest key is the first."""

    def __init__(self, maxsize: int) -> None:
        super().__init__()
        self.maxsize = maxsize

    def get(self, key: int, default: Any = None) -> Any:
        """Return a value and move its key to the end."""
        if key in self:
            value = self.pop(key)
            super().__setitem__(key, value)
            return value
        return default

    def __setitem__(self, key: int, value: bool) -> None:
        self.pop(key, None)
        if len(self) >= self.maxsize:
            # Walks over the holes that deletions at the front have left.
            del self[next(iter(self))]
        super().__setitem__(key, value)


@workload("lru")
def zipf_trace(n: int, seed: int) -> Data:
    """Return n requests for n / 20 keys, and the size of a cache for a tenth of them."""
    from velvet_algorithms.caches.traces import zipf

    keys = max(n // 20, 20)
    return zipf(n, keys=keys, seed=seed), keys // 10


def replay(make: Callable[[int], MutableMapping[int, bool]], data: Data) -> Run:
    """Return the callable that sends the trace through a new cache and counts hits."""
    from velvet_algorithms.caches.simulate import simulate

    trace, size = data
    return lambda: simulate(make(size), trace).hits


@contender("lru", "functools.lru_cache", "builtin")
def functools_lru(data: Data) -> Run:
    trace, size = data

    def run() -> int:
        cached = functools.lru_cache(size)(lambda _: True)
        for key in trace:
            cached(key)
        return cached.cache_info().hits

    return run


@contender("lru", "LRUCache", "ours")
def ours(data: Data) -> Run:
    from velvet_algorithms.caches.lru import LRUCache

    return replay(LRUCache[int, bool], data)


@contender("lru", "plain dict", "python")
def plain_dict(data: Data) -> Run:
    return replay(DictLRU, data)


@contender("lru", "cachetools", "python", needs="cachetools")
def cachetools_lru(data: Data) -> Run:
    return replay(library("cachetools").LRUCache, data)


@contender("lru", "cachebox", "compiled", needs="cachebox")
def cachebox_lru(data: Data) -> Run:
    return replay(library("cachebox").LRUCache, data)
