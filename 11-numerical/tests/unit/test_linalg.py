"""Routines, copies and digits of linear algebra."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from velvet_numerical import linalg
from velvet_numerical.errors import IllConditioned, ShapeMismatch, WouldCopy

RNG = np.random.default_rng(3)
A, B = RNG.random((5, 7)), RNG.random((7, 4))


def hilbert(n: int) -> Any:
    i = np.arange(n)
    return 1.0 / (i[:, None] + i[None, :] + 1)


def inverse_hilbert(n: int) -> Any:
    """Return the inverse, whose entries are integers, by its formula."""
    c = math.comb
    entry = [
        [
            (-1) ** (i + j)
            * (i + j + 1)
            * c(n + i, n - j - 1)
            * c(n + j, n - i - 1)
            * c(i + j, i) ** 2
            for j in range(n)
        ]
        for i in range(n)
    ]
    return np.array(entry, dtype=object)


@pytest.mark.parametrize("left", ["C", "F"])
@pytest.mark.parametrize("right", ["C", "F"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_gemm_copies_neither_order(left: Any, right: Any, dtype: str) -> None:
    a, b = A.astype(dtype, order=left), B.astype(dtype, order=right)
    c = np.ones((5, 4), dtype)

    found = linalg.gemm(a, b, c, alpha=2.0, beta=3.0, strict=True)

    np.testing.assert_allclose(found, 2 * (A @ B) + 3, rtol=1e-5 if dtype == "f4" else 1e-14)
    assert np.shares_memory(found, c)
    assert found.flags.c_contiguous


def test_gemm_refuses_a_hidden_copy_when_it_is_strict() -> None:
    strided = RNG.random((10, 14))[::2, ::2]

    np.testing.assert_allclose(linalg.gemm(strided, B), strided @ B)
    with pytest.raises(WouldCopy, match="neither row by row"):
        linalg.gemm(strided, B, strict=True)
    with pytest.raises(WouldCopy, match="c is not C-ordered"):
        linalg.gemm(A, B, np.ones((5, 4), order="F"), strict=True)


@pytest.mark.parametrize(
    ("a", "b", "error"),
    [
        (A, A, ShapeMismatch),
        (A, B.astype("f4"), TypeError),
        (A.astype(int), B.astype(int), TypeError),
        (A, B[:, 0], ValueError),
    ],
)
def test_gemm_refuses_what_blas_has_no_routine_for(a: Any, b: Any, error: type) -> None:
    with pytest.raises(error):
        linalg.gemm(a, b)
    with pytest.raises(ShapeMismatch):
        linalg.gemm(A, B, np.ones((4, 4)))


def test_gemm_of_nothing_is_zero() -> None:
    assert linalg.gemm(A, B, np.ones((5, 4))).tolist() == linalg.gemm(A, B).tolist()
    assert linalg.gemm(np.zeros((2, 0)), np.zeros((0, 3))).tolist() == [[0.0] * 3] * 2
    assert linalg.gemm(np.zeros((2, 0)), np.zeros((0, 3)), np.ones((2, 3)), beta=2.0)[0, 0] == 2


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_product_with_a_vector_takes_either_order(order: Any) -> None:
    a = A.copy(order=order)

    np.testing.assert_allclose(linalg.gemv(a, np.arange(7.0)), A @ np.arange(7.0))
    with pytest.raises(ShapeMismatch):
        linalg.gemv(a, np.ones(5))
    for bad in ((a[0], np.ones(7)), (a, np.ones((7, 1)))):
        with pytest.raises(ValueError, match="a matrix and a vector"):
            linalg.gemv(*bad)
    assert linalg.gemv(np.zeros((2, 0)), np.zeros(0)).tolist() == [0.0, 0.0]
    assert linalg.gemv(np.zeros((0, 2)), np.zeros(2)).tolist() == []


def banded(n: int) -> Any:
    return np.diag(np.full(n, 4.0)) + np.diag(np.ones(n - 1), 1) + np.diag(np.full(n - 2, 0.5), -2)


GENERAL = RNG.random((60, 60)) + 6 * np.eye(60)
MATRICES = {
    "dgetrf": GENERAL,
    "dpotrf": GENERAL @ GENERAL.T,
    "dgbtrf": banded(60),
    "dtrtrs": np.triu(GENERAL),
}


@pytest.mark.parametrize("routine", MATRICES)
@pytest.mark.parametrize("columns", [(), (3,)])
def test_structure_chooses_the_routine(routine: str, columns: tuple[int, ...]) -> None:
    matrix = MATRICES[routine]
    truth = RNG.random((60, *columns))

    found = linalg.solve(matrix, matrix @ truth)

    assert found.routine == routine
    np.testing.assert_allclose(found.x, truth, rtol=1e-9)
    assert found.cond == pytest.approx(np.linalg.cond(matrix, 1), rel=0.7)
    assert found.digits_left >= 10


def test_other_structures_are_found_or_fall_back() -> None:
    lower = np.tril(GENERAL)
    indefinite = GENERAL + GENERAL.T - 14 * np.eye(60) + np.diag([27.0] * 60)
    indefinite[0, 1] = indefinite[1, 0] = 500.0

    assert linalg.solve(lower, lower @ np.ones(60)).routine == "dtrtrs"
    assert linalg.structure_of(indefinite) == "positive"
    assert linalg.solve(indefinite, np.ones(60)).routine == "dgetrf"
    assert linalg.structure_of(np.zeros((3, 3))) == "general"
    assert linalg.solve(GENERAL, np.ones(60), structure="general").routine == "dgetrf"


def test_a_band_with_more_bands_below_and_a_flat_answer_is_estimated_too() -> None:
    matrix = banded(60).T

    found = linalg.solve(matrix, np.ones(60))

    np.testing.assert_allclose(matrix @ found.x, np.ones(60))
    assert found.cond <= np.linalg.cond(matrix, 1) * (1 + 1e-9)
    assert linalg.solve(2 * np.eye(4), np.ones(4), structure="banded").cond == 1.0


SINGULAR = {
    "zero": np.zeros((3, 3)),
    "rank one": np.ones((40, 40)),
    "triangular": np.triu(np.ones((4, 4)), 1) + np.diag([1.0, 0, 1, 1]),
    "banded": np.diag([1.0] * 30 + [0.0] * 10) + np.diag([0.0] * 39, 1) + np.eye(40, k=2) * 0,
    "hilbert": hilbert(14),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_a_matrix_without_an_answer_is_refused_with_its_condition(name: str) -> None:
    a = SINGULAR[name]

    with pytest.raises(IllConditioned) as found:
        linalg.solve(a, np.ones(len(a)))

    assert found.value.digits_left == 0
    assert found.value.cond > 1e15
    assert "0 digits" in str(found.value)


def test_a_singular_band_is_refused() -> None:
    a = banded(40)
    a[:, 5] = 0.0
    for b in (a, np.tril(np.triu(np.ones((40, 40)), -1), 1) * 0 + a.T):
        with pytest.raises(IllConditioned):
            linalg.solve(b, np.ones(40), structure="banded")


def test_an_unknown_structure_is_refused_and_a_named_one_trusted() -> None:
    with pytest.raises(ValueError, match="structure is one of general"):
        linalg.solve(np.eye(3), np.ones(3), structure="diagonal")  # type: ignore[arg-type]
    with pytest.raises(IllConditioned):
        linalg.solve(np.zeros((3, 3)), np.ones(3), structure="banded")
    assert linalg.solve(np.full((2, 2), 2.0), np.ones(2), structure="lower").x.tolist() == [0.5, 0]


@pytest.mark.parametrize("n", range(2, 13))
def test_digits_left_is_what_a_hilbert_solve_really_keeps(n: int) -> None:
    exact = inverse_hilbert(n)
    b = np.eye(n)[:, 0]

    if linalg.digits_left(hilbert(n)) == 0:
        return  # nothing is promised
    found = linalg.solve(hilbert(n), b, structure="general")

    truth = exact[:, 0].astype(float)
    error = np.linalg.norm(found.x - truth) / np.linalg.norm(truth)
    assert -math.log10(max(error, 1e-17)) >= found.digits_left - 1


def test_the_formula_of_the_inverse_is_exact() -> None:
    from fractions import Fraction

    n = 12
    h = [[Fraction(1, i + j + 1) for j in range(n)] for i in range(n)]
    exact = inverse_hilbert(n)

    product = [[sum(h[i][k] * exact[k][j] for k in range(n)) for j in range(n)] for i in range(n)]

    assert product == [[int(i == j) for j in range(n)] for i in range(n)]


def test_float32_has_fewer_digits_left() -> None:
    assert linalg.digits_left(hilbert(6)) == 8
    assert linalg.digits_left(hilbert(6), np.float32) == 0
    assert linalg.digits_left(np.eye(3)) == 15
    assert linalg.condition(np.zeros((2, 2))) == math.inf
    assert linalg.digits_left(np.zeros((2, 2))) == 0


BAD: list[tuple[Any, Any, type[Exception]]] = [
    (A, np.ones(5), ShapeMismatch),
    (np.eye(3), np.ones(4), ShapeMismatch),
    (np.eye(3), np.float64(1), ValueError),
    (np.eye(3), np.ones((3, 1, 1)), ValueError),
    (np.ones(3), np.ones(3), ValueError),
    (np.zeros((0, 0)), np.zeros(0), ValueError),
    (np.full((2, 2), np.nan), np.ones(2), ValueError),
    (np.eye(2), np.array([1.0, np.inf]), ValueError),
    (np.array([["a"]]), np.ones(1), TypeError),
    (np.eye(2) * 1j, np.ones(2), TypeError),
]


@pytest.mark.parametrize(("a", "b", "error"), BAD)
def test_a_system_that_is_none_is_refused(a: Any, b: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        linalg.solve(a, b)


def test_one_factorisation_serves_many() -> None:
    rights = RNG.random((4, 60))

    found = linalg.lu_solve_many(GENERAL, rights)

    np.testing.assert_allclose(found @ GENERAL.T, rights)
    for bad in (np.zeros((2, 2)), hilbert(14)):
        with pytest.raises(IllConditioned):
            linalg.lu_solve_many(bad, np.ones((1, len(bad))))
    with pytest.raises(ShapeMismatch):
        linalg.lu_solve_many(np.eye(3), np.ones((2, 4)))
    with pytest.raises(ValueError, match="NaN or infinity"):
        linalg.lu_solve_many(np.eye(3), np.full((1, 3), np.nan))


def test_refinement_repairs_float32_or_says_that_it_cannot() -> None:
    truth = RNG.random(60)

    found = linalg.iterative_refinement(GENERAL, GENERAL @ truth)

    np.testing.assert_allclose(found, truth, rtol=1e-12)
    for scale in (1e-300, 1e300):  # neither fits into a float32
        scaled = linalg.iterative_refinement(GENERAL * scale, GENERAL @ truth)
        np.testing.assert_allclose(scaled, truth / scale, rtol=1e-12)
    assert not linalg.iterative_refinement(GENERAL, np.zeros(60)).any()
    with pytest.raises(ShapeMismatch):
        linalg.iterative_refinement(GENERAL, np.ones(5))
    with pytest.raises(IllConditioned):
        linalg.iterative_refinement(hilbert(12), np.ones(12))
    with pytest.raises(IllConditioned):
        linalg.iterative_refinement(np.zeros((2, 2)), np.ones(2))
