"""Overload in virtual time: what a queue does to answers, and how retries keep a server down.

A server with `places` workers that each take `hold` seconds answers places / hold requests a
second. Above that rate its queue grows, and soon every answer is late, although the server is
busy all the time: its work is of no use. When clients retry what was late, the offered load stays
high after the surge is over, and the server does not recover by itself (a metastable failure).

The simulation uses the same policies as `LoadShed` and the same figures as the load generator, so
the dashboard can show in a moment what a run on a real server shows in half a minute.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from velvet_web.histogram import Histogram


@dataclass(frozen=True)
class Overload:
    """One scenario; times in seconds, rates per second.

    Attributes:
        places: requests in service at once.
        queue: requests that may wait; None sets no bound.
        max_wait: a request that waited longer is refused instead of served; None never.
        retries: how often a client sends again what failed or came late.
        surge: from, to and factor of a higher rate.
    """

    rate: float = 140.0
    seconds: float = 20.0
    places: int = 10
    hold: float = 0.05
    deadline: float = 0.25
    queue: int | None = None
    max_wait: float | None = None
    retries: int = 0
    surge: tuple[float, float, float] = (5.0, 8.0, 3.0)
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 5000 or not 0 < self.seconds <= 120 or self.places < 1:
            raise ValueError("rate is at most 5000/s, seconds at most 120, places at least 1")
        if self.hold <= 0 or self.deadline <= 0 or not 0 <= self.retries <= 5:
            raise ValueError("hold and deadline are above 0, retries 0 to 5")

    @property
    def capacity(self) -> float:
        """Requests per second that the server can serve."""
        return self.places / self.hold


@dataclass
class Window:
    """What happened in one slice of time."""

    at: float
    offered: int = 0
    good: int = 0
    late: int = 0
    refused: int = 0
    waiting: int = 0
    latencies: list[float] = field(default_factory=list)


@dataclass(order=True)
class _Event:
    at: float
    order: int
    kind: str = field(compare=False)
    request: _Client = field(compare=False)


@dataclass
class _Client:
    first: float
    sent: float
    left: int


def simulate(scenario: Overload, slice_seconds: float = 0.25) -> list[Window]:
    """Return the windows of a scenario; O(requests x log requests), with no clock and no sleep."""
    windows = [Window(n * slice_seconds) for n in range(int(scenario.seconds / slice_seconds))]
    events = [
        _Event(at, order, "arrive", _Client(at, at, scenario.retries))
        for order, at in enumerate(_arrivals(scenario))
    ]
    heapq.heapify(events)
    waiting: deque[_Client] = deque()
    free, order = scenario.places, len(events)
    rng = random.Random(scenario.seed + 1)

    def window(at: float) -> Window:
        return windows[min(int(at / slice_seconds), len(windows) - 1)]

    def push(at: float, kind: str, request: _Client) -> None:
        nonlocal order
        order += 1
        heapq.heappush(events, _Event(at, order, kind, request))

    def again(now: float, request: _Client) -> None:
        """Send once more, a little later, while the client has tries left."""
        if request.left > 0:
            push(now + rng.uniform(0.0, 0.05), "arrive", _Client(now, now, request.left - 1))

    while events:
        event = heapq.heappop(events)
        now, request = event.at, event.request
        if now >= scenario.seconds:
            break
        if event.kind == "arrive":
            request.sent = now
            window(now).offered += 1
            push(now + scenario.deadline, "expire", request)
            if scenario.queue is not None and free == 0 and len(waiting) >= scenario.queue:
                window(now).refused += 1
                request.first = -1.0  # answered; its expiry means nothing
                again(now, request)
            else:
                waiting.append(request)
        elif event.kind == "expire":
            if request.first >= 0:  # no answer yet: the client gives up, the server does not know
                again(now, request)
        else:
            free += 1
            took = now - request.sent
            one = window(now)
            one.latencies.append(took)
            in_time = took <= scenario.deadline
            one.good += in_time
            one.late += not in_time
            request.first = -1.0
        while free and waiting:
            chosen = waiting.popleft()
            if scenario.max_wait is not None and now - chosen.sent > scenario.max_wait:
                window(now).refused += 1
                if chosen.first >= 0:
                    chosen.first = -1.0
                    again(now, chosen)
                continue
            free -= 1
            push(now + scenario.hold, "finish", chosen)
        window(now).waiting = len(waiting)
    return windows


def _arrivals(scenario: Overload) -> Iterator[float]:
    rng, now = random.Random(scenario.seed), 0.0
    begins, ends, factor = scenario.surge
    while True:
        now += rng.expovariate(scenario.rate * (factor if begins <= now < ends else 1.0))
        if now >= scenario.seconds:
            return
        yield now


def goodput(windows: list[Window], since: float = 0.0) -> float:
    """Return useful answers per second from a time on."""
    counted = [window for window in windows if window.at >= since]
    width = windows[1].at - windows[0].at
    return sum(window.good for window in counted) / (len(counted) * width)


def omission(
    stall: float, period: float, users: int = 4, rate: float = 100.0, seconds: float = 60.0
) -> tuple[Histogram, Histogram]:
    """Return what a closed and an open loop see of a server that stands still, in virtual time.

    The server answers in 1 ms, but nothing during the last `stall` seconds of each `period`.

    Raises:
        ValueError: the pause is not shorter than its period.
    """
    if not 0 <= stall < period:
        raise ValueError(f"a pause of {stall:g} s does not fit into a period of {period:g} s")

    def answered(sent: float) -> float:
        phase = sent % period
        waits = period - phase if phase > period - stall else 0.0
        return sent + waits + 0.001

    closed, opened = Histogram(), Histogram()
    for _ in range(users):
        now = 0.0
        while now < seconds:
            after = answered(now)
            closed.record(int((after - now) * 1e6))
            now = after
    for n in range(int(rate * seconds)):
        sent = n / rate
        opened.record(int((answered(sent) - sent) * 1e6))
    return closed, opened
