"""Who works when on one machine: the best intervals, the fewest rooms, the least lateness.

Kleinberg and Tardos, Algorithm Design, chapters 4 and 6. Two of the three are greedy and exact; the third
needs dynamic programming as soon as intervals have weights. Several machines are in `machines`.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Chosen(NamedTuple):
    """The weight of the best intervals that do not overlap, and their indices by start."""

    weight: float
    indices: tuple[int, ...]


def _checked_intervals(intervals: Iterable[Sequence[float]]) -> None:
    for interval in intervals:
        if not interval[0] < interval[1]:
            raise ValueError(f"an interval must end after it starts, got {tuple(interval)}")


def weighted_intervals(intervals: Sequence[tuple[float, float, float]]) -> Chosen:
    """Return the heaviest set of half-open intervals (start, end, weight) without overlap; O(n log n).

    Raises:
        ValueError: an interval does not end after its start, or a weight is negative or NaN.

    >>> weighted_intervals([(0, 3, 2), (2, 5, 4), (3, 6, 3)])
    Chosen(weight=5, indices=(0, 2))
    """
    _checked_intervals(intervals)
    if not all(interval[2] >= 0 for interval in intervals):
        raise ValueError("weights must be at least 0")
    order = sorted(range(len(intervals)), key=lambda i: intervals[i][1])
    ends = [intervals[i][1] for i in order]
    best: list[float] = [0]
    take: list[int] = []  # how many of the first can be kept along, or -1 when it is left out
    for index in order:
        start, _, weight = intervals[index]
        fits = bisect_right(ends, start, 0, len(take))
        take.append(fits if best[fits] + weight > best[-1] else -1)
        best.append(max(best[-1], best[fits] + weight))
    indices, at = [], len(order)
    while at:
        at -= 1
        if take[at] >= 0:
            indices.append(order[at])
            at = take[at]
    return Chosen(best[-1], tuple(reversed(indices)))


def min_rooms(intervals: Sequence[tuple[float, float]]) -> list[int]:
    """Return a room number for each half-open interval, with as few rooms as possible; O(n log n).

    Raises:
        ValueError: an interval does not end after its start.

    >>> min_rooms([(0, 3), (1, 2), (2, 4)])
    [0, 1, 1]
    """
    _checked_intervals(intervals)
    rooms = [0] * len(intervals)
    busy: list[tuple[float, int]] = []
    for index in sorted(range(len(intervals)), key=lambda i: intervals[i]):
        start, end = intervals[index]
        if busy and busy[0][0] <= start:
            room = heapq.heapreplace(busy, (end, busy[0][1]))[1]
        else:
            room = len(busy)
            heapq.heappush(busy, (end, room))
        rooms[index] = room
    return rooms


class Deadlines(NamedTuple):
    """An order of jobs on one machine and the largest lateness in it (0 when all are in time)."""

    order: tuple[int, ...]
    lateness: float


def edf(jobs: Sequence[tuple[float, float]]) -> Deadlines:
    """Return the order of jobs (duration, deadline) that is late the least: earliest deadline first.

    Jackson (1955): no order has a smaller largest lateness. O(n log n).

    Raises:
        ValueError: a duration is negative.
    """
    if any(not duration >= 0 for duration, _ in jobs):
        raise ValueError("durations must be at least 0")
    order = tuple(sorted(range(len(jobs)), key=lambda i: jobs[i][1]))
    now, late = 0.0, 0.0
    for index in order:
        now += jobs[index][0]
        late = max(late, now - jobs[index][1])
    return Deadlines(order, late)
