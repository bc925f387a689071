"""A service with a queue, clients that give up, and an outage: in virtual time.

The mechanism that keeps an overloaded service down is small. The server works first come, first
served, and does not know which callers have stopped waiting. After an outage everyone retries, the
queue grows until the wait is longer than the callers' timeout, and from then on each answer comes
too late, is retried, and so keeps the queue full (Bronson et al., Metastable Failures in
Distributed Systems, HotOS 2021).

The policies are the very `RetryPolicy` objects that `resilient` uses.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field

from velvet_http.errors import ReadTimeout
from velvet_http.policy import Outcome, Retry, RetryPolicy, RetryState

REFUSAL_SECONDS = 0.001  # a full queue answers 503 at once


@dataclass
class QueueServer:
    """A server of `capacity` answers a second, first come, first served.

    From `down[0]` to `down[1]` it answers nothing; it comes back with an empty queue.
    Both the simulator and the real server of `faults` do their arithmetic here.
    """

    capacity: float
    queue_limit: int
    down: tuple[float, float] = (0.0, 0.0)
    _busy_until: float = 0.0

    def __post_init__(self) -> None:
        if not (self.capacity > 0 and self.queue_limit >= 1 and self.down[0] <= self.down[1]):
            raise ValueError(f"capacity and queue limit are positive, down is in order, not {self}")

    def arrive(self, now: float) -> float | None:
        """Return when one of `now` (passed through) is answered, `inf` for never, None if full."""
        if self.down[0] <= now < self.down[1]:
            self._busy_until = 0.0  # a crash loses the queue
            return float("inf")
        if (self._busy_until - now) * self.capacity >= self.queue_limit:
            return None
        self._busy_until = max(self._busy_until, now) + 1 / self.capacity
        return float("inf") if now < self.down[0] < self._busy_until else self._busy_until


@dataclass(frozen=True)
class Scenario:
    """Load, service, outage and policy of one simulation; times in seconds."""

    policy: RetryPolicy
    offered: float = 80.0
    capacity: float = 100.0
    queue_limit: int = 200
    timeout: float = 1.0
    outage: tuple[float, float] = (10.0, 20.0)
    duration: float = 90.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.outage[0] <= self.outage[1] <= self.duration):
            raise ValueError(f"the outage {self.outage} must lie within {self.duration} s")
        if not all(n > 0 for n in (self.offered, self.timeout, self.capacity, self.queue_limit)):
            raise ValueError(f"load, timeout, capacity and queue limit are positive, not {self}")


@dataclass
class SimResult:
    """What a run did: calls and requests, and per second what was answered in time and sent."""

    scenario: Scenario
    calls: int = 0
    attempts: int = 0
    goodput: Counter[int] = field(default_factory=Counter)
    load: Counter[int] = field(default_factory=Counter)

    @property
    def amplification(self) -> float:
        """Requests sent per logical call."""
        return self.attempts / max(1, self.calls)

    def share(self, begin: float, end: float) -> float:
        """Return the share of the offered load that was answered between two seconds."""
        done = sum(self.goodput[second] for second in range(int(begin), int(end)))
        return done / (self.scenario.offered * max(1, int(end) - int(begin)))

    @property
    def goodput_after(self) -> float:
        """Share of the offered load that is answered after the outage."""
        return self.share(self.scenario.outage[1], self.scenario.duration)

    @property
    def recovered_after(self) -> float | None:
        """Seconds from the outage's end until 90 % are answered for good; None for never."""
        began, ended = int(self.scenario.outage[1]), int(self.scenario.duration)
        for second in range(began, ended - 4):
            fives = (self.share(each, each + 5) for each in range(second, ended - 4, 5))
            if self.share(second, second + 1) >= 0.75 and min(fives) >= 0.9:
                return float(second - began)
        return None


def simulate(scenario: Scenario) -> SimResult:
    """Run a scenario; O(n log n) for n requests, well under a second for the default one."""
    arrivals, delays = random.Random(scenario.seed), random.Random(scenario.seed + 1)
    server = QueueServer(scenario.capacity, scenario.queue_limit, scenario.outage)
    result = SimResult(scenario)
    events: list[tuple[float, int, RetryState]] = []  # a request leaves; the number breaks ties
    clock = arrivals.expovariate(scenario.offered)
    serial = 0
    while events or clock < scenario.duration:
        if clock < scenario.duration and (not events or clock <= events[0][0]):
            now, state = clock, RetryState(scenario.policy, delays)
            clock += arrivals.expovariate(scenario.offered)
            result.calls += 1
        else:
            now, _, state = heapq.heappop(events)
            if now >= scenario.duration:
                break
        result.attempts += 1
        result.load[int(now)] += 1
        done = server.arrive(now)
        ended, outcome = _outcome(now, done, scenario.timeout)
        decision = state.decide(outcome, now=ended)
        if isinstance(decision, Retry):
            serial += 1
            heapq.heappush(events, (ended + decision.delay, serial, state))
        elif decision.reason == "success":
            result.goodput[int(ended)] += 1
    return result


_LATE, _FULL, _GOOD = Outcome(ReadTimeout("late")), Outcome(503), Outcome(200)


def _outcome(now: float, done: float | None, timeout: float) -> tuple[float, Outcome]:
    if done is None:
        return now + REFUSAL_SECONDS, _FULL
    if done - now > timeout:
        return now + timeout, _LATE
    return done, _GOOD
