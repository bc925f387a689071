"""The order in a directed graph: strong components, tasks and their longest chain.

Everything walks with explicit stacks, so a chain of a million nodes needs no recursion. Tasks
are given as `graphlib` wants them, a mapping from each task to its predecessors; that module is
the built-in to prefer when tasks become ready one by one, and Kahn's loop here when only the
order is wanted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from velvet_algorithms.graph import Graph

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


def toposort(predecessors: Mapping[T, Iterable[T]]) -> list[T]:
    """Return all tasks in an order in which each comes after its predecessors.

    Args:
        predecessors: task -> the tasks that come before it, as for `graphlib`. Tasks that are
            only named as predecessors take part.

    Raises:
        CycleError: there is no such order; it lists one cycle.

    O(n + m). Source: Kahn, "Topological sorting of large networks", 1962.
    """
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
    order = toposort({**dict.fromkeys(durations, ()), **predecessors})
    earliest: dict[T, float] = {}
    cause: dict[T, T] = {}
    last: T | None = None
    length = 0.0
    for task in order:
        if task not in durations or not durations[task] >= 0:
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
