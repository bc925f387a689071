"""Shortest paths between two nodes: the same answer, from ever fewer settled nodes.

`dijkstra` settles nodes by distance until the target comes; `bidirectional` grows two smaller
balls; `astar` pulls the ball towards the target by a lower bound, which `Landmarks` has for any
graph (ALT). `naive_dijkstra` is what one writes first: exact, and slow because of its queue.
`velvet_algorithms.trees` has the algorithms from one node to all, `velvet_algorithms.hierarchy`
the one that wins on a fixed network. For a single question on a large graph prefer
`scipy.sparse.csgraph` or `rustworkx`. Every call is independent, so threads may share a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf, isnan
from typing import TypeAlias

from velvet_algorithms.contract import plain
from velvet_algorithms.graph import Adjacency, Graph
from velvet_algorithms.trees import chain, distances_from


@dataclass(frozen=True)
class PathResult:
    """The answer to one question for a route.

    Attributes:
        distance: sum of the weights; `inf` when the target cannot be reached.
        path: the nodes from source to target, both included; empty when there is no way.
        settled: the nodes whose distance became final, in that order. A search from both ends
            lists a node once for each end.
        packed: the path before its shortcuts were unpacked; only from a hierarchy.
    """

    distance: float
    path: list[int]
    settled: list[int]
    packed: tuple[int, ...] = ()


Queue: TypeAlias = list[tuple[float, int]]


def dijkstra(graph: Graph, source: int, target: int) -> PathResult:
    """Return a shortest path by settling nodes in order of their distance.

    The queue may hold a node more than once; what is outdated is skipped when it comes up, which
    is cheaper than to update it in place. O((n + m) log m).

    Raises:
        ValueError: a weight is negative (the arc is named) or a node is out of range.

    Source: Dijkstra, "A note on two problems in connexion with graphs", 1959.
    """
    return _settled(graph, source, target, "dijkstra", heappush, heappop)


def naive_dijkstra(graph: Graph, source: int, target: int) -> PathResult:
    """Return a shortest path with a sorted list for a queue. O(n * frontier); prefer `dijkstra`.

    Each step sorts the list (nearly sorted, so that is one pass) and moves all of it to take the
    first entry away. Errors are those of `dijkstra`.
    """

    def pop(queue: Queue) -> tuple[float, int]:
        queue.sort()
        return queue.pop(0)

    return _settled(graph, source, target, "naive_dijkstra", list.append, pop)


def _settled(
    graph: Graph,
    source: int,
    target: int,
    algorithm: str,
    push: Callable[[Queue, tuple[float, int]], None],
    pop: Callable[[Queue], tuple[float, int]],
) -> PathResult:
    graph.check_nodes(source, target)
    graph.refuse_negative(algorithm)
    out = graph.out
    distance: dict[int, float] = {source: 0}
    parent = {source: -1}
    settled: list[int] = []
    queue: Queue = [(0, source)]
    while queue:
        here, node = pop(queue)
        if here > distance[node]:
            continue
        settled.append(node)
        if node == target:
            return PathResult(here, chain(parent, target), settled)
        for head, weight in out[node]:
            there = here + weight
            if there < distance.get(head, inf):
                distance[head] = there
                parent[head] = node
                push(queue, (there, head))
    return PathResult(inf, [], settled)


class _Side:
    """One of the two searches that meet: what it knows, and how it takes its next step."""

    def __init__(self, out: Adjacency, root: int) -> None:
        self.out = out
        self.distance: dict[int, float] = {root: 0}
        self.parent = {root: -1}
        self.queue: Queue = [(0, root)]

    def step(self, other: dict[int, float], best: float, meeting: int) -> tuple[float, int, int]:
        """Settle one node; returns it (or -1) behind the best meeting known now."""
        distance = self.distance
        here, node = heappop(self.queue)
        if here > distance[node]:
            return best, meeting, -1
        for head, weight in self.out[node]:
            there = here + weight
            if there < distance.get(head, inf):
                distance[head] = there
                self.parent[head] = node
                heappush(self.queue, (there, head))
                if there + other.get(head, inf) < best:
                    best, meeting = there + other[head], head
        return best, meeting, node


def bidirectional(graph: Graph, source: int, target: int) -> PathResult:
    """Return a shortest path by growing balls around both ends until they prove it.

    It stops when the nearest open nodes of both ends are together farther than the best meeting.
    O((n + m) log m), on maps about half of what `dijkstra` settles.

    Raises:
        ValueError: a weight is negative or a node is out of range.

    Source: Nicholson, "Finding the shortest route between two points in a network", 1966.
    """
    graph.check_nodes(source, target)
    graph.refuse_negative("bidirectional")
    forward, backward = _Side(graph.out, source), _Side(graph.into, target)
    best, meeting = (0.0, source) if source == target else (inf, -1)
    settled: list[int] = []
    while forward.queue and backward.queue:
        ahead, behind = forward.queue[0][0], backward.queue[0][0]
        if ahead + behind >= best:
            break
        side, other = (forward, backward) if ahead <= behind else (backward, forward)
        best, meeting, node = side.step(other.distance, best, meeting)
        if node >= 0:
            settled.append(node)
    if meeting < 0:
        return PathResult(inf, [], settled)
    there = chain(forward.parent, meeting)
    return PathResult(best, there + chain(backward.parent, meeting)[-2::-1], settled)


def astar(graph: Graph, source: int, target: int, h: Callable[[int], float]) -> PathResult:
    """Return a shortest path, preferring nodes that look closer to the target.

    Args:
        h: node -> a lower bound of its distance to the target, asked once a node. Where it is not
            consistent (falls by more than an arc's weight) nodes are settled again, so that the
            answer stays exact; a bound of `inf` says that the target is out of reach.

    Raises:
        ValueError: a weight is negative, a node is out of range, a bound is not a number, or the
            bound at the target itself is above 0.

    Source: Hart, Nilsson, Raphael, "A formal basis for the heuristic determination of minimum
    cost paths", 1968.
    """
    graph.check_nodes(source, target)
    graph.refuse_negative("astar")
    if not h(target) <= 0:
        raise ValueError(f"h({target}) at the target is {h(target)}: a lower bound is 0 there")
    out = graph.out
    distance: dict[int, float] = {source: 0}
    parent = {source: -1}
    bound = {source: plain(h(source))}
    settled: list[int] = []
    queue: list[tuple[float, float, int]] = [(bound[source], 0, source)]
    while queue:
        _, here, node = heappop(queue)
        if here > distance[node]:
            continue
        settled.append(node)
        if node == target:
            return PathResult(here, chain(parent, target), settled)
        for head, weight in out[node]:
            there = here + weight
            if there < distance.get(head, inf):
                distance[head] = there
                parent[head] = node
                if head not in bound:
                    bound[head] = plain(h(head))
                    if isnan(bound[head]):
                        raise ValueError(f"h({head}) is not a number, but a lower bound must be")
                if bound[head] < inf:
                    heappush(queue, (there + bound[head], there, head))
    return PathResult(inf, [], settled)


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
