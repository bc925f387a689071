"""NumPy in blocks that stay in the second-level cache between one operator and the next."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velvet_numerical.blocking import blocked_apply, blocked_transpose, blocks
from velvet_numerical.contenders import numpy_out

TAKES = "array"
Array = NDArray[Any]


def axpy(a: float, x: Array, y: Array) -> Array:
    """Return a*x + y."""

    def step(p: Array, q: Array, out: Array) -> None:
        numpy_out.axpy(a, p, q, out)

    return blocked_apply(step, x, y, out=np.empty_like(y))


def distance(x: Array, y: Array) -> float:
    """Return the Euclidean distance; the difference never exists as a whole."""
    total = 0.0
    for start, stop in blocks(len(x), x.itemsize, arrays=3):
        between = x[start:stop] - y[start:stop]
        total += between @ between
    return math.sqrt(total)


def polynomial(x: Array) -> Array:
    """Return the cubic by Horner's rule."""
    return blocked_apply(numpy_out.polynomial, x, out=np.empty_like(x))


def exp_sum(x: Array) -> float:
    """Return the sum of exp(-x)."""
    return math.fsum(
        numpy_out.exp_sum(x[start:stop]) for start, stop in blocks(len(x), x.itemsize, arrays=2)
    )


def early_exit(x: Array, limit: float) -> int:
    """Return the first index above `limit`; stops after the block that has it."""
    for start, stop in blocks(len(x), x.itemsize, arrays=2):
        above = x[start:stop] > limit
        if above.any():
            return start + int(np.argmax(above))
    return -1


def pairwise_distance(points: Array) -> Array:
    """Return all distances, some rows at a time: the temporary stays small."""
    out = np.empty((len(points), len(points)), points.dtype)
    for start, stop in blocks(len(points), points.nbytes * 2, arrays=1):
        difference = points[start:stop, None, :] - points[None, :, :]
        np.sqrt((difference * difference).sum(axis=-1), out=out[start:stop])
    return out


def transpose(a: Array) -> Array:
    """Return the transposed matrix, tile by tile."""
    return blocked_transpose(a)
