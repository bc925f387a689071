"""Shortest paths from one node to all others, with two kinds of queue, or with negative weights.

`shortest_paths` leaves outdated entries in a `heapq`, `dijkstra_decrease_key` moves them in an
addressable heap as the textbooks do. Only the first is worth its lines in Python: `heapq` is C, an
addressable heap is not. `bellman_ford` copes with negative weights, or names the negative cycle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import Any

from velvet_algorithms.graph import Adjacency, Graph
from velvet_algorithms.heaps import IndexedHeap


@dataclass(frozen=True)
class PathTree:
    """Shortest paths from one node to all others.

    Attributes:
        distance: by node; `inf` where no path leads.
        parent: by node: the node before it on its path; -1 at the source and where none leads.
        settled: the nodes in the order in which their distance became final.
        pushes: how many entries went into the queue (moves in it included).
    """

    distance: list[float]
    parent: list[int]
    settled: list[int]
    pushes: int

    def path(self, target: int) -> list[int]:
        """Return the nodes from the source to `target`, or nothing when none leads there."""
        return chain(self.parent, target) if self.distance[target] < inf else []


def chain(parent: Mapping[int, int] | Sequence[int], node: int) -> list[int]:
    """Return the nodes from a root (whose parent is -1) down to `node`."""
    found = []
    while node >= 0:
        found.append(node)
        node = parent[node]
    return found[::-1]


def shortest_paths(graph: Graph, source: int) -> PathTree:
    """Return all shortest paths from `source`; outdated queue entries are skipped.

    O((n + m) log m) time.

    Raises ValueError where a weight is negative (the arc is named) or the node is out of range.

    Source: Dijkstra, "A note on two problems in connexion with graphs", 1959.
    """
    graph.check_nodes(source)
    graph.refuse_negative("shortest_paths")
    return _tree(graph.out, source)


def distances_from(out: Adjacency, source: int) -> list[float]:
    """Return only the distances from a node, along `Graph.out` or against it along `into`."""
    return _tree(out, source).distance


def _tree(out: Adjacency, source: int) -> PathTree:
    distance: list[float] = [inf] * len(out)
    parent = [-1] * len(out)
    distance[source] = 0
    settled: list[int] = []
    queue: list[tuple[float, int]] = [(0, source)]
    outdated = 0
    while queue:
        here, node = heappop(queue)
        if here > distance[node]:
            outdated += 1
            continue
        settled.append(node)
        for head, weight in out[node]:
            there = here + weight
            if there < distance[head]:
                distance[head] = there
                parent[head] = node
                heappush(queue, (there, head))
    return PathTree(distance, parent, settled, len(settled) + outdated)


def dijkstra_decrease_key(
    graph: Graph, source: int, queue: Callable[[], Any] = IndexedHeap
) -> PathTree:
    """Return all shortest paths from `source`, holding each node at most once in the queue.

    O((n + m) log n), and in Python slower than `shortest_paths`: fewer entries, but each moved by
    interpreted code.

    Args:
        queue: makes an empty queue of items that can be moved, with the methods of `IndexedHeap`.

    Raises ValueError where a weight is negative (the arc is named) or the node is out of range.
    """
    graph.check_nodes(source)
    graph.refuse_negative("dijkstra_decrease_key")
    distance: list[float] = [inf] * graph.n
    parent = [-1] * graph.n
    distance[source] = 0
    settled: list[int] = []
    heap = queue()
    heap.push(source, 0)
    pushes = 1
    while heap:
        node, here = heap.pop()
        settled.append(node)
        for head, weight in graph.out[node]:
            there = here + weight
            known = distance[head]
            if there < known:
                distance[head] = there
                parent[head] = node
                pushes += 1
                if known == inf:
                    heap.push(head, there)
                else:
                    heap.decrease_key(head, there)
    return PathTree(distance, parent, settled, pushes)


class NegativeCycle(ValueError):
    """A circle of negative length can be reached, so no distance behind it exists.

    Attributes:
        cycle: its nodes, the first one repeated at the end.
    """

    def __init__(self, cycle: list[int]) -> None:
        super().__init__(f"no shortest paths exist: the cycle {cycle} has a negative length")
        self.cycle = cycle

    def __reduce__(self) -> Any:
        return type(self), (self.cycle,)


def bellman_ford(graph: Graph, source: int) -> PathTree:
    """Return all shortest paths from `source` where weights may be negative.

    O(n m), usually far less: only nodes whose distance fell are looked at again. A node may fall
    often, so `settled` is the order of the final distances.

    Raises NegativeCycle where the source reaches a cycle of negative length; it lists one.

    Source: Bellman 1958, Ford 1956; the queue is Moore's, 1959.
    """
    graph.check_nodes(source)
    distance: list[float] = [inf] * graph.n
    parent = [-1] * graph.n
    distance[source] = 0
    waiting = deque([source])
    queued = [False] * graph.n
    pushes = 0
    while waiting:
        node = waiting.popleft()
        queued[node] = False
        pushes += 1
        # After every n-th look the parents are walked: a circle among them is a negative cycle.
        if pushes % graph.n == 0:
            _refuse_circle(parent)
        here = distance[node]
        for head, weight in graph.out[node]:
            if here + weight < distance[head]:
                distance[head] = here + weight
                parent[head] = node
                if not queued[head]:
                    queued[head] = True
                    waiting.append(head)
    reached = [node for node in range(graph.n) if distance[node] < inf]
    return PathTree(distance, parent, sorted(reached, key=distance.__getitem__), pushes)


def _refuse_circle(parent: Sequence[int]) -> None:
    seen = [0] * len(parent)
    for walk, start in enumerate(range(len(parent)), 1):
        node = start
        while node >= 0 and not seen[node]:
            seen[node] = walk
            node = parent[node]
        if node >= 0 and seen[node] == walk:
            cycle = [node]
            while parent[cycle[-1]] != node:
                cycle.append(parent[cycle[-1]])
            raise NegativeCycle([node, *reversed(cycle)])
