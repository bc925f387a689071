"""NumPy: loops over whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from velvet_algorithms import dp, strings
from velvet_algorithms.samples.workloads import Items, Sums

NEEDS = "numpy"


def range_sums(given: Sums) -> Callable[[], int]:
    """Change one item, add up a slice."""

    def run() -> int:
        values, total = np.array(given.items, np.int64), 0
        for place, amount, start, stop in given.steps:
            values[place] += amount
            total ^= int(values[start:stop].sum())
        return total

    return run


def suffix_array(text: str) -> Callable[[], Any]:
    """Sort suffixes by doubling, all of them at once."""
    return lambda: strings.suffix_array(text).tolist()


def subset_sums(given: list[int]) -> Callable[[], int]:
    """Mark the sums that can be reached."""

    def run() -> int:
        reached = np.zeros(sum(given) + 1, dtype=np.bool_)
        reached[0] = True
        for weight in given:
            reached[weight:] |= reached[: len(reached) - weight].copy()
        return int(reached.sum())

    return run


def knapsack(given: Items) -> Callable[[], int]:
    """Fill the table row by row."""
    return lambda: dp.knapsack(*given).value
