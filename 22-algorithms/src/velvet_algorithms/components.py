"""How a graph hangs together: strong components, task orders, bridges, spanning trees, 2-SAT.

Everything walks with explicit stacks, so a chain of a million nodes needs no recursion. Tasks
are given as `graphlib` wants them, a mapping from each task to its predecessors; that module is
the built-in to prefer when tasks become ready one by one, and Kahn's loop here when only the
order is wanted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import plain
from velvet_algorithms.graph import Arc, Graph, at_least_zero
from velvet_algorithms.unionfind import UnionFind

T = TypeVar("T", bound=Hashable)


class CycleError(ValueError):
    """Tasks wait for each other in a circle.

    Attributes:
        cycle: the tasks of one circle, each before the next, the first one repeated at the end.
    """

    def __init__(self, cycle: list[object]) -> None:
        shown = [str(task) for task in cycle]
        if len(shown) > 12:
            shown[6:-5] = ["..."]
        super().__init__(f"no order exists, these tasks form a cycle: {' -> '.join(shown)}")
        self.cycle = cycle

    def __reduce__(self) -> Any:
        return type(self), (self.cycle,)


def scc(graph: Graph) -> list[list[int]]:
    """Return the strongly connected components in topological order.

    Arcs between different components lead from an earlier one to a later one. O(n + m).
    Source: Tarjan, "Depth-first search and linear graph algorithms", 1972, with one number a
    node (Pearce 2016): it is the order of visit, then the smallest one that can be reached.
    """
    successors = graph.successors
    number = [0] * graph.n  # 0: not seen yet; above every other: its component is complete
    done = graph.n + 1
    order = 0
    waiting: list[int] = []  # visited nodes whose component is open
    found: list[list[int]] = []
    for root in range(graph.n):
        if number[root]:
            continue
        order += 1
        number[root] = low = mine = order
        node, rest, stack = root, iter(successors[root]), []
        while True:
            for head in rest:
                seen = number[head]
                if not seen:
                    stack.append((node, rest, low, mine))
                    order += 1
                    number[head] = low = mine = order
                    node, rest = head, iter(successors[head])
                    break
                if seen < low:
                    low = seen
            else:
                if low == mine:
                    members = [node]
                    number[node] = done
                    while waiting and number[waiting[-1]] >= mine:
                        members.append(waiting.pop())
                        number[members[-1]] = done
                    found.append(members)
                else:
                    number[node] = low
                    waiting.append(node)
                if not stack:
                    break
                reached = low
                node, rest, low, mine = stack.pop()
                if reached < low:
                    low = reached
    found.reverse()
    return found


def kept(predecessors: Mapping[T, Iterable[T]]) -> Mapping[T, Iterable[T]]:
    """Return the same neighbours, those that can be walked only once written down."""
    if any(iter(before) is before for before in predecessors.values()):
        return {task: tuple(before) for task, before in predecessors.items()}
    return predecessors


def toposort(predecessors: Mapping[T, Iterable[T]]) -> list[T]:
    """Return all tasks in an order in which each comes after its predecessors.

    Args:
        predecessors: task -> the tasks that come before it, as for `graphlib`. Tasks that are
            only named as predecessors take part.

    Raises:
        CycleError: there is no such order; it lists one cycle.

    O(n + m). Source: Kahn, "Topological sorting of large networks", 1962.
    """
    predecessors = kept(predecessors)
    missing = dict.fromkeys(predecessors, 0)
    followers: dict[T, list[T]] = {}
    for task, before in predecessors.items():
        for earlier in before:
            missing[task] += 1
            if earlier in followers:
                followers[earlier].append(task)
            else:
                followers[earlier] = [task]
                missing.setdefault(earlier, 0)
    order = [task for task, count in missing.items() if not count]
    for task in order:  # which grows while it is walked
        for follower in followers.get(task, ()):
            missing[follower] -= 1
            if not missing[follower]:
                order.append(follower)
    if len(order) < len(missing):
        left = {task for task, count in missing.items() if count}
        raise CycleError(_cycle(left, predecessors))
    return order


def _cycle(left: set[T], predecessors: Mapping[T, Iterable[T]]) -> list[object]:
    """Walk backwards among tasks that all wait for another of them, until one comes again."""
    task = next(task for task in predecessors if task in left)
    walked: dict[T, int] = {}
    while task not in walked:
        walked[task] = len(walked)
        task = next(earlier for earlier in predecessors[task] if earlier in left)
    circle: list[object] = [task, *reversed(list(walked)[walked[task] :])]
    return circle


@dataclass(frozen=True)
class CriticalPath(Generic[T]):
    """The longest chain of tasks, which no number of workers can shorten.

    Attributes:
        length: the sum of durations along the chain.
        path: the chain, first task first.
        earliest: task -> the earliest time at which it can start.
    """

    length: float
    path: list[T]
    earliest: dict[T, float]


def critical_path(
    durations: Mapping[T, float], predecessors: Mapping[T, Iterable[T]]
) -> CriticalPath[T]:
    """Return the chain of tasks that decides when everything is done.

    Raises:
        CycleError: tasks wait for each other.
        ValueError: a duration is negative or missing.

    O(n + m). Source: Kelley and Walker, "Critical-path planning and scheduling", 1959.
    """
    predecessors = kept(predecessors)
    durations = {task: plain(duration) for task, duration in durations.items()}
    order = toposort({**dict.fromkeys(durations, ()), **predecessors})
    earliest: dict[T, float] = {}
    cause: dict[T, T] = {}
    last: T | None = None
    length = 0.0
    for task in order:
        if not at_least_zero(durations.get(task, -1)):
            raise ValueError(f"task {task!r} needs a duration >= 0, not {durations.get(task)}")
        earliest[task] = 0.0
        for before in predecessors.get(task, ()):
            ready = earliest[before] + durations[before]
            if ready >= earliest[task]:
                earliest[task], cause[task] = ready, before
        if earliest[task] + durations[task] >= length:
            length, last = earliest[task] + durations[task], task
    path: list[T] = []
    while last is not None:
        path.append(last)
        last = cause.get(last)
    return CriticalPath(length, path[::-1], earliest)


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


def two_sat(n: int, clauses: Iterable[tuple[int, bool, int, bool]]) -> list[bool] | None:
    """Return values of n variables that satisfy all clauses, or None when there are none.

    Args:
        clauses: (i, a, j, b) stands for "variable i is a, or variable j is b".

    Raises:
        ValueError: a clause names a variable outside 0..n-1.

    O(n + clauses). Source: Aspvall, Plass, Tarjan 1979.
    """
    n, arcs = plain(n), []
    for i, a, j, b in clauses:
        i, j = plain(i), plain(j)  # noqa: PLW2901 - a small integer of NumPy would wrap around
        if not (0 <= i < n and 0 <= j < n):
            raise ValueError(f"clause {(i, a, j, b)}: variables are 0..{n - 1}")
        # Node 2v means "v is false", 2v + 1 "v is true"; not the one implies the other.
        arcs += [(2 * i + (not a), 2 * j + b), (2 * j + (not b), 2 * i + a)]
    place = [0] * (2 * n)
    for rank, members in enumerate(scc(Graph.from_edges(2 * n, arcs, directed=True))):
        for node in members:
            place[node] = rank
    if any(place[2 * v] == place[2 * v + 1] for v in range(n)):
        return None
    return [place[2 * v] < place[2 * v + 1] for v in range(n)]
