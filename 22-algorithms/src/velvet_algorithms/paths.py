"""Shortest paths between two nodes: the same answer, from ever fewer settled nodes.

`dijkstra` settles nodes by distance until the target comes; `bidirectional` grows two smaller
balls; `astar` pulls the ball towards the target by a lower bound, which `velvet_algorithms.
landmarks` has for any graph. `velvet_algorithms.trees` has the algorithms from one node to all,
`velvet_algorithms.hierarchy` the one that wins on a fixed network. For a single question on a
large graph prefer `scipy.sparse.csgraph` or `rustworkx`. Every call is independent of the others,
so threads may share a graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf, isnan

from velvet_algorithms.graph import Adjacency, Graph
from velvet_algorithms.trees import chain


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


def dijkstra(graph: Graph, source: int, target: int) -> PathResult:
    """Return a shortest path by settling nodes in order of their distance.

    The queue may hold a node more than once; what is outdated is skipped when it comes up, which
    is cheaper than to update it in place. O((n + m) log m).

    Raises:
        ValueError: a weight is negative (the arc is named) or a node is out of range.

    Source: Dijkstra, "A note on two problems in connexion with graphs", 1959.
    """
    graph.check_nodes(source, target)
    graph.refuse_negative("dijkstra")
    out = graph.out
    distance: dict[int, float] = {source: 0}
    parent = {source: -1}
    settled: list[int] = []
    queue: list[tuple[float, int]] = [(0, source)]
    while queue:
        here, node = heappop(queue)
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
                heappush(queue, (there, head))
    return PathResult(inf, [], settled)


class _Side:
    """One of the two searches that meet: what it knows, and how it takes its next step."""

    def __init__(self, out: Adjacency, root: int) -> None:
        self.out = out
        self.distance: dict[int, float] = {root: 0}
        self.parent = {root: -1}
        self.queue: list[tuple[float, int]] = [(0, root)]

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
    bound = {source: h(source)}
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
                    bound[head] = h(head)
                    if isnan(bound[head]):
                        raise ValueError(f"h({head}) is not a number, but a lower bound must be")
                if bound[head] < inf:
                    heappush(queue, (there + bound[head], there, head))
    return PathResult(inf, [], settled)
