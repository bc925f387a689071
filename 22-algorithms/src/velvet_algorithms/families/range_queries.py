"""Families `range_sums` and `range_products`: one change and one question about a range, n times.

Products are of affine maps x -> a x + b modulo a prime, which do not commute.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import isqrt
from typing import Any

from velvet_algorithms.contenders import contender, library, workload

Steps = tuple[list[int], list[tuple[int, int, int, int]]]  # items; (place, amount, start, stop)
Map = tuple[int, int]
MapSteps = tuple[list[Map], list[tuple[int, Map, int, int]]]
Run = Callable[[], Any]
PRIME = 998_244_353


@workload("range_sums")
def sums(n: int, seed: int) -> Steps:
    """Return n items and n steps: add an amount to an item, then ask for a range."""
    rng = random.Random(seed)
    steps = []
    for _ in range(n):
        start, stop = sorted((rng.randrange(n + 1), rng.randrange(n + 1)))
        steps.append((rng.randrange(n), rng.randrange(-9, 10), start, stop))
    return [rng.randrange(100) for _ in range(n)], steps


@contender("range_sums", "sum(list[a:b])", "builtin", most=20_000)
def plain_list(data: Steps) -> Run:
    items, steps = data

    def run() -> int:
        values, total = list(items), 0
        for place, amount, start, stop in steps:
            values[place] += amount
            total ^= sum(values[start:stop])
        return total

    return run


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


def _steps(tree: Any, steps: list[tuple[int, int, int, int]]) -> int:
    add, query, total = tree.add, tree.range, 0
    for place, amount, start, stop in steps:
        add(place, amount)
        total ^= query(start, stop)
    return total


@contender("range_sums", "sqrt blocks", "python")
def sqrt_blocks(data: Steps) -> Run:
    return lambda: _steps(SqrtBlocks(data[0]), data[1])


@contender("range_sums", "Fenwick", "ours")
def fenwick(data: Steps) -> Run:
    from velvet_algorithms.ranges.fenwick import Fenwick

    return lambda: _steps(Fenwick.from_list(data[0]), data[1])


@contender("range_sums", "ac-library-python", "python", needs="ac-library-python")
def acl_fenwick(data: Steps) -> Run:
    make = library("atcoder.fenwicktree").FenwickTree

    items, steps = data

    def run() -> int:
        tree, total = make(len(items)), 0
        for place, item in enumerate(items):
            tree.add(place, item)
        for place, amount, start, stop in steps:
            tree.add(place, amount)
            total ^= tree.sum(start, stop)
        return total

    return run


@contender("range_sums", "numpy, slice.sum()", "numpy", needs="numpy")
def numpy_slices(data: Steps) -> Run:
    import numpy as np

    items, steps = data

    def run() -> int:
        values, total = np.array(items, np.int64), 0
        for place, amount, start, stop in steps:
            values[place] += amount
            total ^= int(values[start:stop].sum())
        return total

    return run


@workload("range_products")
def products(n: int, seed: int) -> MapSteps:
    """Return n maps and n steps: replace a map, then ask for the product of a range."""
    rng = random.Random(seed)

    def some() -> Map:
        return rng.randrange(1, PRIME), rng.randrange(PRIME)

    steps = []
    for _ in range(n):
        start, stop = sorted((rng.randrange(n + 1), rng.randrange(n + 1)))
        steps.append((rng.randrange(n), some(), start, stop))
    return [some() for _ in range(n)], steps


def then(first: Map, second: Map) -> Map:
    """Return the map that does `first` and then `second`."""
    return first[0] * second[0] % PRIME, (first[1] * second[0] + second[1]) % PRIME


def _products(make: Callable[[list[Map]], Any], data: MapSteps) -> Run:
    maps, steps = data

    def run() -> int:
        tree, total = make(maps), 0
        for place, one, start, stop in steps:
            tree.set(place, one)
            total ^= tree.prod(start, stop)[1]
        return total

    return run


@contender("range_products", "reduce(list[a:b])", "builtin", most=2_000)
def plain_reduce(data: MapSteps) -> Run:
    from functools import reduce

    maps, steps = data

    def run() -> int:
        values, total = list(maps), 0
        for place, one, start, stop in steps:
            values[place] = one
            total ^= reduce(then, values[start:stop], (1, 0))[1]
        return total

    return run


@contender("range_products", "SegmentTree", "ours")
def segment_tree(data: MapSteps) -> Run:
    from velvet_algorithms.ranges.segment_tree import SegmentTree

    return _products(lambda maps: SegmentTree(maps, then, (1, 0)), data)


@contender("range_products", "ac-library-python", "python", needs="ac-library-python")
def acl_segment_tree(data: MapSteps) -> Run:
    make = library("atcoder.segtree").SegTree
    return _products(lambda maps: make(then, (1, 0), maps), data)
