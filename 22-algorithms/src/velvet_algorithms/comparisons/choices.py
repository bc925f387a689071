"""Small choices that come up every week: the k largest, an order of tasks, a hull, a pair."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from velvet.bench import Suite, speedup
from velvet.bench.model import Tier
from velvet_algorithms.comparisons.rows import SEED, add_rows
from velvet_algorithms.samples.workloads import numbers


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

    @largest.contender(name="sorted sliced", baseline=True)
    def in_order(n: int, k: int) -> Callable[[], list[float]]:
        given = numbers(n, SEED)
        return lambda: sorted(given, reverse=True)[:k]

    @largest.contender
    def nlargest(n: int, k: int) -> Callable[[], list[float]]:
        given = numbers(n, SEED)
        return lambda: heapq.nlargest(k, given)

    @largest.contender
    def top_k(n: int, k: int) -> Callable[[], list[float]]:
        from velvet_algorithms.heaps import top_k

        given = numbers(n, SEED)
        return lambda: top_k(given, k)

    largest.same_result()
    suite.claim(
        "the ten largest of 20,000 are a job for nlargest",
        speedup("small_choices_largest", "nlargest", "sorted sliced", n=20_000, k=10) >= 4,
    )
    suite.claim(
        "a tenth of them is a job for sorted",
        speedup("small_choices_largest", "sorted sliced", "nlargest", n=20_000, k=2000) >= 1.1,
    )


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
    suite.claim(
        "a loop of fifteen lines orders tasks faster than graphlib",
        speedup("small_choices_order", "Kahn", "graphlib", n=4000) >= 1.5,
    )
    suite.claim(
        "and faster than networkx",
        speedup("small_choices_order", "Kahn", "networkx", n=4000) >= 2,
        needs="networkx",
    )


def _add_points(suite: Suite) -> None:
    rows: tuple[tuple[str, str, str, list[int], Tier], ...] = (
        ("small_choices_hull", "hull", "monotone chain", [300, 5000, 50_000], "quick"),
        ("small_choices_pair", "closest_pair", "grid", [300, 5000], "default"),
    )
    for name, family, ours, sizes, tier in rows:
        points = suite.comparison(
            name,
            title=f"The {family.replace('_', ' ')} of n points",
            unit="ms",
            sizes={"n": [100, 300, 1500, 5000, 50_000]},
            default=lambda n, sizes=sizes: n in sizes,
            tier=tier,
            quick=lambda n: n == 5000,
            rounds={"quick": 5, "default": 5},
        )
        add_rows(points, family, baseline=ours, most={"every pair": 300})
        suite.claim(
            f"scipy finds the {family.replace('_', ' ')} several times faster than Python",
            speedup(name, "scipy", ours, n=5000) >= (5 if family == "hull" else 2),
            needs="scipy",
            tier=tier,
        )
    suite.claim(
        "a grid beats looking at every pair from 300 points on",
        speedup("small_choices_pair", "grid", "every pair", n=300) >= 2,
        tier="default",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of small choices."""
    _add_largest(suite)
    _add_tasks(suite)
    _add_points(suite)
