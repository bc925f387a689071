"""Linear algebra with the routine chosen by structure, and the digits that are left.

Thin wrappers over BLAS and LAPACK that show what the high-level calls decide in silence: which
routine runs, which operand is copied, and how much of the answer can be believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.linalg import blas, lapack  # type: ignore[import-untyped,unused-ignore]

from velvet_numerical.errors import IllConditioned, ShapeMismatch, WouldCopy, real

Array = NDArray[Any]
Structure = Literal["general", "positive", "banded", "lower", "upper"]
REFINEMENTS = 10  # each gains some digits; more than ten means that it does not converge
REFINED = 1e-12  # of the answer: the last repair is that small when it is done
BAND_SHARE = 10  # a band narrower than a tenth of the matrix is worth its own routine


def _operand(a: Array, *, strict: bool) -> tuple[Array, bool]:
    """Return the operand as BLAS wants it (column by column), and whether it was transposed."""
    if a.flags.f_contiguous:
        return a, False
    if a.flags.c_contiguous:
        return a.T, True
    if strict:
        raise WouldCopy(f"strides {a.strides} are neither row by row nor column by column")
    return np.asfortranarray(a), False


def gemm(
    a: Array,
    b: Array,
    c: Array | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 0.0,
    strict: bool = False,
) -> Array:
    """Return `alpha*a@b + beta*c`, C-ordered; `c` itself when it is C-ordered.

    BLAS reads matrices column by column. A C-ordered matrix is its own transpose there, so the
    product is computed as `(b.T @ a.T).T` and nothing is copied.

    Raises:
        ShapeMismatch: the inner sizes differ, or `c` has another shape.
        WouldCopy: `strict`, and an operand is in neither order.
        TypeError: not all operands are float32, or all float64.
    """
    kinds = {one.dtype.str[1:] for one in (a, b, c) if one is not None}
    if len(kinds) != 1 or not kinds <= {"f4", "f8"}:
        raise TypeError(f"gemm takes float32 or float64, all alike, not {sorted(kinds)}")
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"gemm takes matrices, not {a.ndim} and {b.ndim} dimensions")
    if a.shape[1] != b.shape[0]:
        raise ShapeMismatch(-1, (a.shape[1], b.shape[0]))
    shape = (a.shape[0], b.shape[1])
    if c is not None and c.shape != shape:
        raise ShapeMismatch(-2, (c.shape[0], shape[0]))
    if not (a.size and b.size):
        return np.zeros(shape, a.dtype) if c is None else np.multiply(c, beta, out=c)
    if c is not None and strict and not c.flags.c_contiguous:
        raise WouldCopy("c is not C-ordered, so that the result cannot be written into it")
    routine = blas.dgemm if a.dtype.itemsize == 8 else blas.sgemm
    left, left_turned = _operand(b, strict=strict)
    right, right_turned = _operand(a, strict=strict)
    # b.T as BLAS sees it: a C-ordered b already is, an F-ordered one is turned by the flag.
    extra = {} if c is None else {"c": c.T, "beta": beta, "overwrite_c": True}
    turned = routine(alpha, left, right, trans_a=not left_turned, trans_b=not right_turned, **extra)
    return np.asarray(turned.T)


def gemv(a: Array, x: Array) -> Array:
    """Return `a @ x` for a matrix of either order without copying it.

    Raises:
        ShapeMismatch: `x` is not as long as the rows of `a`.
        ValueError: `a` is no matrix, or `x` no vector.
    """
    given, vector = real(a), real(x)
    if (given.ndim, vector.ndim) != (2, 1):
        raise ValueError(
            f"gemv takes a matrix and a vector, not {given.ndim}-d and {vector.ndim}-d"
        )
    if given.shape[1] != len(vector):
        raise ShapeMismatch(-1, (given.shape[1], len(vector)))
    if not given.size:
        return np.zeros(len(given))
    matrix, turned = _operand(given, strict=False)
    return np.asarray(blas.dgemv(1.0, matrix, vector, trans=turned))


def condition(a: Array) -> float:
    """Return the 2-norm condition number, infinite for a singular matrix; O(n^3)."""
    values = np.linalg.svd(_square(a), compute_uv=False)
    return float(values[0] / values[-1]) if values[-1] > 0 else math.inf


def digits_left(a: Array, dtype: DTypeLike = np.float64) -> int:
    """Return how many decimal digits of a solution can be believed.

    A dtype of d digits loses log10(cond) of them.
    """
    return _digits(condition(a), dtype)


def _digits(cond: float, dtype: DTypeLike = np.float64) -> int:
    lost = float(np.finfo(np.dtype(dtype)).eps) * cond
    return max(0, math.floor(-math.log10(lost))) if 0 < lost < math.inf else 0


def _square(a: Array) -> NDArray[np.float64]:
    matrix = real(a)
    if matrix.ndim != 2:
        raise ValueError(f"a matrix has 2 dimensions, not {matrix.ndim}")
    if matrix.shape[0] != matrix.shape[1]:
        raise ShapeMismatch(-1, (matrix.shape[0], matrix.shape[1]))
    if not matrix.size:
        raise ValueError("the matrix is empty")
    if not np.isfinite(matrix).all():
        raise ValueError("the matrix contains NaN or infinity")
    return matrix


def _right(b: Array, n: int) -> NDArray[np.float64]:
    right = real(b)
    if right.ndim not in (1, 2):
        raise ValueError(f"a right-hand side has 1 or 2 dimensions, not {right.ndim}")
    if len(right) != n:
        raise ShapeMismatch(-right.ndim, (n, len(right)))
    if not np.isfinite(right).all():
        raise ValueError("the right-hand side contains NaN or infinity")
    return right


@dataclass(frozen=True)
class Solution:
    """The answer to `a @ x = b`.

    Attributes:
        routine: the LAPACK routine that found it.
        cond: an estimate of the 1-norm condition number.
        digits_left: decimal digits of `x` that can be believed.
    """

    x: NDArray[np.float64]
    routine: str
    cond: float
    digits_left: int


def structure_of(a: Array) -> Structure:
    """Return the structure that a matrix has by its zeros and symmetry, in O(n^2)."""
    n = len(a)
    rows, columns = np.nonzero(a)
    if not rows.size:
        return "general"
    below, above = int(np.max(rows - columns)), int(np.max(columns - rows))
    if below <= 0 or above <= 0:
        return "upper" if below <= 0 else "lower"
    if (below + above + 1) * BAND_SHARE <= n:
        return "banded"
    positive = bool((a == a.T).all() and (np.diagonal(a) > 0).all())
    return "positive" if positive else "general"


def solve(a: Array, b: Array, *, structure: Structure | None = None) -> Solution:
    """Solve `a @ x = b` by the routine for its structure, which is looked for by default.

    A symmetric matrix that Cholesky finds not to be positive definite is solved by LU. A structure
    that is named is trusted: elements outside it are not read.

    Raises:
        IllConditioned: no digit of the answer would be right.
        ShapeMismatch: `a` is not square, or `b` is not as long.
        ValueError: a value is not finite, or the structure is unknown.
    """
    matrix = _square(a)
    right = _right(b, len(matrix))
    if structure is not None and structure not in get_args(Structure):
        raise ValueError(f"structure is one of {', '.join(get_args(Structure))}, not {structure!r}")
    norm = float(np.abs(matrix).sum(axis=0).max())
    chosen = structure or structure_of(matrix)
    if chosen == "banded":
        x, routine, rcond = _banded(matrix, right, norm)
    elif chosen in ("lower", "upper"):
        lower = chosen == "lower"
        rcond = float(lapack.dtrcon(matrix, uplo="L" if lower else "U")[0])
        x, info = lapack.dtrtrs(matrix, right, lower=lower)
        routine, rcond = "dtrtrs", 0.0 if info else rcond
    else:
        x, routine, rcond = _dense(matrix, right, norm, try_cholesky=chosen == "positive")
    cond = 1 / rcond if rcond > 0 else math.inf
    digits = _digits(cond)
    if digits == 0:
        raise IllConditioned(cond, digits)
    return Solution(np.asarray(x), routine, cond, digits)


def _dense(a: Array, b: Array, norm: float, *, try_cholesky: bool) -> tuple[Array, str, float]:
    if try_cholesky:
        factor, info = lapack.dpotrf(a)
        if info == 0:
            rcond = float(lapack.dpocon(factor, norm)[0])
            return lapack.dpotrs(factor, b)[0], "dpotrf", rcond
    lu, pivots, info = lapack.dgetrf(a)
    if info > 0:
        return b, "dgetrf", 0.0
    return lapack.dgetrs(lu, pivots, b)[0], "dgetrf", float(lapack.dgecon(lu, norm)[0])


def _banded(a: Array, b: Array, norm: float) -> tuple[Array, str, float]:
    rows, columns = np.nonzero(a)
    below = int(np.max(rows - columns, initial=0))
    above = int(np.max(columns - rows, initial=0))
    n = len(a)
    packed = np.zeros((2 * below + above + 1, n), order="F")
    packed[below + above + rows - columns, columns] = a[rows, columns]
    lu, pivots, info = lapack.dgbtrf(packed, below, above)
    if info > 0:
        return b, "dgbtrf", 0.0
    rcond = _inverse_norm_bound(lu, pivots, below, above, norm, n)
    return lapack.dgbtrs(lu, below, above, b, pivots)[0], "dgbtrf", rcond


def _inverse_norm_bound(
    lu: Array, pivots: Array, below: int, above: int, norm: float, n: int
) -> float:
    """Estimate 1/cond of a band by the solution of a few right-hand sides (Hager's method)."""
    x = np.full(n, 1.0 / n)
    estimate = 0.0
    for _ in range(4):
        y = lapack.dgbtrs(lu, below, above, x, pivots)[0]
        if not np.isfinite(y).all():
            return 0.0
        estimate = max(estimate, float(np.abs(y).sum()))
        z = lapack.dgbtrs(lu, below, above, np.where(y >= 0, 1.0, -1.0), pivots, trans=1)[0]
        place = int(np.abs(z).argmax())
        if abs(z[place]) <= z @ x:
            break
        x = np.zeros(n)
        x[place] = 1.0
    return 1.0 / (norm * estimate) if norm * estimate > 0 else 0.0


def lu_solve_many(a: Array, rights: Array) -> Array:
    """Solve for each row of `rights`, one after the other, with one factorisation: O(n^3 + k n^2).

    Raises:
        IllConditioned: no digit of the answers would be right.
        ShapeMismatch: `a` is not square, or a row is not as long.
    """
    matrix = _square(a)
    lines = np.atleast_2d(_right(np.transpose(real(rights)), len(matrix)).T)
    norm = float(np.abs(matrix).sum(axis=0).max())
    lu, pivots, info = lapack.dgetrf(matrix)
    rcond = 0.0 if info > 0 else float(lapack.dgecon(lu, norm)[0])
    cond = 1 / rcond if rcond > 0 else math.inf
    if _digits(cond) == 0:
        raise IllConditioned(cond, 0)
    return np.array([lapack.dgetrs(lu, pivots, right)[0] for right in lines])


def iterative_refinement(a: Array, b: Array) -> Array:
    """Solve in float32, then repair the answer with residuals in float64.

    The factorisation, O(n^3), runs at the low precision; each repair costs O(n^2). It converges
    while the condition number is well below 1/eps of float32. Matrix and residuals are scaled to
    one, so that neither leaves float32's range.

    Raises:
        IllConditioned: it does not converge.
        ShapeMismatch: `a` is not square, or `b` is not as long.
    """
    matrix = _square(a)
    right = _right(b, len(matrix))
    scale = float(np.abs(matrix).max())
    matrix = matrix / (scale or 1.0)
    lu, pivots, info = lapack.sgetrf(matrix.astype(np.float32))
    if info > 0:
        raise IllConditioned(math.inf, 0)
    x = np.zeros_like(right)
    residual, last = right, math.inf
    for _ in range(REFINEMENTS):
        size = float(np.abs(residual).max(initial=0.0)) or 1.0
        step = lapack.sgetrs(lu, pivots, (residual / size).astype(np.float32))[0] * size
        largest = float(np.abs(step).max(initial=0.0))
        if not largest < last:
            break
        x, last = x + step, largest
        residual = right - matrix @ x
    if not last <= REFINED * float(np.abs(x).max(initial=0.0)):
        raise IllConditioned(condition(matrix), _digits(condition(matrix), np.float32))
    return np.asarray(x / scale)
