"""Contenders on points in the plane: the hull, and the closest pair."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from functools import cache
from math import dist

from velvet_algorithms.contenders import contender, workload
from velvet_algorithms.geometry import closest_pair, convex_hull

Points = list[tuple[float, float]]


@cache
def _drawn(n: int, seed: int) -> Points:
    rng = random.Random(seed)
    return [(rng.random(), rng.random()) for _ in range(n)]


@workload("hull")
def _hull(n: int, seed: int) -> Points:
    return _drawn(max(n, 3), seed)


@workload("closest_pair")
def _pair(n: int, seed: int) -> Points:
    return _drawn(max(n, 2), seed)


@contender("hull", "monotone_chain", "ours")
def _(given: Points) -> Callable[[], object]:
    return lambda: set(convex_hull(given))


@contender("hull", "scipy", "compiled", needs="scipy")
def _(given: Points) -> Callable[[], object]:
    hull = importlib.import_module("scipy.spatial").ConvexHull
    array = importlib.import_module("numpy").array(given)
    return lambda: {given[place] for place in hull(array).vertices}


@contender("closest_pair", "grid", "ours")
def _(given: Points) -> Callable[[], object]:
    return lambda: closest_pair(given)


@contender("closest_pair", "every_pair", "ours", most=300)
def _(given: Points) -> Callable[[], object]:
    return lambda: min(
        (dist(a, b), low, high)
        for high, b in enumerate(given)
        for low, a in enumerate(given[:high])
    )


@contender("closest_pair", "scipy", "compiled", needs="scipy")
def _(given: Points) -> Callable[[], object]:
    tree = importlib.import_module("scipy.spatial").cKDTree
    array = importlib.import_module("numpy").array(given)

    def run() -> tuple[float, int, int]:
        distances, places = tree(array).query(array, k=2)
        low = int(distances[:, 1].argmin())
        high = int(places[low, 1])
        return dist(given[low], given[high]), min(low, high), max(low, high)

    return run
