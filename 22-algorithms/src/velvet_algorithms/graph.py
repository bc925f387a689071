"""Weighted graphs on the nodes 0..n-1, and the seeded networks that the measurements use.

Adjacency lists of (head, weight) pairs are what pure-Python loops read fastest; compiled
libraries want compressed sparse rows (CSR), which `Graph.csr` gives from the same arcs. A graph is
not changed after it was made, so threads may share it. Weights of the generated networks are
whole numbers: sums are then exact in every library.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from velvet_algorithms.contract import plain

Arc: TypeAlias = tuple[int, int, float]
Point: TypeAlias = tuple[float, float]
Adjacency: TypeAlias = list[list[tuple[int, float]]]
Csr: TypeAlias = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]

UNIT = 1000  # weight of a side of one block at ordinary speed
FAST = 3  # how much faster the main roads are
MAIN_EVERY = 8  # every eighth row and column of the grid is a main road
HOLES = 0.1  # share of the ordinary streets that is missing


def at_least_zero(number: Any) -> bool:
    """Return whether a number is at least 0, which NaN is not, nor that of `decimal`."""
    try:
        return bool(number >= 0)
    except ArithmeticError:
        return False


class Graph:
    """A weighted graph that is not changed after it was made.

    Attributes:
        n: number of nodes.
        directed: whether an edge leads one way only.
        edges: (tail, head, weight) as given.
        out: for each node the (head, weight) pairs of the arcs that leave it.
        into: for each node the (tail, weight) pairs of the arcs that enter it.
        negative: the first arc of negative weight, or None.
        points: where the nodes lie, or empty.
    """

    def __init__(
        self, n: int, edges: Sequence[Arc], directed: bool, points: Sequence[Point] = ()
    ) -> None:
        self.n, self.directed = n, directed
        if any(type(weight) not in (int, float) for _, _, weight in edges):
            edges = [(tail, head, plain(weight)) for tail, head, weight in edges]
        self.edges = edges
        self.points = list(points)
        self.out: Adjacency = [[] for _ in range(n)]
        self.into: Adjacency = [[] for _ in range(n)] if directed else self.out
        self.negative: Arc | None = None
        for tail, head, weight in edges:
            if not (0 <= tail < n and 0 <= head < n):
                raise ValueError(f"edge {tail} -> {head}: nodes are 0..{n - 1}")
            if not isinstance(weight, int) and not math.isfinite(weight):
                raise ValueError(f"edge {tail} -> {head}: weight {weight} is not a finite number")
            if weight < 0 and self.negative is None:
                self.negative = (tail, head, weight)
            self.out[tail].append((head, weight))
            self.into[head].append((tail, weight))

    @classmethod
    def from_edges(
        cls,
        n: int,
        edges: Iterable[tuple[int, int] | Arc],
        directed: bool = False,
        *,
        points: Sequence[Point] = (),
    ) -> Graph:
        """Make a graph of n nodes; an edge without a weight weighs 1.

        Self loops and parallel edges are kept. O(n + m) time and space.

        Raises:
            ValueError: n is negative, an edge names a node outside 0..n-1, a weight is not
                finite, or there are points, but not one a node.
        """
        if n < 0:
            raise ValueError(f"a graph has 0 or more nodes, not {n}")
        if points and len(points) != n:
            raise ValueError(f"{len(points)} points for {n} nodes: give one a node, or none")
        full = [edge if len(edge) == 3 else (edge[0], edge[1], 1) for edge in edges]
        return cls(n, full, directed, points)

    @cached_property
    def successors(self) -> list[list[int]]:
        """For each node the heads of its arcs, for algorithms that ignore weights."""
        return [[head for head, _ in row] for row in self.out]

    @cached_property
    def csr(self) -> Csr:
        """Row starts (n + 1), heads (arcs) and weights (arcs) as NumPy arrays."""
        starts = np.zeros(self.n + 1, dtype=np.int32)
        np.cumsum([len(row) for row in self.out], out=starts[1:])
        heads = np.fromiter((h for row in self.out for h, _ in row), np.int32, int(starts[-1]))
        weights = np.fromiter((w for row in self.out for _, w in row), np.float64, len(heads))
        return starts, heads, weights

    def check_nodes(self, *nodes: int) -> None:
        """Raise ValueError for the first of some nodes that this graph does not have."""
        for node in nodes:
            if not 0 <= node < self.n:
                raise ValueError(
                    f"node {node} is not in this graph, whose nodes are 0..{self.n - 1}"
                )

    def refuse_negative(self, algorithm: str) -> None:
        """Raise ValueError, naming the arc, when a weight is negative."""
        if self.negative is not None:
            tail, head, weight = self.negative
            raise ValueError(
                f"{algorithm} needs weights >= 0, but {tail} -> {head} weighs {weight}; "
                "bellman_ford takes negative weights"
            )


def road_network(side: int, seed: int) -> Graph:
    """Return an undirected grid of side*side crossings with travel times, as a map would give.

    Crossings lie up to 0.3 of a block off the grid, every eighth street is a main road on
    which one is three times as fast, and a tenth of the other streets is missing. A weight is
    the length in blocks times 1,000 over the speed, rounded up to a whole number.

    Raises:
        ValueError: side is below 1.
    """
    if side < 1:
        raise ValueError(f"a road network has a side of at least 1, not {side}")
    rng = random.Random(seed)
    points = [
        (x + rng.uniform(-0.3, 0.3), y + rng.uniform(-0.3, 0.3))
        for y in range(side)
        for x in range(side)
    ]
    edges: list[Arc] = []
    for node in range(side * side):
        y, x = divmod(node, side)
        for there, line, inside in ((node + 1, y, x + 1 < side), (node + side, x, y + 1 < side)):
            main = line % MAIN_EVERY == 0
            if inside and (main or rng.random() >= HOLES):
                length = math.dist(points[node], points[there])
                edges.append((node, there, math.ceil(UNIT * length / (FAST if main else 1))))
    return Graph.from_edges(side * side, edges, points=points)


def beeline(graph: Graph, target: int) -> list[float]:
    """Return for each crossing of a road network a time that no route to `target` undercuts."""
    graph.check_nodes(target)
    goal = graph.points[target]
    return [UNIT * math.dist(point, goal) / FAST for point in graph.points]


def random_graph(n: int, m: int, seed: int, *, directed: bool = True, weight: int = 100) -> Graph:
    """Return n nodes and m uniformly drawn edges with whole weights 0..weight."""
    rng = random.Random(seed)
    draw = rng.randrange
    return Graph.from_edges(
        n, [(draw(n), draw(n), draw(weight + 1)) for _ in range(m)], directed=directed
    )
