"""SciPy: graphs as sparse matrices, points in a k-d tree, in C and C++."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from math import dist
from typing import Any

import numpy as np

from velvet_algorithms.contenders.ours import each, from_one
from velvet_algorithms.graph import Graph
from velvet_algorithms.samples.workloads import Arcs, Pairs, Points, Roads

NEEDS = "scipy"


def union_find(pairs: Pairs) -> Callable[[], int]:
    """Label the connected components."""
    sparse, csgraph = import_module("scipy.sparse"), import_module("scipy.sparse.csgraph")
    n = len(pairs)
    array = np.array(pairs).reshape(n, 2)
    graph = sparse.coo_matrix((np.ones(n, np.int8), (array[:, 0], array[:, 1])), (n, n)).tocsr()
    return lambda: int(csgraph.connected_components(graph, directed=False)[0])


def _form(graph: Graph) -> Any:
    starts, heads, weights = graph.csr
    matrix = import_module("scipy.sparse").csr_matrix
    return matrix((weights, heads, starts), shape=(graph.n, graph.n))


def sssp(given: Roads) -> Callable[[], list[float]]:
    """Find the distances from one crossing."""
    search = import_module("scipy.sparse.csgraph").dijkstra
    made = _form(given.graph)
    return from_one(lambda _, source: search(made, indices=source), given)


def routes(given: Roads) -> Callable[[], list[float]]:
    """Answer each route by a whole tree of distances."""
    search = import_module("scipy.sparse.csgraph").dijkstra
    made = _form(given.graph)
    return each(lambda s, t: float(search(made, indices=s)[t]), given)


def flow(given: Arcs) -> Callable[[], int]:
    """Find the maximum flow; parallel arcs are added up when a matrix becomes one of rows."""
    matrix = import_module("scipy.sparse").coo_matrix
    maximum_flow = import_module("scipy.sparse.csgraph").maximum_flow
    n, arcs = given
    tails, heads, capacities = zip(*arcs, strict=True)

    def run() -> int:
        made = matrix((capacities, (tails, heads)), shape=(n, n), dtype="int32")
        return int(maximum_flow(made.tocsr(), 0, n - 1).flow_value)

    return run


def components(given: Graph) -> Callable[[], int]:
    """Count strongly connected components."""
    matrix = import_module("scipy.sparse").coo_matrix
    connected = import_module("scipy.sparse.csgraph").connected_components
    tails, heads, _ = zip(*given.edges, strict=True)
    made = matrix(([1] * len(tails), (tails, heads)), shape=(given.n, given.n)).tocsr()
    return lambda: int(connected(made, directed=True, connection="strong")[0])


def hull(given: Points) -> Callable[[], object]:
    """Find the corners of the hull."""
    find = import_module("scipy.spatial").ConvexHull
    array = np.array(given)
    return lambda: {given[place] for place in find(array).vertices}


def closest_pair(given: Points) -> Callable[[], object]:
    """Ask a tree for every point's nearest neighbour."""
    tree = import_module("scipy.spatial").cKDTree
    array = np.array(given)

    def run() -> tuple[float, int, int]:
        distances, places = tree(array).query(array, k=2)
        low = int(distances[:, 1].argmin())
        high = int(places[low, 1])
        return dist(given[low], given[high]), min(low, high), max(low, high)

    return run
