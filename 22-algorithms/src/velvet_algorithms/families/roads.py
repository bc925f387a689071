"""Contenders on road networks: from one crossing to all others.

Networks and what is prepared from them are made once a process; preparing is never timed with the
questions. Compiled libraries get their own array or graph form, built in the set-up too.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from functools import cache, partial
from math import isqrt
from typing import Any, NamedTuple

from velvet_algorithms.contenders import contender, workload
from velvet_algorithms.fast import nb_dijkstra
from velvet_algorithms.graph import MAIN_EVERY, Graph, road_network
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.landmarks import Landmarks
from velvet_algorithms.pairing_heap import PairingHeap
from velvet_algorithms.pairing_nodes import Node
from velvet_algorithms.trees import dijkstra_decrease_key, shortest_paths

PAIRS = 4
Answer = Callable[[], list[float]]


class Roads(NamedTuple):
    """A network with questions: pairs to be joined, and targets to be looked at."""

    graph: Graph
    pairs: list[tuple[int, int]]
    hierarchy: Callable[[], ContractionHierarchy]
    landmarks: Callable[[], Landmarks]


@cache
def roads(n: int, seed: int, pairs: int = PAIRS) -> Roads:
    """Return a network of about n crossings and pairs of crossings on main roads, all joined."""
    side = max(2, isqrt(n))
    graph = road_network(side, seed)
    rng = random.Random(seed)
    last = (side - 1) // MAIN_EVERY

    def crossing() -> int:
        return MAIN_EVERY * rng.randint(0, last) * side + rng.randrange(side)

    drawn = [(crossing(), crossing()) for _ in range(pairs)]
    return Roads(
        graph,
        drawn,
        cache(partial(ContractionHierarchy.build, graph)),
        cache(partial(Landmarks, graph)),
    )


@workload("sssp")
def _sssp(n: int, seed: int) -> Roads:
    return roads(n, seed)


class KeyedPairingHeap:
    """A `PairingHeap` whose entries are moved by their item, as `dijkstra_decrease_key` wants."""

    def __init__(self) -> None:
        self._heap: PairingHeap[int] = PairingHeap()
        self._nodes: dict[int, Node[int]] = {}

    def push(self, item: int, priority: float) -> None:
        """Add an item."""
        self._nodes[item] = self._heap.push(item, priority)

    def pop(self) -> tuple[int, float]:
        """Remove the item of least priority and return it with that."""
        return self._heap.pop()

    def decrease_key(self, item: int, priority: float) -> None:
        """Lower the priority of an item that is here."""
        self._heap.decrease_key(self._nodes[item], priority)

    def __len__(self) -> int:
        return len(self._heap)


def _targets(given: Roads) -> tuple[int, list[int]]:
    return given.pairs[0][0], [target for _, target in given.pairs]


def _from_one(search: Callable[[Graph, int], Any], given: Roads) -> Answer:
    source, targets = _targets(given)

    def run() -> list[float]:
        distance = search(given.graph, source)
        return [float(distance[target]) for target in targets]

    return run


@contender("sssp", "dijkstra", "ours")
def _(given: Roads) -> Answer:
    return _from_one(lambda graph, source: shortest_paths(graph, source).distance, given)


@contender("sssp", "indexed_heap", "ours")
def _(given: Roads) -> Answer:
    return _from_one(lambda graph, source: dijkstra_decrease_key(graph, source).distance, given)


@contender("sssp", "numba", "numba", needs="numba")
def _(given: Roads) -> Answer:
    return _from_one(nb_dijkstra, given)


def networkx_form(graph: Graph) -> Any:
    """Return a graph as networkx has it."""
    made = importlib.import_module("networkx").Graph()
    made.add_nodes_from(range(graph.n))
    made.add_weighted_edges_from(graph.edges)
    return made


def rustworkx_form(graph: Graph) -> Any:
    """Return a graph as rustworkx has it, weights as floats."""
    made = importlib.import_module("rustworkx").PyGraph(multigraph=False)
    made.add_nodes_from(range(graph.n))
    made.add_edges_from([(tail, head, float(weight)) for tail, head, weight in graph.edges])
    return made


def igraph_form(graph: Graph) -> tuple[Any, list[float]]:
    """Return a graph as igraph has it, and its weights."""
    made = importlib.import_module("igraph").Graph(
        n=graph.n, edges=[(tail, head) for tail, head, _ in graph.edges]
    )
    return made, [weight for _, _, weight in graph.edges]


def scipy_form(graph: Graph) -> Any:
    """Return a graph as a sparse matrix."""
    starts, heads, weights = graph.csr
    sparse = importlib.import_module("scipy.sparse")
    return sparse.csr_matrix((weights, heads, starts), shape=(graph.n, graph.n))


@contender("sssp", "networkx", "python", needs="networkx")
def _(given: Roads) -> Answer:
    search = importlib.import_module("networkx").single_source_dijkstra_path_length
    made = networkx_form(given.graph)
    return _from_one(lambda _, source: search(made, source), given)


@contender("sssp", "rustworkx", "compiled", needs="rustworkx")
def _(given: Roads) -> Answer:
    search = importlib.import_module("rustworkx").dijkstra_shortest_path_lengths
    made = rustworkx_form(given.graph)
    # `float` of a float is the cheapest callable that it accepts for an edge's cost.
    source, targets = _targets(given)

    def run() -> list[float]:
        found = search(made, source, float)
        return [0.0 if target == source else found[target] for target in targets]

    return run


@contender("sssp", "igraph", "compiled", needs="igraph")
def _(given: Roads) -> Answer:
    made, weights = igraph_form(given.graph)
    return _from_one(lambda _, source: made.distances(source, weights=weights)[0], given)


@contender("sssp", "scipy", "compiled", needs="scipy")
def _(given: Roads) -> Answer:
    search = importlib.import_module("scipy.sparse.csgraph").dijkstra
    made = scipy_form(given.graph)
    return _from_one(lambda _, source: search(made, indices=source), given)
