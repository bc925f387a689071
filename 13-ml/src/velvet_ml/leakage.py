"""Scores that are too good: four leaks on data whose honest score is known, and what finds each.

A leak is not a bug that raises; it is a number that pleases. Each leak here is one function that
gives the score with and without it, on data where nothing can be learnt (or where what can be
learnt is known). `audit` is what a project runs on its own data: a permutation test of the whole
procedure, and checks of the split for duplicates, groups and time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import __version__ as sklearn_version
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import TargetEncoder

from velvet_ml.errors import LeakageError, NotEnoughData, in_range

Array = np.ndarray[Any, Any]
Score = Callable[[Array, Array], float]
Split = tuple[Array, Array]
MAX_SINGLE_AUC = 0.99
FOLDS = 5


@dataclass(frozen=True)
class Scores:
    """One leak: the score that it gives, and the score without it."""

    leaky: float
    honest: float


def leaky_selection(X: Array, y: Array, k: int = 20) -> float:  # noqa: N803
    """Select the best columns on all rows, then cross-validate: the counter-example."""
    best = SelectKBest(f_classif, k=k).fit_transform(X, y)
    return _accuracy(LogisticRegression(max_iter=500), best, y)


def honest_selection(X: Array, y: Array, k: int = 20) -> float:  # noqa: N803
    """Select inside each fold, as a step of the pipeline."""
    model = make_pipeline(SelectKBest(f_classif, k=k), LogisticRegression(max_iter=500))
    return _accuracy(model, X, y)


def leaky_encoding(X: Array, y: Array) -> float:  # noqa: N803
    """Replace each category by the mean label of all its rows, then cross-validate."""
    means = {value: y[X[:, 0] == value].mean() for value in np.unique(X[:, 0])}
    encoded = np.array([[means[value]] for value in X[:, 0]])
    return _accuracy(LogisticRegression(), encoded, y)


def honest_encoding(X: Array, y: Array) -> float:  # noqa: N803
    """Encode inside each fold, cross-fitted."""
    # From 1.9 on, scikit-learn takes the folds instead of a seed.
    new = tuple(map(int, sklearn_version.split(".")[:2])) >= (1, 9)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    seeded: dict[str, Any] = {"cv": folds} if new else {"random_state": 0}
    encoder = TargetEncoder(target_type="binary", **seeded)
    return _accuracy(make_pipeline(encoder, LogisticRegression()), X, y)


def _accuracy(model: Any, X: Array, y: Array) -> float:  # noqa: N803
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    return float(cross_val_score(model, X, y, cv=folds).mean())


def selection_leak(seed: int = 0, *, rows: int = 100, columns: int = 5_000) -> Scores:
    """Select columns of pure noise; an honest score is near a half."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((rows, columns)), rng.integers(0, 2, rows)  # noqa: N806
    return Scores(leaky_selection(X, y), honest_selection(X, y))


def encoding_leak(seed: int = 0, *, rows: int = 3_000, categories: int = 1_000) -> Scores:
    """Encode a category that says nothing; an honest score is near a half."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, categories, (rows, 1)).astype(str).astype(object)  # noqa: N806
    y = rng.integers(0, 2, rows)
    return Scores(leaky_encoding(X, y), honest_encoding(X, y))


def group_data(seed: int, groups: int = 120, each: int = 6) -> tuple[Array, Array, Array]:
    """Return patients with a coin's label and six nearly equal rows each, and their numbers."""
    rng = np.random.default_rng(seed)
    centre, label = rng.standard_normal((groups, 8)), rng.integers(0, 2, groups)
    member = np.repeat(np.arange(int(groups)), each)
    X = centre[member] + 0.1 * rng.standard_normal((groups * each, 8))  # noqa: N806
    return X, label[member], member


def group_leak(seed: int = 0) -> Scores:
    """Split rows of one patient over both sides; an honest score is near a half."""
    X, y, member = group_data(seed)  # noqa: N806
    model = KNeighborsClassifier(1)
    rows = cross_val_score(model, X, y, cv=KFold(FOLDS, shuffle=True, random_state=0))
    whole = cross_val_score(model, X, y, cv=GroupKFold(FOLDS), groups=member)
    return Scores(float(rows.mean()), float(whole.mean()))


def time_leak(seed: int = 0, rows: int = 600) -> Scores:
    """Forecast a random walk from its date; shuffled folds look at both neighbours in time.

    The scores are R2: 1 is perfect, and a forecast that is worse than the mean is below 0.
    """
    walk = np.cumsum(np.random.default_rng(seed).standard_normal(rows))
    X, model = np.arange(rows, dtype=float)[:, None], KNeighborsRegressor(3)  # noqa: N806
    shuffled = cross_val_score(model, X, walk, cv=KFold(FOLDS, shuffle=True, random_state=0))
    ahead = cross_val_score(model, X, walk, cv=TimeSeriesSplit(FOLDS))
    return Scores(float(shuffled.mean()), float(np.median(ahead)))


