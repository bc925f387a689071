"""Shortest paths where weights may be negative, or the cycle because of which none exist."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf

from velvet_algorithms.graph import Graph
from velvet_algorithms.trees import PathTree


class NegativeCycle(ValueError):
    """A circle of negative length can be reached, so no distance behind it exists.

    Attributes:
        cycle: its nodes, the first one repeated at the end.
    """

    def __init__(self, cycle: list[int]) -> None:
        super().__init__(f"no shortest paths exist: the cycle {cycle} has a negative length")
        self.cycle = cycle


def bellman_ford(graph: Graph, source: int) -> PathTree:
    """Return all shortest paths from `source` where weights may be negative.

    O(n m), usually far less: only nodes whose distance fell are looked at again. A node may fall
    often, so `settled` is the order of the final distances.

    Raises:
        NegativeCycle: the source reaches a cycle of negative length; it lists one.
        ValueError: the node is out of range.

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
