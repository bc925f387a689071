"""Family `sorted`: values come one by one, and the k-th and membership are asked all the time."""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any

from velvet_algorithms.contenders import contender, library, workload

Data = tuple[list[int], list[int]]


class InsortList(list[int]):
    """A list that is kept sorted by bisection: the built-in way."""

    def add(self, value: int) -> None:
        """Insert a value where it belongs; moves everything behind it."""
        insort(self, value)

    def remove(self, value: int) -> None:
        """Remove the first value that is equal; raises ValueError if there is none."""
        place = bisect_left(self, value)
        if place == len(self) or self[place] != value:
            raise ValueError(f"{value!r} is not in the list")
        del self[place]

    def __contains__(self, value: object) -> bool:
        place = bisect_left(self, value)  # type: ignore[call-overload]
        return place < len(self) and bool(self[place] == value)


@workload("sorted")
def values_and_places(n: int, seed: int) -> Data:
    """Return n different values in random order, and for each a position to ask for."""
    rng = random.Random(seed)
    values = rng.sample(range(10 * n), n)
    return values, [rng.randrange(i + 1) for i in range(n)]


def _grow(make: Callable[[], Any], data: Data) -> Callable[[], tuple[int, int]]:
    values, places = data

    def run() -> tuple[int, int]:
        container, total, found = make(), 0, 0
        for value, place in zip(values, places, strict=True):
            container.add(value)
            total += container[place]
            found += (value ^ 1) in container
        return total, found

    return run


@contender("sorted", "list+insort", "builtin")
def insort_list(data: Data) -> Callable[[], tuple[int, int]]:
    return _grow(InsortList, data)


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
