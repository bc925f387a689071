"""A training run as a value: from contract, data and seed to a model that can be made again.

`Run.execute` is what a notebook does, with what a notebook forgets: the contract it was trained
under, hashes of data and code, an interval for the score, how honest the probabilities are, and the
threshold at which acting on one pays. `reproduce` trains again and compares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from velvet_ml.contracts import Contract, check, infer
from velvet_ml.data import Churn
from velvet_ml.errors import NotEnoughData, in_range

Array = np.ndarray[Any, Any]
MIN_ROWS = 100
PACKAGES = ("numpy", "pandas", "scikit-learn", "skops", "skl2onnx", "onnx")
MODELS: Mapping[str, Callable[[int], Any]] = {
    "logreg": lambda seed: LogisticRegression(max_iter=1_000, random_state=seed),
    "forest": lambda seed: RandomForestClassifier(100, max_depth=8, n_jobs=1, random_state=seed),
    "boosting": lambda seed: HistGradientBoostingClassifier(max_iter=60, random_state=seed),
}


def imputed() -> Any:
    """Return the step for forests: trees ask for an order and no scale."""
    return SimpleImputer(strategy="median")


def scaled() -> Any:
    """Return the steps for linear models."""
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler())


# Boosting has a branch of its own for what is missing.
NUMBERS: Mapping[str, Callable[[], Any]] = {
    "logreg": scaled,
    "forest": imputed,
    "boosting": lambda: "passthrough",
}


def build_pipeline(contract: Contract, numbers: Any, model: Any) -> Pipeline:
    """Return a pipeline: numbers through their steps, categories as columns of 0 and 1, a model."""
    encoder = OneHotEncoder(
        categories=[list(one.allowed) for one in contract.fields if one.dtype == "category"],
        handle_unknown="ignore",
        sparse_output=False,
    )
    columns = [("numbers", numbers, contract.numbers), ("words", encoder, contract.categories)]
    used = [(name, steps, names) for name, steps, names in columns if names]
    return Pipeline([("columns", ColumnTransformer(used)), ("model", model)])


def brier(y: Array, p: Array) -> float:
    """Return the mean squared error of probabilities; 0.25 is a constant half."""
    return float(np.mean((p - y) ** 2))


def _check_pairs(y: Array, p: Array) -> None:
    if len(y) != len(p) or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"{len(y)} labels and {len(p)} probabilities: a pair each, from 0 to 1")


def calibration_error(y: Array, p: Array, bins: int = 10) -> float:
    """Return the expected calibration error: how far a stated probability is from what happened."""
    _check_pairs(y, p)
    in_range("bins", bins, 1)
    place = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [
        abs(p[place == one].mean() - y[place == one].mean()) * (place == one).mean()
        for one in np.unique(place)
    ]
    return float(sum(gaps))


def best_threshold(y: Array, p: Array, *, missed: float, false_alarm: float) -> float:
    """Return the probability from which acting costs least, given what each mistake costs.

    O(n log n): one pass over the sorted probabilities.
    """
    _check_pairs(y, p)
    in_range("missed", missed, 0.0)
    in_range("false_alarm", false_alarm, 0.0)
    order = np.argsort(-p, kind="stable")
    hits, alarms = np.cumsum(y[order]), np.cumsum(1 - y[order])
    cost = missed * (y.sum() - hits) + false_alarm * alarms
    # Rows with one probability are acted on together: only the last of them is a choice.
    cost = np.where(np.append(p[order][1:] < p[order][:-1], True), cost, np.inf)
    whole = np.append(cost, missed * y.sum())  # the last entry: never act
    best = int(np.argmin(whole))
    return 1.0 if best == len(cost) else float(p[order][best])


def bootstrap_interval(
    statistic: Callable[[Array, Array], float],
    y: Array,
    p: Array,
    *,
    rng: np.random.Generator,
    rounds: int = 200,
) -> tuple[float, float]:
    """Return the 95 % percentile interval of a statistic over resampled rows.

    Raises:
        NotEnoughData: rows of one class only; no sample of them has both.
    """
    _check_pairs(y, p)
    in_range("rounds", rounds, 1)
    if not 0 < y.sum() < len(y):
        raise NotEnoughData(f"{len(y)} rows of one class: a score needs both")
    drawn = list[float]()
    while len(drawn) < rounds:
        rows = rng.integers(0, len(y), len(y))
        if 0 < y[rows].sum() < len(rows):
            drawn.append(statistic(y[rows], p[rows]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


@dataclass(frozen=True)
class Trained:
    """What a run gives; all that a manifest needs except the file."""

    model: Pipeline
    contract: Contract
    metrics: Mapping[str, float]
    threshold: float
    data_sha256: str
    code_sha256: str
    seed: int
    packages: Mapping[str, str]
    held_out: pd.DataFrame = field(repr=False)
    held_out_target: Array = field(repr=False)

    def predict(self, frame: pd.DataFrame) -> Array:
        """Return the probability for each row of raw columns."""
        return np.asarray(self.model.predict_proba(self.contract.prepare(frame))[:, 1])


@dataclass(frozen=True)
class Run:
    """How a model is trained.

    Attributes:
        model: a name of `MODELS`.
        missed, false_alarm: what a churner not found costs, and a call that was not needed.
    """

    model: str = "boosting"
    seed: int = 0
    missed: float = 5.0
    false_alarm: float = 1.0
    contract: Contract | None = None

    def execute(self, churn: Churn) -> Trained:
        """Train, and score on a quarter of the rows that was never seen.

        Raises:
            ValueError: no such model.
            NotEnoughData: fewer than 100 rows.
            DataContractError: the data break the given contract.
        """
        if self.model not in MODELS:
            raise ValueError(f"model {self.model!r} is none of {', '.join(MODELS)}")
        frame = churn.features
        if len(frame) < MIN_ROWS:
            raise NotEnoughData(f"{len(frame)} rows: training needs {MIN_ROWS}")
        contract = self.contract or infer(frame)
        check(frame, contract)
        train, test, y_train, y_test = train_test_split(
            frame, churn.target, test_size=0.25, random_state=self.seed, stratify=churn.target
        )
        model = build_pipeline(contract, NUMBERS[self.model](), MODELS[self.model](self.seed))
        model.fit(contract.prepare(train), y_train)
        p = np.asarray(model.predict_proba(contract.prepare(test))[:, 1])
        rng = np.random.default_rng(self.seed)
        low, high = bootstrap_interval(_auc, y_test, p, rng=rng)
        metrics = {
            "auc": _auc(y_test, p),
            "auc_low": low,
            "auc_high": high,
            "accuracy": float(((p >= 0.5) == y_test).mean()),
            "brier": brier(y_test, p),
            "calibration_error": calibration_error(y_test, p),
        }
        return Trained(
            model,
            contract,
            metrics,
            best_threshold(y_test, p, missed=self.missed, false_alarm=self.false_alarm),
            data_hash(frame, churn.target),
            code_hash(),
            self.seed,
            {name: version(name) for name in PACKAGES},
            test,
            y_test,
        )

    def reproduce(self, trained: Trained, churn: Churn) -> float:
        """Train again and return the largest difference of a probability, 0.0 when bit for bit.

        Raises:
            ValueError: these are not the data of that run.
        """
        if (found := data_hash(churn.features, churn.target)) != trained.data_sha256:
            raise ValueError(f"other data: {found[:12]} instead of {trained.data_sha256[:12]}")
        again = self.execute(churn)
        return float(
            np.abs(again.predict(trained.held_out) - trained.predict(trained.held_out)).max()
        )


def _auc(y: Array, p: Array) -> float:
    return float(roc_auc_score(y, p))


def data_hash(frame: pd.DataFrame, target: Array) -> str:
    """Return a hash over names, values, order and labels."""
    digest = hashlib.sha256(",".join(map(str, frame.columns)).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    digest.update(np.ascontiguousarray(target).astype("<i8").tobytes())
    return digest.hexdigest()


def code_hash() -> str:
    """Return a hash over the files that make a model: this one and the contracts."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for name in ("contracts.py", "train.py"):
        digest.update((here / name).read_bytes())
    return digest.hexdigest()
