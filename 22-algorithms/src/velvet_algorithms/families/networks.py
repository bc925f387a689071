"""Contenders on random networks: maximum flow and strong components."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache

from velvet_algorithms.components import scc
from velvet_algorithms.contenders import contender, workload
from velvet_algorithms.flow import MaxFlow
from velvet_algorithms.graph import Arc, Graph, random_graph

ARCS_PER_NODE = 10
ACL = "ac-library-python"
Number = Callable[[], int]
Arcs = tuple[int, list[tuple[int, int, int]]]


@workload("flow")
def _flow(n: int, seed: int) -> Arcs:
    """Return n nodes and ten arcs a node; the flow goes from the first to the last."""
    drawn = random_graph(n, ARCS_PER_NODE * n, seed).edges
    return n, [(tail, head, int(capacity)) for tail, head, capacity in drawn]


@contender("flow", "dinic", "ours")
def _(given: Arcs) -> Number:
    n, arcs = given

    def run() -> int:
        network = MaxFlow(n)
        for tail, head, capacity in arcs:
            network.add_edge(tail, head, capacity)
        return int(network.flow(0, n - 1))

    return run


@contender("flow", "atcoder", "python", needs=ACL)
def _(given: Arcs) -> Number:
    make = importlib.import_module("atcoder.maxflow").MFGraph
    n, arcs = given

    def run() -> int:
        network = make(n)
        for tail, head, capacity in arcs:
            network.add_edge(tail, head, capacity)
        return int(network.flow(0, n - 1))

    return run


def _joined(arcs: list[tuple[int, int, int]]) -> dict[tuple[int, int], int]:
    """Add up parallel arcs, for libraries that know only one between two nodes."""
    total: dict[tuple[int, int], int] = {}
    for tail, head, capacity in arcs:
        total[tail, head] = total.get((tail, head), 0) + capacity
    return total


@contender("flow", "networkx", "python", needs="networkx")
def _(given: Arcs) -> Number:
    networkx = importlib.import_module("networkx")
    n, arcs = given
    joined = [(tail, head, capacity) for (tail, head), capacity in _joined(arcs).items()]

    def run() -> int:
        network = networkx.DiGraph()
        network.add_nodes_from(range(n))
        network.add_weighted_edges_from(joined, weight="capacity")
        return int(networkx.maximum_flow_value(network, 0, n - 1))

    return run


@contender("flow", "igraph", "compiled", needs="igraph")
def _(given: Arcs) -> Number:
    make = importlib.import_module("igraph").Graph
    n, arcs = given
    ends, capacities = [arc[:2] for arc in arcs], [arc[2] for arc in arcs]
    return lambda: round(
        make(n=n, edges=ends, directed=True).maxflow_value(0, n - 1, capacity=capacities)
    )


@contender("flow", "scipy", "compiled", needs="scipy")
def _(given: Arcs) -> Number:
    sparse = importlib.import_module("scipy.sparse")
    maximum_flow = importlib.import_module("scipy.sparse.csgraph").maximum_flow
    n, arcs = given
    tails, heads, capacities = zip(*arcs, strict=True)

    def run() -> int:
        # Parallel arcs are added up when a coordinate matrix becomes a row matrix.
        made = sparse.coo_matrix((capacities, (tails, heads)), shape=(n, n), dtype="int32")
        return int(maximum_flow(made.tocsr(), 0, n - 1).flow_value)

    return run


@cache
def _digraph(n: int, seed: int) -> Graph:
    return random_graph(n, 2 * n, seed)


@workload("components")
def _components(n: int, seed: int) -> Graph:
    """Return a directed graph of n nodes with two arcs a node: one giant component, many small."""
    graph = _digraph(n, seed)
    _ = graph.successors  # made once, as the other libraries' graphs are
    return graph


def _ends(edges: object) -> list[tuple[int, int]]:
    arcs: list[Arc] = list(edges)  # type: ignore[call-overload]
    return [(tail, head) for tail, head, _ in arcs]


@contender("components", "tarjan", "ours")
def _(given: Graph) -> Number:
    return lambda: len(scc(given))


@contender("components", "atcoder", "python", needs=ACL)
def _(given: Graph) -> Number:
    made = importlib.import_module("atcoder.scc").SCCGraph(given.n)
    for tail, head in _ends(given.edges):
        made.add_edge(tail, head)
    return lambda: len(made.scc())


@contender("components", "networkx", "python", needs="networkx")
def _(given: Graph) -> Number:
    networkx = importlib.import_module("networkx")
    made = networkx.DiGraph()
    made.add_nodes_from(range(given.n))
    made.add_edges_from(_ends(given.edges))
    return lambda: len(list(networkx.strongly_connected_components(made)))


@contender("components", "rustworkx", "compiled", needs="rustworkx")
def _(given: Graph) -> Number:
    rustworkx = importlib.import_module("rustworkx")
    made = rustworkx.PyDiGraph()
    made.add_nodes_from(range(given.n))
    made.add_edges_from_no_data(_ends(given.edges))
    return lambda: len(rustworkx.strongly_connected_components(made))


@contender("components", "igraph", "compiled", needs="igraph")
def _(given: Graph) -> Number:
    igraph = importlib.import_module("igraph")
    made = igraph.Graph(n=given.n, edges=_ends(given.edges), directed=True)
    return lambda: len(list(made.connected_components(mode="strong")))


@contender("components", "scipy", "compiled", needs="scipy")
def _(given: Graph) -> Number:
    sparse = importlib.import_module("scipy.sparse")
    connected = importlib.import_module("scipy.sparse.csgraph").connected_components
    tails, heads = zip(*_ends(given.edges), strict=True)
    ones = [1] * len(tails)
    made = sparse.coo_matrix((ones, (tails, heads)), shape=(given.n, given.n)).tocsr()
    return lambda: int(connected(made, directed=True, connection="strong")[0])
