"""Fewer points than pixels: four ways to thin a line, and which of them lie.

All take x in rising order and y with NaN for gaps (ValueError for anything else), return sorted indices without repeats, keep
the first and the last point, and are O(n). Sources: Steinarsson 2013 (LTTB), Jugel, Jerzak,
Hackenbroich and Markl 2014 (M4).
"""

from __future__ import annotations

from collections.abc import Callable
from operator import index

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def _checked(x: Floats, y: Floats, wanted: int, least: int) -> tuple[Floats, Floats, int]:
    x, y, wanted = np.asarray(x, dtype=float), np.asarray(y, dtype=float), index(wanted)
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError("x and y need one dimension each")
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} values and y has {len(y)}")
    if wanted < least:
        raise ValueError(f"{wanted} points are too few: at least {least} are needed")
    if len(x) and (not np.isfinite(x).all() or bool((np.diff(x) < 0).any())):
        raise ValueError("x must be finite and in rising order: sort the rows first")
    return x, y, wanted


def _ends(found: Indices, n: int) -> Indices:
    return np.unique(np.concatenate([[0], found, [n - 1]]).astype(np.intp))


def every_nth(x: Floats, y: Floats, points: int) -> Indices:
    """Return every n-th index: the way that loses whatever is narrow."""
    x, y, points = _checked(x, y, points, 2)
    if len(x) <= points:
        return np.arange(len(x))
    return _ends(np.linspace(0, len(x) - 1, points).astype(np.intp), len(x))


def _columns_of(x: Floats, width: int, domain: tuple[float, float] | None = None) -> Indices:
    low, high = domain or (float(x[0]), float(x[-1]))
    if not (np.isfinite([low, high]).all() and low <= high):
        raise ValueError(f"{domain} is no domain: two rising finite numbers are needed")
    share = (x - low) / ((high - low) or 1.0)
    return np.clip(share * width, 0, width - 1).astype(np.intp)


def _extremes(column: Indices, y: Floats) -> tuple[Indices, Indices, Indices, Indices]:
    """Return first, lowest, highest and last index of each occupied column, NaN left out."""
    there = np.flatnonzero(np.isfinite(y))
    if not len(there):
        return (np.array([], dtype=np.intp),) * 4
    columns, values = column[there], y[there]
    starts = np.flatnonzero(np.r_[True, np.diff(columns) > 0])
    lows = np.minimum.reduceat(values, starts)
    highs = np.maximum.reduceat(values, starts)
    sizes = np.diff(np.r_[starts, len(values)])
    found = []
    for extreme in (lows, highs):
        hits = np.flatnonzero(values == np.repeat(extreme, sizes))
        _, first = np.unique(columns[hits], return_index=True)
        found.append(there[hits[first]])
    lasts = there[np.r_[starts[1:], len(values)] - 1]
    return there[starts], found[0], found[1], lasts


def _gaps(y: Floats) -> Indices:
    """Return one index of NaN for each gap, so that it stays a gap."""
    missing = ~np.isfinite(y)
    return np.flatnonzero(missing & ~np.r_[False, missing[:-1]])


def minmax(x: Floats, y: Floats, points: int) -> Indices:
    """Return the lowest and the highest point of each of `points / 2` columns."""
    x, y, points = _checked(x, y, points, 2)
    if len(x) <= points:
        return np.arange(len(x))
    _, low, high, _ = _extremes(_columns_of(x, points // 2), y)
    return _ends(np.concatenate([low, high, _gaps(y)]), len(x))


def m4(x: Floats, y: Floats, points: int, domain: tuple[float, float] | None = None) -> Indices:
    """Return first, lowest, highest and last point of each of `points / 4` columns.

    With one column a pixel, and the drawing's own domain, a line of one pixel is drawn the same.
    """
    x, y, points = _checked(x, y, points, 4)
    if len(x) <= points:
        return np.arange(len(x))
    found = _extremes(_columns_of(x, points // 4, domain), y)
    return _ends(np.concatenate([*found, _gaps(y)]), len(x))


def lttb(x: Floats, y: Floats, points: int) -> Indices:
    """Return the points of the largest triangles: what the eye would keep, not every extreme.

    A line with gaps is thinned piece by piece, each by its share of the points.
    """
    x, y, points = _checked(x, y, points, 3)
    if len(x) <= points:
        return np.arange(len(x))
    missing = ~np.isfinite(y)
    if not missing.any():
        return _lttb(x, y, points)
    edges = np.flatnonzero(np.diff(np.r_[True, missing, True].astype(int)))
    found = [_gaps(y)]
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        share = max(3, round(points * (stop - start) / len(x)))
        found.append(start + _lttb(x[start:stop], y[start:stop], share))
    return _ends(np.concatenate(found), len(x))


def _lttb(x: Floats, y: Floats, points: int) -> Indices:
    n = len(x)
    if n <= points:
        return np.arange(n)
    edges = np.linspace(1, n - 1, points - 1).astype(np.intp)
    chosen = np.empty(points, dtype=np.intp)
    chosen[0], chosen[-1] = 0, n - 1
    sums = np.stack([np.r_[0.0, np.cumsum(one)] for one in (x, y)])
    at = 0
    for number in range(points - 2):
        start, stop = edges[number], edges[number + 1]
        after = edges[number + 2] if number + 3 < points else n
        mean_x, mean_y = (sums[:, after] - sums[:, stop]) / (after - stop)
        area = np.abs(
            (x[at] - mean_x) * (y[start:stop] - y[at]) - (x[at] - x[start:stop]) * (mean_y - y[at])
        )
        at = start + int(np.argmax(area))
        chosen[number + 1] = at
    return chosen


METHODS: dict[str, Callable[[Floats, Floats, int], Indices]] = {
    "every_nth": every_nth,
    "minmax": minmax,
    "lttb": lttb,
    "m4": m4,
}
