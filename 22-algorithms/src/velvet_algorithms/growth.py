"""How cost grows with size: fitted and given with its error instead of quoted.

A complexity class is a statement about a limit; a program runs at a size. So cost is measured
(or counted) at several sizes, a straight line is laid through the logarithms, and its slope is
reported with its 95 % interval: the exponent b of cost ~ n^b. An n log n cost reads as n^1.1 to
n^1.2 there, so a class is only named where the interval leaves no other one. Times are noisy;
where a claim must hold everywhere, count comparisons (`CountingKey`), moves or settled nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

SYSTEMATIC = 0.05  # how far lower-order terms alone may turn a slope
# Two-sided 95 % quantiles of Student's t for 1, 2, ... degrees of freedom.
_T95 = (
    *(12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281),
    *(2.201, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093, 2.086),
)
_T95_LIMIT = 1.96

# The logarithm of each class, so that 2^n at n = 5,000 is a number too.
CLASSES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 0.0,
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
    """A straight line through the logarithms: cost ~ n^exponent.

    Attributes:
        ci95: half the width of the exponent's 95 % interval (Student's t).
        classes: the classes whose own slope over these sizes lies inside the interval.
    """

    exponent: float
    ci95: float
    classes: tuple[str, ...]

    def __str__(self) -> str:
        return f"n^{self.exponent:.2f} +- {self.ci95:.2f}"

    @property
    def verdict(self) -> str:
        """The class, two classes that cannot be told apart, the exponent, or `undecided`."""
        if not self.classes:
            return f"n^{self.exponent:.2f}"
        return " or ".join(self.classes) if len(self.classes) < 3 else "undecided"


def fit_power(sizes: Sequence[float], costs: Sequence[float]) -> PowerFit:
    """Fit cost ~ n^exponent by least squares on the logarithms.

    Raises:
        ValueError: fewer than three sizes, sizes that do not increase, one below 2, or a cost
            that is not positive.

    >>> fit_power([100, 200, 400, 800], [1.0, 4.1, 15.8, 64.2]).verdict
    'n^2'
    """
    if len(sizes) < 3:
        raise ValueError(f"a fit needs at least three sizes, got {len(sizes)}")
    if len(sizes) != len(costs):
        raise ValueError(f"as many costs as sizes, got {len(costs)} and {len(sizes)}")
    if sizes[0] < 2 or any(a >= b for a, b in pairwise(sizes)):
        raise ValueError(f"sizes must increase from 2 or more, got {list(sizes)}")
    for one in (*sizes, *costs):
        if not (one > 0 and math.isfinite(one)):
            raise ValueError(f"sizes and costs must be positive and finite, got {one!r}")
    xs, ys = [math.log(n) for n in sizes], [math.log(cost) for cost in costs]
    slope, half = _line(xs, ys)
    inside = (
        name
        for name, shape in CLASSES.items()
        if abs(_line(xs, [shape(n) for n in sizes])[0] - slope) <= max(half, SYSTEMATIC)
    )
    return PowerFit(slope, half, tuple(inside))


def _line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return the slope of the least squares and half the width of its 95 % interval."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    left = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    degrees = len(xs) - 2
    t = _T95[degrees - 1] if degrees <= len(_T95) else _T95_LIMIT
    return slope, t * math.sqrt(left / degrees / spread)


def crossover(sizes: Sequence[float], a: Sequence[float], b: Sequence[float]) -> float | None:
    """Return the size from which on `b` costs less than `a` at all larger sizes measured.

    Between two sizes the costs are taken as straight lines in the logarithms. The answer is None
    when `b` is not ahead at the largest size, or when it is ahead at every size.

    Raises:
        ValueError: a size or a cost is not positive, or one is missing.
    """
    if not sizes or not all(0 < x < math.inf for row in zip(sizes, a, b, strict=True) for x in row):
        raise ValueError(f"sizes and costs must be positive, got {sizes!r}, {a!r}, {b!r}")
    leads = [math.log(x / y) for x, y in zip(a, b, strict=True)]
    behind = [i for i, lead in enumerate(leads) if lead <= 0]
    if leads[-1] <= 0 or not behind:
        return None
    i = behind[-1]
    share = -leads[i] / (leads[i + 1] - leads[i])
    low, high = math.log(sizes[i]), math.log(sizes[i + 1])
    return math.exp(low + share * (high - low))


@dataclass
class Tally:
    """How many comparisons the keys that share it have made."""

    comparisons: int = 0


class CountingKey:
    """A key that orders as its value does and counts each `<`, `<=`, `>`, `>=`, `==`."""

    __slots__ = ("tally", "value")

    def __init__(self, value: Any, tally: Tally) -> None:
        self.value = value
        self.tally = tally

    def __lt__(self, other: CountingKey) -> bool:
        self.tally.comparisons += 1
        return bool(self.value < other.value)

    def __le__(self, other: CountingKey) -> bool:
        self.tally.comparisons += 1
        return bool(self.value <= other.value)

    def __gt__(self, other: CountingKey) -> bool:
        self.tally.comparisons += 1
        return bool(self.value > other.value)

    def __ge__(self, other: CountingKey) -> bool:
        self.tally.comparisons += 1
        return bool(self.value >= other.value)

    def __eq__(self, other: object) -> bool:
        self.tally.comparisons += 1
        return isinstance(other, CountingKey) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)


def counting(values: Iterable[Any]) -> tuple[list[CountingKey], Tally]:
    """Wrap values; return the keys and the tally that they share.

    >>> keys, tally = counting([3, 1, 2])
    >>> keys[1] < keys[2], tally.comparisons
    (True, 1)
    """
    tally = Tally()
    return [CountingKey(value, tally) for value in values], tally
