"""Customers whose true probability of leaving is known, so that "how good is it" has an answer.

Real data sets hide the two figures that this module is about: the best accuracy that any model can
have, and what changed in the world since. Here both are known. Tenure and spend
come from one pair of correlated normals, so that their correlation can turn while each of them
alone stays as it was; `site_visits` has no effect at all, so that it can drift without harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from velvet_ml.errors import in_range

Kind = Literal["none", "covariate", "concept", "prior", "correlation", "missingness", "unit_change"]
KINDS: tuple[str, ...] = get_args(Kind)
NUMBERS = ("tenure_months", "monthly_spend", "support_calls", "site_visits")
CATEGORIES = ("plan", "region")
FEATURES = (*NUMBERS, *CATEGORIES)
TARGET = "churned"
PLANS, REGIONS = ("basic", "plus", "team"), ("north", "south", "east", "west")
_PLAN_EFFECT = {"basic": 0.7, "plus": 0.0, "team": -0.7}
_CORRELATION, _MISSING = 0.7, 0.04


@dataclass(frozen=True)
class Churn:
    """Customers: features, the label, and the truth that no real data set has.

    Attributes:
        frame: one row a customer: id, time of signing up, features.
        target: 1 where the customer left.
        probability: the true probability of leaving.
    """

    frame: pd.DataFrame
    target: np.ndarray[Any, Any]
    probability: np.ndarray[Any, Any]

    @property
    def features(self) -> pd.DataFrame:
        """The columns that a model may see."""
        return self.frame[list(FEATURES)]

    @property
    def bayes_accuracy(self) -> float:
        """The best accuracy that any model can have on these rows."""
        return float(np.maximum(self.probability, 1 - self.probability).mean())


@dataclass(frozen=True)
class DriftScenario:
    """What changes, and how much (0 is not at all, 1 is fully)."""

    kind: Kind = "none"
    magnitude: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"drift {self.kind!r} is none of {', '.join(KINDS)}")
        in_range("magnitude", self.magnitude, 0.0, 1.0)


def make_churn(
    n: int, seed: int | np.random.Generator, drift: DriftScenario | None = None
) -> Churn:
    """Return `n` customers.

    Args:
        seed: a seed, or a generator that is advanced.
        drift: a change that all rows have.

    Raises:
        ValueError: `n` is below 1.
    """
    in_range("n", n, 1)
    n = int(n)  # an unsigned one of NumPy would number customers by floats
    rng = np.random.default_rng(seed)
    kind, much = (drift.kind, drift.magnitude) if drift else ("none", 0.0)
    wanted = 3 * n if kind == "prior" else n
    frame = _features(wanted, rng, kind, much)
    flipped = 1 - 2 * much if kind == "concept" else 1.0
    plan = frame["plan"].map(_PLAN_EFFECT).to_numpy(float)
    logit = flipped * (
        0.9 * (frame["support_calls"].to_numpy() - 2)
        - 0.07 * (frame["tenure_months"].to_numpy() - 30)
        + 0.02 * (frame["monthly_spend"].to_numpy() - 60)
        + plan
    )
    probability = 1 / (1 + np.exp(-logit))
    target = (rng.random(wanted) < probability).astype(int)
    if kind == "prior":
        weight = np.where(target == 1, 1 + 3 * much, 1.0)
        kept = np.sort(rng.choice(wanted, n, replace=False, p=weight / weight.sum()))
        frame, target, probability = frame.iloc[kept], target[kept], probability[kept]
        frame = frame.reset_index(drop=True)
    lost = _MISSING + (0.5 * much if kind == "missingness" else 0.0)
    frame.loc[rng.random(n) < lost, "monthly_spend"] = np.nan
    if kind == "unit_change":
        frame["monthly_spend"] *= 1 + 99 * much
    frame.insert(0, "customer_id", np.arange(n))
    frame.insert(1, "signed_up", pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(n), "h"))
    return Churn(frame, target, probability)


def _features(n: int, rng: np.random.Generator, kind: str, much: float) -> pd.DataFrame:
    turned = _CORRELATION * (1 - 2 * much) if kind == "correlation" else _CORRELATION
    first, second = rng.standard_normal(n), rng.standard_normal(n)
    together = turned * first + np.sqrt(1 - turned**2) * second
    more_visits = 2.5 * much if kind == "covariate" else 0.0
    return pd.DataFrame(
        {
            "tenure_months": np.clip(30 + 10 * first, 0, None),
            "monthly_spend": np.clip(60 + 15 * together, 1, None),
            "support_calls": rng.poisson(2.0, n).astype(float),
            "site_visits": rng.normal(20 + 5 * more_visits, 5, n),
            "plan": rng.choice(PLANS, n, p=(0.5, 0.3, 0.2)),
            "region": rng.choice(REGIONS, n),
        }
    )
