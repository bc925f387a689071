"""How cost grows with size: measured, fitted and given with its error instead of quoted.

A complexity class is a statement about a limit; a program runs at a size. So cost is measured
(or counted) at several sizes, a straight line is laid through the logarithms, and its slope is
reported with its 95 % interval: the exponent b of cost ~ n^b. An n log n cost reads as n^1.1 to
n^1.2 there, which is why `fit_model` also compares whole shapes, each by how well it foretells
the size that was left out. Times are noisy; where a claim must hold everywhere, count
comparisons (`counting.CountingKey`), moves or settled nodes, and fit those.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from velvet_algorithms.fits import Model, PowerFit, fit_model, fit_power, refuse_sizes

__all__ = ["Growth", "Model", "PowerFit", "crossover", "fit_model", "fit_power", "measure_growth"]

T = TypeVar("T")
ENOUGH_SIZES, ENOUGH_SPAN = 5, 30.0
REPEATS = 3


@dataclass(frozen=True)
class Growth:
    """Cost over size: what was measured, and what can be fitted through it."""

    sizes: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def power(self) -> PowerFit:
        """The power law through all sizes but the smallest, where fixed costs sit."""
        drop = 1 if len(self.sizes) > 3 else 0
        return fit_power(self.sizes[drop:], self.values[drop:])

    @property
    def model(self) -> Model:
        """The best shape through all sizes but the smallest."""
        drop = 1 if len(self.sizes) > 3 else 0
        return fit_model(self.sizes[drop:], self.values[drop:])

    @property
    def enough(self) -> bool:
        """Whether the fit may be believed: at least five sizes that span a factor of 30."""
        spans = self.sizes[-1] / self.sizes[0]
        return len(self.sizes) >= ENOUGH_SIZES and spans >= ENOUGH_SPAN


def measure_growth(
    fn: Callable[[T], object], make: Callable[[int], T], sizes: Sequence[int], min_time: float
) -> Growth:
    """Time `fn(make(n))` at each size and return seconds per call, the least of three rounds.

    Args:
        make: makes the input, untimed, anew for every size; `fn` must leave it as it was.
        sizes: strictly increasing.
        min_time: seconds that a round of calls lasts at least.

    Raises:
        ValueError: fewer than three sizes, sizes that do not increase, or no positive time.
    """
    refuse_sizes(sizes)
    if not min_time > 0:
        raise ValueError(f"min_time must be > 0 seconds, got {min_time!r}")
    values = []
    for n in sizes:
        data = make(n)
        loops, took = 1, _timed(fn, data, 1)
        while took < min_time:
            loops *= 2
            took = _timed(fn, data, loops)
        rounds = [took, *(_timed(fn, data, loops) for _ in range(REPEATS - 1))]
        values.append(min(rounds) / loops)
    return Growth(tuple(sizes), tuple(values))


def _timed(fn: Callable[[T], object], data: T, loops: int) -> float:
    was_on = gc.isenabled()
    gc.disable()
    try:
        began = time.perf_counter()
        for _ in range(loops):
            fn(data)
        return max(time.perf_counter() - began, 1e-9)
    finally:
        if was_on:
            gc.enable()


def crossover(a: Growth, b: Growth) -> float | None:
    """Return the size from which on `b` costs less than `a` at all larger sizes measured.

    Between two sizes the costs are taken as straight lines in the logarithms.

    Returns:
        None when `b` is not ahead at the largest size, or when it is ahead at every size.

    Raises:
        ValueError: the two were measured at different sizes.
    """
    if a.sizes != b.sizes:
        raise ValueError(f"both need the same sizes, got {a.sizes} and {b.sizes}")
    leads = [math.log(x / y) for x, y in zip(a.values, b.values, strict=True)]
    if leads[-1] <= 0:
        return None
    behind = [i for i, lead in enumerate(leads) if lead <= 0]
    if not behind:
        return None
    i = behind[-1]
    share = -leads[i] / (leads[i + 1] - leads[i])
    low, high = math.log(a.sizes[i]), math.log(a.sizes[i + 1])
    return math.exp(low + share * (high - low))
