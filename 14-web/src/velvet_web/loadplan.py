"""What a load generator is asked to do, and what it found: plain values that travel as JSON."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from velvet_web.histogram import Histogram

MAX_LAG_SHARE = 0.10
MIN_ACHIEVED = 0.97


@dataclass(frozen=True)
class Shot:
    """One kind of request of a mix, of which each is chosen as often."""

    target: str
    method: str = "GET"
    body: str = ""

    def raw(self, host: str) -> bytes:
        """Return the bytes of the request."""
        head = f"{self.method} {self.target} HTTP/1.1\r\nHost: {host}\r\n"
        if self.body:
            length = len(self.body.encode())
            head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
        return f"{head}\r\n{self.body}".encode()


@dataclass(frozen=True)
class LoadPlan:
    """What to send, and how.

    Attributes:
        rate: requests per second of an open loop; 0 makes it a closed loop.
        seconds: duration of the measured part.
        users: connections of a closed loop, each with one request at a time.
        connections: most connections of an open loop; a request beyond waits, and that counts.
        arrivals: "poisson" (as many independent users make it) or "uniform".
        timeout: seconds after which a client gives up and closes its connection.
        deadline: seconds within which an answer is of use; such answers are the goodput.
        retries: how often a request that failed or was refused is sent again, at once.
        requests: ends a closed loop after so many answers, whatever the time.
        surge: (from, to, factor) multiplies the rate between two times, in seconds.
    """

    url: str
    mix: tuple[Shot, ...]
    rate: float = 0.0
    seconds: float = 5.0
    users: int = 1
    connections: int = 200
    arrivals: str = "poisson"
    timeout: float = 10.0
    deadline: float = 0.25
    retries: int = 0
    requests: int = 0
    surge: tuple[float, float, float] = (0.0, 0.0, 1.0)
    seed: int = 1
    every: float = 0.0

    def __post_init__(self) -> None:
        if not self.mix:
            raise ValueError("the mix has no request; name at least one")
        if not (0 <= self.rate <= 20_000 and 0 < self.seconds <= 120 and 0 < self.surge[2] <= 100):
            given = f"rate {self.rate}, seconds {self.seconds}, surge {self.surge}"
            raise ValueError(f"{given}: at most 20000/s for 120 s, a factor above 0 and up to 100")
        if not (1 <= self.users <= 500 and 1 <= self.connections <= 500):
            raise ValueError("users and connections are 1 to 500")
        rest = (self.timeout, self.deadline, self.retries, self.requests, self.every, *self.surge)
        if not all(each >= 0 for each in rest):
            raise ValueError(f"times, counts and factors are numbers from 0 up, not {rest}")
        if self.arrivals not in ("poisson", "uniform"):
            raise ValueError(f"arrivals are poisson or uniform, not {self.arrivals!r}")

    def times(self) -> list[float]:
        """Return the intended times of all requests, drawn before the first is sent."""
        rng, now = random.Random(self.seed), 0.0
        found: list[float] = []
        begins, ends, factor = self.surge
        while True:
            rate = self.rate * (factor if begins <= now < ends else 1.0)
            now += rng.expovariate(rate) if self.arrivals == "poisson" else 1 / rate
            if now >= self.seconds:
                return found
            found.append(now)


@dataclass
class Result:
    """What a load did and what came back, as measured and unchecked; times are in microseconds.

    Attributes:
        latency: from the intended time to the last byte, of answered requests.
        service: from the sending to the last byte: what a closed loop would see.
        outcomes: how many requests ended with which status or error.
        good: successes within the deadline.
    """

    offered: float
    seconds: float
    sent: int = 0
    good: int = 0
    retried: int = 0
    latency: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def completed(self) -> int:
        """Successful answers."""
        return sum(count for outcome, count in self.outcomes.items() if outcome[0] == "2")

    @property
    def errors(self) -> int:
        """Requests that ended otherwise."""
        return sum(self.outcomes.values()) - self.completed

    @property
    def goodput(self) -> float:
        """Successes within the deadline, per second."""
        return self.good / self.seconds

    @property
    def throughput(self) -> float:
        """Successes per second."""
        return self.completed / self.seconds

    def p(self, percent: float) -> float:
        """Return a percentile of the latency in milliseconds."""
        return self.latency.percentile(percent) / 1e3

    @property
    def valid(self) -> bool:
        """Whether the generator itself kept up; what is not valid is never published."""
        if not self.offered:
            return True
        lag, p99 = self.lag.percentile(99), self.latency.percentile(99)
        return lag <= max(MAX_LAG_SHARE * p99, 1000) and self.sent >= MIN_ACHIEVED * (
            self.offered * self.seconds
        )

    def summary(self) -> dict[str, Any]:
        """Return what a person wants to read; latencies in milliseconds."""
        times = {f"p{percent:g}_ms": self.p(percent) for percent in (50, 90, 99, 99.9)}
        rates = {"answers_per_s": round(self.throughput, 1), "in_time_per_s": self.goodput}
        return {**times, **rates, "outcomes": dict(self.outcomes), "valid": self.valid}

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back."""
        histograms = {name: getattr(self, name).to_pairs() for name in _HISTOGRAMS}
        return {**vars(self), **histograms, "outcomes": dict(self.outcomes)}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Result:
        """Return the result that gave this document."""
        histograms = {name: Histogram.from_pairs(found[name]) for name in _HISTOGRAMS}
        return cls(**{**found, **histograms, "outcomes": Counter(found["outcomes"])})


_HISTOGRAMS = ("latency", "service", "lag")
