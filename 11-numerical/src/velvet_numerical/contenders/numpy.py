"""NumPy as it is written first: one expression, a temporary array for each operator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TAKES = "array"
Array = NDArray[Any]


def axpy(a: float, x: Array, y: Array) -> Array:
    """Return a*x + y."""
    return a * x + y


def dot(x: Array, y: Array) -> float:
    """Return the scalar product; this is BLAS already."""
    return float(x @ y)


def distance(x: Array, y: Array) -> float:
    """Return the Euclidean distance."""
    return float(np.linalg.norm(x - y))


def polynomial(x: Array) -> Array:
    """Return the cubic by Horner's rule; powers would cost several times as much."""
    return ((2.0 * x - 3.0) * x + 5.0) * x - 7.0


def exp_sum(x: Array) -> float:
    """Return the sum of exp(-x)."""
    return float(np.exp(-x).sum())


def loop_sum(x: Array) -> float:
    """Return the sum, pairwise in blocks of 128."""
    return float(x.sum())


builtin_sum = loop_sum


def sort(x: Array) -> Array:
    """Return the values in ascending order."""
    return np.sort(x)


def recurrence(x: Array, keep: float) -> Array:
    """Return the filtered values: no array operation expresses it, so this is a loop over scalars.

    Each `x[i]` makes a NumPy scalar, which is slower than the float of a list.
    """
    out = np.empty_like(x)
    last = 0.0
    for i in range(len(x)):
        last = keep * last + (1.0 - keep) * x[i]
        out[i] = last
    return out


def early_exit(x: Array, limit: float) -> int:
    """Return the first index above `limit`; every element is compared first."""
    above = x > limit
    return int(np.argmax(above)) if above.any() else -1


def stencil2d(grid: Array) -> Array:
    """Return one Jacobi step through four shifted views."""
    out = grid.copy()
    around = grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:]
    out[1:-1, 1:-1] = 0.25 * around
    return np.asarray(out)


def mandelbrot(c: Array, steps: int) -> Array:
    """Return the counts; each step computes what is still inside."""
    z = np.zeros_like(c)
    count = np.zeros(c.shape, np.int64)
    inside = np.arange(c.size)
    for _ in range(steps):
        count[inside] += 1
        z[inside] = z[inside] * z[inside] + c[inside]
        now = z[inside]
        inside = inside[now.real * now.real + now.imag * now.imag <= 4.0]
        if not inside.size:
            break
    return count


def pairwise_distance(points: Array) -> Array:
    """Return all distances through an (n, n, d) temporary."""
    difference = points[:, None, :] - points[None, :, :]
    return np.asarray(np.sqrt((difference * difference).sum(axis=-1)))


def matmul(a: Array, b: Array) -> Array:
    """Return the matrix product; BLAS for floats, plain loops for integers."""
    return np.asarray(a @ b)


def transpose(a: Array) -> Array:
    """Return the transposed matrix as a new array."""
    return np.array(a.T, order="C")
