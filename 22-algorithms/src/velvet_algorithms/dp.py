"""Dynamic programming where the table's layout decides: sets, lists, NumPy rows, one big integer.

Bellman (1957). A set of reachable sums is a row of bits, and a row of bits is a Python integer: shifting
and or-ing it is one pass of C over machine words, whatever its width. A knapsack row holds numbers, so
there NumPy does the pass.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from velvet_algorithms.contract import refuse_unordered
from velvet_algorithms.hashing import checked_whole


def subset_sums(weights: Sequence[int]) -> int:
    """Return an integer whose bit s is set when some of the weights add up to s.

    O(n * sum / 64) time, sum / 8 bytes. Do not print it: beyond 4,300 digits Python refuses.

    Raises ValueError where a weight is negative.

    >>> bin(subset_sums([1, 3]))
    '0b11011'
    """
    bits = 1
    for weight in weights:
        bits |= bits << checked_whole("weight", weight, 0)
    return bits


def subset_sums_set(weights: Sequence[int]) -> set[int]:
    """Return the same sums as a set: the version that comes to mind first, O(n * sums) time."""
    sums = {0}
    for weight in weights:
        whole = checked_whole("weight", weight, 0)
        sums |= {total + whole for total in sums}
    return sums


class Packed(NamedTuple):
    """The best value of a knapsack and the indices of the items that make it, ascending."""

    value: int
    items: tuple[int, ...]


def _checked_items(
    values: Sequence[int], weights: Sequence[int], capacity: int
) -> tuple[list[int], list[int], int]:
    """Return whole numbers of Python's own; raises ValueError where one is negative."""
    if len(values) != len(weights):
        raise ValueError(
            f"{len(values)} values and {len(weights)} weights; give one of each an item"
        )
    whole = [checked_whole("weight", weight, 0) for weight in weights]
    worth = [checked_whole("value", value, 0) for value in values]
    return worth, whole, checked_whole("capacity", capacity, 0)


def _unpack(
    best: int, weights: Sequence[int], capacity: int, taken: Callable[[int, int], bool]
) -> Packed:
    items = []
    for item in reversed(range(len(weights))):
        if taken(item, capacity):
            items.append(item)
            capacity -= weights[item]
    return Packed(best, tuple(reversed(items)))


def knapsack_lists(values: Sequence[int], weights: Sequence[int], capacity: int) -> Packed:
    """Return the most valuable items that fit, with rows as lists; O(items * capacity).

    Raises ValueError where lengths differ, or a number is negative.
    """
    values, weights, capacity = _checked_items(values, weights, capacity)
    best = [0] * (capacity + 1)
    taken = []
    for value, weight in zip(values, weights, strict=True):
        row = bytearray(capacity + 1)
        for room in range(capacity, weight - 1, -1):
            with_item = best[room - weight] + value
            if with_item > best[room]:
                best[room] = with_item
                row[room] = 1
        taken.append(row)
    return _unpack(best[capacity], weights, capacity, lambda item, room: bool(taken[item][room]))


def knapsack(values: Sequence[int], weights: Sequence[int], capacity: int) -> Packed:
    """Return the most valuable items that fit, with rows as arrays; O(items * capacity).

    Raises ValueError as `knapsack_lists` does, and for values that add up to 2**63 or more.
    """
    values, weights, capacity = _checked_items(values, weights, capacity)
    if sum(values) >= 2**63:
        raise ValueError(f"values add up to {sum(values)}, over 2**63 - 1; use knapsack_lists")
    best = np.zeros(capacity + 1, dtype=np.int64)
    taken = np.zeros((len(weights), capacity + 1), dtype=np.bool_)
    for item, (value, weight) in enumerate(zip(values, weights, strict=True)):
        if weight > capacity:
            continue
        with_item = best[: capacity + 1 - weight] + value
        np.greater(with_item, best[weight:], out=taken[item, weight:])
        np.maximum(best[weight:], with_item, out=best[weight:])
    return _unpack(
        int(best[capacity]), weights, capacity, lambda item, room: bool(taken[item, room])
    )


def lis(values: Sequence[Any]) -> list[Any]:
    """Return one longest strictly increasing subsequence; O(n log n) (Fredman 1975).

    Raises ValueError for NaN.

    >>> lis([0, 8, 4, 12, 2, 10, 6, 14, 1, 9])
    [0, 2, 6, 9]
    """
    values = list(values)
    refuse_unordered(values)
    tails: list[Any] = []
    at: list[int] = []
    before: list[int] = []
    for number, value in enumerate(values):
        length = bisect_left(tails, value)
        before.append(at[length - 1] if length else -1)
        tails[length : length + 1] = [value]
        at[length : length + 1] = [number]
    found = []
    number = at[-1] if at else -1
    while number >= 0:
        found.append(values[number])
        number = before[number]
    return found[::-1]


class Step(NamedTuple):
    """One step of an edit script: ``keep``, ``replace``, ``delete`` or ``insert``, and what it concerns."""

    kind: str
    old: Any
    new: Any


def edit_script(a: Sequence[Any], b: Sequence[Any]) -> list[Step]:
    """Return a shortest list of steps from `a` to `b`; O(len(a) * len(b)) time and space.

    Wagner and Fischer (1974). For the distance alone use `strings.levenshtein`, for lines `LineDiff`.

    >>> [step.kind for step in edit_script("cat", "cut")]
    ['keep', 'replace', 'keep']
    """
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row, above = [i], rows[-1]
        for j, y in enumerate(b, 1):
            row.append(min(above[j - 1] + (x != y), above[j] + 1, row[-1] + 1))
        rows.append(row)
    i, j = len(a), len(b)
    steps = []
    while i or j:
        cost = rows[i][j]
        if i and j and cost == rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]):
            kind = "keep" if a[i - 1] == b[j - 1] else "replace"
            steps.append(Step(kind, a[i - 1], b[j - 1]))
            i, j = i - 1, j - 1
        elif i and cost == rows[i - 1][j] + 1:
            steps.append(Step("delete", a[i - 1], None))
            i -= 1
        else:
            steps.append(Step("insert", None, b[j - 1]))
            j -= 1
    return steps[::-1]
