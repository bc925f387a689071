"""Sparse matrices: what is stored, which format serves which operation, and when it pays."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from velvet_numerical.errors import ShapeMismatch, numeric, real
from velvet_numerical.machine import best_seconds, threads

Operation = Literal["build", "rows", "columns", "matvec", "diagonals", "blocks"]
# What each format is good at, in the order in which they are preferred.
REASONS: dict[Operation, tuple[str, str]] = {
    "diagonals": ("DIA", "stores each diagonal as one row: no index at all"),
    "blocks": ("BSR", "one index for each dense block, whose product is a small BLAS call"),
    "columns": ("CSC", "a column is one contiguous piece"),
    "rows": ("CSR", "a row is one contiguous piece"),
    "matvec": ("CSR", "each row is one running sum, the values are read once in order"),
    "build": ("COO", "appending a triplet costs nothing; convert once when it is complete"),
}


def choose_format(operations: Sequence[Operation]) -> tuple[str, str]:
    """Return the format that serves what is done with a matrix, and the reason.

    >>> choose_format(["matvec", "rows"])[0]
    'CSR'
    """
    given = list(operations)
    if not given or not REASONS.keys() >= set(given):
        raise ValueError(f"operations are of {', '.join(REASONS)}, not {given}")
    return next(REASONS[one] for one in REASONS if one in given)


@dataclass(frozen=True)
class Csr:
    """A matrix as compressed rows: row i is `data[indptr[i]:indptr[i + 1]]` at columns `indices`."""

    shape: tuple[int, int]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    data: NDArray[np.float64]


def _indices(given: Any) -> NDArray[np.int64]:
    array = np.asarray(given)
    return (numeric(array, kinds="iu") if array.size else array).astype(np.int64)


def csr_from_triplets(rows: Any, columns: Any, values: Any, shape: tuple[int, int]) -> Csr:
    """Return a CSR matrix from (row, column, value) triplets; duplicates are added up.

    Sorting by row and then by column puts duplicates side by side: O(k log k).

    Raises:
        IndexError: an index is outside the shape.
        ShapeMismatch: the three lists differ in length.
        ValueError: they are not flat, or a side of the shape is negative.
    """
    i, j = _indices(rows), _indices(columns)
    v = real(values)
    if {i.ndim, j.ndim, v.ndim} != {1}:
        raise ValueError("triplets are three flat lists")
    if len(shape) != 2 or min(shape) < 0:
        raise ValueError(f"a matrix has two sides of 0 or more, not {shape}")
    shape = operator.index(shape[0]), operator.index(shape[1])
    if len(i) != len(j) or len(i) != len(v):
        raise ShapeMismatch(-1, (len(i), len(j) if len(i) != len(j) else len(v)))
    for index, size, name in ((i, shape[0], "row"), (j, shape[1], "column")):
        if len(index) and not (int(np.min(index)) >= 0 and int(np.max(index)) < size):
            raise IndexError(f"{name} indices are within 0 and {size - 1}")
    order = np.lexsort((j, i))
    i, j, v = i[order], j[order], v[order]
    new = np.ones(len(i), bool)
    new[1:] = (i[1:] != i[:-1]) | (j[1:] != j[:-1])
    starts = np.flatnonzero(new)
    data = np.add.reduceat(v, starts) if len(v) else v
    indptr = np.zeros(shape[0] + 1, np.int64)
    np.add.at(indptr, i[starts] + 1, 1)
    return Csr(shape, np.cumsum(indptr), j[starts], data)


def _spmv(indptr: Any, indices: Any, data: Any, x: Any, out: Any) -> None:
    for row in range(len(indptr) - 1):
        total = 0.0
        for place in range(indptr[row], indptr[row + 1]):
            total += data[place] * x[indices[place]]
        out[row] = total


@cache
def _compiled_spmv() -> Any:
    from numba import njit

    return njit(nogil=True)(_spmv)


def spmv(matrix: Csr, x: Any, *, compiled: bool = True) -> NDArray[np.float64]:
    """Return the product with a vector; the loop is compiled by Numba unless told otherwise."""
    vector = real(x)
    if vector.shape != (matrix.shape[1],):
        raise ShapeMismatch(-1, (matrix.shape[1], vector.size))
    out = np.zeros(matrix.shape[0])
    loop = _compiled_spmv() if compiled else _spmv
    loop(matrix.indptr, matrix.indices, matrix.data, vector, out)
    return out


@dataclass(frozen=True)
class Crossing:
    """Sparse time over dense time at one density; below 1 sparse wins."""

    density: float
    matvec: float
    bytes: float


def crossover(n: int, densities: Sequence[float], *, seed: int = 11) -> list[Crossing]:
    """Measure CSR against dense on one thread for an n x n matrix at each density."""
    from scipy import sparse  # type: ignore[import-untyped,unused-ignore]

    rng = np.random.default_rng(seed)
    found = []
    for density in densities:
        if not 0 < density <= 1:
            raise ValueError(f"a density is within 0 and 1, not {density}")
        dense = np.where(rng.random((n, n)) < density, rng.random((n, n)), 0.0)
        rows, x = sparse.csr_matrix(dense), rng.random(n)
        with threads(1):
            slow = best_seconds(lambda dense=dense, x=x: dense @ x)  # type: ignore[misc]
            quick = best_seconds(lambda rows=rows, x=x: rows @ x)  # type: ignore[misc]
        stored = rows.data.nbytes + rows.indices.nbytes + rows.indptr.nbytes
        found.append(Crossing(density, quick / slow, stored / dense.nbytes))
    return found


def break_even(crossings: Sequence[Crossing]) -> float:
    """Return the density at which both take equally long, interpolated; infinite if never."""
    ordered = sorted(crossings, key=lambda one: one.density)
    for low, high in pairwise(ordered):
        if low.matvec <= 1 < high.matvec:
            share = -math.log(low.matvec) / (math.log(high.matvec) - math.log(low.matvec))
            return float(low.density * (high.density / low.density) ** share)
    return math.inf if ordered and ordered[-1].matvec <= 1 else 0.0
