"""Who works when: on one machine exactly, on several within a bound of the best.

One machine (Kleinberg and Tardos, Algorithm Design, chapters 4 and 6): the best intervals need
dynamic programming, the fewest rooms and the least lateness are greedy and exact. Several machines
(Graham 1966, "Bounds for certain multiprocessing anomalies"; 1969, "Bounds on multiprocessing timing
anomalies"): the best plan is NP-hard already for two; giving the next ready job to the first free
machine is never twice as long, and every plan here says by how much it can be off.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from velvet_algorithms.components import critical_path, kept, toposort
from velvet_algorithms.contract import plain, refuse_nan
from velvet_algorithms.graph import at_least_zero
from velvet_algorithms.hashing import checked_whole

T = TypeVar("T")


class Chosen(NamedTuple):
    """The weight of the best intervals that do not overlap, and their indices by start."""

    weight: float
    indices: tuple[int, ...]


def _checked_intervals(intervals: Iterable[Sequence[float]]) -> list[Any]:
    found = [tuple(map(plain, interval)) for interval in intervals]
    for interval in found:
        for end in interval[:2]:
            refuse_nan(end)
        if not interval[0] < interval[1]:
            raise ValueError(f"an interval must end after it starts, got {interval}")
    return found


def weighted_intervals(intervals: Sequence[tuple[float, float, float]]) -> Chosen:
    """Return the heaviest set of half-open intervals (start, end, weight) without overlap; O(n log n).

    Raises:
        ValueError: an interval does not end after its start, or a weight is negative or NaN.

    >>> weighted_intervals([(0, 3, 2), (2, 5, 4), (3, 6, 3)])
    Chosen(weight=5, indices=(0, 2))
    """
    intervals = _checked_intervals(intervals)
    if not all(at_least_zero(interval[2]) for interval in intervals):
        raise ValueError("weights must be at least 0")
    order = sorted(range(len(intervals)), key=lambda i: intervals[i][1])
    ends = [intervals[i][1] for i in order]
    best: list[float] = [0]
    take: list[int] = []  # how many of the first can be kept along, or -1 when it is left out
    for index in order:
        start, _, weight = intervals[index]
        fits = bisect_right(ends, start, 0, len(take))
        take.append(fits if best[fits] + weight > best[-1] else -1)
        best.append(max(best[-1], best[fits] + weight))
    indices, at = [], len(order)
    while at:
        at -= 1
        if take[at] >= 0:
            indices.append(order[at])
            at = take[at]
    return Chosen(best[-1], tuple(reversed(indices)))


def min_rooms(intervals: Sequence[tuple[float, float]]) -> list[int]:
    """Return a room number for each half-open interval, with as few rooms as possible; O(n log n).

    Raises:
        ValueError: an interval does not end after its start.

    >>> min_rooms([(0, 3), (1, 2), (2, 4)])
    [0, 1, 1]
    """
    intervals = _checked_intervals(intervals)
    rooms = [0] * len(intervals)
    busy: list[tuple[float, int]] = []
    for index in sorted(range(len(intervals)), key=lambda i: intervals[i]):
        start, end = intervals[index]
        if busy and busy[0][0] <= start:
            room = heapq.heapreplace(busy, (end, busy[0][1]))[1]
        else:
            room = len(busy)
            heapq.heappush(busy, (end, room))
        rooms[index] = room
    return rooms


class Deadlines(NamedTuple):
    """An order of jobs on one machine and the largest lateness in it (0 when all are in time)."""

    order: tuple[int, ...]
    lateness: float


def edf(jobs: Sequence[tuple[float, float]]) -> Deadlines:
    """Return the order of jobs (duration, deadline) that is late the least: earliest deadline first.

    Jackson (1955): no order has a smaller largest lateness. O(n log n).

    Raises:
        ValueError: a duration is negative, or one of the two is NaN.
    """
    jobs = [(plain(duration), plain(deadline)) for duration, deadline in jobs]
    for duration, deadline in jobs:
        if not at_least_zero(duration):
            raise ValueError(f"durations must be at least 0, got {duration}")
        if not (at_least_zero(deadline) or at_least_zero(-deadline)):
            raise ValueError(f"a deadline must be a number, not {deadline}")
    order = tuple(sorted(range(len(jobs)), key=lambda i: jobs[i][1]))
    now, late = 0.0, 0.0
    for index in order:
        now += jobs[index][0]
        late = max(late, now - jobs[index][1])
    return Deadlines(order, late)


@dataclass(frozen=True)
class Plan:
    """Jobs on machines, with what is known about any better plan.

    Attributes:
        machine, start, end: per job, in the order in which the jobs were given.
        makespan: when the last job ends.
        least: no plan at all can end before this.
        factor: the makespan is at most this times the best possible one.
    """

    machine: tuple[int, ...]
    start: tuple[float, ...]
    end: tuple[float, ...]
    makespan: float
    least: float
    factor: float


def lpt(durations: Sequence[float], machines: int) -> Plan:
    """Return a plan of independent jobs: the longest first, always on the freest machine.

    At most 4/3 - 1/(3 machines) times the best makespan (Graham 1969). O(n log n).

    Raises:
        ValueError: `machines` is smaller than 1, or a duration is negative.
    """
    order = sorted(range(len(durations)), key=durations.__getitem__, reverse=True)
    plan = list_schedule(dict(enumerate(durations)), {}, machines, priority=order)
    return replace(plan, factor=4 / 3 - 1 / (3 * plain(machines)))


def list_schedule(
    durations: Mapping[T, float],
    predecessors: Mapping[T, Iterable[T]],
    machines: int,
    *,
    priority: Sequence[T] | None = None,
) -> Plan:
    """Return a plan of jobs that wait for others, never leaving a machine idle without need.

    Args:
        durations: of each job; also the order of the results.
        predecessors: jobs that have to end before a job starts.
        machines: how many work at a time.
        priority: which of the ready jobs goes first; the longest remaining chain by default.

    At most 2 - 1/machines times the best makespan, whatever the priority (Graham 1966).
    O((n + arcs) log n).

    Raises:
        ValueError: `machines` is smaller than 1, a duration is negative or a predecessor unknown.
        CycleError: jobs wait for each other; the message shows them.
    """
    checked_whole("machines", machines)
    predecessors = kept(predecessors)
    durations = {job: plain(duration) for job, duration in durations.items()}
    unknown = [p for before in predecessors.values() for p in before if p not in durations]
    if unknown or not predecessors.keys() <= durations.keys():
        strange = unknown or sorted(map(repr, predecessors.keys() - durations.keys()))
        raise ValueError(f"{strange[0]!r} takes part in the order but has no duration")
    chain = critical_path(durations, predecessors).length
    followers: dict[T, list[T]] = {job: [] for job in durations}
    for job, before in predecessors.items():
        for earlier in before:
            followers[earlier].append(job)
    if priority is None:  # the longest remaining chain first
        after = critical_path(durations, followers).earliest
        priority = sorted(durations, key=lambda job: -after[job] - durations[job])
    slots = _run(durations, followers, machines, {job: at for at, job in enumerate(priority)})
    end = tuple(slots[job][1] + durations[job] for job in durations)
    return Plan(
        machine=tuple(slots[job][0] for job in durations),
        start=tuple(slots[job][1] for job in durations),
        end=end,
        makespan=max(end, default=0.0),
        least=max(chain, sum(durations.values()) / machines),
        factor=2.0 - 1.0 / machines,
    )


def _run(
    durations: Mapping[T, float],
    followers: Mapping[T, Sequence[T]],
    machines: int,
    rank: Mapping[T, int],
) -> dict[T, tuple[int, float]]:
    """Return machine and start of every job."""
    waits = Counter(job for row in followers.values() for job in row)
    names = list(durations)
    number = {job: at for at, job in enumerate(names)}
    ready = [(rank[job], number[job]) for job in names if not waits[job]]
    heapq.heapify(ready)
    free = list(range(machines))
    running: list[tuple[float, int, int]] = []
    slots: dict[T, tuple[int, float]] = {}
    now = 0.0
    while ready or running:
        while ready and free:
            at = heapq.heappop(ready)[1]
            machine = heapq.heappop(free)
            slots[names[at]] = (machine, now)
            heapq.heappush(running, (now + durations[names[at]], machine, at))
        now = running[0][0]
        while running and running[0][0] == now:
            _, machine, at = heapq.heappop(running)
            heapq.heappush(free, machine)
            for follower in followers[names[at]]:
                waits[follower] -= 1
                if not waits[follower]:
                    heapq.heappush(ready, (rank[follower], number[follower]))
    return slots


class JobScheduler:
    """A build: what must wait for what, what decides the end, and who does what when.

    Args:
        durations: of each job, in any unit.
        needs: job -> jobs that have to end before it.

    Raises:
        CycleError: jobs wait for each other; the message lists them.
        ValueError: a duration is negative or missing.

    >>> jobs = JobScheduler({"build": 3, "test": 2, "docs": 1}, {"test": ["build"]})
    >>> jobs.critical_path()
    (5.0, ['build', 'test'])
    >>> jobs.plan(2).makespan
    5.0
    """

    def __init__(self, durations: Mapping[str, float], needs: Mapping[str, Iterable[str]]) -> None:
        self.durations = dict(durations)
        self.needs = {job: tuple(before) for job, before in needs.items()}
        self._chain = critical_path(self.durations, self.needs)

    def order(self) -> list[str]:
        """Return all jobs such that each comes after what it needs."""
        return toposort({**dict.fromkeys(self.durations, ()), **self.needs})

    def critical_path(self) -> tuple[float, list[str]]:
        """Return the length of the chain that no number of workers shortens, and the chain."""
        return self._chain.length, list(self._chain.path)

    def plan(self, workers: int) -> Plan:
        """Return a plan that is at most 2 - 1/workers times as long as the best one.

        Raises:
            ValueError: `workers` is smaller than 1.
        """
        return list_schedule(self.durations, self.needs, workers)

    def gantt(self, plan: Plan, width: int = 60) -> list[str]:
        """Return a line per worker: each job as its first letters, repeated over its time.

        Raises:
            ValueError: `width` is smaller than 1.
        """
        checked_whole("width", width)
        scale = width / plan.makespan if plan.makespan else 0.0
        rows: dict[int, list[str]] = {}
        for job, worker, start, end in zip(
            self.durations, plan.machine, plan.start, plan.end, strict=True
        ):
            row = rows.setdefault(worker, ["."] * width)
            first, last = round(start * scale), round(end * scale)
            row[first:last] = f"{job:-<{width}}"[: last - first]
        return [f"{worker + 1}: {''.join(rows[worker])}" for worker in sorted(rows)]
