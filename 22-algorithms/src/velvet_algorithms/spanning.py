"""What holds an undirected graph together: its bridges and its cheapest spanning trees.

Both tree algorithms give the same weight; Kruskal's sorts all edges once and is the faster one
in Python, because `sort` is C, while Prim's touches only the edges of the component it grows.
"""

from __future__ import annotations

from heapq import heappop, heappush

from velvet_algorithms.graph import Arc, Graph
from velvet_algorithms.unionfind import UnionFind


def _refuse_directed(graph: Graph, algorithm: str) -> None:
    if graph.directed:
        raise ValueError(f"{algorithm} needs an undirected graph; make it with directed=False")


def bridges(graph: Graph) -> list[tuple[int, int]]:
    """Return the edges without which their component would fall apart, as sorted (low, high).

    A doubled edge is no bridge. O(n + m), without recursion.

    Raises:
        ValueError: the graph is directed.

    Source: Tarjan, "A note on finding the bridges of a graph", 1974.
    """
    _refuse_directed(graph, "bridges")
    incident: list[list[tuple[int, int]]] = [[] for _ in range(graph.n)]
    for index, (tail, head, _) in enumerate(graph.edges):
        incident[tail].append((head, index))
        incident[head].append((tail, index))
    order = [0] * graph.n
    low = [0] * graph.n
    count = 0
    found = []
    for root in range(graph.n):
        if order[root]:
            continue
        count += 1
        order[root] = low[root] = count
        stack = [(root, -1, iter(incident[root]))]
        while stack:
            node, came_by, rest = stack[-1]
            for head, index in rest:
                if index == came_by:
                    continue
                if not order[head]:
                    count += 1
                    order[head] = low[head] = count
                    stack.append((head, index, iter(incident[head])))
                    break
                low[node] = min(low[node], order[head])
            else:
                stack.pop()
                if stack:
                    parent = stack[-1][0]
                    low[parent] = min(low[parent], low[node])
                    if low[node] > order[parent]:
                        found.append((min(node, parent), max(node, parent)))
    return sorted(found)


def kruskal(graph: Graph) -> list[Arc]:
    """Return the edges of a minimum spanning forest, lightest first.

    Weights may be negative. O(m log m).

    Raises:
        ValueError: the graph is directed.

    Source: Kruskal, "On the shortest spanning subtree of a graph", 1956.
    """
    _refuse_directed(graph, "kruskal")
    parts = UnionFind(graph.n)
    chosen = []
    for edge in sorted(graph.edges, key=lambda edge: edge[2]):
        if parts.union(edge[0], edge[1]):
            chosen.append(edge)
            if len(chosen) == graph.n - 1:
                break
    return chosen


def prim(graph: Graph) -> list[Arc]:
    """Return the edges of a minimum spanning forest, in the order in which trees grow.

    Weights may be negative. O(m log m).

    Raises:
        ValueError: the graph is directed.

    Source: Prim, "Shortest connection networks and some generalizations", 1957.
    """
    _refuse_directed(graph, "prim")
    inside = [False] * graph.n
    chosen: list[Arc] = []
    for root in range(graph.n):
        if inside[root]:
            continue
        inside[root] = True
        queue: list[tuple[float, int, int]] = []
        for head, weight in graph.out[root]:
            heappush(queue, (weight, root, head))
        while queue:
            weight, tail, node = heappop(queue)
            if inside[node]:
                continue
            inside[node] = True
            chosen.append((tail, node, weight))
            for head, onward in graph.out[node]:
                if not inside[head]:
                    heappush(queue, (onward, node, head))
    return chosen
