"""numexpr: the expression as text, compiled for a virtual machine that works in cached blocks."""

from __future__ import annotations

import math
from typing import Any

import numexpr  # type: ignore[import-untyped,unused-ignore]
import numpy as np
from numpy.typing import NDArray

TAKES = "array"
Array = NDArray[Any]


def axpy(a: float, x: Array, y: Array) -> Array:
    """Return a*x + y."""
    return np.asarray(numexpr.evaluate("a * x + y", {"a": a, "x": x, "y": y}))


def distance(x: Array, y: Array) -> float:
    """Return the Euclidean distance."""
    return math.sqrt(float(numexpr.evaluate("sum((x - y) * (x - y))", {"x": x, "y": y})))


def polynomial(x: Array) -> Array:
    """Return the cubic by Horner's rule."""
    return np.asarray(numexpr.evaluate("((2.0 * x - 3.0) * x + 5.0) * x - 7.0", {"x": x}))


def exp_sum(x: Array) -> float:
    """Return the sum of exp(-x)."""
    return float(numexpr.evaluate("sum(exp(-x))", {"x": x}))
