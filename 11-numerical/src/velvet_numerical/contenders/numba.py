"""Numba: the plain loops again, compiled at the first call for the types that they are given.

Nothing is reordered (`fastmath` is off), so sums have the error of a loop. Coverage cannot see
compiled bodies; the tests also call each `py_func`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

TAKES = "array"
Array = NDArray[Any]


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def axpy(a: float, x: Array, y: Array, out: Array | None = None) -> Array:
    """Return a*x + y, in `out` when it is given: STREAM's triad, 24 bytes an element."""
    result = np.empty_like(y) if out is None else out
    for i in range(x.size):
        result[i] = a * x[i] + y[i]
    return result


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def dot(x: Array, y: Array) -> float:
    """Return the scalar product."""
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    return total


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def distance(x: Array, y: Array) -> float:
    """Return the Euclidean distance."""
    total = 0.0
    for i in range(x.size):
        total += (x[i] - y[i]) * (x[i] - y[i])
    return math.sqrt(total)


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def polynomial(x: Array, out: Array | None = None) -> Array:
    """Return the cubic by Horner's rule."""
    result = np.empty_like(x) if out is None else out
    for i in range(x.size):
        result[i] = ((2.0 * x[i] - 3.0) * x[i] + 5.0) * x[i] - 7.0
    return result


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def exp_sum(x: Array) -> float:
    """Return the sum of exp(-x)."""
    total = 0.0
    for i in range(x.size):
        total += math.exp(-x[i])
    return total


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def loop_sum(x: Array) -> float:
    """Return the sum, one element after the other."""
    total = 0.0
    for i in range(x.size):
        total += x[i]
    return total


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def recurrence(x: Array, keep: float) -> Array:
    """Return the filtered values."""
    out = np.empty_like(x)
    last = 0.0
    for i in range(x.size):
        last = keep * last + (1.0 - keep) * x[i]
        out[i] = last
    return out


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def early_exit(x: Array, limit: float) -> int:
    """Return the first index above `limit`, -1 without one."""
    for i in range(x.size):
        if x[i] > limit:
            return i
    return -1


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def stencil2d(grid: Array, out: Array | None = None) -> Array:
    """Return one Jacobi step; an `out` that is given has its border already."""
    result = grid.copy() if out is None else out
    for i in range(1, grid.shape[0] - 1):
        for j in range(1, grid.shape[1] - 1):
            result[i, j] = 0.25 * (
                grid[i - 1, j] + grid[i + 1, j] + grid[i, j - 1] + grid[i, j + 1]
            )
    return result


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def mandelbrot(c: Array, steps: int) -> Array:
    """Return the counts; a point that left costs nothing more."""
    out = np.empty(c.size, np.int64)
    for i in range(c.size):
        z, count = 0.0 * c[i], 0
        while count < steps and z.real * z.real + z.imag * z.imag <= 4.0:
            z = z * z + c[i]
            count += 1
        out[i] = count
    return out


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def pairwise_distance(points: Array) -> Array:
    """Return all distances without a temporary."""
    n, d = points.shape
    out = np.empty((n, n), points.dtype)
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(d):
                total += (points[i, k] - points[j, k]) * (points[i, k] - points[j, k])
            out[i, j] = math.sqrt(total)
    return out


TILE = 64  # three tiles of 64 x 64 doubles fit a first-level cache and a half


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def matmul(a: Array, b: Array) -> Array:
    """Return the matrix product by tiles; for teaching, since BLAS wins by far."""
    rows, inner, columns = a.shape[0], a.shape[1], b.shape[1]
    out = np.zeros((rows, columns), a.dtype)
    for i0 in range(0, rows, TILE):
        for k0 in range(0, inner, TILE):
            for i in range(i0, min(i0 + TILE, rows)):
                for k in range(k0, min(k0 + TILE, inner)):
                    factor = a[i, k]
                    for j in range(columns):
                        out[i, j] += factor * b[k, j]
    return out


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def transpose(a: Array) -> Array:
    """Return the transposed matrix, tile by tile."""
    rows, columns = a.shape
    out = np.empty((columns, rows), a.dtype)
    for i0 in range(0, rows, TILE):
        for j0 in range(0, columns, TILE):
            for i in range(i0, min(i0 + TILE, rows)):
                for j in range(j0, min(j0 + TILE, columns)):
                    out[j, i] = a[i, j]
    return out


@njit(nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def walk(grid: Array) -> float:
    """Return the sum, row after row of what it is given; a transpose makes that column by column."""
    total = 0.0
    for i in range(grid.shape[0]):
        for j in range(grid.shape[1]):
            total += grid[i, j]
    return total
