"""Fits of cost over size: a power law with its interval, and the shape that foretells best.

A straight line through the logarithms gives the exponent b of cost ~ n^b; n log n reads as n^1.1
to n^1.2 there. So `fit_model` also compares whole shapes, each by how well it foretells the
size that was left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_Z95 = 1.959964

# The logarithm of each shape, so that 2^n at n = 5,000 is a number too.
SHAPES: dict[str, Callable[[float], float]] = {
    "1": lambda _: 0.0,
    "log n": lambda n: math.log(math.log(n)),
    "n": math.log,
    "n log n": lambda n: math.log(n) + math.log(math.log(n)),
    "n^1.5": lambda n: 1.5 * math.log(n),
    "n^2": lambda n: 2 * math.log(n),
    "n^3": lambda n: 3 * math.log(n),
    "2^n": lambda n: n * math.log(2),
}


@dataclass(frozen=True)
class PowerFit:
    """A straight line through the logarithms: cost ~ factor * n^exponent.

    Attributes:
        ci95: half the width of the exponent's 95 % interval (Student's t).
        r2: share of the logarithms' variance that the line explains; 1 where there is none.
    """

    exponent: float
    ci95: float
    r2: float
    factor: float

    def __str__(self) -> str:
        return f"n^{self.exponent:.2f} +- {self.ci95:.2f}"

    def at(self, n: float) -> float:
        """Return the fitted cost at size `n`."""
        return self.factor * math.pow(n, self.exponent)


@dataclass(frozen=True)
class Model:
    """The shape that foretells left-out sizes best, and the next best one.

    Attributes:
        error, runner_up_error: root mean square of the left-out logarithms' errors.
    """

    name: str
    error: float
    runner_up: str
    runner_up_error: float


def fit_power(sizes: Sequence[float], values: Sequence[float]) -> PowerFit:
    """Fit cost ~ factor * n^exponent by least squares on the logarithms.

    Raises:
        ValueError: fewer than three sizes, or a size or value that is not positive.
    """
    xs, ys = _logarithms(sizes, values)
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    if spread == 0:
        raise ValueError("a fit needs different sizes")
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    left = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    total = sum((y - mean_y) ** 2 for y in ys)
    degrees = len(xs) - 2
    half = student_t95(degrees) * math.sqrt(left / degrees / spread)
    r2 = 1.0 if total == 0 else 1.0 - left / total
    return PowerFit(slope, half, r2, math.exp(mean_y - slope * mean_x))


def fit_model(sizes: Sequence[float], values: Sequence[float]) -> Model:
    """Choose among the shapes 1, log n, n, n log n, n^1.5, n^2, n^3 and 2^n.

    Each shape has one free number, its factor. Every size in turn is left out, the factor is
    fitted to the others, and the error in the left-out logarithm is what the shape answers for.

    Raises:
        ValueError: fewer than three sizes, a size below 2, or a value that is not positive.
    """
    if min(sizes, default=2) < 2:
        raise ValueError(f"shapes need sizes >= 2 (log log n), got {min(sizes)!r}")
    _, ys = _logarithms(sizes, values)
    scored = []
    for name, shape in SHAPES.items():
        gaps = [y - shape(n) for n, y in zip(sizes, ys, strict=True)]
        total, others = sum(gaps), len(gaps) - 1
        errors = [(gap - (total - gap) / others) ** 2 for gap in gaps]
        scored.append((math.sqrt(sum(errors) / len(errors)), name))
    (error, name), (second, runner_up) = sorted(scored)[:2]
    return Model(name, error, runner_up, second)


def student_t95(degrees: int) -> float:
    """Return the two-sided 95 % quantile of Student's t, within 1 %.

    Exact for one and two degrees, else the Cornish-Fisher expansion around the normal quantile
    (Abramowitz and Stegun 26.7.5).

    Raises:
        ValueError: fewer than one degree of freedom.
    """
    if degrees < 1:
        raise ValueError(f"an interval needs at least 1 degree of freedom, got {degrees}")
    if degrees <= 2:
        return (12.7062, 4.3027)[degrees - 1]
    z, v = _Z95, degrees
    first = (z**3 + z) / (4 * v)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    return z + first + second + third


def refuse_sizes(sizes: Sequence[float]) -> None:
    """Raise ValueError unless there are at least three sizes and they increase."""
    if len(sizes) < 3:
        raise ValueError(f"a fit needs at least three sizes, got {len(sizes)}")
    if any(a >= b for a, b in pairwise(sizes)):
        raise ValueError(f"sizes must increase, got {list(sizes)}")


def _logarithms(sizes: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    if len(sizes) != len(values):
        raise ValueError(f"as many values as sizes, got {len(values)} and {len(sizes)}")
    refuse_sizes(sizes)
    for one in (*sizes, *values):
        if not (one > 0 and math.isfinite(one)):
            raise ValueError(f"sizes and values must be positive and finite, got {one!r}")
    return [math.log(n) for n in sizes], [math.log(value) for value in values]
