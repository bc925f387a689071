"""What the language and its library bring: the rows that everything else has to beat."""

from __future__ import annotations

import functools
import heapq
import re
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable
from graphlib import TopologicalSorter
from math import dist, isqrt
from typing import Any

from velvet_algorithms.contenders import timed
from velvet_algorithms.dp import knapsack_lists, subset_sums_set
from velvet_algorithms.samples.workloads import (
    PRIME,
    Map,
    Membership,
    Pairs,
    Points,
    Products,
    Sums,
    Updates,
    then,
)
from velvet_algorithms.tries import prefix_end

NEEDS = ""


class InsortList:
    """A sorted list kept by `bisect`, with the operations of a sorted container."""

    def __init__(self, values: list[float]) -> None:
        self.values = sorted(values)
        self.add = functools.partial(insort, self.values)
        self.get = self.values.__getitem__

    def remove(self, value: float) -> None:
        """Remove one value that is there."""
        place = bisect_left(self.values, value)
        if place == len(self.values) or self.values[place] != value:
            raise ValueError(f"{value!r} is not in the list")
        del self.values[place]

    def __contains__(self, value: float) -> bool:
        place = bisect_left(self.values, value)
        return place < len(self.values) and self.values[place] == value

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Any:
        return iter(self.values)

    def __getitem__(self, place: int) -> float:
        return self.values[place]


sorted_values = {"list+insort": InsortList}


def _heapq_updates(given: Pairs) -> list[int]:
    heap: list[tuple[int, int]] = []
    for key, (first, _) in enumerate(given):
        heapq.heappush(heap, (first, key))
    for key in range(0, len(given), 2):
        heapq.heappush(heap, (given[key][1], key))
    done, order = bytearray(len(given)), []
    while heap:
        _, key = heapq.heappop(heap)
        if not done[key]:
            done[key] = 1
            order.append(key)
    return order


queue_updates = {"heapq": timed(_heapq_updates)}


class DictLRU(dict[Any, Any]):
    """LRU on a plain dict: what is used is deleted and written again, the oldest key is the first."""

    def __init__(self, maxsize: int) -> None:
        super().__init__()
        self.maxsize = maxsize

    def get(self, key: Any, default: Any = None) -> Any:
        """Return a value and move its key to the end."""
        if key in self:
            value = self.pop(key)
            super().__setitem__(key, value)
            return value
        return default

    def __setitem__(self, key: Any, value: Any) -> None:
        self.pop(key, None)
        if len(self) >= self.maxsize:
            # Walks over the holes that deletions at the front have left.
            del self[next(iter(self))]
        super().__setitem__(key, value)


caches = {"plain dict": DictLRU}


def _bisect_and_nlargest(given: tuple[dict[str, int], list[str]]) -> Callable[[], list[list[str]]]:
    weights, prefixes = given
    words = sorted(weights)

    def top(prefix: str) -> list[str]:
        end = prefix_end(prefix)
        stop = len(words) if end is None else bisect_left(words, end)
        matches = words[bisect_left(words, prefix) : stop]
        return heapq.nlargest(10, matches, key=weights.__getitem__)

    return lambda: [top(prefix) for prefix in prefixes]


completions = {"sorted list + nlargest": _bisect_and_nlargest}


def one_by_one(made: Any, given: Membership) -> Callable[[], int]:
    """Ask for every probe; the answer is how many of the added ones are found, which must be all."""
    for key in given.added:
        made.add(key)

    def run() -> int:
        for key in given.absent:
            key in made  # noqa: B015 - asked for its cost; a filter may answer wrongly
        return sum(key in made for key in given.probes)

    return run


membership = {"set": lambda given: one_by_one(set(), given)}


def _plain_sums(given: Sums) -> int:
    values, total = list(given.items), 0
    for place, amount, start, stop in given.steps:
        values[place] += amount
        total ^= sum(values[start:stop])
    return total


