"""Intervals of scores and of differences, and the legal verdict "undecided".

Sentences of one document resemble each other, so an interval that resamples sentences alone is too
narrow. Each interval here is computed twice, over sentences and over whole documents, and the wider
one is returned. A difference of two contenders is resampled in pairs: both lose or gain the same
sentences. When several differences are shown together, `holm` corrects their p-values.

Source: Efron and Tibshirani (1993), percentile bootstrap; Holm (1979).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from velvet_nlp.evaluate import Counts, ratio

DRAWS = 2000


@dataclass(frozen=True)
class Score:
    """A value with its interval.

    Attributes:
        unit: what was resampled for the interval: ``"sentence"`` or ``"document"``.
    """

    value: float
    low: float
    high: float
    unit: str = "sentence"

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Difference:
    """The first contender's score minus the second's.

    Attributes:
        p: two-sided, from the share of resamples on the other side of zero.
        verdict: ``"A"`` or ``"B"`` where the interval leaves out zero, else ``"undecided"``.
    """

    delta: float
    low: float
    high: float
    p: float
    verdict: str


def by_document(counts: Counts, documents: Sequence[str]) -> Counts:
    """Return the counts of whole documents, in order of their first sentence."""
    if len(documents) != len(counts):
        raise ValueError(f"{len(counts)} rows of counts have {len(documents)} documents")
    at = {name: number for number, name in enumerate(dict.fromkeys(documents))}
    summed = np.zeros((len(at), counts.shape[1]))
    np.add.at(summed, [at[name] for name in documents], counts)
    return summed


def _resampled(counts: Counts, draws: int, seed: int) -> Counts:
    """Return sums of `draws` samples with replacement; columns as in counts."""
    if not len(counts) or draws < 1:
        raise ValueError(f"{len(counts)} units, {draws} draws: give at least one of each")
    if not np.isfinite(counts).all():
        raise ValueError("a count is not a finite number")
    units = len(counts)
    weights = np.random.default_rng(seed).multinomial(units, [1 / units] * units, size=draws)
    return np.asarray(weights @ counts, dtype=np.float64)


def _ratios(sums: Counts) -> NDArray[np.float64]:
    return np.divide(sums[:, 0], sums[:, 1], out=np.zeros(len(sums)), where=sums[:, 1] > 0)


def _ends(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: choose one between 0 and 1, such as 0.95")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bootstrap_ci(
    counts: Counts,
    documents: Sequence[str] | None = None,
    *,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 0,
) -> Score:
    """Return a score with its percentile bootstrap interval; O(draws x units).

    Args:
        counts: (numerator, denominator) of each sentence.
        documents: the document of each sentence; with it, documents are resampled, too, and the
            wider interval is returned.

    Raises:
        ValueError: there is no unit or no draw, a count is not finite, or the level is not between
            0 and 1.
    """
    low, high = _ends(_ratios(_resampled(counts, draws, seed)), level)
    unit = "sentence"
    if documents is not None and len(set(documents)) > 1:
        whole = _resampled(by_document(counts, documents), draws, seed)
        ends = _ends(_ratios(whole), level)
        if ends[1] - ends[0] > high - low:
            (low, high), unit = ends, "document"
    return Score(ratio(counts), low, high, unit)


def paired_bootstrap(
    first: Counts,
    second: Counts,
    documents: Sequence[str] | None = None,
    *,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Return the difference of two contenders on the same sentences.

    The two counts are resampled together. With `documents`, the wider of two intervals counts.

    Raises:
        ValueError: the contenders were not scored on the same sentences; else as `bootstrap_ci`.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} units cannot be paired")
    both = np.hstack([first, second])
    units = [both]
    if documents is not None and len(set(documents)) > 1:
        units.append(by_document(both, documents))
    low = high = 0.0
    p = 0.0
    for number, rows in enumerate(units):
        sums = _resampled(rows, draws, seed)
        deltas = _ratios(sums[:, :2]) - _ratios(sums[:, 2:])
        ends = _ends(deltas, level)
        if not number or ends[1] - ends[0] > high - low:
            low, high = ends
        tail = min((deltas <= 0).sum(), (deltas >= 0).sum())
        p = max(p, min(1.0, 2 * (float(tail) + 1) / (draws + 1)))
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return Difference(ratio(first) - ratio(second), low, high, p, verdict)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in the order given (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    if any(not 0 <= p <= 1 for p in p_values):
        raise ValueError("a p-value lies between 0 and 1")
    corrected, before = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        before = max(before, min(1.0, p_values[at] * (len(p_values) - rank)))
        corrected[at] = before
    return corrected


def minimum_detectable(
    units: int, deviation: float, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Return the smallest true difference that a paired test finds with this power.

    Args:
        units: sentences.
        deviation: standard deviation of the paired difference of one sentence, in the score's unit.

    Raises:
        ValueError: there is no unit, or a share is not between 0 and 1.
    """
    if (
        not 1 <= units < math.inf
        or not 0 <= deviation < math.inf
        or not (0 < power < 1 and 0 < level < 1)
    ):
        raise ValueError(f"{units} units, deviation {deviation}, power {power}, level {level}")
    normal = NormalDist()
    return (normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)) * deviation / math.sqrt(units)


def deviation_of(first: Counts, second: Counts) -> float:
    """Return the standard deviation for `minimum_detectable` that two contenders' counts have."""
    parts = _influence(first) - _influence(second)
    return float(np.std(parts, ddof=1)) if len(parts) > 1 else 0.0


def _influence(counts: Counts) -> NDArray[np.float64]:
    """Return how far each unit moves the ratio, times the number of units."""
    mean = float(counts[:, 1].mean()) or 1.0
    return np.asarray((counts[:, 0] - ratio(counts) * counts[:, 1]) / mean)
