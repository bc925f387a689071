"""Reproducible builds: targets x five axes x epoch, before and after normalising."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, value
from velvet_packaging import contenders
from velvet_packaging.comparisons import need
from velvet_packaging.repro import MATRIX, POSIX_ONLY, matrix

AXES = MATRIX if os.name == "posix" else tuple(one for one in MATRIX if one not in POSIX_ONLY)
CELLS = 4 * len(AXES)


def _matrix(name: str) -> Callable[[], Outcome]:
    need(name)

    def run() -> Outcome:
        told = matrix(name)
        first = next((one for one in told.cells if one.difference), None)
        failing = {f"{one.target} {one.axis}" for one in told.cells if not one.equal}
        row: dict[str, Any] = {
            "as_built": float(told.equal),
            "with_epoch": float(sum(one.equal for one in told.cells if one.epoch)),
            "normalized": float(told.normalized),
            "first_difference": first.difference[:60] if first else "none",
            "differs": ", ".join(sorted(failing)) or "nowhere",
        }
        return Outcome(row)

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    cells = suite.comparison(
        "reproducible",
        title=f"Cells of {CELLS} that are equal byte for byte: wheel and sdist, {', '.join(AXES)}, "
        "with and without SOURCE_DATE_EPOCH",
        kind="value",
        unit="cells",
        metrics={
            "as_built": Metric("cells", "higher"),
            "with_epoch": Metric("cells", "higher"),
            "normalized": Metric("cells", "higher"),
            "first_difference": Metric("label"),
            "differs": Metric("label"),
        },
        limit=1200,
        tier="default",
    )
    for name in contenders.PURE:
        cells.add(name, partial(_matrix, name), baseline=name == "hatchling")
    suite.claim(
        "hatchling and uv_build are reproducible on every axis, without being asked",
        value("reproducible", "hatchling", "as_built").equals(CELLS)
        & value("reproducible", "uv_build", "as_built").equals(CELLS),
        tier="default",
    )
    suite.claim(
        "flit-core is, with SOURCE_DATE_EPOCH set",
        value("reproducible", "flit_core", "with_epoch").equals(CELLS / 2),
        tier="default",
    )
    suite.claim(
        "after normalising, every cell of these four is equal",
        value("reproducible", "hatchling", "normalized").equals(CELLS)
        & value("reproducible", "uv_build", "normalized").equals(CELLS)
        & value("reproducible", "poetry_core", "normalized").equals(CELLS)
        & value("reproducible", "flit_core", "normalized").equals(CELLS),
        tier="default",
    )
    suite.claim(
        "and every cell of meson-python and scikit-build-core",
        value("reproducible", "meson_python", "normalized").equals(CELLS)
        & value("reproducible", "scikit_build_core", "normalized").equals(CELLS),
        tier="default",
        needs=("meson-python", "scikit-build-core", "program:git"),
    )
    suite.claim(
        "setuptools and pdm-backend differ in at least a quarter of the cells, and in none after "
        "normalising",
        (value("reproducible", "setuptools", "as_built") <= 0.75 * CELLS)
        & (value("reproducible", "pdm_backend", "as_built") <= 0.75 * CELLS)
        & value("reproducible", "setuptools", "normalized").equals(CELLS)
        & value("reproducible", "pdm_backend", "normalized").equals(CELLS),
        tier="default",
    )
