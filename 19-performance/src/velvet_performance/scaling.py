"""How much can it give at most: Amdahl before the work, Gunther after it.

Amdahl's law bounds what a faster *part* can do for the whole, and says when to stop. The universal
scalability law adds what it leaves out: workers that wait for each other (alpha) and workers that
must agree (beta), so that throughput has a peak and falls behind it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def amdahl(p: float, s: float) -> float:
    """Return the gain of the whole when a share `p` of it becomes `s` times faster.

    >>> amdahl(0.5, math.inf), round(amdahl(0.95, 20), 2)
    (2.0, 10.26)
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}: a share is 0 to 1")
    if not s > 0:
        raise ValueError(f"s is {s}: a gain is above 0")
    rest = (1 - p) + p / s
    return math.inf if rest == 0 else 1 / rest


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

    def __post_init__(self) -> None:
        if not (self.alpha >= 0 and self.beta >= 0 and self.gamma >= 0):
            raise ValueError(f"coefficients are numbers from 0 up, not {self}")

    def at(self, n: float) -> float:
        """Return the throughput of n workers; NaN for NaN."""
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
    if low := [load for load in loads if not load >= 1]:
        raise ValueError(f"loads is {low[0]}: it must be at least 1")
    if not all(rate > 0 for rate in throughputs):
        raise ValueError("throughputs: each must be above 0")
    import numpy as np

    # Weighted by throughput / n, so that a relative error counts the same at every load.
    n, rates = np.array(loads, dtype=float), np.array(throughputs, dtype=float)
    columns = np.array([np.ones(len(n)), n - 1, n * (n - 1)]).T * (rates / n)[:, None]
    best: tuple[float, USL] | None = None
    for used in ((0, 1, 2), (0, 1), (0, 2), (0,)):
        found, _, rank, _ = np.linalg.lstsq(columns[:, used], np.ones(len(n)), rcond=None)
        if rank < len(used) or found[0] <= 0 or min(found) < -1e-12:
            continue
        by_place = dict(zip(used, map(float, found), strict=True))
        base, waits, agrees = (max(0.0, by_place.get(place, 0.0)) for place in range(3))
        law = USL(waits / base, agrees / base, 1 / base)
        pairs = zip(loads, throughputs, strict=True)
        wrong = math.fsum((law.at(load) / rate - 1) ** 2 for load, rate in pairs)
        if best is None or wrong < best[0] * (1 - 1e-9):
            best = (wrong, law)
    if best is None:
        raise ValueError("throughputs: no law with coefficients of 0 or more fits them")
    return best[1]
