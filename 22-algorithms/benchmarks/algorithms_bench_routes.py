"""Shortest paths: which queue, which library, and what a prepared network changes.

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

from algorithms_rows import SEED, add_rows

from velvet.bench import Metric, Outcome, Suite, Timed, growth, ratio, speedup

SIZES = [324, 784, 1936, 4900, 10_000]  # squares that span a factor of 30
MAPS = [2500, 10_000, 40_000]
QUESTIONS = 40


def _tree(name: str, n: int) -> Timed:
    from velvet_algorithms.families.roads import KeyedPairingHeap, roads
    from velvet_algorithms.trees import dijkstra_decrease_key, shortest_paths

    given = roads(n, SEED)
    searches: dict[str, Callable[..., Any]] = {
        "heapq_lazy": shortest_paths,
        "indexed_heap": dijkstra_decrease_key,
        "pairing_heap": partial(dijkstra_decrease_key, queue=KeyedPairingHeap),
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
        default=lambda n: n <= 10_000,
        quick=lambda n: n == 10_000,
        metrics={"pushes": Metric("pushes")},
        rounds={"quick": 6, "default": 6, "full": 10},
    )
    for queue in ("heapq_lazy", "indexed_heap", "pairing_heap"):
        queues.add(queue, partial(_tree, queue), baseline=queue == "heapq_lazy")
    queues.same_result()
    for peer in ("indexed_heap", "pairing_heap"):
        suite.claim(
            f"outdated entries in heapq cost less than decrease-key in our {peer.replace('_', ' ')}",
            speedup("priority_queues", "heapq_lazy", peer, n=10_000) >= 1.2,
        )


def _add_sssp(suite: Suite) -> None:
    sssp = suite.comparison(
        "sssp",
        title="Shortest paths from one crossing to all, four of them looked at",
        unit="ms",
        sizes={"n": MAPS},
        default=lambda n: n <= 10_000,
        quick=lambda n: n == 10_000,
        rounds={"quick": 6, "default": 8, "full": 10},
    )
    add_rows(sssp, "sssp", baseline="dijkstra", leave_out=("indexed_heap",), late=("numba",))
    suite.claim(
        "our Dijkstra is faster than that of networkx",
        speedup("sssp", "dijkstra", "networkx", n=10_000) >= 1.3,
        needs="networkx",
    )
    suite.claim(
        "compiled by Numba it takes at most twice the time of scipy's",
        speedup("sssp", "numba", "scipy", n=10_000) >= 0.5,
        needs=("numba", "scipy"),
        tier="default",
    )


def _add_queries(suite: Suite) -> None:
    queries = suite.comparison(
        "route_queries",
        title="One route between two crossings, by what the algorithm knows of the map",
        unit="ms",
        sizes={"n": MAPS},
        items=4,
        default=lambda n: n <= 10_000,
        quick=lambda n: n == 10_000,
        rounds={"quick": 5, "default": 8, "full": 10},
    )
    add_rows(queries, "routes", baseline="dijkstra", late=("numba",))
    for peer in ("rustworkx", "igraph", "scipy"):
        suite.claim(
            f"a hierarchy in Python answers in at most half the time of {peer}'s Dijkstra",
            speedup("route_queries", "hierarchy", peer, n=10_000) >= 2,
            needs=peer,
        )
    suite.claim(
        "and in at most half the time of our own Dijkstra as machine code",
        speedup("route_queries", "hierarchy", "numba", n=10_000) >= 2,
        needs="numba",
        tier="default",
    )
    suite.claim(
        "a hierarchy answers in at most an eighth of the time of networkx",
        speedup("route_queries", "hierarchy", "networkx", n=10_000) >= 8,
        needs="networkx",
    )


def _settled(name: str, n: int) -> Callable[[], dict[str, float]]:
    from velvet_algorithms.families.roads import roads
    from velvet_algorithms.graph import beeline
    from velvet_algorithms.paths import astar, bidirectional, dijkstra

    given = roads(n, SEED, QUESTIONS)
    graph = given.graph

    def route(source: int, target: int) -> Any:
        if name == "hierarchy":
            return given.hierarchy().query(source, target)
        if name == "landmarks":
            return given.landmarks().route(source, target)
        if name == "astar":
            return astar(graph, source, target, beeline(graph, target).__getitem__)
        return (dijkstra if name == "dijkstra" else bidirectional)(graph, source, target)

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
    for name in ("dijkstra", "bidirectional", "astar", "landmarks", "hierarchy"):
        settled.add(
            name,
            partial(_settled, name),
            baseline=name == "dijkstra",
            when=None if name in ("dijkstra", "hierarchy") else (lambda n: n in (324, 10_000)),
        )
    suite.claim(
        "a hierarchy settles at most an eighth of Dijkstra's nodes at 10,000",
        ratio("route_settled", "dijkstra", "hierarchy", "settled", n=10_000) >= 8,
    )
    suite.claim(
        "what Dijkstra settles grows with the map",
        growth("route_settled", "dijkstra", over="n", metric="settled").between(0.85, 1.15),
    )
    suite.claim(
        "what a hierarchy settles grows far more slowly",
        growth("route_settled", "hierarchy", over="n", metric="settled") <= 0.6,
    )


def _built(n: int) -> Callable[[], Outcome]:
    from velvet_algorithms.graph import road_network
    from velvet_algorithms.hierarchy import ContractionHierarchy

    graph = road_network(math.isqrt(n), SEED)

    def run() -> Outcome:
        hierarchy = ContractionHierarchy.build(graph)
        return Outcome({"shortcuts": sum(1 for _ in hierarchy.shortcuts)}, result=True)

    return run


def _loaded(n: int) -> Iterator[Callable[[], Outcome]]:
    from velvet_algorithms.graph import road_network
    from velvet_algorithms.hierarchy import ContractionHierarchy

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roads.npz"
        ContractionHierarchy.build(road_network(math.isqrt(n), SEED)).save(path)

        def run() -> Outcome:
            hierarchy = ContractionHierarchy.load(path)
            shortcuts = sum(1 for _ in hierarchy.shortcuts)
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
    suite.claim(
        "loading a hierarchy takes a fraction of building it",
        speedup("hierarchy_build", "load", "build", n=2500) >= 3,
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of shortest paths."""
    _add_queues(suite)
    _add_sssp(suite)
    _add_queries(suite)
    _add_settled(suite)
    _add_build(suite)
