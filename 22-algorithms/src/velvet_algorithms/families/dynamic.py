"""Contenders for two dynamic programs: the sums of subsets, and the best knapsack."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from velvet_algorithms.contenders import contender, workload
from velvet_algorithms.dp import knapsack, knapsack_lists, subset_sums, subset_sums_set

CAPACITY_PER_ITEM = 25


@workload("subset_sums")
def _weights(n: int, seed: int) -> list[int]:
    """Return n weights of 1 to 1,000."""
    rng = random.Random(seed)
    return [rng.randint(1, 1000) for _ in range(n)]


@contender("subset_sums", "set", "builtin", most=100)
def _(given: list[int]) -> Callable[[], int]:
    return lambda: len(subset_sums_set(given))


@contender("subset_sums", "list", "python", most=100)
def _(given: list[int]) -> Callable[[], int]:
    def run() -> int:
        reached = [True] + [False] * sum(given)
        for weight in given:
            for total in range(len(reached) - 1, weight - 1, -1):
                if reached[total - weight]:
                    reached[total] = True
        return sum(reached)

    return run


@contender("subset_sums", "numpy", "numpy")
def _(given: list[int]) -> Callable[[], int]:
    def run() -> int:
        reached = np.zeros(sum(given) + 1, dtype=np.bool_)
        reached[0] = True
        for weight in given:
            reached[weight:] |= reached[: len(reached) - weight].copy()
        return int(reached.sum())

    return run


@contender("subset_sums", "big_integer", "ours")
def _(given: list[int]) -> Callable[[], int]:
    return lambda: subset_sums(given).bit_count()


class Items(NamedTuple):
    """Values and weights of the items, and what the knapsack holds."""

    values: list[int]
    weights: list[int]
    capacity: int


@workload("knapsack")
def _items(n: int, seed: int) -> Items:
    """Return n items and a knapsack of 25 n: for 200 items a table of a million cells."""
    rng = random.Random(seed)
    values = [rng.randint(1, 1000) for _ in range(n)]
    return Items(values, [rng.randint(1, 100) for _ in range(n)], CAPACITY_PER_ITEM * n)


@contender("knapsack", "lists", "python", most=200)
def _(given: Items) -> Callable[[], int]:
    return lambda: knapsack_lists(*given).value


@contender("knapsack", "numpy", "ours")
def _(given: Items) -> Callable[[], int]:
    return lambda: knapsack(*given).value
