"""Jobs on several machines: simple rules whose loss is bounded for every input.

Graham (1966, "Bounds for certain multiprocessing anomalies"; 1969, "Bounds on multiprocessing timing
anomalies"). Finding the best plan is NP-hard already for two machines; giving the next ready job to the
first free machine is never twice as long, and every plan here says by how much it can be off.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from velvet_algorithms.components import critical_path, toposort
from velvet_algorithms.hashing import checked_whole

T = TypeVar("T")


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
    order = sorted(range(len(durations)), key=lambda i: -durations[i])
    plan = list_schedule(dict(enumerate(durations)), {}, machines, priority=order)
    return replace(plan, factor=4 / 3 - 1 / (3 * machines))


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
    unknown = [p for before in predecessors.values() for p in before if p not in durations]
    if unknown or not predecessors.keys() <= durations.keys():
        strange = unknown or sorted(map(repr, predecessors.keys() - durations.keys()))
        raise ValueError(f"{strange[0]!r} takes part in the order but has no duration")
    chain = critical_path(durations, predecessors).length
    tails = _tails(durations, predecessors)
    ranked = sorted(durations, key=lambda job: -tails[job]) if priority is None else priority
    slots = _run(durations, predecessors, machines, {job: at for at, job in enumerate(ranked)})
    end = tuple(slots[job][1] + durations[job] for job in durations)
    return Plan(
        machine=tuple(slots[job][0] for job in durations),
        start=tuple(slots[job][1] for job in durations),
        end=end,
        makespan=max(end, default=0.0),
        least=max(chain, sum(durations.values()) / machines),
        factor=2.0 - 1.0 / machines,
    )


def _tails(durations: Mapping[T, float], predecessors: Mapping[T, Iterable[T]]) -> dict[T, float]:
    """Return for each job the longest chain of durations that begins with it."""
    tails = dict(durations)
    for job in reversed(toposort({**dict.fromkeys(durations, ()), **predecessors})):
        for before in predecessors.get(job, ()):
            tails[before] = max(tails[before], durations[before] + tails[job])
    return tails


def _run(
    durations: Mapping[T, float],
    predecessors: Mapping[T, Iterable[T]],
    machines: int,
    rank: Mapping[T, int],
) -> dict[T, tuple[int, float]]:
    """Return machine and start of every job."""
    waits = dict.fromkeys(durations, 0)
    followers: dict[T, list[T]] = {}
    for job, before in predecessors.items():
        for earlier in before:
            waits[job] += 1
            followers.setdefault(earlier, []).append(job)
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
            for follower in followers.get(names[at], ()):
                waits[follower] -= 1
                if not waits[follower]:
                    heapq.heappush(ready, (rank[follower], number[follower]))
    return slots
