"""Contraction hierarchies: prepare a road network once, then answer from a few hundred nodes.

Nodes are removed one by one, the least important first; where the shortest way between two
neighbours led through the removed node, a shortcut takes its place. A question is then answered
by two searches that only climb to more important nodes. Building is slow (seconds for 10,000
nodes, growing faster than they do), so a hierarchy can be saved. It is never changed, so threads
may share it.

A node's importance is the number of shortcuts that its removal would add, less the arcs that go
with it (edge difference), plus its depth: one more than the deepest removed neighbour, which
spreads removal evenly over the map. Importances change as neighbours go; instead of renewing them
all, the least important node is looked at again when its turn comes (lazy updates).

Source: Geisberger, Sanders, Schultes, Vetter, "Exact routing in large road networks using
contraction hierarchies", Transportation Science 46(3), 2012.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import TypeAlias

from velvet_algorithms.graph import Adjacency, Graph
from velvet_algorithms.paths import PathResult
from velvet_algorithms.saved import read_sealed, write_sealed
from velvet_algorithms.trees import chain

ORIGINAL = -1  # the middle of an arc that is the graph's own

Row: TypeAlias = dict[int, float]
PackedArc: TypeAlias = tuple[int, int, float, int]  # tail, head, weight, middle

# A shortcut costs the queries more than an arc that is gone saves them.
EDGE_WEIGHT, DEPTH_WEIGHT = 2, 1


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
        """Return each node's rank and all arcs, shortcuts included, of the finished hierarchy."""
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


FORMAT = "contraction-hierarchy"
VERSION = 2  # 1 had no column of fractions


class _Climb:
    """One of the two searches of a query: from its root to ever more important nodes."""

    def __init__(self, root: int, climb: Adjacency, from_above: Adjacency) -> None:
        self.climb, self.from_above = climb, from_above
        self.distance: dict[int, float] = {root: 0}
        self.parent = {root: -1}
        self.queue: list[tuple[float, int]] = [(0, root)]

    def leave(self, node: int, here: float) -> None:
        """Reach the neighbours above, unless the node itself is reached better from above."""
        distance = self.distance
        for above, weight in self.from_above[node]:
            if above in distance and distance[above] + weight < here:
                return
        for head, weight in self.climb[node]:
            there = here + weight
            if head not in distance or there < distance[head]:
                distance[head] = there
                self.parent[head] = node
                heappush(self.queue, (there, head))


class ContractionHierarchy:
    """A prepared network; made by `build` or `load`.

    Attributes:
        rank: by node, its importance: the order in which nodes were removed.
        up: by node, the (head, weight) pairs of arcs to more important nodes.
        down: by node, the (tail, weight) pairs of arcs that come from more important nodes.
    """

    def __init__(self, rank: list[int], arcs: list[PackedArc], directed: bool) -> None:
        n = len(rank)
        self.rank, self.directed, self._arcs = rank, directed, arcs
        self.up: Adjacency = [[] for _ in range(n)]
        self.down: Adjacency = [[] for _ in range(n)] if directed else self.up
        self._middle: dict[tuple[int, int], int] = {}
        for tail, head, weight, middle in arcs:
            if middle != ORIGINAL:
                self._middle[tail, head] = middle
            if rank[tail] < rank[head]:
                self.up[tail].append((head, weight))
            elif directed:
                self.down[head].append((tail, weight))

    @classmethod
    def build(cls, graph: Graph, *, witness_limit: int = 60) -> ContractionHierarchy:
        """Prepare a graph.

        Args:
            witness_limit: how many nodes a search may settle to show that a shortcut is not
                needed. A lower limit builds faster and keeps more shortcuts; answers stay exact.

        Raises:
            ValueError: a weight is negative (the arc is named) or the limit is below 1.
        """
        graph.refuse_negative("ContractionHierarchy")
        if witness_limit < 1:
            raise ValueError(f"witness_limit is at least 1, not {witness_limit}")
        rank, arcs = _Contraction(graph, witness_limit).run()
        return cls(rank, arcs, graph.directed)

    @property
    def shortcuts(self) -> list[PackedArc]:
        """All arcs that are not in the graph itself: tail, head, weight, and what lies between."""
        return [arc for arc in self._arcs if arc[3] != ORIGINAL]

    def unpack(self, tail: int, head: int) -> list[int]:
        """Return the path in the graph that an arc stands for. O(answer), without recursion."""
        middle = self._middle
        nodes = [tail]
        waiting = [(tail, head)]
        while waiting:
            start, end = waiting.pop()
            between = middle.get((start, end))
            if between is None:
                nodes.append(end)
            else:
                waiting.append((between, end))
                waiting.append((start, between))
        return nodes

    def path(self, packed: tuple[int, ...] | list[int]) -> list[int]:
        """Return a path of the graph from one that uses shortcuts."""
        nodes = list(packed[:1])
        for tail, head in pairwise(packed):
            nodes += self.unpack(tail, head)[1:]
        return nodes

    def query(self, source: int, target: int) -> PathResult:
        """Return a shortest path; both searches stall where a way from above is shorter.

        Raises:
            ValueError: a node is out of range.
        """
        for node in (source, target):
            if not 0 <= node < len(self.rank):
                raise ValueError(f"node {node} is not in this hierarchy of {len(self.rank)} nodes")
        best, meeting = (0.0, source) if source == target else (inf, -1)
        settled: list[int] = []
        ahead, behind = _Climb(source, self.up, self.down), _Climb(target, self.down, self.up)
        while True:
            near = ahead.queue[0][0] if ahead.queue else inf
            far = behind.queue[0][0] if behind.queue else inf
            if min(near, far) >= best:
                break
            side, other = (ahead, behind) if near <= far else (behind, ahead)
            here, node = heappop(side.queue)
            if here > side.distance[node]:
                continue
            settled.append(node)
            if node in other.distance and here + other.distance[node] < best:
                best, meeting = here + other.distance[node], node
            side.leave(node, here)
        if meeting < 0:
            return PathResult(inf, [], settled)
        packed = (*chain(ahead.parent, meeting), *chain(behind.parent, meeting)[-2::-1])
        return PathResult(best, self.path(packed), settled, packed)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one .npz file, whole or not at all.

        Raises:
            OSError: the file cannot be written; what was there before is still there.
            TypeError: a weight is a whole number of more than 64 bits.
        """
        tails, heads, weights, middles = list(zip(*self._arcs, strict=True)) or [()] * 4
        # A column of both would round whole numbers beyond 2**53, so each kind has a column.
        whole = [isinstance(weight, int) for weight in weights]
        columns: dict[str, Sequence[float]] = {
            "rank": self.rank,
            "directed": [self.directed],
            "tails": tails,
            "heads": heads,
            "middles": middles,
            "whole": whole,
            "weights": [w for w, is_whole in zip(weights, whole, strict=True) if is_whole],
            "fractions": [w for w, is_whole in zip(weights, whole, strict=True) if not is_whole],
        }
        write_sealed(Path(path), FORMAT, VERSION, columns)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ContractionHierarchy:
        """Read a hierarchy that `save` wrote.

        Raises:
            ValueError: the file is truncated, damaged, of another kind or version.
            OSError: it cannot be read.
        """
        found = {
            name: column.tolist()
            for name, column in read_sealed(Path(path), FORMAT, VERSION).items()
        }
        kinds = iter(found["fractions"]), iter(found["weights"])
        weights = [next(kinds[is_whole]) for is_whole in found["whole"]]
        arcs = list(zip(found["tails"], found["heads"], weights, found["middles"], strict=True))
        return cls(found["rank"], arcs, bool(found["directed"][0]))
