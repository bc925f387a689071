"""A pool in virtual time: callers, connections and cores, so that every slider answers at once.

A closed system, as in a service whose threads all want a connection: each caller waits in the
pool's line, holds a connection while it waits for the disk and then computes on one of the server's
cores, gives it back and asks again. Little's law bounds it from above by size / hold.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

ASK, COMPUTE, LEAVE = 0, 1, 2


@dataclass(frozen=True)
class SimulatedPoint:
    """One size of the pool: work done a second, and the latency of the slowest of a hundred."""

    size: int
    tps: float
    p99_ms: float


def little_tps(size: int, hold_ms: float) -> float:
    """Return the most that a pool of that size can serve a second: L / W.

    Raises:
        ValueError: a size below 1, or a hold that is not above 0.
    """
    if not size >= 1 or not 0.0 < hold_ms < math.inf:
        raise ValueError(f"size must be >= 1 and hold_ms above 0, not {size!r} and {hold_ms!r}")
    return size * 1e3 / hold_ms


def simulate(
    size: int,
    *,
    threads: int,
    wait_ms: float,
    compute_ms: float,
    cores: int = 2,
    work: int = 1_500,
    seed: int = 7,
) -> SimulatedPoint:
    """Let `threads` callers share `size` connections until `work` pieces are done.

    Args:
        wait_ms: mean of the disk's part of a hold, which any number can do at a time.
        compute_ms: mean of the part that needs one of `cores`.
        seed: of the lengths, which vary by a quarter around their means.

    Raises:
        ValueError: a count below 1, or nothing to wait for and nothing to compute.
    """
    if not all(1 <= count < math.inf for count in (size, threads, cores, work)):
        raise ValueError(f"counts must be 1 or more, not {(size, threads, cores, work)!r}")
    if not (wait_ms >= 0.0 and compute_ms >= 0.0 and 0.0 < wait_ms + compute_ms < math.inf):
        raise ValueError(f"wait_ms and compute_ms must be >= 0, not {wait_ms!r}, {compute_ms!r}")
    rng = random.Random(seed)
    now, free, idle_cores = 0.0, size, cores
    line: deque[int] = deque()  # callers that want a connection: FIFO, without overtaking
    computing: deque[int] = deque()  # and that want a core
    asked = [0.0] * threads
    events = [(0.0, caller, ASK) for caller in range(threads)]
    heapq.heapify(events)
    took: list[float] = []

    def length(mean: float) -> float:
        return mean * rng.uniform(0.75, 1.25)

    while len(took) < work:
        now, caller, what = heapq.heappop(events)
        if what == ASK:
            asked[caller] = now
            line.append(caller)
        elif what == COMPUTE:
            computing.append(caller)
        else:
            took.append(now - asked[caller])
            free, idle_cores = free + 1, idle_cores + 1
            heapq.heappush(events, (now, caller, ASK))
        while free and line:
            free -= 1
            heapq.heappush(events, (now + length(wait_ms), line.popleft(), COMPUTE))
        while idle_cores and computing:
            idle_cores -= 1
            heapq.heappush(events, (now + length(compute_ms), computing.popleft(), LEAVE))
    took.sort()
    return SimulatedPoint(size, work / now * 1e3, took[math.ceil(0.99 * work) - 1])


def simulated_curve(
    sizes: Sequence[int], *, threads: int, wait_ms: float, compute_ms: float, cores: int = 2
) -> list[SimulatedPoint]:
    """Simulate every size under the same load."""
    return [
        simulate(size, threads=threads, wait_ms=wait_ms, compute_ms=compute_ms, cores=cores)
        for size in sizes
    ]


def knee(points: Sequence[SimulatedPoint], gain: float = 1.25) -> int:
    """Return the smallest size after which doubling it gives less than `gain` times as much.

    Raises:
        ValueError: there is no point, or the gain is no number.
    """
    if not points or gain != gain:
        raise ValueError(f"a knee needs a gain and one point or more, not {gain!r} and {points!r}")
    for here, after in zip(points, points[1:]):  # noqa: B905, RUF007 - pairs of neighbours
        if after.tps < gain * here.tps:
            return here.size
    return points[-1].size
