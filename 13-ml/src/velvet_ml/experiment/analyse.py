"""After an experiment: differences with their intervals, and two ways to be wrong about them.

Users are assigned, so users are counted. A click rate per page view counts views, of which one user
has many: the views are not independent, and a test that believes so cries more often than it says.
The delta method counts users. CUPED subtracts what a user's past already explains; the effect stays
as it is and its variance shrinks by the square of the correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from scipy import stats

from velvet_ml.errors import NotEnoughData, in_range

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Effect:
    """A difference (second arm minus first), its 95 % interval, and its p value."""

    difference: float
    low: float
    high: float
    p: float


def _effect(difference: float, error: float) -> Effect:
    in_range("the difference and its error", difference + error)
    if error == 0:
        return Effect(difference, difference, difference, 1.0 if difference == 0 else 0.0)
    z = difference / error
    reach = float(stats.norm.ppf(0.975)) * error
    p = float(2 * stats.norm.sf(abs(z)))
    return Effect(difference, difference - reach, difference + reach, p)


def two_proportions(first: tuple[int, int], second: tuple[int, int]) -> Effect:
    """Compare two arms of (successes, users).

    Raises:
        ValueError: no users, or more successes than users.
    """
    for successes, n in (first, second):
        in_range("users", n, 1)
        in_range("successes", successes, 0, n)
    a, b = first[0] / first[1], second[0] / second[1]
    return _effect(b - a, sqrt(a * (1 - a) / first[1] + b * (1 - b) / second[1]))


def mean_difference(first: Array, second: Array) -> Effect:
    """Compare the means of two arms with unequal variances (Welch)."""
    if min(len(first), len(second)) < 2:
        raise NotEnoughData(f"{len(first)} and {len(second)} users: each arm needs two")
    error = sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    return _effect(float(second.mean() - first.mean()), error)


def cuped(y: Array, x: Array) -> Array:
    """Return the outcome with what the past explains taken out; the mean stays.

    Args:
        y: the outcome of each user.
        x: the same figure of each user before the experiment; users of both arms together, because
            one coefficient serves both.
    """
    if len(y) != len(x) or len(y) < 2:
        raise NotEnoughData(f"{len(y)} outcomes, {len(x)} values of the past: two pairs at least")
    spread = float(x.var())
    if spread == 0:
        return y
    theta = float(np.mean((x - x.mean()) * (y - y.mean()))) / spread
    in_range("the coefficient", theta)
    return np.asarray(y - theta * (x - x.mean()))


def naive_ratio(first: tuple[Array, Array], second: tuple[Array, Array]) -> Effect:
    """Compare clicks over views as if each view were a user: the counter-example."""
    pairs = [(int(clicks.sum()), int(views.sum())) for clicks, views in (first, second)]
    return two_proportions(pairs[0], pairs[1])


def ratio_metric(first: tuple[Array, Array], second: tuple[Array, Array]) -> Effect:
    """Compare clicks over views of each user by the delta method (Deng et al. 2018)."""
    shares, variance = [], 0.0
    for clicks, views in (first, second):
        n = len(views)
        if n < 2 or views.sum() == 0:
            raise NotEnoughData(f"{n} users with {views.sum():.0f} views: two users with views")
        share = float(clicks.sum()) / float(views.sum())
        rest = clicks - share * views
        variance += float(rest.var(ddof=1)) / n / float(views.mean()) ** 2
        shares.append(share)
    return _effect(shares[1] - shares[0], sqrt(variance))


def bonferroni(p: Sequence[float]) -> list[float]:
    """Return p values corrected so that one false alarm among all is as likely as one test says."""
    return [min(1.0, float(one) * len(p)) for one in _shares(p)]


def _shares(p: Sequence[float]) -> Array:
    if not all(0 <= one <= 1 for one in p):
        raise ValueError(f"p values {list(p)}: each from 0 to 1")
    return np.asarray(p, dtype=float)


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Return adjusted p values; those below q hold a share of at most q false ones.

    >>> [round(one, 3) for one in benjamini_hochberg([0.01, 0.04, 0.03, 0.5])]
    [0.04, 0.053, 0.053, 0.5]
    """
    values = _shares(p)
    order = np.argsort(values)
    raised = values[order] * len(values) / np.arange(1, len(values) + 1)
    falling = np.minimum.accumulate(raised[::-1])[::-1]
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(falling, 1.0)
    return [float(one) for one in adjusted]
