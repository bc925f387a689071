"""igraph: graphs in C, edges and weights as lists."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from velvet_algorithms.contenders.ours import each, from_one
from velvet_algorithms.graph import Graph
from velvet_algorithms.samples.workloads import Arcs, Roads

NEEDS = "igraph"


def _form(graph: Graph) -> tuple[Any, list[float]]:
    ends = [(tail, head) for tail, head, _ in graph.edges]
    made = import_module("igraph").Graph(n=graph.n, edges=ends, directed=graph.directed)
    return made, [weight for _, _, weight in graph.edges]


def sssp(given: Roads) -> Callable[[], list[float]]:
    """Find the distances from one crossing."""
    made, weights = _form(given.graph)
    return from_one(lambda _, source: made.distances(source, weights=weights)[0], given)


def routes(given: Roads) -> Callable[[], list[float]]:
    """Search each route from its source to its goal."""
    made, weights = _form(given.graph)
    return each(lambda s, t: float(made.distances(s, t, weights=weights)[0][0]), given)


def flow(given: Arcs) -> Callable[[], int]:
    """Find the maximum flow from a list of arcs."""
    make = import_module("igraph").Graph
    n, arcs = given
    ends, capacities = [arc[:2] for arc in arcs], [arc[2] for arc in arcs]
    return lambda: round(
        make(n=n, edges=ends, directed=True).maxflow_value(0, n - 1, capacity=capacities)
    )


def components(given: Graph) -> Callable[[], int]:
    """Count strongly connected components."""
    made, _ = _form(given)
    return lambda: len(list(made.connected_components(mode="strong")))
