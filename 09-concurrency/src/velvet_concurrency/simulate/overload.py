"""Twice the load that a server can do, through one queue policy after the other.

One server that needs `1 / service_rate` seconds a request, Poisson arrivals at `offered` a second, then a recovery.
An answer counts when it arrives within its deadline; the server cannot know that a client has gone, so it works
on late requests too, which is the whole trouble. Driven by the real `AdmissionQueue` and `CoDel`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.pressure import AdmissionQueue, Refused
from velvet_concurrency.pressure.queue import Policy
from velvet_concurrency.runtime import quantile
from velvet_concurrency.simulate.admissions import poisson

_SAMPLE = 0.1  # seconds between two points of the depth series


@dataclass(frozen=True)
class QueuePolicy:
    """How the queue in front of the server is set up; `maxsize` 0 means no bound."""

    name: str
    maxsize: int
    policy: Policy = "reject"
    lifo: bool = False


POLICIES: dict[str, QueuePolicy] = {
    policy.name: policy
    for policy in (
        QueuePolicy("unbounded", 0),
        QueuePolicy("bounded1000", 1000),
        QueuePolicy("bounded100", 100),
        QueuePolicy("bounded20", 20),
        QueuePolicy("reject", 1),
        QueuePolicy("drop_oldest", 20, "drop_oldest"),
        QueuePolicy("codel", 0, "codel"),
        QueuePolicy("codel+lifo", 0, "codel", lifo=True),
    )
}


@dataclass(frozen=True)
class Load:
    """The traffic, in requests per second and seconds; the same seed gives the same requests to every policy."""

    offered: float = 200.0
    service_rate: float = 100.0
    seconds: float = 20.0
    recovery: float = 20.0
    recovery_rate: float = 50.0
    deadline: float = 1.0
    seed: int = 0

    def arrivals(self) -> list[float]:
        """Return arrival times, overload first, then recovery."""
        first = poisson(self.offered, self.seconds, seed=self.seed)
        if not self.recovery:
            return first
        later = poisson(self.recovery_rate, self.recovery, seed=self.seed + 1)
        return first + [self.seconds + t for t in later]


@dataclass(frozen=True)
class OverloadResult:
    """What a policy made of the load.

    `goodput` and `ceiling` are per cent of all arrivals answered in time; the ceiling is what a server reaches that
    knows in advance which requests it cannot serve in time. `p50` and `p99` are seconds from arrival to answer, over everything
    answered. `depth` holds `(seconds, waiting)` every tenth of a second and at the end.
    """

    policy: str
    arrivals: int
    answered: int
    in_time: int
    refused: int
    dropped: int
    goodput: float
    ceiling: float
    p50: float
    p99: float
    max_queue: int
    depth: tuple[tuple[float, int], ...]


class _Server:
    """A single server behind an `AdmissionQueue`, moved from event to event."""

    def __init__(self, policy: QueuePolicy, service: float) -> None:
        self.clock = FakeClock()
        self.queue: AdmissionQueue[float] = AdmissionQueue(
            policy.maxsize, policy.policy, lifo_when_standing=policy.lifo, clock=self.clock
        )
        self.service = service  # seconds a request
        self.free_at = 0.0
        self.latencies: list[float] = []
        self.depth: list[tuple[float, int]] = []

    def run_until(self, time: float) -> None:
        """Serve whatever the server is free for before `time`."""
        while len(self.queue) and self.free_at <= time:
            self._move(self.free_at)
            arrived = self.queue.get_nowait()
            self.free_at += self.service
            self.latencies.append(self.free_at - arrived)
        self._move(min(time, max(self.free_at, self.clock())))

    def offer(self, arrived: float) -> None:
        """Let one request arrive."""
        self.run_until(arrived)
        self._move(arrived)
        idle = not len(self.queue) and self.free_at <= arrived
        try:
            self.queue.put_nowait(arrived)
        except Refused:
            return
        if idle:
            self.free_at = arrived

    def _move(self, time: float) -> None:
        while len(self.depth) * _SAMPLE <= time:
            self.depth.append((len(self.depth) * _SAMPLE, len(self.queue)))
        self.clock.advance(max(0.0, time - self.clock()))


def overload(policy: str, load: Load | None = None) -> OverloadResult:
    """Send `load` (default `Load()`) through the policy of that name in `POLICIES`.

    Raises `ValueError` for an unknown name or a load out of range. O(n log n) for n arrivals; about 50 ms
    for the default load.
    """
    if policy not in POLICIES:
        raise ValueError(f"policy must be one of {sorted(POLICIES)}, not {policy!r}")
    load = load or Load()
    if not (0.0 < load.service_rate < math.inf and load.deadline >= 0.0):
        raise ValueError(f"need 0 < service_rate < inf and deadline >= 0, not {load!r}")
    arrivals = load.arrivals()
    service = 1.0 / load.service_rate
    server = _Server(POLICIES[policy], service)
    for arrived in arrivals:
        server.offer(arrived)
    server.run_until(float("inf"))
    server.depth.append((server.clock(), len(server.queue)))
    in_time = sum(latency <= load.deadline for latency in server.latencies)
    stats = server.queue.stats
    return OverloadResult(
        policy=policy,
        arrivals=len(arrivals),
        answered=len(server.latencies),
        in_time=in_time,
        refused=stats.refused,
        dropped=stats.dropped,
        goodput=100.0 * in_time / max(1, len(arrivals)),
        ceiling=100.0 * _max_in_time(arrivals, service, load.deadline) / max(1, len(arrivals)),
        p50=quantile(server.latencies, 0.50) if server.latencies else math.nan,
        p99=quantile(server.latencies, 0.99) if server.latencies else math.nan,
        max_queue=stats.max_depth,
        depth=tuple(server.depth),
    )


def _max_in_time(arrivals: list[float], service: float, deadline: float) -> int:
    """Return how many can be answered in time at all, by refusing exactly those that would be late."""
    free = 0.0
    served = 0
    for arrived in arrivals:
        finish = max(free, arrived) + service
        if finish - arrived <= deadline:
            free = finish
            served += 1
    return served