class SqrtBlocks:
    """Sums of blocks of about sqrt(n) items; a range is two pieces of items and one of blocks."""

    def __init__(self, items: list[int]) -> None:
        self.items = list(items)
        self.width = max(isqrt(len(items)), 1)
        self.blocks = [sum(items[i : i + self.width]) for i in range(0, len(items), self.width)]

    def add(self, place: int, amount: int) -> None:
        """Add to one item and its block."""
        self.items[place] += amount
        self.blocks[place // self.width] += amount

    def range(self, start: int, stop: int) -> int:
        """Return the sum of a range by two or three slices, each added up in C."""
        width = self.width
        first, last = -(-start // width), stop // width
        if first >= last:
            return sum(self.items[start:stop])
        left, right = self.items[start : first * width], self.items[last * width : stop]
        return sum(left) + sum(self.blocks[first:last]) + sum(right)


def sums_by_steps(make: Callable[[list[int]], Any], given: Sums) -> int:
    """Change and ask a structure with `add` and `range`."""
    tree, total = make(given.items), 0
    add, query = tree.add, tree.range
    for place, amount, start, stop in given.steps:
        add(place, amount)
        total ^= query(start, stop)
    return total


range_sums = {
    "sum(list[a:b])": timed(_plain_sums),
    "sqrt blocks": timed(functools.partial(sums_by_steps, SqrtBlocks)),
}


def _plain_products(given: Products) -> int:
    values, total = list(given.maps), 0
    for place, one, start, stop in given.steps:
        values[place] = one
        unit: Map = (1, 0)
        total ^= functools.reduce(then, values[start:stop], unit)[1]
    return total


range_products = {"reduce(list[a:b])": timed(_plain_products)}


def _plain_updates(given: Updates) -> int:
    values, total = [value for value, _ in given.items], 0
    for start, stop, (factor, shift), low, high in given.steps:
        values[start:stop] = [(factor * x + shift) % PRIME for x in values[start:stop]]
        total ^= sum(values[low:high]) % PRIME
    return total


range_updates = {"list rewritten": timed(_plain_updates)}


def _sorted_at_each_look(keys: list[int]) -> int:
    kept: dict[int, int] = {}
    total = 0
    for place, key in enumerate(keys):
        kept[key] = place
        if not place % 16:
            ordered = sorted(kept)
            at = bisect_left(ordered, key // 2)
            total += ordered[at] if at < len(ordered) else 0
    return total


sorted_items = {"dict sorted anew": timed(_sorted_at_each_look)}


def _scan(given: tuple[Pairs, Pairs]) -> Callable[[], list[int]]:
    known, ranges = given
    return lambda: [
        sum(1 for start, stop in known if start < high and low < stop) for low, high in ranges
    ]


intervals = {"scan": _scan}


def checked(order: Callable[[], list[int]], given: dict[int, list[int]]) -> Callable[[], list[int]]:
    """Return `order` if it respects `given`; orders differ where tasks are free to be swapped.

    Raises:
        ValueError: a task came before one that it waits for.
    """
    place = {task: number for number, task in enumerate(order())}
    if any(place[early] >= place[task] for task, before in given.items() for early in before):
        raise ValueError("a task came before its predecessor")
    return order


def _graphlib(given: dict[int, list[int]]) -> Callable[[], int]:
    order = checked(lambda: list(TopologicalSorter(given).static_order()), given)
    return lambda: len(order())


tasks = {"graphlib": _graphlib}


def _alternation(given: tuple[list[str], str]) -> Callable[[], int]:
    words, text = given
    pattern = re.compile("|".join(map(re.escape, words)))
    return lambda: len(pattern.findall(text))


multi_pattern = {
    "re alternation": _alternation,
    "str.count": lambda given: lambda: sum(map(given[1].count, given[0])),
}
suffix_array = {
    "sorted slices": lambda text: lambda: sorted(range(len(text)), key=lambda at: text[at:])
}


def _sums_in_a_list(given: list[int]) -> int:
    reached = [True] + [False] * sum(given)
    for weight in given:
        for total in range(len(reached) - 1, weight - 1, -1):
            if reached[total - weight]:
                reached[total] = True
    return sum(reached)


subset_sums = {
    "set": lambda given: lambda: len(subset_sums_set(given)),
    "list": timed(_sums_in_a_list),
}


knapsack = {"lists": lambda given: lambda: knapsack_lists(*given).value}


def _every_pair(given: Points) -> Callable[[], object]:
    return lambda: min(
        (dist(a, b), low, high)
        for high, b in enumerate(given)
        for low, a in enumerate(given[:high])
    )


closest_pair = {"every pair": _every_pair}


def _counted(items: list[str]) -> Callable[[], object]:
    counts: Counter[str] = Counter()
    return lambda: counts.update(items)


sketch_adds = {"Counter": _counted}
