"""One definition of a percentile for every simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(values: Sequence[float], q: float) -> float:
    """The nearest-rank quantile, `q` in [0, 1]; NaN for no values. O(n log n).

    >>> quantile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"q must be in [0, 1], not {q!r}")
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(q * len(values)) - 1)]
