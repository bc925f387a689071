"""How much can it give at most: Amdahl before the work, Gunther after it.

Amdahl's law bounds what a faster *part* can do for the whole, and says when to stop. The universal
scalability law adds what it leaves out: workers that wait for each other (alpha) and workers that
must agree (beta), so that throughput has a peak and falls behind it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def _share(p: float) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}: a share is 0 to 1")
    return p


def _at_least_one(name: str, number: float) -> float:
    if not number >= 1:
        raise ValueError(f"{name} is {number}: it must be at least 1")
    return number


def amdahl(p: float, s: float) -> float:
    """Return the gain of the whole when a share `p` of it becomes `s` times faster.

    >>> amdahl(0.5, math.inf), round(amdahl(0.95, 20), 2)
    (2.0, 10.26)
    """
    if not s > 0:
        raise ValueError(f"s is {s}: a gain is above 0")
    rest = (1 - _share(p)) + p / s
    return math.inf if rest == 0 else 1 / rest


def amdahl_limit(p: float) -> float:
    """Return the most that any work on a share `p` can give."""
    return amdahl(p, math.inf)


def serial_fraction(speedup: float, n: float) -> float:
    """Return the serial share that a measured speed-up on n workers betrays (Karp and Flatt).

    >>> round(serial_fraction(amdahl(0.9, 8), 8), 10)
    0.1
    """
    if not n > 1:
        raise ValueError(f"n is {n}: one worker betrays nothing, take 2 or more")
    if not speedup > 0:
        raise ValueError(f"speedup is {speedup}: it must be above 0")
    return (1 / speedup - 1 / n) / (1 - 1 / n)


@dataclass(frozen=True)
class USL:
    """The universal scalability law: gamma * n / (1 + alpha (n - 1) + beta n (n - 1)).

    Attributes:
        alpha: contention, workers waiting for one thing.
        beta: coherence, workers agreeing with each other.
        gamma: throughput of one worker.
    """

    alpha: float
    beta: float
    gamma: float

    def at(self, n: float) -> float:
        """Return the throughput of n workers."""
        return self.gamma * n / (1 + self.alpha * (n - 1) + self.beta * n * (n - 1))

    @property
    def peak(self) -> float:
        """The number of workers beyond which throughput falls; infinite without coherence."""
        if self.beta <= 0:
            return math.inf
        return math.sqrt(max(0.0, 1 - self.alpha) / self.beta)


def fit_usl(loads: Sequence[float], throughputs: Sequence[float]) -> USL:
    """Fit the universal scalability law by least squares; coefficients are never negative.

    n / throughput is linear in 1/gamma, alpha/gamma and beta/gamma, so no iteration is needed; a
    coefficient that comes out negative is left out, and of what remains the best fit counts.

    Raises:
        ValueError: fewer than four points, a load below 1 or a throughput that is not positive.
    """
    if len(loads) != len(throughputs) or len(loads) < 4:
        raise ValueError(
            f"loads has {len(loads)} and throughputs {len(throughputs)} points: four pairs or more"
        )
    for load in loads:
        _at_least_one("loads", load)
    if not all(rate > 0 for rate in throughputs):
        raise ValueError("throughputs: each must be above 0")
    target = [n / rate for n, rate in zip(loads, throughputs, strict=True)]
    columns = [[1.0] * len(loads), [n - 1 for n in loads], [n * (n - 1) for n in loads]]
    best: tuple[float, USL] | None = None
    for used in ((0, 1, 2), (0, 1), (0, 2), (0,)):
        found = _least_squares([columns[place] for place in used], target)
        if not found or found[0] <= 0 or min(found) < -1e-12:
            continue
        by_place = {0: 0.0, 1: 0.0, 2: 0.0} | dict(zip(used, found, strict=True))
        base, waits, agrees = (max(0.0, by_place[place]) for place in range(3))
        law = USL(waits / base, agrees / base, 1 / base)
        pairs = zip(loads, throughputs, strict=True)
        wrong = math.fsum((law.at(n) / rate - 1) ** 2 for n, rate in pairs)
        if best is None or wrong < best[0] * (1 - 1e-9):
            best = (wrong, law)
    if best is None:
        raise ValueError("throughputs: no law with coefficients of 0 or more fits them")
    return best[1]


def _least_squares(columns: list[list[float]], target: list[float]) -> list[float]:
    """Solve the normal equations by elimination; empty when they have no single solution.

    Points are weighted by 1/target, so that a relative error counts the same at every load.
    """
    scaled = [[x / y for x, y in zip(column, target, strict=True)] for column in columns]
    size = len(columns)
    rows = [
        [math.fsum(a * b for a, b in zip(one, other, strict=True)) for other in scaled]
        + [math.fsum(one)]
        for one in scaled
    ]
    for place in range(size):
        best = max(range(place, size), key=lambda row: abs(rows[row][place]))
        rows[place], rows[best] = rows[best], rows[place]
        if abs(rows[place][place]) < 1e-15:
            return []
        for row in range(size):
            if row != place:
                factor = rows[row][place] / rows[place][place]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[place], strict=True)]
    return [rows[place][size] / rows[place][place] for place in range(size)]
