"""Arrival patterns against a limiter, and the question that a limit is about: how many got through at worst?

"100 per second" usually means "never more than 100 in any second", and few limiters keep that. `edge_attack` is
the pattern that shows it: a full limit just before a window's edge and another just behind.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from velvet_concurrency.clock import Clock, FakeClock
from velvet_concurrency.limiters import RateLimiter


@dataclass(frozen=True)
class Admissions:
    """What became of each arrival: `marks` in order, and the most admitted in any half-open window."""

    times: tuple[float, ...]
    marks: tuple[bool, ...]
    window: float
    worst: int

    @property
    def admitted(self) -> int:
        """How many were let through."""
        return sum(self.marks)

    @property
    def refused(self) -> int:
        """How many were not."""
        return len(self.marks) - self.admitted


def poisson(rate: float, seconds: float, *, seed: int = 0) -> list[float]:
    """Return arrival times in seconds of a Poisson process: `rate` a second on average, independent."""
    _check(rate, seconds)
    rng = random.Random(seed)
    times: list[float] = []
    now = rng.expovariate(rate)
    while now < seconds:
        times.append(now)
        now += rng.expovariate(rate)
    return times


def edge_attack(limit: int, window: float, *, edges: int = 3) -> list[float]:
    """Return `limit` arrivals in the last thousandth of a window and `limit` in the first of the next, per edge."""
    _check(window, limit, edges)
    step = window / 1000.0 / limit
    times: list[float] = []
    for edge in range(1, 2 * edges, 2):
        times.extend(edge * window - step * (limit - i) for i in range(limit))
        times.extend(edge * window + step * i for i in range(limit))
    return times


def on_off(
    rate: float, seconds: float, *, on: float = 1.0, off: float = 1.0, seed: int = 0
) -> list[float]:
    """Return Poisson arrivals at `rate` a second during `on` seconds, none during `off`, in turn."""
    _check(rate, seconds, on)
    if not 0.0 <= off < float("inf"):
        raise ValueError(f"off must be finite and >= 0 seconds, not {off!r}")
    return [t for t in poisson(rate, seconds, seed=seed) if t % (on + off) < on]


def replay(
    make: Callable[[Clock], RateLimiter], arrivals: Sequence[float], window: float
) -> Admissions:
    """Send ascending `arrivals` (seconds) to the limiter that `make(clock)` returns.

    O(n) and what the limiter costs; `worst` counts admissions in the worst `[t, t + window)`.
    """
    clock = FakeClock()
    limiter = make(clock)
    times: list[float] = []
    marks: list[bool] = []
    for arrival in arrivals:
        clock.advance(max(0.0, arrival - clock()))
        times.append(clock())
        marks.append(bool(limiter.allow()))
    admitted = [time for time, mark in zip(times, marks, strict=True) if mark]
    return Admissions(tuple(times), tuple(marks), window, worst_window(admitted, window))


def worst_window(times: Sequence[float], window: float) -> int:
    """Return the most of the ascending `times` that lie in any `[t, t + window)`; O(n).

    >>> worst_window([0.0, 0.9, 1.0, 1.1], 1.0)
    3
    """
    if not window > 0:
        raise ValueError(f"window must be > 0 seconds, not {window!r}")
    worst = start = 0
    for end, time in enumerate(times):
        while time - times[start] >= window:
            start += 1
        worst = max(worst, end - start + 1)
    return worst


def _check(*values: float) -> None:
    if not all(0.0 < value < float("inf") for value in values):
        raise ValueError(f"rates, counts and durations must be finite and > 0, not {values!r}")
