"""NumPy without temporaries: each operator writes into the one result (`out=`).

The result may be handed in, so that a loop allocates nothing at all: fresh pages cost as much as
the arithmetic.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

TAKES = "array"
Array = NDArray[Any]


def axpy(a: float, x: Array, y: Array, out: Array | None = None) -> Array:
    """Return a*x + y, in `out` when it is given."""
    result = np.multiply(x, a, out=out)
    result += y
    return np.asarray(result)


def distance(x: Array, y: Array, out: Array | None = None) -> float:
    """Return the Euclidean distance, with one buffer."""
    between = np.subtract(x, y, out=out)
    return math.sqrt(between @ between)


def polynomial(x: Array, out: Array | None = None) -> Array:
    """Return the cubic by Horner's rule."""
    result = np.multiply(x, 2.0, out=out)
    result -= 3.0
    result *= x
    result += 5.0
    result *= x
    result -= 7.0
    return np.asarray(result)


def exp_sum(x: Array, out: Array | None = None) -> float:
    """Return the sum of exp(-x), with one buffer."""
    result = np.negative(x, out=out)
    np.exp(result, out=result)
    return float(result.sum())


def stencil2d(grid: Array, out: Array | None = None) -> Array:
    """Return one Jacobi step; the inner part of the result collects the four views."""
    result = grid.copy() if out is None else out
    inner = result[1:-1, 1:-1]
    np.add(grid[:-2, 1:-1], grid[2:, 1:-1], out=inner)
    inner += grid[1:-1, :-2]
    inner += grid[1:-1, 2:]
    inner *= 0.25
    return np.asarray(result)
