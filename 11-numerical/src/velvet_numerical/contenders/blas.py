"""BLAS called directly through SciPy: the fastest loops of the machine, with conditions.

Inputs that are not float64, or not in the order that a routine expects, are copied in silence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas  # type: ignore[import-untyped,unused-ignore]

from velvet_numerical.linalg import gemm

TAKES = "array"
Array = NDArray[Any]


def axpy(a: float, x: Array, y: Array) -> Array:
    """Return a*x + y by daxpy, which adds into a copy of y."""
    return np.asarray(blas.daxpy(x, y.copy(), a=a))


def dot(x: Array, y: Array) -> float:
    """Return the scalar product by ddot."""
    return float(blas.ddot(x, y))


def distance(x: Array, y: Array) -> float:
    """Return the distance by dnrm2, which also survives squares that overflow."""
    return float(blas.dnrm2(x - y))


def pairwise_distance(points: Array) -> Array:
    """Return all distances from one matrix product: x.x - 2 x.y + y.y.

    Close points lose their digits to cancellation: two that differ by 1e-8 of their size come out
    at distance zero.
    """
    squares = np.einsum("ij,ij->i", points, points)
    between = gemm(points, points.T, alpha=-2.0)
    between += squares[:, None]
    between += squares[None, :]
    np.fill_diagonal(between, 0.0)
    np.maximum(between, 0.0, out=between)
    return np.asarray(np.sqrt(between, out=between))


def matmul(a: Array, b: Array) -> Array:
    """Return the matrix product by dgemm, without copying operands of either order."""
    return gemm(a, b)
