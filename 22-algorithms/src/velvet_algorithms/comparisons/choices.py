"""Small choices that come up every week: the k largest, an order of tasks, a hull, a pair."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import partial

from velvet.bench import Suite
from velvet.bench.model import Tier
from velvet_algorithms.comparisons.rows import SEED, add_rows, claim_speedups
from velvet_algorithms.heaps import top_k
from velvet_algorithms.samples.workloads import numbers

Choice = Callable[[list[float], int], list[float]]
LARGEST: dict[str, Choice] = {
    "sorted sliced": lambda given, k: sorted(given, reverse=True)[:k],
    "nlargest": lambda given, k: heapq.nlargest(k, given),
    "top_k": top_k,
}


def _chosen(choose: Choice, n: int, k: int) -> Callable[[], list[float]]:
    given = numbers(n, SEED)
    return lambda: choose(given, k)


def _add_largest(suite: Suite) -> None:
    largest = suite.comparison(
        "small_choices_largest",
        title="The largest of n floats: ten of them, a hundredth, a tenth",
        unit="ms",
        sizes=[
            {"n": n, "k": k} for n in (20_000, 200_000) for k in sorted({10, n // 100, n // 10})
        ],
        quick=lambda n, k: n == 20_000 and k != n // 100,
        rounds={"quick": 6, "default": 6},
    )
    for name, choose in LARGEST.items():
        largest.add(name, partial(_chosen, choose), baseline=name == "sorted sliced")
    largest.same_result()
    few, tenth = (
        "the ten largest of 20,000 are a job for nlargest",
        "a tenth of them is a job for sorted",
    )
    claim_speedups(suite, largest, {few: ("nlargest", "sorted sliced", 4)}, n=20_000, k=10)
    claim_speedups(suite, largest, {tenth: ("sorted sliced", "nlargest", 1.1)}, n=20_000, k=2000)


def _add_tasks(suite: Suite) -> None:
    tasks = suite.comparison(
        "small_choices_order",
        title="An order of n tasks, each after up to three others, from a mapping",
        unit="ms",
        sizes={"n": [600, 1500, 4000, 9000, 20_000]},
        quick=lambda n: n == 4000,
        rounds={"quick": 6, "default": 10},
    )
    add_rows(tasks, "tasks", baseline="Kahn")
    claims = {
        "a loop of fifteen lines orders tasks faster than graphlib": ("Kahn", "graphlib", 1.5),
        "and faster than networkx": ("Kahn", "networkx", 2),
    }
    claim_speedups(suite, tasks, claims, n=4000)


def _add_points(suite: Suite) -> None:
    rows: tuple[tuple[str, str, str, list[int], Tier, int], ...] = (
        ("small_choices_hull", "hull", "monotone chain", [300, 5000, 50_000], "quick", 5),
        ("small_choices_pair", "closest_pair", "grid", [300, 5000], "default", 2),
    )
    for name, family, ours, sizes, tier, least in rows:
        what = family.replace("_", " ")
        points = suite.comparison(
            name,
            title=f"The {what} of n points",
            unit="ms",
            sizes={"n": [100, 300, 1500, 5000, 50_000]},
            default=lambda n, sizes=sizes: n in sizes,
            tier=tier,
            quick=lambda n: n == 5000,
            rounds={"quick": 5, "default": 5},
        )
        add_rows(points, family, baseline=ours, most={"every pair": 300})
        scipy = f"scipy finds the {what} several times faster than Python"
        claim_speedups(suite, points, {scipy: ("scipy", ours, least)}, n=5000, tier=tier)
    grid = "a grid beats looking at every pair from 300 points on"
    claim_speedups(suite, points, {grid: ("grid", "every pair", 2)}, n=300, tier="default")


def add_to(suite: Suite) -> None:
    """Add the comparisons of small choices."""
    _add_largest(suite)
    _add_tasks(suite)
    _add_points(suite)
