"""Choices in linear algebra: the routine, what is reused, what is copied."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Suite, speedup
from velvet_numerical.comparisons.hundred_x import close

SIDE = 400
BAND_SIDE = 1000
RIGHTS = 20
EINSUM = 60


def _solved(way: str) -> Callable[[], Any]:
    from velvet_numerical import linalg

    rng = np.random.default_rng(1)
    a = rng.random((SIDE, SIDE))
    a = a @ a.T + SIDE * np.eye(SIDE)
    b = rng.random(SIDE)
    ways: dict[str, Callable[[], Any]] = {
        "inverse": lambda: np.linalg.inv(a) @ b,
        "numpy_solve": lambda: np.linalg.solve(a, b),
        "lu": lambda: linalg.solve(a, b, structure="general").x,
        "cholesky": lambda: linalg.solve(a, b, structure="positive").x,
        "refined_float32": lambda: linalg.iterative_refinement(a, b),
    }
    return ways[way]


def _rights(way: str) -> Callable[[], Any]:
    from velvet_numerical import linalg

    rng = np.random.default_rng(1)
    a, rights = rng.random((SIDE, SIDE)) + SIDE * np.eye(SIDE), rng.random((RIGHTS, SIDE))
    if way == "reused":
        return lambda: linalg.lu_solve_many(a, rights)
    return lambda: np.array([np.linalg.solve(a, right) for right in rights])


def _band(way: str) -> Callable[[], Any]:
    from scipy.linalg import solve_banded  # type: ignore[import-untyped,unused-ignore]

    n = BAND_SIDE
    bands = np.array([np.full(n, 1.0), np.full(n, 4.0), np.full(n, 2.0)])
    a = np.diag(bands[1]) + np.diag(bands[0][1:], 1) + np.diag(bands[2][:-1], -1)
    b = np.ones(n)
    if way == "banded":
        return lambda: solve_banded((1, 1), bands, b)
    return lambda: np.linalg.solve(a, b)


def _three(way: str) -> Callable[[], Any]:
    rng = np.random.default_rng(1)
    a, b, c = (rng.random((EINSUM, EINSUM)) for _ in range(3))
    ways: dict[str, Callable[[], Any]] = {
        "einsum": lambda: np.einsum("ij,jk,kl->il", a, b, c),
        "einsum_optimized": lambda: np.einsum("ij,jk,kl->il", a, b, c, optimize=True),
        "matmul": lambda: a @ b @ c,
    }
    return ways[way]


def _vector(way: str) -> Callable[[], Any]:
    from scipy.linalg import blas

    from velvet_numerical import linalg

    a, x = np.random.default_rng(1).random((1000, 1000)), np.ones(1000)
    ways: dict[str, Callable[[], Any]] = {
        "hidden_copy": lambda: blas.dgemv(1.0, a, x),
        "no_copy": lambda: linalg.gemv(a, x),
        "numpy": lambda: a @ x,
    }
    return ways[way]


SUBJECTS: tuple[tuple[str, str, Callable[[str], Any], tuple[str, ...]], ...] = (
    (
        "solve",
        f"One system of {SIDE} unknowns, positive definite",
        _solved,
        ("inverse", "numpy_solve", "lu", "cholesky", "refined_float32"),
    ),
    ("many_rights", f"{RIGHTS} right-hand sides, one by one", _rights, ("refactored", "reused")),
    ("banded", f"A tridiagonal system of {BAND_SIDE} unknowns", _band, ("dense", "banded")),
    (
        "three_products",
        f"A product of three {EINSUM} x {EINSUM} matrices",
        _three,
        ("einsum", "einsum_optimized", "matmul"),
    ),
    (
        "gemv_order",
        "A row-by-row matrix of 1000 x 1000 times a vector",
        _vector,
        ("hidden_copy", "no_copy", "numpy"),
    ),
)


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    for name, title, make, ways in SUBJECTS:
        tier: Any = "quick" if name == "banded" else "default"
        one = suite.comparison(name, title=title, unit="ms", tier=tier)
        for way in ways:
            one.add(way, partial(make, way))
        one.same_result(close)

    suite.claim(
        "the inverse costs more than solving",
        speedup("solve", "numpy_solve", "inverse") >= 1.5,
        tier="default",
    )
    suite.claim(
        f"one factorisation serves {RIGHTS} right-hand sides at least 5x faster",
        speedup("many_rights", "reused", "refactored") >= 5,
        tier="default",
    )
    suite.claim(
        "the routine for a band is at least 50x faster than the dense one",
        speedup("banded", "banded", "dense") >= 50,
    )
    suite.claim(
        "einsum of three operands without `optimize` is at least 20x slower",
        speedup("three_products", "matmul", "einsum") >= 20,
        tier="default",
    )
    suite.claim(
        "BLAS called with the wrong order copies the matrix first",
        speedup("gemv_order", "no_copy", "hidden_copy") >= 2,
        tier="default",
    )
