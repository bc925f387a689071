"""Before an experiment: how many users it needs, who sees which arm, and whether that worked.

An arm is a hash of salt and user, so that no list is kept, a user sees one arm for ever, and two
experiments with two salts are independent. A ratio of arms that is not the planned one means that
users were lost on the way; what such an experiment says is worth nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Literal

from scipy import stats

from velvet_ml.errors import SampleRatioMismatch, in_range

BUCKETS = 10_000
SRM_ALARM = 0.001


def sample_size(
    base: float,
    lift: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    formula: Literal["baseline", "pooled"] = "pooled",
) -> int:
    """Return the users for each arm that find an absolute lift with this power.

    Args:
        formula: ``pooled`` takes the variance of each arm (the textbook's), ``baseline`` that of the
            first arm for both (several calculators on the web).

    >>> sample_size(0.20, 0.05), sample_size(0.20, 0.05, formula="baseline")
    (1094, 1030)
    """
    other = base + lift
    if not (0 < base < 1 and 0 < other < 1) or lift == 0:
        raise ValueError(f"rates {base} and {other}: both between 0 and 1, and not equal")
    if not (0 < alpha < 1 and 0 < power < 1):
        raise ValueError(f"alpha {alpha} and power {power}: both between 0 and 1")
    z_alpha, z_power = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)
    if formula == "baseline":
        first = second = sqrt(2 * base * (1 - base))
        spread = z_alpha * first + z_power * sqrt(base * (1 - base) + other * (1 - other))
        return round(float((spread / lift) ** 2))
    middle = (base + other) / 2
    first = sqrt(2 * middle * (1 - middle))
    second = sqrt(base * (1 - base) + other * (1 - other))
    return ceil(float(((z_alpha * first + z_power * second) / lift) ** 2))


@dataclass(frozen=True)
class Assigner:
    """Give each user an arm.

    Attributes:
        salt: the experiment's own; another salt is an independent assignment.
        weights: arm -> share; they sum to 1.

    >>> Assigner("checkout", {"a": 0.5, "b": 0.5}).arm("user-1")
    'a'
    """

    salt: str
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        total = sum(self.weights.values())
        if not abs(total - 1) <= 1e-9 or not all(one > 0 for one in self.weights.values()):
            raise ValueError(f"weights {dict(self.weights)}: all above 0, with a sum of 1")

    def bucket(self, user: str) -> int:
        """Return a user's bucket, 0 to 9,999; the same in every process and on every machine."""
        digest = hashlib.sha256(f"{self.salt}:{user}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % BUCKETS

    def arm(self, user: str) -> str:
        """Return the arm that a user sees."""
        place, edge = self.bucket(user), 0.0
        for name, weight in self.weights.items():
            edge += weight * BUCKETS
            if place < edge - 1e-9:
                return name
        return list(self.weights)[-1]


def srm_check(counts: Sequence[int], weights: Sequence[float]) -> float:
    """Return the p value of the arms' sizes under the planned weights (chi-square).

    Raises:
        ValueError: an arm without users, or shares that are none.
    """
    if len(counts) != len(weights) or len(counts) < 2:
        raise ValueError(f"counts {list(counts)} and weights {list(weights)} do not fit")
    for count, weight in zip(counts, weights, strict=True):
        in_range("an arm's traffic", count, 1)
        in_range("an arm's weight", weight, 1e-9)
    total = sum(counts) / sum(weights)
    return float(stats.chisquare(list(counts), [weight * total for weight in weights]).pvalue)


def require_ratio(counts: Sequence[int], weights: Sequence[float]) -> None:
    """Raise SampleRatioMismatch when the sizes are not those of the plan (p below 0.001)."""
    if (p := srm_check(counts, weights)) < SRM_ALARM:
        raise SampleRatioMismatch(p)
