"""Family `intervals`: n intervals, and for a tenth as many ranges, which intervals overlap them."""

from __future__ import annotations

import random
from collections.abc import Callable

from velvet_algorithms.contenders import contender, library, workload

Interval = tuple[int, int]
Data = tuple[list[Interval], list[Interval]]
Run = Callable[[], list[int]]


@workload("intervals")
def intervals_and_ranges(n: int, seed: int) -> Data:
    """Return n different intervals, of which about five hold any point, and n / 10 short ranges."""
    rng = random.Random(seed)
    reach = 100 * n
    intervals: dict[Interval, None] = {}
    while len(intervals) < n:
        start = rng.randrange(reach)
        intervals[start, start + rng.randrange(1, 1_000)] = None
    ranges = [(start, start + 100) for start in (rng.randrange(reach) for _ in range(n // 10))]
    return list(intervals), ranges


@contender("intervals", "scan", "builtin", most=5_000)
def scan(data: Data) -> Run:
    intervals, ranges = data
    return lambda: [
        sum(1 for start, stop in intervals if start < high and low < stop) for low, high in ranges
    ]


@contender("intervals", "IntervalIndex", "ours")
def ours(data: Data) -> Run:
    from velvet_algorithms.intervals import IntervalIndex

    index = IntervalIndex(data[0])
    return lambda: [len(index.overlaps(low, high)) for low, high in data[1]]


@contender("intervals", "intervaltree", "python", needs="intervaltree")
def intervaltree(data: Data) -> Run:
    tree = library("intervaltree").IntervalTree.from_tuples(data[0])
    return lambda: [len(tree.overlap(low, high)) for low, high in data[1]]
