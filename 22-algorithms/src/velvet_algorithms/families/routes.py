"""Contenders for questions on a road network: four pairs of crossings, one after another.

What can be prepared for a network is prepared in the set-up; that is the point of a hierarchy, and
the benchmark `hierarchy_build` says what it costs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from velvet_algorithms.contenders import contender, workload
from velvet_algorithms.families.roads import (
    Answer,
    Roads,
    igraph_form,
    networkx_form,
    roads,
    rustworkx_form,
    scipy_form,
)
from velvet_algorithms.fast import nb_dijkstra
from velvet_algorithms.graph import beeline
from velvet_algorithms.naive_paths import naive_dijkstra
from velvet_algorithms.paths import astar, bidirectional, dijkstra


@workload("routes")
def _routes(n: int, seed: int) -> Roads:
    return roads(n, seed)


def _each(route: Callable[[int, int], float], given: Roads) -> Answer:
    return lambda: [route(source, target) for source, target in given.pairs]


@contender("routes", "sorted_list", "ours", most=2500)
def _(given: Roads) -> Answer:
    return _each(lambda s, t: float(naive_dijkstra(given.graph, s, t).distance), given)


@contender("routes", "dijkstra", "ours")
def _(given: Roads) -> Answer:
    return _each(lambda s, t: float(dijkstra(given.graph, s, t).distance), given)


@contender("routes", "bidirectional", "ours")
def _(given: Roads) -> Answer:
    return _each(lambda s, t: float(bidirectional(given.graph, s, t).distance), given)


@contender("routes", "astar", "ours")
def _(given: Roads) -> Answer:
    bounds = {target: beeline(given.graph, target).__getitem__ for _, target in given.pairs}
    return _each(lambda s, t: float(astar(given.graph, s, t, bounds[t]).distance), given)


@contender("routes", "landmarks", "ours")
def _(given: Roads) -> Answer:
    route = given.landmarks().route
    return _each(lambda s, t: float(route(s, t).distance), given)


@contender("routes", "hierarchy", "ours", most=40_000)
def _(given: Roads) -> Answer:
    query = given.hierarchy().query
    return _each(lambda s, t: float(query(s, t).distance), given)


@contender("routes", "numba", "numba", needs="numba")
def _(given: Roads) -> Answer:
    return _each(lambda s, t: float(nb_dijkstra(given.graph, s)[t]), given)


@contender("routes", "networkx", "python", needs="networkx")
def _(given: Roads) -> Answer:
    search = importlib.import_module("networkx").bidirectional_dijkstra
    made = networkx_form(given.graph)
    return _each(lambda s, t: float(search(made, s, t)[0]), given)


@contender("routes", "rustworkx", "compiled", needs="rustworkx")
def _(given: Roads) -> Answer:
    search = importlib.import_module("rustworkx").dijkstra_shortest_path_lengths
    made = rustworkx_form(given.graph)

    def route(source: int, target: int) -> float:
        return float(search(made, source, float, goal=target)[target]) if source != target else 0.0

    return _each(route, given)


@contender("routes", "igraph", "compiled", needs="igraph")
def _(given: Roads) -> Answer:
    made, weights = igraph_form(given.graph)
    return _each(lambda s, t: float(made.distances(s, t, weights=weights)[0][0]), given)


@contender("routes", "scipy", "compiled", needs="scipy")
def _(given: Roads) -> Answer:
    search = importlib.import_module("scipy.sparse.csgraph").dijkstra
    made = scipy_form(given.graph)
    return _each(lambda s, t: float(search(made, indices=s)[t]), given)
