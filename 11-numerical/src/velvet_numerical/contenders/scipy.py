"""SciPy: a compiled routine written for exactly this task."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter  # type: ignore[import-untyped,unused-ignore]
from scipy.spatial.distance import cdist  # type: ignore[import-untyped,unused-ignore]

TAKES = "array"
Array = NDArray[Any]


def recurrence(x: Array, keep: float) -> Array:
    """Return the filtered values: a recurrence is an IIR filter."""
    return np.asarray(lfilter([1.0 - keep], [1.0, -keep], x))


def pairwise_distance(points: Array) -> Array:
    """Return all distances."""
    return np.asarray(cdist(points, points))
