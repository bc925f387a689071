"""Building a contraction hierarchy: which node goes next, and which shortcuts replace it.

A node's importance is the number of shortcuts that its removal would add, less the arcs that go
with it (edge difference), plus its depth: one more than the deepest removed neighbour, which
spreads removal evenly over the map. Importances change as neighbours go; instead of renewing them
all, the least important node is looked at again when its turn comes (lazy updates).
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import inf
from typing import TypeAlias

from velvet_algorithms.graph import Graph

ORIGINAL = -1  # the middle of an arc that is the graph's own

Row: TypeAlias = dict[int, float]
PackedArc: TypeAlias = tuple[int, int, float, int]  # tail, head, weight, middle

# A shortcut costs the queries more than an arc that is gone saves them.
EDGE_WEIGHT, DEPTH_WEIGHT = 2, 1


def contract(graph: Graph, witness_limit: int) -> tuple[list[int], list[PackedArc]]:
    """Return each node's rank and all arcs, shortcuts included, of the finished hierarchy."""
    return _Contraction(graph, witness_limit).run()


class _Contraction:
    """The shrinking graph; undirected ones share one table for both directions."""

    def __init__(self, graph: Graph, witness_limit: int) -> None:
        self.limit = witness_limit
        self.directed = graph.directed
        self.out: list[Row] = [{} for _ in range(graph.n)]
        self.into: list[Row] = [{} for _ in range(graph.n)] if graph.directed else self.out
        self.middle: dict[tuple[int, int], int] = {}
        self.depth = [0] * graph.n
        for tail, row in enumerate(graph.out):
            for head, weight in row:
                if head != tail and weight < self.out[tail].get(head, inf):
                    self.out[tail][head] = weight
                    self.into[head][tail] = weight

    def run(self) -> tuple[list[int], list[PackedArc]]:
        n = len(self.out)
        rank = [0] * n
        arcs: list[PackedArc] = []
        queue = [(self._importance(node, self._shortcuts(node)), node) for node in range(n)]
        heapify(queue)
        place = 0
        while queue:
            _, node = heappop(queue)
            shortcuts = self._shortcuts(node)
            importance = self._importance(node, shortcuts)
            if queue and (importance, node) > queue[0]:
                heappush(queue, (importance, node))
                continue
            rank[node] = place
            place += 1
            self._remove(node, shortcuts, arcs)
        return rank, arcs

    def _importance(self, node: int, shortcuts: list[tuple[int, int, float]]) -> int:
        gone = len(self.out[node]) + (len(self.into[node]) if self.directed else 0)
        return EDGE_WEIGHT * (len(shortcuts) - gone) + DEPTH_WEIGHT * self.depth[node]

    def _shortcuts(self, node: int) -> list[tuple[int, int, float]]:
        """List the arcs (tail, head, weight) without which distances would grow."""
        heads = list(self.out[node].items())
        found = []
        for turn, (tail, first) in enumerate(self.into[node].items()):
            # Without directions one of (a, b) and (b, a) stands for both.
            targets = {
                head: first + second
                for head, second in (heads if self.directed else heads[turn + 1 :])
                if head != tail
            }
            if targets:
                self._drop_witnessed(tail, node, targets)
                for head, weight in targets.items():
                    found.append((tail, head, weight))
                    if not self.directed:
                        found.append((head, tail, weight))
        return found

    def _drop_witnessed(self, source: int, without: int, targets: dict[int, float]) -> None:
        """Delete the targets that a path around the removed node reaches as cheaply."""
        out = self.out
        row = out[source]
        for head in [head for head, far in targets.items() if row.get(head, inf) <= far]:
            del targets[head]
        if not targets:
            return
        reach = max(targets.values())
        distance: dict[int, float] = {source: 0, without: -1}
        queue: list[tuple[float, int]] = [(0, source)]
        for _ in range(self.limit):
            if not queue:
                return
            here, node = heappop(queue)
            if here > distance[node]:
                continue
            for head, weight in out[node].items():
                there = here + weight
                if there <= reach and (head not in distance or there < distance[head]):
                    distance[head] = there
                    if head in targets and there <= targets[head]:
                        del targets[head]
                        if not targets:
                            return
                        reach = max(targets.values())
                    heappush(queue, (there, head))

    def _remove(
        self, node: int, shortcuts: list[tuple[int, int, float]], arcs: list[PackedArc]
    ) -> None:
        out, into, middle = self.out, self.into, self.middle
        for head, weight in out[node].items():
            arcs.append((node, head, weight, middle.pop((node, head), ORIGINAL)))
        for tail, weight in into[node].items():
            arcs.append((tail, node, weight, middle.pop((tail, node), ORIGINAL)))
        level = self.depth[node] + 1
        for tail in into[node]:
            del out[tail][node]
            self.depth[tail] = max(self.depth[tail], level)
        for head in out[node]:
            into[head].pop(node, None)
            self.depth[head] = max(self.depth[head], level)
        for tail, head, weight in shortcuts:
            # Equal, for the second direction of an undirected shortcut, or of two parallel ones.
            if weight <= out[tail].get(head, inf):
                out[tail][head] = into[head][tail] = weight
                middle[tail, head] = node
        out[node], into[node] = {}, {}
