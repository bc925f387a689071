"""Small choices that come up every week: the k largest, an order of tasks, a hull, a pair."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

from algorithms_rows import SEED, add_rows

from velvet.bench import Suite, speedup

FLOATS = 200_000


def _add_largest(suite: Suite) -> None:
    largest = suite.comparison(
        "small_choices_largest",
        title=f"The k largest of {FLOATS:,} floats",
        unit="ms",
        sizes={"k": [10, 2000, FLOATS // 10]},
        quick=lambda k: k in (10, FLOATS // 10),
        rounds={"quick": 5, "default": 6},
    )

    def floats() -> list[float]:
        rng = random.Random(SEED)
        return [rng.random() for _ in range(FLOATS)]

    @largest.contender(baseline=True)
    def in_order(k: int) -> Callable[[], list[float]]:
        given = floats()
        return lambda: sorted(given, reverse=True)[:k]

    @largest.contender
    def nlargest(k: int) -> Callable[[], list[float]]:
        given = floats()
        return lambda: heapq.nlargest(k, given)

    @largest.contender
    def top_k(k: int) -> Callable[[], list[float]]:
        from velvet_algorithms.heaps import top_k

        given = floats()
        return lambda: top_k(given, k)

    largest.same_result()
    suite.claim(
        "ten of 200,000 are a job for nlargest",
        speedup("small_choices_largest", "nlargest", "in_order", k=10) >= 5,
    )
    suite.claim(
        "a tenth of them is a job for sorted",
        speedup("small_choices_largest", "in_order", "nlargest", k=FLOATS // 10) >= 1.3,
    )


def _add_tasks(suite: Suite) -> None:
    tasks = suite.comparison(
        "small_choices_order",
        title="An order of n tasks, each after up to three others, from a mapping",
        unit="ms",
        sizes={"n": [600, 1500, 4000, 9000, 20_000]},
        quick=lambda n: n == 20_000,
        rounds={"quick": 6, "default": 10},
    )
    add_rows(tasks, "tasks", baseline="kahn")
    suite.claim(
        "a loop of fifteen lines orders tasks faster than graphlib",
        speedup("small_choices_order", "kahn", "graphlib", n=20_000) >= 1.5,
    )
    suite.claim(
        "and faster than networkx",
        speedup("small_choices_order", "kahn", "networkx", n=20_000) >= 2,
        needs="networkx",
    )


def _add_points(suite: Suite) -> None:
    for name, family, ours, sizes in (
        ("small_choices_hull", "hull", "monotone_chain", [300, 5000, 50_000]),
        ("small_choices_pair", "closest_pair", "grid", [300, 5000]),
    ):
        points = suite.comparison(
            name,
            title=f"The {family.replace('_', ' ')} of n points",
            unit="ms",
            sizes={"n": sizes},
            quick=lambda n: n in (300, 5000),
            rounds={"quick": 6, "default": 8},
        )
        add_rows(points, family, baseline=ours)
        suite.claim(
            f"scipy finds the {family.replace('_', ' ')} several times faster than Python",
            speedup(name, "scipy", ours, n=5000) >= (5 if family == "hull" else 3),
            needs="scipy",
        )
    suite.claim(
        "a grid beats looking at every pair from 300 points on",
        speedup("small_choices_pair", "grid", "every_pair", n=300) >= 2,
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of small choices."""
    _add_largest(suite)
    _add_tasks(suite)
    _add_points(suite)
