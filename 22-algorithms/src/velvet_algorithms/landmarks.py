"""Lower bounds for A* on any graph: how far everything is from a few far nodes (ALT).

A map has coordinates to bound distances with, a network in general has not; distances to landmarks
serve instead, and on roads of different speeds they are sharper than the bee-line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from velvet_algorithms.graph import Graph
from velvet_algorithms.paths import PathResult, astar
from velvet_algorithms.trees import distances_from


class Landmarks:
    """Lower bounds from distances to and from a few far nodes, for `astar` on any graph (ALT).

    By the triangle inequality d(v, t) >= d(L, t) - d(L, v) and d(v, t) >= d(v, L) - d(t, L).
    Landmarks are chosen one by one, each the farthest from those before it. Building takes two
    searches a landmark (one when undirected); 2 k n numbers are kept.

    Attributes:
        nodes: the landmarks.

    Raises:
        ValueError: a weight is negative or k is below 1.

    Source: Goldberg and Harrelson, "Computing the shortest path: A* search meets graph theory",
    2005.
    """

    def __init__(self, graph: Graph, k: int = 8) -> None:
        graph.refuse_negative("Landmarks")
        if k < 1:
            raise ValueError(f"at least 1 landmark is needed, not {k}")
        self.graph = graph
        self.nodes: list[int] = []
        self._from: list[list[float]] = []
        self._to: list[list[float]] = []
        nearest = distances_from(graph.out, 0) if graph.n else []
        for _ in range(min(k, graph.n)):
            far = max((d, v) for v, d in enumerate(nearest) if d < inf)[1]
            if far in self.nodes:
                break
            self.nodes.append(far)
            self._from.append(distances_from(graph.out, far))
            self._to.append(distances_from(graph.into, far) if graph.directed else self._from[-1])
            nearest = [min(pair) for pair in zip(nearest, self._from[-1], strict=True)]

    def bound(self, target: int, *, active: Sequence[int] | None = None) -> Callable[[int], float]:
        """Return the lower bound for one target, from all or from some of the landmarks."""
        tables = [
            (self._from[i], self._from[i][target], self._to[i], self._to[i][target])
            for i in (range(len(self.nodes)) if active is None else active)
        ]
        from_tables = [(row, at) for row, at, _, _ in tables if at < inf]
        to_tables = [(row, at) for _, _, row, at in tables if at < inf]

        def h(node: int) -> float:
            best = 0.0
            for row, at in from_tables:
                if at - row[node] > best:
                    best = at - row[node]
            for row, at in to_tables:
                if row[node] - at > best:
                    best = row[node] - at
            return best

        return h

    def route(self, source: int, target: int, *, use: int = 2) -> PathResult:
        """Return a shortest path by `astar`, with the `use` landmarks that bound it best."""
        self.graph.check_nodes(source, target)
        ranked = sorted(
            range(len(self.nodes)), key=lambda i: -self.bound(target, active=[i])(source)
        )
        return astar(self.graph, source, target, self.bound(target, active=ranked[:use]))
