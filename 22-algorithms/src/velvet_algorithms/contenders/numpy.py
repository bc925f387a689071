"""NumPy: loops over whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from velvet_algorithms import dp, strings
from velvet_algorithms.contenders import timed
from velvet_algorithms.samples.workloads import Items, Sums

NEEDS = "numpy"


@timed
def range_sums(given: Sums) -> int:
    """Change one item, add up a slice."""
    values, total = np.array(given.items, np.int64), 0
    for place, amount, start, stop in given.steps:
        values[place] += amount
        total ^= int(values[start:stop].sum())
    return total


@timed
def suffix_array(text: str) -> Any:
    """Sort suffixes by doubling, all of them at once."""
    return strings.suffix_array(text).tolist()


@timed
def subset_sums(given: list[int]) -> int:
    """Mark the sums that can be reached."""
    reached = np.zeros(sum(given) + 1, dtype=np.bool_)
    reached[0] = True
    for weight in given:
        reached[weight:] |= reached[: len(reached) - weight].copy()
    return int(reached.sum())


@timed
def knapsack(given: Items) -> int:
    """Fill the table row by row."""
    return dp.knapsack(*given).value
