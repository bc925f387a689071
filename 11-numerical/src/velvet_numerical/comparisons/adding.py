"""What a sum costs, and what it gets wrong."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Suite, order, ratio, value
from velvet_numerical import sums
from velvet_numerical.comparisons.hundred_x import ROUNDS

N = 100_000
COLUMN = 1 << 22
TENTH = 0.1


def _way(name: str) -> Callable[[Any], float]:
    if name == "numpy":
        return lambda values: float(values.sum())
    return sums.SUMS[name]


def _error(name: str) -> Callable[[], dict[str, float]]:
    values = sums.spread_values(N)
    truth = sum(map(Fraction, values.tolist()), Fraction(0))
    add = _way(name)
    return lambda: {"ulps": sums.ulp_error(add(values), truth)}


def _column(way: str) -> Callable[[], dict[str, float]]:
    table = np.full((COLUMN, 2), TENTH, np.float32)
    truth = COLUMN * float(np.float32(TENTH))

    def run() -> dict[str, float]:
        found = {
            "whole": lambda: table.sum() / 2,
            "axis_0": lambda: table.sum(axis=0)[0],
            "axis_0_float64": lambda: table.sum(axis=0, dtype=np.float64)[0],
            "axis_1_of_transposed_copy": lambda: table.T.copy().sum(axis=1)[0],
        }[way]()
        return {"percent": abs(float(found) - truth) / truth * 100}

    return run


def _cost(name: str) -> Callable[[], float]:
    values = sums.spread_values(N)
    if name in ("numpy", "fsum"):
        add = _way(name)
        return lambda: add(values)
    compiled = sums.twin(name)
    return lambda: float(compiled(values))


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    errors = suite.comparison(
        "sum_errors",
        title=f"Error of a sum of {N:,} credits and debits over 16 decades",
        kind="value",
        unit="ulp",
        metrics={"ulps": "ulp"},
    )
    for name in ("naive", "numpy", "pairwise", "kahan", "neumaier", "fsum"):
        errors.add(name, partial(_error, name))

    column = suite.comparison(
        "float32_axis",
        title=f"Error of the sum of a float32 column of {COLUMN:,} times 0.1",
        kind="value",
        unit="%",
        metrics={"percent": "%"},
    )
    for way in ("whole", "axis_0", "axis_0_float64", "axis_1_of_transposed_copy"):
        column.add(way, partial(_column, way))

    cost = suite.comparison(
        "sum_cost",
        title=f"Cost of a sum of {N:,} doubles, loops compiled by Numba",
        unit="ns",
        items=N,
        rounds=ROUNDS,
        tier="default",
    )
    for name in ("numpy", "naive", "pairwise", "kahan", "neumaier", "fsum"):
        needs = () if name in ("numpy", "fsum") else ("numba",)
        cost.add(name, partial(_cost, name), needs=needs)
    cost.same_result(lambda a, b: bool(np.isclose(a, b, rtol=1e-9)))

    suite.claim(
        "errors fall from the loop over NumPy's sum to Neumaier's",
        order("sum_errors", "neumaier", "numpy", "naive", metric="ulps"),
    )
    suite.claim(
        "only Neumaier's sum and fsum are right to the last digit",
        (value("sum_errors", "neumaier", "ulps") <= 0.6)
        & (value("sum_errors", "fsum", "ulps") <= 0.5)
        & (value("sum_errors", "numpy", "ulps") >= 2),
    )
    suite.claim(
        "a float32 column summed along axis 0 is at least 1,000x as wrong as the whole",
        ratio("float32_axis", "axis_0", "whole", "percent") >= 1e3,
    )