LEAKS: dict[str, Callable[[int], Scores]] = {
    "selection": selection_leak,
    "encoding": encoding_leak,
    "group": group_leak,
    "time": time_leak,
}


@dataclass(frozen=True)
class Permutation:
    """The scores of one procedure with the true labels and with shuffled ones.

    Attributes:
        null: scores after shuffling; nothing can be learnt there.
        chance: the score of guessing.
    """

    score: float
    null: tuple[float, ...]
    chance: float

    @property
    def p(self) -> float:
        """The probability of such a score where labels say nothing."""
        return (1 + sum(one >= self.score for one in self.null)) / (1 + len(self.null))

    @property
    def leaks(self) -> bool:
        """Whether shuffled labels score above chance: three standard errors and 0.05 of score."""
        spread = float(np.std(self.null, ddof=1) / np.sqrt(len(self.null)))
        return float(np.mean(self.null)) > self.chance + max(0.05, 3 * spread)


def permutation_test(
    score: Score, X: Array, y: Array, *, rng: np.random.Generator, rounds: int = 10  # noqa: N803
) -> Permutation:
    """Score a whole procedure (selection, encoding, validation) with shuffled labels.

    Raises:
        NotEnoughData: fewer than 30 rows.
    """
    if len(y) < 30:
        raise NotEnoughData(f"{len(y)} rows: a permutation test needs 30")
    in_range("rounds", rounds, 2)
    null = tuple(score(X, rng.permutation(y)) for _ in range(rounds))
    found = score(X, y)
    for one in (found, *null):
        in_range("a score", one)
    return Permutation(found, null, float(np.max(np.bincount(y)) / len(y)))


def single_feature_auc(X: Array, y: Array) -> dict[int, float]:  # noqa: N803
    """Return, for each column of numbers, how well it alone ranks the labels (0.5 to 1)."""
    found = {}
    for number in range(X.shape[1]):
        try:
            values = np.asarray(X[:, number], dtype=float)
        except ValueError:  # a column of texts has no order
            continue
        area = float(roc_auc_score(y, np.nan_to_num(values, nan=0.0)))
        found[number] = max(area, 1 - area)
    return found


def duplicate_overlap(train: Array, test: Array) -> int:
    """Return how many rows of the test side stand on the training side, too."""
    known = set(map(_row_key, train))
    return sum(_row_key(row) in known for row in test)


def _row_key(row: Array) -> object:
    """Return what equal rows share; the bytes of an array of objects are addresses."""
    return tuple(map(str, row)) if row.dtype == object else row.tobytes()


def audit(
    score: Score,
    X: Array,  # noqa: N803
    y: Array,
    splits: Iterable[Split],
    *,
    rng: np.random.Generator,
    groups: Sequence[Any] | Array | None = None,
    time: Array | None = None,
    rounds: int = 10,
) -> list[str]:
    """Return a sentence for each leak that is found; an empty list is no proof, but it is a start.

    Args:
        score: the whole procedure, from raw columns to its validated score.
        splits: the training and test rows that the validation uses.
        groups: what belongs together (a customer, a patient), one a row.
        time: when each row was known.
    """
    found = []
    tested = permutation_test(score, X, y, rng=rng, rounds=rounds)
    if tested.leaks:
        mean = np.mean(tested.null)
        found.append(
            f"permutation: shuffled labels score {mean:.2f}, chance is {tested.chance:.2f}"
        )
    for column, area in single_feature_auc(X, y).items():
        if area > MAX_SINGLE_AUC:
            found.append(f"feature: column {column} alone has an AUC of {area:.3f}")
    pairs = list(splits)
    if copies := sum(duplicate_overlap(X[train], X[test]) for train, test in pairs):
        found.append(f"duplicates: {copies} test rows are in the training rows, too")
    if groups is not None:
        of = np.asarray(groups)
        shared = sum(len(np.intersect1d(of[train], of[test])) for train, test in pairs)
        if shared:
            found.append(f"group: {shared} times a group stands on both sides of a split")
    if time is not None:
        if (time != time).any():
            raise ValueError("time has gaps: an unknown time is neither before nor after another")
        late = sum(bool(time[train].max() > time[test].min()) for train, test in pairs)
        if late:
            found.append(f"time: {late} of {len(pairs)} splits train on what came after their test")
    return found


def require_clean(findings: Sequence[str]) -> None:
    """Raise LeakageError when an audit found something: the gate of a training run."""
    if findings:
        raise LeakageError(findings)
