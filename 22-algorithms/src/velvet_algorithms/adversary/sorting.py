"""The quicksort everybody writes, the input that makes it quadratic, and introsort against that.

McIlroy (1999, "A killer adversary for quicksort") decides the values only while they are compared: what
the sort uses as a pivot is made small, everything else stays undecided and larger. It works against
any quicksort, knowing nothing about it. Musser (1997) answers with a limit of the depth.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

from velvet_algorithms.hashing import checked_whole

SMALL = 16
"""Below this size insertion sort takes fewer comparisons."""


def quicksort_m3(values: Sequence[Any]) -> list[Any]:
    """Return the values sorted by quicksort with the median of three as pivot: the victim.

    O(n log n) on average and O(n^2) for `antiqsort`; O(log n) extra space. Prefer `sorted`.
    """
    return _quicksort(list(values), None)


def introsort(values: Sequence[Any]) -> list[Any]:
    """Return the values sorted by the same quicksort that gives up in time: the defence.

    A part that was split more than 2 log2 n times goes to a heap, so it is O(n log n) always.
    """
    rows = list(values)
    return _quicksort(rows, 2 * len(rows).bit_length())


def _quicksort(rows: list[Any], limit: int | None) -> list[Any]:
    waiting = [(0, len(rows) - 1, 0)]
    while waiting:
        low, high, depth = waiting.pop()
        while high - low >= SMALL:
            if limit is not None and depth >= limit:
                part = rows[low : high + 1]
                heapq.heapify(part)
                rows[low : high + 1] = [heapq.heappop(part) for _ in range(len(part))]
                break
            left, right = _split(rows, low, high)
            depth += 1
            # The larger part waits, so at most log2 n parts do.
            if right - low < high - left:
                waiting.append((left, high, depth))
                high = right
            else:
                waiting.append((low, right, depth))
                low = left
        else:
            _insertion(rows, low, high)
    return rows


def _split(rows: list[Any], low: int, high: int) -> tuple[int, int]:
    """Part rows[low..high] around the median of its first, middle and last (Hoare 1962)."""
    middle = (low + high) // 2
    if rows[middle] < rows[low]:
        rows[low], rows[middle] = rows[middle], rows[low]
    if rows[high] < rows[middle]:
        rows[middle], rows[high] = rows[high], rows[middle]
        if rows[middle] < rows[low]:
            rows[low], rows[middle] = rows[middle], rows[low]
    pivot = rows[middle]
    left, right = low + 1, high - 1
    while left <= right:
        while rows[left] < pivot:
            left += 1
        while pivot < rows[right]:
            right -= 1
        if left <= right:
            rows[left], rows[right] = rows[right], rows[left]
            left += 1
            right -= 1
    return left, right


def _insertion(rows: list[Any], low: int, high: int) -> None:
    for at in range(low + 1, high + 1):
        value = rows[at]
        place = at
        while place > low and value < rows[place - 1]:
            rows[place] = rows[place - 1]
            place -= 1
        rows[place] = value


def antiqsort(sort: Callable[[Sequence[Any]], object], n: int) -> list[int]:
    """Return a permutation of 0..n-1 that makes `sort` quadratic if it is a quicksort.

    Args:
        sort: sorts what it is given by comparing; it is run once on n undecided values.
        n: how many; the run itself is quadratic, so keep it at some thousands.

    Raises:
        ValueError: n is negative.
    """
    checked_whole("n", n, 0)
    gas = n  # larger than every decided value
    value = [gas] * n
    solid = candidate = 0

    def compare(x: int, y: int) -> int:
        nonlocal solid, candidate
        if value[x] == gas and value[y] == gas:
            # One of two undecided must become small, and it shall be the pivot.
            value[x if x == candidate else y] = solid
            solid += 1
        if value[x] == gas:
            candidate = x
        elif value[y] == gas:
            candidate = y
        return value[x] - value[y]

    sort(list(map(cmp_to_key(compare), range(n))))
    left = iter(range(solid, n))
    return [next(left) if number == gas else number for number in value]
