"""The arithmetic of a t-digest: where clusters end, and how values are interpolated between them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def cluster_starts(weights: Floats, delta: int) -> npt.NDArray[np.intp]:
    """Return where clusters begin, each as large as k1 allows and none empty."""
    upto = np.cumsum(weights)
    total = float(upto[-1])
    starts, at, before = [], 0, 0.0
    while at < len(weights):
        starts.append(at)
        # k1(q) = delta / (2 pi) * asin(2 q - 1) may grow by 1 within a cluster.
        angle = math.asin(min(1.0, 2.0 * before / total - 1.0)) + 2.0 * math.pi / delta
        if angle >= math.pi / 2:
            break
        limit = total * (math.sin(angle) + 1.0) / 2.0
        at = max(at + 1, int(np.searchsorted(upto, limit, side="right")))
        before = float(upto[at - 1])
    return np.array(starts, dtype=np.intp)


def between(low: float, high: float, share: float) -> float:
    """Return the point at `share` of the way, without overflow and never beyond its ends."""
    if math.isinf(high - low):
        return 2.0 * between(low / 2.0, high / 2.0, share)
    return min(high, low + (high - low) * share)


def share_between(low: float, high: float, value: float) -> float:
    """Return how far `value` lies from `low` to `high`, as a share of at most 1, without overflow."""
    if math.isinf(high - low):
        return share_between(low / 2.0, high / 2.0, value / 2.0)
    return min(1.0, (value - low) / (high - low))
