"""Maximum flow, minimum cut, and the largest set of pairs between two sides.

`MaxFlow` is Dinic's algorithm on flat lists: arc e and its reverse e ^ 1 lie side by side, levels
come from one breadth-first search a phase, and augmenting paths from a walk that keeps its place at
every node, so no arc is tried twice in a phase and nothing is recursive. Prefer
`scipy.sparse.csgraph.maximum_flow` for whole capacities on large networks, when no capacity
changes afterwards. Not thread-safe: the flow is kept in the object.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from velvet_algorithms.contract import OwnCopies, plain
from velvet_algorithms.graph import at_least_zero


@dataclass(frozen=True)
class FlowEdge:
    """One arc of a network and what flows through it."""

    tail: int
    head: int
    capacity: float
    flow: float


class MaxFlow(OwnCopies):
    """A network of n nodes whose arcs have capacities.

    Raises:
        ValueError: n is negative.

    Source: Dinic, "Algorithm for solution of a problem of maximum flow", 1970. O(n^2 m), on
    networks as they occur far less; O(m sqrt n) on unit capacities (Even and Tarjan 1975).
    """

    _nested = ("_arcs",)

    def __init__(self, n: int) -> None:
        if n < 0:
            raise ValueError(f"a network has 0 or more nodes, not {n}")
        self.n = n
        self._heads: list[int] = []
        self._left: list[float] = []  # what an arc can still take; its reverse: what it carries
        self._arcs: list[list[int]] = [[] for _ in range(n)]

    def _check_nodes(self, *nodes: int) -> None:
        for node in nodes:
            if not 0 <= node < self.n:
                raise ValueError(f"node {node} is not one of this network's, 0..{self.n - 1}")

    def add_edge(self, tail: int, head: int, capacity: float) -> int:
        """Add an arc and return its number, counted from 0.

        Raises:
            ValueError: a node is out of range, or the capacity is negative or not a number.
        """
        if not (0 <= tail < self.n and 0 <= head < self.n):
            self._check_nodes(tail, head)
        capacity = plain(capacity)
        if not at_least_zero(capacity):
            raise ValueError(f"arc {tail} -> {head}: a capacity is at least 0, not {capacity}")
        number = len(self._heads)
        self._heads += (head, tail)
        self._left += (capacity, 0)
        self._arcs[tail].append(number)
        self._arcs[head].append(number + 1)
        return number // 2

    def edge(self, number: int) -> FlowEdge:
        """Return one arc with its present flow; raises ValueError when there is no such arc."""
        if not 0 <= number < len(self._heads) // 2:
            raise ValueError(f"there is no arc {number}; arcs are 0..{len(self._heads) // 2 - 1}")
        there, back = 2 * number, 2 * number + 1
        carried = self._left[back]
        return FlowEdge(self._heads[back], self._heads[there], self._left[there] + carried, carried)

    @property
    def edges(self) -> list[FlowEdge]:
        """All arcs with their present flows, in the order in which they were added."""
        return [self.edge(number) for number in range(len(self._heads) // 2)]

    def change_edge(self, number: int, capacity: float, flow: float) -> None:
        """Give an arc another capacity and flow; the caller answers for conservation.

        Raises:
            ValueError: there is no such arc, or 0 <= flow <= capacity does not hold.
        """
        self.edge(number)
        capacity, flow = plain(capacity), plain(flow)
        if not (at_least_zero(flow) and at_least_zero(capacity - flow)):  # inf - inf is NaN
            raise ValueError(
                f"arc {number}: 0 <= flow <= capacity with a finite flow, "
                f"not flow {flow} of {capacity}"
            )
        self._left[2 * number : 2 * number + 2] = capacity - flow, flow

    def flow(self, source: int, sink: int, limit: float = inf) -> float:
        """Push as much as fits, up to `limit`, and return how much was added to what flowed.

        Whole capacities give a whole flow.

        Raises:
            ValueError: a node is out of range, source and sink are the same, limit is negative, or
                a path of infinite capacity meets no limit.
        """
        self._check_nodes(source, sink)
        if source == sink or not at_least_zero(limit):
            raise ValueError(f"source {source} and sink {sink} differ, and limit {limit} is >= 0")
        total: float = 0
        while total < limit:
            levels = self._levels(source, sink)
            if levels[source] < 0:
                break
            pushed = self._blocking(source, sink, levels, limit - total)
            if not pushed:
                break
            total += pushed
        return total

    def _levels(self, source: int, sink: int) -> list[int]:
        """Return each node's arcs to the sink in what is left (-1: too far or out of reach)."""
        heads, left, arcs = self._heads, self._left, self._arcs
        levels = [-1] * self.n
        levels[sink] = 0
        reached = [sink]
        for node in reached:
            further = levels[node] + 1
            for arc in arcs[node]:
                tail = heads[arc]
                if levels[tail] < 0 and left[arc ^ 1]:
                    levels[tail] = further
                    if tail == source:
                        return levels
                    reached.append(tail)
        return levels

    def _blocking(self, source: int, sink: int, levels: list[int], limit: float) -> float:
        """Push along shortest paths until none is left; returns how much."""
        heads, left = self._heads, self._left
        # Arcs are taken off these copies when they can carry nothing more in this phase.
        rest: list[list[int] | None] = [None] * self.n
        total: float = 0
        path: list[int] = []
        node = source
        while True:
            if node == sink:
                room = min([limit - total, *[left[arc] for arc in path]])
                if room == inf:
                    raise ValueError("a path of infinite capacity leads to the sink: give a limit")
                total += room
                for arc in path:
                    left[arc] -= room
                    left[arc ^ 1] += room
                # Go on from before the first arc that is full now.
                full = next((place for place, arc in enumerate(path) if not left[arc]), None)
                if full is None:  # only the limit was met, but for the rounding of floats
                    return total
                node = heads[path[full] ^ 1]
                del path[full:]
                continue
            open_arcs = rest[node]
            if open_arcs is None:
                nearer = levels[node] - 1
                open_arcs = rest[node] = [
                    arc for arc in self._arcs[node] if left[arc] and levels[heads[arc]] == nearer
                ]
            while open_arcs and not left[open_arcs[-1]]:
                open_arcs.pop()
            if open_arcs:
                arc = open_arcs[-1]
                path.append(arc)
                node = heads[arc]
            elif path:
                node = heads[path.pop() ^ 1]
                kept = rest[node]
                assert kept is not None, "a node on the path has been opened"
                kept.pop()
            else:
                return total

    def min_cut(self, source: int) -> list[bool]:
        """Return for each node whether it is on the source's side of a minimum cut.

        To be asked after `flow`; the arcs that lead from True to False are full, and their
        capacities add up to the flow (Ford and Fulkerson 1956).
        """
        self._check_nodes(source)
        side = [False] * self.n
        side[source] = True
        reached = [source]
        for node in reached:
            for arc in self._arcs[node]:
                head = self._heads[arc]
                if self._left[arc] and not side[head]:
                    side[head] = True
                    reached.append(head)
        return side


