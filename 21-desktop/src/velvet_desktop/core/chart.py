"""A live chart: a ring of the newest points, and three ways to draw a million of them as a thousand.

`stride` takes every k-th point and loses what happens between; `minmax` keeps the extremes of each
bucket; `lttb` (largest triangle three buckets, Steinarsson 2013) keeps the points that span the
largest triangles, which is what the eye sees. All are O(n). A NaN is a gap: `minmax` and `lttb`
keep one of each bucket that has any; `stride` meets it or does not.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Points = tuple[Floats, Floats]


class RingBuffer:
    """The newest `capacity` numbers; appending is O(1) and allocates nothing."""

    def __init__(self, capacity: int) -> None:
        if not capacity >= 1:
            raise ValueError(f"capacity is {capacity}: at least 1")
        self._values: Floats = np.empty(capacity)
        self._count = 0

    def append(self, value: float) -> None:
        """Add a number; the oldest makes room."""
        self._values[self._count % len(self._values)] = value
        self._count += 1

    def values(self) -> Floats:
        """Return a copy, oldest first."""
        size, cut = len(self), self._count % len(self._values)
        if size < len(self._values):
            return np.array(self._values[:size])
        return np.concatenate((self._values[cut:], self._values[:cut]))

    def __len__(self) -> int:
        return min(self._count, len(self._values))


def _checked(x: Floats, y: Floats, n: int) -> None:
    if not n >= 3:
        raise ValueError(f"n is {n}: a line keeps its two ends and at least one point between")
    if len(x) != len(y):
        raise ValueError(f"{len(x)} places and {len(y)} values: they belong together")
    if not np.all(np.diff(x) >= 0):  # nor is a line with a NaN among its places
        raise ValueError("x is not sorted: sort the points by x before they are thinned out")


def stride(x: Floats, y: Floats, n: int) -> Points:
    """Keep every k-th point, and the last."""
    _checked(x, y, n)
    if n >= len(x):
        return x, y
    keep = np.linspace(0, len(x) - 1, n).astype(np.int64)
    return x[keep], y[keep]


def minmax(x: Floats, y: Floats, n: int) -> Points:
    """Keep the lowest and the highest point of each bucket, and both ends."""
    _checked(x, y, n)
    if n >= len(x):
        return x, y
    edges = np.linspace(0, len(x), max(2, n // 2) + 1).astype(np.int64)
    keep = {0, len(x) - 1}
    for start, stop in itertools.pairwise(edges):
        part = y[start:stop]
        gaps = np.isnan(part)
        if gaps.any():
            keep.add(int(start + np.argmax(gaps)))
        if not gaps.all():
            keep |= {int(start + np.nanargmin(part)), int(start + np.nanargmax(part))}
    kept = np.array(sorted(keep))
    return x[kept], y[kept]


def lttb(x: Floats, y: Floats, n: int) -> Points:
    """Keep the points that span the largest triangles; both ends are always among them.

    >>> lttb(np.arange(5.0), np.array([0.0, 0.0, 9.0, 0.0, 0.0]), 3)[1].tolist()
    [0.0, 9.0, 0.0]
    """
    _checked(x, y, n)
    if n >= len(x):
        return x, y
    edges = np.linspace(1, len(x) - 1, n - 1).astype(np.int64)
    sizes = np.maximum(np.diff(edges), 1)
    mean_x = np.append(np.add.reduceat(x[: edges[-1]], edges[:-1]) / sizes, x[-1])
    mean_y = np.append(np.add.reduceat(y[: edges[-1]], edges[:-1]) / sizes, y[-1])
    keep = np.empty(n, dtype=np.int64)
    keep[0], keep[-1], last = 0, len(x) - 1, 0
    for bucket in range(n - 2):
        start, stop = edges[bucket], edges[bucket + 1]
        part_x, part_y = x[start:stop], y[start:stop]
        area = np.abs(
            (x[last] - mean_x[bucket + 1]) * (part_y - y[last])
            - (x[last] - part_x) * (mean_y[bucket + 1] - y[last])
        )
        gaps = np.isnan(part_y)
        if gaps.any():
            area = np.where(gaps, np.inf, area)  # a gap is kept as a gap
        elif np.isnan(area).any():  # the last point or the next bucket is a gap
            area = np.abs(part_y - part_y.mean())
        last = int(start + np.argmax(area))
        keep[bucket + 1] = last
    return x[keep], y[keep]


METHODS = {"stride": stride, "minmax": minmax, "lttb": lttb}


def error(x: Floats, y: Floats, kept: Points) -> float:
    """Return the area between a line and its thinned-out form, as a share of the line's own."""
    drawn = np.interp(x, *kept)
    spread = float(np.abs(y - y.mean()).sum())
    return float(np.abs(y - drawn).sum()) / spread if spread else 0.0


def spiky(n: int, seed: int = 7) -> tuple[Floats, Floats, int]:
    """Return a noisy wave with one spike of a single point, and where the spike is."""
    numbers = np.random.default_rng(seed)
    x = np.arange(n, dtype=np.float64)
    _checked(x, x, n)
    y = np.sin(x * 12 / n) + numbers.normal(0, 0.05, n)
    place = int(n * 0.618) | 1
    y[place] = 6.0
    return x, y, place
