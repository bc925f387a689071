"""The route planner that one writes first: the open nodes in a list that is sorted when asked.

It is Dijkstra's algorithm and exact; what breaks it is the queue. Each step sorts the list (nearly
sorted, so that is one pass) and moves all of it to take the first entry away: work in proportion to
the frontier, for every node settled.
"""

from __future__ import annotations

from math import inf

from velvet_algorithms.graph import Graph
from velvet_algorithms.paths import PathResult
from velvet_algorithms.trees import chain


def naive_dijkstra(graph: Graph, source: int, target: int) -> PathResult:
    """Return a shortest path with a sorted list for a queue. O(n * frontier); prefer `dijkstra`.

    Raises:
        ValueError: a weight is negative (the arc is named) or a node is out of range.
    """
    graph.check_nodes(source, target)
    graph.refuse_negative("naive_dijkstra")
    distance: dict[int, float] = {source: 0}
    parent = {source: -1}
    settled: list[int] = []
    queue: list[tuple[float, int]] = [(0, source)]
    while queue:
        queue.sort()
        here, node = queue.pop(0)
        if here > distance[node]:
            continue
        settled.append(node)
        if node == target:
            return PathResult(here, chain(parent, target), settled)
        for head, weight in graph.out[node]:
            there = here + weight
            if there < distance.get(head, inf):
                distance[head] = there
                parent[head] = node
                queue.append((there, head))
    return PathResult(inf, [], settled)
