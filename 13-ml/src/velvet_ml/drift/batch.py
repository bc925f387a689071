"""Has the input changed? Tests of one window against a reference, and what each is blind to.

A p value says whether two samples differ, and with enough rows they always do. PSI and Wasserstein
say by how much, and with few rows they say anything: the famous 0.1 of PSI is common without drift
at 100 rows, and at 20,000 a shift of 0.2 deviations stays below it. So each test gives a score,
larger for more drift, and `calibrate` finds the threshold that cries as often as you allow at *your*
size. A marginal test never sees a correlation turn; a classifier that tells windows apart does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from velvet_ml.errors import NotEnoughData, in_range
from velvet_ml.experiment.analyse import benjamini_hochberg, bonferroni

Array = np.ndarray[Any, Any]
Score = Callable[[Array, Array], float]
MIN_ROWS = 30
Corrected = Callable[[Sequence[float]], list[float]]
CORRECTIONS: Mapping[str, Corrected] = {
    "raw": list,
    "bonferroni": bonferroni,
    "bh": benjamini_hochberg,
}


def _enough(reference: Array, sample: Array) -> None:
    if min(len(reference), len(sample)) < MIN_ROWS:
        raise NotEnoughData(f"{len(reference)} and {len(sample)} rows: {MIN_ROWS} are the least")


def _known(values: Array) -> Array:
    return values[~np.isnan(values)]


def psi(reference: Array, sample: Array, bins: int = 10) -> float:
    """Return the population stability index over the reference's quantiles; O(n log n).

    0 for equal histograms. Half a row is added to each bin, so that an empty one is finite. A constant
    reference has one bin for its value and one on either side.

    Raises:
        NotEnoughData: fewer than 30 rows on a side.
    """
    reference, sample = _known(reference), _known(sample)
    _enough(reference, sample)
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)))
    if len(edges) == 1:
        edges = np.array([np.nextafter(edges[0], -np.inf), edges[0]])
    inner = edges if len(edges) == 2 else edges[1:-1]
    counts = [
        np.bincount(np.searchsorted(inner, x), minlength=len(inner) + 1)
        for x in (reference, sample)
    ]
    p, q = ((one + 0.5) / (one.sum() + 0.5 * len(one)) for one in counts)
    return float(np.sum((p - q) * np.log(p / q)))


def wasserstein(reference: Array, sample: Array) -> float:
    """Return how far mass has to move, in standard deviations of the reference; O(n log n)."""
    reference, sample = _known(reference), _known(sample)
    _enough(reference, sample)
    spread = float(reference.std())
    apart = float(stats.wasserstein_distance(reference, sample))
    in_range("the distance of samples with an infinite value", apart + spread)
    if spread:
        return apart / spread
    return float("inf") if apart else 0.0


def ks_p(reference: Array, sample: Array) -> float:
    """Return the p value of Kolmogorov and Smirnov, asymptotic; O(n log n)."""
    reference, sample = _known(reference), _known(sample)
    _enough(reference, sample)
    return float(stats.ks_2samp(reference, sample, method="asymp").pvalue)


def chi_square_p(reference: Sequence[str] | pd.Series, sample: Sequence[str] | pd.Series) -> float:
    """Return the p value that two samples of categories have one distribution; a new one counts."""
    first, second = pd.Series(reference).value_counts(), pd.Series(sample).value_counts()
    table = pd.concat([first, second], axis=1).fillna(0).to_numpy(float).T
    if min(table.sum(axis=1), default=0) < MIN_ROWS:
        raise NotEnoughData(f"{table.sum(axis=1).astype(int).tolist()} rows: {MIN_ROWS} in each")
    if table.shape[1] == 1:
        return 1.0
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def calibrate(
    score: Score,
    reference: Array,
    n: int,
    *,
    alarms: float = 0.01,
    rng: np.random.Generator,
    rounds: int = 400,
) -> float:
    """Return the threshold that windows of `n` rows without drift cross with that probability.

    Windows are drawn from one half of the reference and scored against the other.

    Raises:
        NotEnoughData: the reference is too small to be halved.
    """
    if len(reference) < 4 * MIN_ROWS:
        raise NotEnoughData(f"{len(reference)} rows: calibration needs {4 * MIN_ROWS}")
    rows = rng.permutation(len(reference))
    half, other = reference[rows[: len(rows) // 2]], reference[rows[len(rows) // 2 :]]
    in_range("rounds", rounds, 1)
    in_range("alarms", alarms, 0.0, 1.0)
    scores = [score(half, rng.choice(other, n)) for _ in range(rounds)]
    found = float(np.quantile(scores, 1 - alarms))
    if found != found:
        raise ValueError("the score is NaN for a window: nothing lies above such a threshold")
    return found


@dataclass(frozen=True)
class FeatureDrift:
    """p values of each column of a window, corrected for their number.

    Attributes:
        p: column -> corrected p value.
        alarms: the columns below the level.
    """

    p: Mapping[str, float]
    alarms: tuple[str, ...]


def feature_drift(
    reference: pd.DataFrame, window: pd.DataFrame, *, level: float = 0.01, correction: str = "bh"
) -> FeatureDrift:
    """Test each column (KS for numbers, chi-square for the rest), corrected for how many there are.

    A column that is newly empty is drift, too: missing values are tested as a category of their own.
    """
    in_range("level", level, 0.0, 1.0)
    if correction not in CORRECTIONS:
        raise ValueError(f"correction {correction!r} is none of {', '.join(CORRECTIONS)}")
    raw: dict[str, float] = {}
    for name in map(str, reference.columns):
        old, new = reference[name], window[name]
        if pd.api.types.is_numeric_dtype(old):
            readable = min(old.notna().sum(), new.notna().sum()) >= MIN_ROWS
            raw[name] = ks_p(old.to_numpy(float), new.to_numpy(float)) if readable else 1.0
            if old.isna().any() or new.isna().any():
                gaps = chi_square_p(old.isna().astype(str), new.isna().astype(str))
                raw[name] = min(1.0, 2 * min(raw[name], gaps))
        else:
            raw[name] = chi_square_p(old, new)
    corrected = dict(zip(raw, CORRECTIONS[correction](list(raw.values())), strict=True))
    return FeatureDrift(corrected, tuple(name for name, p in corrected.items() if p < level))


@dataclass(frozen=True)
class TwoSample:
    """A classifier that tries to tell two windows apart.

    Attributes:
        auc: 0.5 when it cannot; cross-fitted, so that it cannot learn the rows by heart.
        p: the probability of such an AUC without drift (normal approximation of Mann-Whitney).
    """

    auc: float
    p: float


CLASSIFIERS: Mapping[str, Callable[[], Any]] = {
    "linear": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "boosting": partial(HistGradientBoostingClassifier, max_iter=40, random_state=0),
}


def classifier_drift(
    reference: Array, sample: Array, *, model: str = "boosting", folds: int = 5
) -> TwoSample:
    """Train a classifier on "which window is this row from"; sees joint changes that marginals hide."""
    _enough(reference, sample)
    if model not in CLASSIFIERS:
        raise ValueError(f"model {model!r} is none of {', '.join(CLASSIFIERS)}")
    X = np.vstack([reference, sample])  # noqa: N806
    y = np.repeat([0, 1], [len(reference), len(sample)])
    cut = StratifiedKFold(folds, shuffle=True, random_state=0)
    p = cross_val_predict(CLASSIFIERS[model](), X, y, cv=cut, method="predict_proba")[:, 1]
    auc = float(roc_auc_score(y, p))
    n, m = len(reference), len(sample)
    error = sqrt((n + m + 1) / (12 * n * m))
    return TwoSample(auc, float(stats.norm.sf((auc - 0.5) / error)))
