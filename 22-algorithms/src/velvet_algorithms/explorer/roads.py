"""The route map: a road network, five ways to search it, and what each of them settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from velvet_algorithms.contraction import contract
from velvet_algorithms.graph import MAIN_EVERY, Graph, beeline, road_network
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.landmarks import Landmarks
from velvet_algorithms.paths import PathResult, astar, bidirectional, dijkstra

ALGORITHMS = ("dijkstra", "bidirectional", "astar", "landmarks", "hierarchy")
WITNESS_LIMIT = 60
AT_ONCE_SIDE = 40  # a hierarchy of 1,600 crossings takes a tenth of a second
MOST_SIDE = 80
_REPEATS = 3
Floats = npt.NDArray[np.float64]
Line = tuple[Floats, Floats]  # x and y
Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Town:
    """A road network with what is prepared for it; the hierarchy may be missing."""

    side: int
    graph: Graph
    landmarks: Landmarks
    hierarchy: ContractionHierarchy | None

    def problems(self, source: int, target: int) -> list[str]:
        """Return what is wrong with a question; empty when nothing is."""
        last = self.graph.n - 1
        return [
            f"{name} must be a crossing from 0 to {last:,}, not {node:,}"
            for name, node in (("source", source), ("target", target))
            if not 0 <= node <= last
        ]

    def streets(self, *, main: bool) -> Line:
        """Return the main roads, or all other streets, as one line with gaps."""
        side = self.side
        chosen = []
        for tail, head, _ in self.graph.edges:
            line = tail // side if head == tail + 1 else tail % side
            if (line % MAIN_EVERY == 0) is main:
                chosen.append((tail, head))
        return self.lines(chosen)

    def lines(self, parts: Iterable[Sequence[int]]) -> Line:
        """Return paths of crossings as one line; where one ends there is no number, but NaN."""
        points, gap = self.graph.points, (nan, nan)
        return _columns([point for nodes in parts for point in (*(points[n] for n in nodes), gap)])

    def dots(self, nodes: Iterable[int]) -> Line:
        """Return where crossings lie."""
        return _columns([self.graph.points[node] for node in nodes])


def _columns(points: list[tuple[float, float]]) -> Line:
    both = np.array(points, dtype=np.float64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def town(side: int, seed: int, hierarchy: ContractionHierarchy | None = None) -> Town:
    """Return a town; its hierarchy is built here when it is small, and else only if it is given.

    Raises:
        ValueError: the side is below 2 or above 80, or the hierarchy is of another network.
    """
    if not 2 <= side <= MOST_SIDE:
        raise ValueError(f"side must be 2 to {MOST_SIDE} crossings, not {side}")
    graph = road_network(side, seed)
    if hierarchy is None and side <= AT_ONCE_SIDE:
        hierarchy = ContractionHierarchy.build(graph, witness_limit=WITNESS_LIMIT)
    if hierarchy is not None and len(hierarchy.rank) != graph.n:
        raise ValueError(f"this hierarchy has {len(hierarchy.rank)} nodes, the town {graph.n}")
    return Town(side, graph, Landmarks(graph), hierarchy)


def prepare(side: int, seed: int, tell: Tell) -> None:
    """Build a town's hierarchy and tell it; for a child process."""
    began = time.perf_counter()
    rank, arcs = contract(road_network(side, seed), WITNESS_LIMIT)
    seconds = time.perf_counter() - began
    tell({"type": "hierarchy", "rank": rank, "arcs": arcs, "seconds": seconds})


def read_hierarchy(events: Iterable[dict[str, Any]]) -> ContractionHierarchy | None:
    """Return the hierarchy that a child told, or None while it has not."""
    for event in events:
        if event.get("type") == "hierarchy":
            arcs = [(tail, head, weight, middle) for tail, head, weight, middle in event["arcs"]]
            return ContractionHierarchy(event["rank"], arcs, False)
    return None


@dataclass(frozen=True)
class Search:
    """One algorithm's answer, and the least seconds that it took."""

    name: str
    result: PathResult
    seconds: float


def searches(
    where: Town, source: int, target: int, *, timer: Callable[[], float] = time.perf_counter
) -> list[Search]:
    """Ask every algorithm that is prepared for the same route.

    Raises:
        ValueError: a crossing is out of range.
    """
    if problems := where.problems(source, target):
        raise ValueError("; ".join(problems))
    graph = where.graph
    bound = beeline(graph, target).__getitem__
    asked: dict[str, Callable[[], PathResult]] = {
        "dijkstra": partial(dijkstra, graph, source, target),
        "bidirectional": partial(bidirectional, graph, source, target),
        "astar": partial(astar, graph, source, target, bound),
        "landmarks": partial(where.landmarks.route, source, target),
    }
    if where.hierarchy is not None:
        asked["hierarchy"] = partial(where.hierarchy.query, source, target)
    found = []
    for name, ask in asked.items():
        took = []
        for _ in range(_REPEATS):
            began = timer()
            result = ask()
            took.append(timer() - began)
        found.append(Search(name, result, min(took)))
    return found


def unpacked(hierarchy: ContractionHierarchy, packed: Sequence[int]) -> list[list[int]]:
    """Return, for every shortcut of a packed path, the crossings that it stands for."""
    parts = [hierarchy.unpack(tail, head) for tail, head in pairwise(packed)]
    return [part for part in parts if len(part) > 2]
