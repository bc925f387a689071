"""networkx: graphs as dictionaries of dictionaries, in pure Python."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from velvet_algorithms.contenders.builtin import checked
from velvet_algorithms.contenders.ours import each, from_one
from velvet_algorithms.graph import Graph
from velvet_algorithms.samples.workloads import Arcs, Pairs, Roads

NEEDS = "networkx"


def union_find(pairs: Pairs) -> Callable[[], int]:
    """Join pairs, and ask for every representative."""
    make = import_module("networkx.utils").UnionFind

    def run() -> int:
        sets = make(range(len(pairs)))
        for a, b in pairs:
            sets.union(a, b)
        return len(set(map(sets.__getitem__, range(len(pairs)))))

    return run


def _form(graph: Graph) -> Any:
    made = import_module("networkx").Graph()
    made.add_nodes_from(range(graph.n))
    made.add_weighted_edges_from(graph.edges)
    return made


def sssp(given: Roads) -> Callable[[], list[float]]:
    """Find the distances from one crossing."""
    search = import_module("networkx").single_source_dijkstra_path_length
    made = _form(given.graph)
    return from_one(lambda _, source: search(made, source), given)


def routes(given: Roads) -> Callable[[], list[float]]:
    """Search each route from both ends."""
    search = import_module("networkx").bidirectional_dijkstra
    made = _form(given.graph)
    return each(lambda s, t: float(search(made, s, t)[0]), given)


def flow(given: Arcs) -> Callable[[], int]:
    """Find the maximum flow from a list of arcs, parallel ones added up: it knows only one."""
    networkx = import_module("networkx")
    n, arcs = given
    total: dict[tuple[int, int], int] = {}
    for tail, head, capacity in arcs:
        total[tail, head] = total.get((tail, head), 0) + capacity
    joined = [(*ends, capacity) for ends, capacity in total.items()]

    def run() -> int:
        network = networkx.DiGraph()
        network.add_nodes_from(range(n))
        network.add_weighted_edges_from(joined, weight="capacity")
        return int(networkx.maximum_flow_value(network, 0, n - 1))

    return run


def components(given: Graph) -> Callable[[], int]:
    """Count strongly connected components."""
    networkx = import_module("networkx")
    made = networkx.DiGraph()
    made.add_nodes_from(range(given.n))
    made.add_edges_from((tail, head) for tail, head, _ in given.edges)
    return lambda: len(list(networkx.strongly_connected_components(made)))


def tasks(given: dict[int, list[int]]) -> Callable[[], int]:
    """Order tasks, from the mapping to the order."""
    networkx = import_module("networkx")

    def run() -> list[int]:
        made = networkx.DiGraph()
        made.add_nodes_from(given)
        made.add_edges_from((early, task) for task, before in given.items() for early in before)
        return list(networkx.topological_sort(made))

    order = checked(run, given)
    return lambda: len(order())
