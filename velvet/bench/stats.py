"""The few statistics the harness needs, written out so that a reader can check them.

Times on a shared machine are not normal: neighbours add long tails and steps. So the only
figures we defend are ratios of samples taken within one round, summarised per process by
a median and over processes by Student's t (the between-process effect of hash seeds and
memory layout is real, and with three to ten processes a bootstrap is too narrow). Where
every sample is its own process the interval comes from order statistics instead.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
_T95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_T95_LIMIT = 1.96


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; `n` is the number of independent units behind it.

    `lo` and `hi` are None where nothing was repeated (deterministic values). A contender that
    knows its own, such as a binomial share over many seeds, returns it in a `value` comparison.
    """

    value: float
    lo: float | None = None
    hi: float | None = None
    n: int = 1

    @property
    def ends(self) -> tuple[float, float]:
        """Where it begins and ends; a deterministic value does both at itself."""
        value = self.value
        return value if self.lo is None else self.lo, value if self.hi is None else self.hi

    def exp(self) -> Estimate:
        """Map an interval of logarithms back to ratios."""
        lo, hi = (None if end is None else math.exp(end) for end in (self.lo, self.hi))
        return Estimate(math.exp(self.value), lo, hi, self.n)


def student_t(degrees: int) -> float:
    """Return the two-sided 95 % quantile of Student's t."""
    if degrees < 1:
        return math.inf
    return _T95[degrees - 1] if degrees <= len(_T95) else _T95_LIMIT


def mean_interval(samples: Sequence[float]) -> Estimate:
    """Return the mean of independent samples with its 95 % Student-t interval."""
    n = len(samples)
    mean = statistics.fmean(samples)
    if n == 1:
        return Estimate(mean, -math.inf, math.inf, 1)
    half = student_t(n - 1) * statistics.stdev(samples) / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half, n)


def median_interval(samples: Sequence[float]) -> Estimate:
    """Return the median with its order-statistic interval of at least 95 % coverage.

    Below six samples no pair of order statistics reaches 95 %; the whole range is
    returned then, so that a verdict needs every round to agree. One sample has no interval.
    """
    ordered = sorted(samples)
    n = len(ordered)
    middle = statistics.median(ordered)
    if n == 1:
        return Estimate(middle)
    rank, tail = 0, 0.0
    for k in range(n // 2):
        tail += math.comb(n, k) * 0.5**n
        if 2 * tail > 0.05:
            break
        rank = k
    return Estimate(middle, ordered[rank], ordered[n - 1 - rank], n)


def log_ratios(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """Return log(first/second) of samples of the same rounds; rounds with a gap are left out."""
    return [
        math.log(a / b)
        for a, b in zip(first, second)  # noqa: B905 - a contender may have been dropped midway
        if a > 0 and b > 0 and math.isfinite(a) and math.isfinite(b)
    ]


def paired_ratio(
    first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]
) -> Estimate | None:
    """Return first/second over processes: Student's t on each process's median log ratio.

    Each holds one sequence of samples per process, aligned by round.
    """
    medians = [
        statistics.median(logs)
        for a, b in zip(first, second)  # noqa: B905 - see log_ratios
        if (logs := log_ratios(a, b))
    ]
    return mean_interval(medians).exp() if medians else None


def round_ratio(first: Sequence[float], second: Sequence[float]) -> Estimate | None:
    """Return first/second where every sample is a process: the median of per-round ratios."""
    logs = log_ratios(first, second)
    return median_interval(logs).exp() if logs else None


def growth_rate(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the exponent b of cost ~ size**b: the slope of logarithms, over different sizes."""
    xs, ys = ([math.log(value) for value in values] for values in (sizes, costs))
    return statistics.linear_regression(xs, ys).slope


def quantile(samples: Sequence[float], q: float) -> float:
    """Return the q-quantile (0 to 1) by linear interpolation between order statistics."""
    ordered = sorted(samples)
    below, share = divmod(q * (len(ordered) - 1), 1)
    low, high = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + (high - low) * share


def severe_outliers(samples: Sequence[float]) -> int:
    """Count samples beyond three interquartile ranges (Tukey); they are shown, never removed."""
    if len(samples) < 4:
        return 0
    low, high = quantile(samples, 0.25), quantile(samples, 0.75)
    reach = 3 * (high - low)
    return sum(not low - reach <= sample <= high + reach for sample in samples)


def rounded(number: float, digits: int = 4) -> float:
    """Round to significant digits, as result files store samples."""
    if number == 0 or not math.isfinite(number):
        return number
    return round(number, digits - 1 - math.floor(math.log10(abs(number))))
