"""Family `sorted`: values come one by one, and the k-th and membership are asked all the time."""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from velvet_algorithms.contenders import contender, library, workload

Data = tuple[list[int], list[int]]


@dataclass(frozen=True)
class Surface:
    """The same five operations on any container, without a call more than each of them needs."""

    add: Callable[[Any], Any]
    remove: Callable[[Any], Any]
    has: Callable[[Any], bool]
    get: Callable[[int], Any]
    values: Any  # to walk over


def surface(container: Any) -> Surface:
    """Return the operations of a container; of a list, those of `bisect` that keep it sorted."""
    if not isinstance(container, list):
        inside, at = container.__contains__, container.__getitem__
        return Surface(container.add, container.remove, inside, at, container)
    values: list[Any] = container

    def remove(value: Any) -> None:
        place = bisect_left(values, value)
        if place == len(values) or values[place] != value:
            raise ValueError(f"{value!r} is not in the list")
        del values[place]

    def has(value: Any) -> bool:
        place = bisect_left(values, value)
        return place < len(values) and bool(values[place] == value)

    return Surface(partial(insort, values), remove, has, values.__getitem__, values)


@workload("sorted")
def values_and_places(n: int, seed: int) -> Data:
    """Return n different values in random order, and for each a position to ask for."""
    rng = random.Random(seed)
    values = rng.sample(range(10 * n), n)
    return values, [rng.randrange(i + 1) for i in range(n)]


def _grow(make: Callable[[], Any], data: Data) -> Callable[[], tuple[int, int]]:
    values, places = data

    def run() -> tuple[int, int]:
        on, total, found = surface(make()), 0, 0
        add, get, has = on.add, on.get, on.has
        for value, place in zip(values, places, strict=True):
            add(value)
            total += get(place)
            found += has(value ^ 1)
        return total, found

    return run


@contender("sorted", "list+insort", "builtin")
def insort_list(data: Data) -> Callable[[], tuple[int, int]]:
    return _grow(list, data)


@contender("sorted", "SortedBag", "ours")
def sorted_bag(data: Data) -> Callable[[], tuple[int, int]]:
    from velvet_algorithms.sorted_bag import SortedBag

    return _grow(SortedBag, data)


@contender("sorted", "sortedcontainers", "python", needs="sortedcontainers")
def sortedcontainers(data: Data) -> Callable[[], tuple[int, int]]:
    return _grow(library("sortedcontainers").SortedList, data)


@contender("sorted", "BPlusTree", "ours", most=100_000)
def bplus_tree(data: Data) -> Callable[[], tuple[int, int]]:
    from velvet_algorithms.bplus_tree import BPlusTree

    return _grow(BPlusTree, data)


@contender("sorted", "SkipList", "ours", most=50_000)
def skip_list(data: Data) -> Callable[[], tuple[int, int]]:
    from velvet_algorithms.skip_list import SkipList

    return _grow(SkipList, data)
