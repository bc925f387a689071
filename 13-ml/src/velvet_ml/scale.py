"""The same grid of models on one core, on several, and on engines for many machines.

An engine is worth its start-up only when the work is longer than that. So both are told apart: the
time until an engine is ready, the first run on it (its workers import scikit-learn), and the next.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from velvet_ml import contenders

Array = np.ndarray[Any, Any]
Params = tuple[int, int]
GRID: tuple[Params, ...] = tuple((depth, leaf) for depth in (4, 6, 8, 10) for leaf in (1, 3, 9))


@dataclass(frozen=True)
class Size:
    """How large the models of a grid are."""

    rows: int
    columns: int
    trees: int


SIZES = {
    "tiny": Size(500, 20, 5),
    "small": Size(2_000, 20, 20),
    "mid": Size(6_000, 40, 30),
}


@dataclass(frozen=True)
class GridReport:
    """What one engine took, in seconds, and what it found (the same for each engine)."""

    start_s: float
    first_s: float
    next_s: float
    best: Params
    score: float


def fit_one(params: Params, size: Size, X: Array, y: Array) -> float:  # noqa: N803
    """Return the cross-validated accuracy of one forest of the grid; one core."""
    depth, leaf = params
    model = RandomForestClassifier(
        size.trees, max_depth=depth, min_samples_leaf=leaf, n_jobs=1, random_state=0
    )
    return float(cross_val_score(model, X, y, cv=3).mean())


def fit_grid(backend: str, size: str = "tiny", *, workers: int = 2) -> GridReport:
    """Fit the grid on an engine, twice.

    Raises:
        ValueError: no such engine or size, or no worker.
        ImportError: the engine is not installed.
    """
    if size not in SIZES or workers < 1:
        raise ValueError(f"size {size!r} with {workers} workers: {', '.join(SIZES)}; 1 or more")
    about = SIZES[size]
    X, y = make_classification(  # noqa: N806
        about.rows, about.columns, n_informative=8, random_state=0
    )
    engine = contenders.load(backend)
    begun = time.perf_counter()
    with engine.running(workers) as run:
        ready = time.perf_counter()
        scores = run(fit_one, GRID, (about, X, y))
        first = time.perf_counter()
        again = run(fit_one, GRID, (about, X, y))
        end = time.perf_counter()
    assert scores == again
    best = int(np.argmax(scores))
    return GridReport(ready - begun, first - ready, end - first, GRID[best], scores[best])
