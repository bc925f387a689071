"""Caches: lru_cache and what it does not do, which is to forget by time and to compute once.

When a popular entry expires, every caller that misses computes it anew: a *stampede*, which hits
hardest exactly when the computation is slow. Single flight lets one caller compute and the others
wait for its answer. A cache on a method keeps its object alive as long as the entry lives.
"""

from __future__ import annotations

import functools
import gc
import threading
import time
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class CacheInfo(NamedTuple):
    """What lru_cache calls so."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


@dataclass
class _Flight(Generic[R]):
    """A computation under way: who waits for it, and what came of it."""

    owner: int
    done: threading.Event = field(default_factory=threading.Event)
    value: R | None = None
    error: BaseException | None = None


class Memoized(Generic[P, R]):
    """A function whose answers are kept for a time; see `memoize`. Safe in several threads."""

    def __init__(
        self,
        function: Callable[P, R],
        maxsize: int | None,
        ttl: float | None,
        typed: bool,
        single_flight: bool,
        clock: Callable[[], float],
    ) -> None:
        functools.update_wrapper(self, function)
        self.__wrapped__ = function
        self._maxsize, self._ttl, self._clock = maxsize, ttl, clock
        self._typed, self._single = typed, single_flight
        self._kept: OrderedDict[Hashable, tuple[float, R]] = OrderedDict()
        self._flights: dict[Hashable, _Flight[R]] = {}
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the kept answer, or compute it; an exception is raised and not kept."""
        key = functools._make_key(args, kwargs, self._typed)
        hash(key)  # an unhashable argument is a TypeError before anything runs
        mine: _Flight[R] | None = None
        try:
            with self._lock:
                found = self._kept.get(key)
                if found is not None and (
                    self._ttl is None or self._clock() - found[0] < self._ttl
                ):
                    self._kept.move_to_end(key)
                    self._hits += 1
                    return found[1]
                if found is not None:
                    del self._kept[key]
                flight = self._flights.get(key) if self._single else None
                if flight is None or flight.owner == threading.get_ident():  # re-entry computes
                    self._misses += 1
                    mine = _Flight(threading.get_ident())
                    if self._single and flight is None:
                        self._flights[key] = mine
                    flight = None
            if flight is not None:
                return self._wait(flight)
            assert mine is not None
            return self._compute(key, mine, args, kwargs)
        except BaseException as error:
            if mine is not None and mine.value is None:
                mine.error = error
            raise
        finally:  # here, so that Ctrl-C at any moment leaves none that waits for ever
            if mine is not None:
                try:
                    mine.done.set()
                finally:
                    with self._lock:
                        if key in self._flights and self._flights[key] is mine:
                            del self._flights[key]

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind to an instance, as a function does, so that a method can be decorated."""
        return self if instance is None else types.MethodType(self, instance)

    def _wait(self, flight: _Flight[R]) -> R:
        flight.done.wait()
        if flight.error is not None:
            raise flight.error
        with self._lock:
            self._hits += 1
        return flight.value  # type: ignore[return-value]

    def _compute(self, key: Hashable, mine: _Flight[R], args: Any, kwargs: Any) -> R:
        value = mine.value = self.__wrapped__(*args, **kwargs)
        with self._lock:
            self._keep(key, value)
        return value

    def _keep(self, key: Hashable, value: R) -> None:
        if self._maxsize == 0:
            return
        self._kept[key] = (self._clock(), value)
        self._kept.move_to_end(key)
        while self._maxsize is not None and len(self._kept) > self._maxsize:
            self._kept.popitem(last=False)

    def cache_info(self) -> CacheInfo:
        """Return hits, misses and sizes; whoever waited for another's computation is a hit."""
        with self._lock:
            return CacheInfo(self._hits, self._misses, self._maxsize, len(self._kept))

    def cache_clear(self) -> None:
        """Forget all answers and counts."""
        with self._lock:
            self._kept.clear()
            self._hits = self._misses = 0


def memoize(
    maxsize: int | None = 128,
    ttl: float | None = None,
    *,
    typed: bool = False,
    single_flight: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Callable[[Callable[P, R]], Any]:
    """Return a decorator like `functools.lru_cache`, with expiry and single flight.

    Args:
        maxsize: how many answers are kept, the least recently used going first; None for all.
        ttl: seconds after which an answer is computed anew; None for never. Without it, and
            without single flight, this *is* `functools.lru_cache`.
        single_flight: one computation a key, however many threads ask at once. The waiting ones
            get the exception, too.

    Hit: O(1), under a lock. Raises ValueError for a negative maxsize or a ttl that is not positive.
    """
    if maxsize is not None and not maxsize >= 0:
        raise ValueError(f"maxsize is {maxsize}: it must be 0, a number above it, or None")
    if ttl is not None and not ttl > 0:
        raise ValueError(f"ttl is {ttl}: it must be above 0 seconds, or None")

    def decorate(function: Callable[P, R]) -> Any:
        if ttl is None and not single_flight:
            return functools.lru_cache(maxsize=maxsize, typed=typed)(function)
        return Memoized(function, maxsize, ttl, typed, single_flight, clock)

    return decorate


def stampede(decorate: Callable[[Callable[[str], str]], Any], threads: int = 50) -> int:
    """Let many threads ask for one missing entry at once; returns how often it was computed."""
    if threads < 1:
        raise ValueError(f"threads is {threads}: it must be at least 1")
    computed: list[str] = []
    together = threading.Barrier(threads)

    def slow(key: str) -> str:
        computed.append(key)
        time.sleep(0.05)  # the query that all callers wait for
        return key.upper()

    cached = decorate(slow)

    def ask() -> None:
        together.wait()
        cached("popular")

    workers = [threading.Thread(target=ask) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return len(computed)


def leak_check(decorate: Callable[[Callable[..., Any]], Any], objects: int = 10) -> int:
    """Return how many of ten objects still live after their only name went, by a cached method.

    A cache made by decorating a method has `self` in its keys: the class keeps its instances.
    """

    class Report:
        @decorate
        def total(self, year: int) -> int:
            return year

    made = [Report() for _ in range(objects)]
    watched = [weakref.ref(one) for one in made]
    _ = [one.total(2026) for one in made]
    made.clear()
    gc.collect()
    return sum(reference() is not None for reference in watched)
