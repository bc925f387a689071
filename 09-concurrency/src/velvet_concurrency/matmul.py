"""Six ways to multiply two square matrices, from three loops to compiled parallel code.

The workload of the CPU benchmarks: n cubed multiply-adds whatever the contender, so that seconds
can be compared. The pure Python ones take lists of lists; the others take NumPy arrays (lists are
converted, which costs more than the product, so convert before a clock starts). NumPy brings its
own threads: compare in children that `OPENBLAS_NUM_THREADS=1` holds to one.
Numba is imported at the first call, because loading it takes longer than most products.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from velvet_concurrency.runtime import Unavailable, check_int, load

Rows = Sequence[Sequence[float]]
FloatArray = npt.NDArray[np.float64]
Matrix = Rows | FloatArray


def random_rows(n: int, *, seed: int) -> list[list[float]]:
    """Return an n by n matrix of numbers in [0, 1), the same for the same seed."""
    check_int("n", n, 1)
    source = random.Random(seed)
    return [[source.random() for _ in range(n)] for _ in range(n)]


def matmul_triple(a: Rows, b: Rows) -> list[list[float]]:
    """Multiply by three index loops, as the textbook writes it; O(n^3) interpreted steps."""
    inner, columns = len(b), len(b[0])
    product = [[0.0] * columns for _ in a]
    for i in range(len(a)):
        for j in range(columns):
            total = 0.0
            for k in range(inner):
                total += a[i][k] * b[k][j]
            product[i][j] = total
    return product


def matmul_zip_sum(a: Rows, b: Rows) -> list[list[float]]:
    """Multiply by `sum` over `zip` of a row and a transposed column; no index is looked up."""
    columns = list(zip(*b, strict=True))
    return [
        [sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in a
    ]


def matmul_sumprod(a: Rows, b: Rows) -> list[list[float]]:
    """Multiply by `math.sumprod`, whose loop is in C and whose rounding is exact; needs Python 3.12."""
    sumprod: Callable[[Any, Any], float] | None = getattr(math, "sumprod", None)
    if sumprod is None:
        raise Unavailable("math.sumprod", "this Python is too old", "run it with Python 3.12")
    columns = list(zip(*b, strict=True))
    return [[sumprod(row, column) for column in columns] for row in a]


def matmul_numpy(a: Matrix, b: Matrix) -> FloatArray:
    """Multiply by the BLAS that NumPy was built with; it releases the GIL and uses threads."""
    product: FloatArray = np.matmul(np.asarray(a, np.float64), np.asarray(b, np.float64))
    return product


@functools.lru_cache(maxsize=2)
def _compiled(parallel: bool) -> Callable[[FloatArray, FloatArray], FloatArray]:
    numba: Any = load("numba")

    def kernel(a: FloatArray, b: FloatArray) -> FloatArray:  # pragma: no cover - machine code
        product = np.zeros((a.shape[0], b.shape[1]))
        for i in numba.prange(a.shape[0]):
            for k in range(a.shape[1]):  # i, k, j order walks both arrays along their rows
                for j in range(b.shape[1]):
                    product[i, j] += a[i, k] * b[k, j]
        return product

    compiled: Callable[[FloatArray, FloatArray], FloatArray] = numba.njit(
        kernel, parallel=parallel, nogil=True
    )
    return compiled


def matmul_numba(a: Matrix, b: Matrix) -> FloatArray:
    """Multiply by the same three loops, compiled; the first call takes seconds to compile."""
    return _compiled(False)(np.asarray(a, np.float64), np.asarray(b, np.float64))


def matmul_numba_parallel(a: Matrix, b: Matrix) -> FloatArray:
    """Multiply by compiled loops with the rows spread over threads."""
    return _compiled(True)(np.asarray(a, np.float64), np.asarray(b, np.float64))


CONTENDERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "triple": matmul_triple,
    "zip_sum": matmul_zip_sum,
    "sumprod": matmul_sumprod,
    "numpy": matmul_numpy,
    "numba": matmul_numba,
    "numba_parallel": matmul_numba_parallel,
}


def multiply(contender: str, pair: tuple[Matrix, Matrix]) -> Any:
    """Multiply one pair by a named contender; `functools.partial` of it suits `cpu_map`."""
    if contender not in CONTENDERS:
        raise ValueError(f"contender must be one of {sorted(CONTENDERS)}, got {contender!r}")
    return CONTENDERS[contender](*pair)