FREE = -1


def hopcroft_karp(adjacency: Sequence[Sequence[int]], right: int) -> list[int]:
    """Return for each node of the left side its partner on the right, or -1.

    Args:
        adjacency: for each left node the right nodes that it may have.
        right: number of nodes on the right.

    Raises:
        ValueError: a right node is out of range.

    O(m sqrt n), without recursion. Prefer `scipy.sparse.csgraph.maximum_bipartite_matching` on
    large inputs. Source: Hopcroft and Karp, "An n^5/2 algorithm for maximum matchings in bipartite
    graphs", 1973.
    """
    rows = [list(row) for row in adjacency]
    for node, row in enumerate(rows):
        for partner in row:
            if not 0 <= partner < right:
                raise ValueError(
                    f"left node {node} names {partner}; the right side is 0..{right - 1}"
                )
    partner_of, owner_of = [FREE] * len(rows), [FREE] * right
    while True:
        free = [node for node, partner in enumerate(partner_of) if partner == FREE]
        level = _distances(free, rows, owner_of)
        rest = [iter(row) for row in rows]
        found = [_augment(node, level, rest, partner_of, owner_of) for node in free]
        if not any(found):
            return partner_of


def _distances(free: Sequence[int], rows: Sequence[list[int]], owner_of: list[int]) -> list[int]:
    """Return each left node's distance from the free ones, along alternating paths."""
    level = [-1] * len(rows)
    for node in free:
        level[node] = 0
    reached = list(free)
    for node in reached:
        for partner in rows[node]:
            owner = owner_of[partner]
            if owner != FREE and level[owner] < 0:
                level[owner] = level[node] + 1
                reached.append(owner)
    return level


def _augment(
    start: int,
    level: list[int],
    rest: Sequence[Iterator[int]],
    partner_of: list[int],
    owner_of: list[int],
) -> bool:
    """Look for a path from a free left node to a free right one, and swap along it."""
    path: list[tuple[int, int]] = []
    node = start
    while True:
        for partner in rest[node]:
            owner = owner_of[partner]
            if owner == FREE:
                for left, taken in [*path, (node, partner)]:
                    partner_of[left], owner_of[taken] = taken, left
                return True
            if level[owner] == level[node] + 1:
                path.append((node, partner))
                node = owner
                break
        else:
            if not path:
                return False
            node = path.pop()[0]
