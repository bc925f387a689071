"""Graphs: flows, components, and shortest paths by queue, by library, by what is prepared.

A hierarchy is built once in each worker's set-up. Times are paired; how many nodes an algorithm
settles is counted and the same on every machine, so the growth of that is what claims rest on.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Metric, Outcome, Suite, Timed, growth, ratio
from velvet_algorithms.comparisons.rows import SEED, add_rows, claim_speedups
from velvet_algorithms.graph import beeline, road_network
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.pairing_heap import Node, PairingHeap
from velvet_algorithms.paths import astar, bidirectional, dijkstra
from velvet_algorithms.samples.workloads import roads
from velvet_algorithms.trees import dijkstra_decrease_key, shortest_paths

SIZES = [324, 784, 1936, 4900, 10_000]  # squares that span a factor of 30
MAPS = [100, 400, 900, 2500, 10_000, 40_000]
QUESTIONS = 40


def _add_flow(suite: Suite) -> None:
    """Add maximum flows, from a list of arcs, because a network is used up by its flow."""
    flow = suite.comparison(
        "flow_and_scc_flow",
        title="The maximum flow through n nodes and 10 n arcs, from the list of arcs",
        unit="ms",
        sizes={"n": [25, 100, 400, 1000, 2000]},
        default=lambda n: n in (400, 2000),
        quick=lambda n: n == 400,
        rounds={"quick": 6, "default": 8},
    )
    add_rows(flow, "flow", baseline="Dinic")
    claims = {
        "our Dinic is several times faster than the flow of networkx": ("Dinic", "networkx", 4),
        "our Dinic is faster than the port of the AtCoder library": ("Dinic", "atcoder", 1.2),
    }
    claim_speedups(suite, flow, claims, n=400)


def _add_components(suite: Suite) -> None:
    """Add strong components; every library has its graph in its own form before the clock starts."""
    components = suite.comparison(
        "flow_and_scc_components",
        title="Strongly connected components of n nodes and 2 n arcs",
        unit="ms",
        sizes={"n": [500, 1500, 5000, 15_000, 50_000]},
        default=lambda n: n > 500,
        quick=lambda n: n == 15_000,
        rounds={"quick": 5, "default": 5},
    )
    add_rows(components, "components", baseline="Tarjan")
    claims = {
        "our Tarjan is faster than that of networkx": ("Tarjan", "networkx", 1.5),
        "our Tarjan is faster than the port of the AtCoder library": ("Tarjan", "atcoder", 1.3),
    }
    claim_speedups(suite, components, claims, n=15_000)


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


def _tree(name: str, n: int) -> Timed:
    given = roads(n, SEED)
    searches: dict[str, Callable[..., Any]] = {
        "heapq": shortest_paths,
        "IndexedHeap": dijkstra_decrease_key,
        "PairingHeap": partial(dijkstra_decrease_key, queue=KeyedPairingHeap),
    }
    search, source = searches[name], given.pairs[0][0]
    return Timed(
        lambda: search(given.graph, source).distance,
        metrics=lambda: {"pushes": search(given.graph, source).pushes},
    )


def _add_queues(suite: Suite) -> None:
    queues = suite.comparison(
        "priority_queues",
        title="Dijkstra's algorithm from one crossing to all, by its queue",
        unit="ms",
        sizes={"n": MAPS},
        default=lambda n: n in (2500, 10_000),
        quick=lambda n: n == 10_000,
        metrics={"pushes": Metric("pushes")},
        rounds={"quick": 6, "default": 6, "full": 10},
    )
    for queue in ("heapq", "IndexedHeap", "PairingHeap"):
        queues.add(queue, partial(_tree, queue), baseline=queue == "heapq")
    queues.same_result()
    updates = suite.comparison(
        "queue_updates",
        title="n pushes, every second priority lowered, n pops",
        unit="ms",
        sizes={"n": [300, 1000, 3000, 10_000, 30_000]},
        default=lambda n: n >= 3000,
        quick=lambda n: n == 3000,
        rounds={"quick": 5, "default": 6},
    )
    add_rows(updates, "queue_updates", baseline="heapq")
    indexed = "an IndexedHeap pays for its index: pushing again into heapq is faster"
    claim_speedups(suite, updates, {indexed: ("heapq", "IndexedHeap", 2)}, n=3000)
    claims = {
        f"outdated entries in heapq cost less than decrease-key in our {peer}": ("heapq", peer, 1.2)
        for peer in ("IndexedHeap", "PairingHeap")
    }
    claim_speedups(suite, queues, claims, n=10_000)


def _add_sssp(suite: Suite) -> None:
    sssp = suite.comparison(
        "sssp",
        title="Shortest paths from one crossing to all, four of them looked at",
        unit="ms",
        sizes={"n": MAPS},
        default=lambda n: n in (2500, 10_000),
        quick=lambda n: n == 10_000,
        rounds={"quick": 6, "default": 8, "full": 10},
    )
    add_rows(sssp, "sssp", baseline="Dijkstra", late=("numba",))
    networkx = "our Dijkstra is faster than that of networkx"
    claim_speedups(suite, sssp, {networkx: ("Dijkstra", "networkx", 1.3)}, n=10_000)
    compiled = "compiled by Numba it takes at most twice the time of scipy's"
    claim_speedups(suite, sssp, {compiled: ("numba", "scipy", 0.5)}, n=10_000, tier="default")


def _add_queries(suite: Suite) -> None:
    queries = suite.comparison(
        "route_queries",
        title="One route between two crossings, by what the algorithm knows of the map",
        unit="ms",
        sizes={"n": MAPS},
        items=4,
        default=lambda n: n in (2500, 10_000),
        quick=lambda n: n == 10_000,
        rounds={"quick": 5, "default": 8, "full": 10},
    )
    most = {"sorted list": 2500, "hierarchy": 40_000}
    add_rows(queries, "routes", baseline="Dijkstra", late=("numba",), most=most)
    half = "a hierarchy in Python answers in at most half the time of {}'s Dijkstra"
    peers = ("rustworkx", "igraph", "scipy")
    claims = {half.format(peer): ("hierarchy", peer, 2) for peer in peers}
    claim_speedups(suite, queries, claims, n=10_000)
    own = "and in at most half the time of our own Dijkstra as machine code"
    claim_speedups(suite, queries, {own: ("hierarchy", "numba", 2)}, n=10_000, tier="default")
    networkx = "a hierarchy answers in at most an eighth of the time of networkx"
    claim_speedups(suite, queries, {networkx: ("hierarchy", "networkx", 8)}, n=10_000)


def _settled(name: str, n: int) -> Callable[[], dict[str, float]]:
    given = roads(n, SEED, QUESTIONS)
    graph = given.graph

    def route(source: int, target: int) -> Any:
        if name == "hierarchy":
            return given.hierarchy().query(source, target)
        if name == "landmarks":
            return given.landmarks().route(source, target)
        if name == "A*":
            return astar(graph, source, target, beeline(graph, target).__getitem__)
        return (dijkstra if name == "Dijkstra" else bidirectional)(graph, source, target)

    def run() -> dict[str, float]:
        counts = [len(route(*pair).settled) for pair in given.pairs]
        return {"settled": sum(counts) / len(counts)}

    return run


def _add_settled(suite: Suite) -> None:
    settled = suite.comparison(
        "route_settled",
        title=f"Nodes settled for a route, the mean of {QUESTIONS} questions",
        kind="value",
        unit="nodes",
        sizes={"n": SIZES},
        metrics={"settled": Metric("nodes")},
    )
    for name in ("Dijkstra", "bidirectional", "A*", "landmarks", "hierarchy"):
        settled.add(
            name,
            partial(_settled, name),
            baseline=name == "Dijkstra",
            when=None if name in ("Dijkstra", "hierarchy") else (lambda n: n in (324, 10_000)),
        )
    suite.claim(
        "a hierarchy settles at most an eighth of Dijkstra's nodes at 10,000",
        ratio("route_settled", "Dijkstra", "hierarchy", "settled", n=10_000) >= 8,
    )
    suite.claim(
        "what Dijkstra settles grows with the map",
        growth("route_settled", "Dijkstra", over="n", metric="settled").between(0.85, 1.15),
    )
    suite.claim(
        "what a hierarchy settles grows far more slowly",
        growth("route_settled", "hierarchy", over="n", metric="settled") <= 0.6,
    )


def _built(n: int) -> Callable[[], Outcome]:
    graph = road_network(math.isqrt(n), SEED)

    def run() -> Outcome:
        hierarchy = ContractionHierarchy.build(graph)
        return Outcome({"shortcuts": len(hierarchy.shortcuts)}, result=True)

    return run


def _loaded(n: int) -> Iterator[Callable[[], Outcome]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roads.npz"
        ContractionHierarchy.build(road_network(math.isqrt(n), SEED)).save(path)

        def run() -> Outcome:
            hierarchy = ContractionHierarchy.load(path)
            shortcuts = len(hierarchy.shortcuts)
            return Outcome({"shortcuts": shortcuts, "file_kb": path.stat().st_size / 1000})

        yield run


def _add_build(suite: Suite) -> None:
    build = suite.comparison(
        "hierarchy_build",
        title="A hierarchy of a road network: built, and loaded from its file",
        kind="run",
        unit="s",
        sizes={"n": [2500, 10_000]},
        quick=lambda n: n == 2500,
        metrics={"shortcuts": Metric("arcs"), "file_kb": Metric("kB")},
        rounds={"quick": 3, "default": 3, "full": 7},
    )
    build.add("build", _built, baseline=True)
    build.add("load", _loaded)
    loading = "loading a hierarchy takes a fraction of building it"
    claim_speedups(suite, build, {loading: ("load", "build", 3)}, n=2500)


def add_to(suite: Suite) -> None:
    """Add the comparisons of graphs."""
    _add_flow(suite)
    _add_components(suite)
    _add_queues(suite)
    _add_sssp(suite)
    _add_queries(suite)
    _add_settled(suite)
    _add_build(suite)
