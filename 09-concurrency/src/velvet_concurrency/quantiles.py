"""One definition of a quantile for every latency in this module: the nearest rank."""

from __future__ import annotations

import math
from collections.abc import Iterable


def quantile(values: Iterable[float], q: float) -> float:
    """Give the smallest value that at least a share `q` of `values` does not exceed; O(n log n).

    No interpolation: the answer is a latency that somebody had.

    Raises:
        ValueError: `q` is outside 0 to 1, or there is no value.

    >>> quantile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"q must be within 0 and 1, got {q!r}")
    ranked = sorted(values)
    if not ranked:
        raise ValueError("there is no value to take a quantile of")
    return ranked[max(0, math.ceil(q * len(ranked)) - 1)]
