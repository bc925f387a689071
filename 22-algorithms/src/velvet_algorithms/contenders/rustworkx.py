"""rustworkx: graphs in Rust, with Python callables for what an edge costs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from velvet_algorithms.contenders.ours import each
from velvet_algorithms.graph import Graph
from velvet_algorithms.samples.workloads import Roads

NEEDS = "rustworkx"


def _form(graph: Graph) -> Any:
    made = import_module("rustworkx").PyGraph(multigraph=False)
    made.add_nodes_from(range(graph.n))
    made.add_edges_from([(tail, head, float(weight)) for tail, head, weight in graph.edges])
    return made


def sssp(given: Roads) -> Callable[[], list[float]]:
    """Find the distances from one crossing; `float` of a float is the cheapest callable it takes."""
    search = import_module("rustworkx").dijkstra_shortest_path_lengths
    made = _form(given.graph)
    source, targets = given.pairs[0][0], [target for _, target in given.pairs]

    def run() -> list[float]:
        found = search(made, source, float)
        return [0.0 if target == source else found[target] for target in targets]

    return run


def routes(given: Roads) -> Callable[[], list[float]]:
    """Search each route from its source to its goal."""
    search = import_module("rustworkx").dijkstra_shortest_path_lengths
    made = _form(given.graph)

    def route(source: int, target: int) -> float:
        return float(search(made, source, float, goal=target)[target]) if source != target else 0.0

    return each(route, given)


def components(given: Graph) -> Callable[[], int]:
    """Count strongly connected components."""
    rustworkx = import_module("rustworkx")
    made = rustworkx.PyDiGraph()
    made.add_nodes_from(range(given.n))
    made.add_edges_from_no_data([(tail, head) for tail, head, _ in given.edges])
    return lambda: len(rustworkx.strongly_connected_components(made))
