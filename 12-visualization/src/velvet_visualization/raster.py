"""Pixels of our own: a line and a cloud drawn by NumPy, to measure what thinning changes.

A line is drawn column by column. Every piece of it is cut at the borders of pixel columns; in
each column it covers the pixels between its two ends. That costs O(points + columns), and tells
how many pixels two lines differ in without asking any library's smoothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from velvet_visualization.downsample import Indices

Floats = NDArray[np.float64]
Domain = tuple[float, float]
How = Literal["linear", "log", "eq_hist"]


def _checked(
    x: Floats, y: Floats, width: int, height: int, x_domain: Domain, y_domain: Domain
) -> tuple[Floats, Floats, int, int, Domain, Domain]:
    """Return the arguments as floats and whole numbers, or raise ValueError for what is no frame."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"x and y need one dimension and one length, not {x.shape} and {y.shape}")
    width, height = index(width), index(height)
    if width < 1 or height < 1:
        raise ValueError(f"a raster of {width} x {height} has no pixel")
    domains = [(float(low), float(high)) for low, high in (x_domain, y_domain)]
    for low, high in domains:
        if not 0 < high - low < np.inf:
            raise ValueError(f"{(low, high)} is no domain: two rising finite numbers are needed")
    return x, y, width, height, domains[0], domains[1]


def line_pixels(
    x: Floats, y: Floats, width: int, height: int, x_domain: Domain, y_domain: Domain
) -> NDArray[np.bool_]:
    """Return which pixels a line of one pixel covers; row 0 is the bottom, NaN a gap in `y`.

    ValueError for x that falls or is not finite, for odd lengths, and for what is no frame.
    """
    x, y, width, height, x_domain, y_domain = _checked(x, y, width, height, x_domain, y_domain)
    if not np.isfinite(x).all() or (np.diff(x) < 0).any():
        raise ValueError("x must be finite and in rising order: sort the rows first")
    across = (x - x_domain[0]) / (x_domain[1] - x_domain[0]) * width
    up = (y - y_domain[0]) / (y_domain[1] - y_domain[0]) * height
    x0, x1, y0, y1 = across[:-1], across[1:], up[:-1], up[1:]
    there = np.isfinite(y0) & np.isfinite(y1)
    x0, x1, y0, y1 = x0[there], x1[there], y0[there], y1[there]
    # Columns beyond the frame are one column: a zoomed line costs what it shows.
    first, last = (np.floor(np.clip(one, -1, width + 1)).astype(np.intp) for one in (x0, x1))
    pieces = last - first + 1
    owner = np.repeat(np.arange(len(x0)), pieces)
    column = first[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    run = np.where(x1 > x0, x1 - x0, 1.0)
    enter = np.clip((column - x0[owner]) / run[owner], 0, 1)
    leave = np.where(column < last[owner], (column + 1 - x0[owner]) / run[owner], 1.0)
    rise = (y1 - y0)[owner]
    begin, end = y0[owner] + enter * rise, y0[owner] + np.clip(leave, 0, 1) * rise
    low, high = (
        np.floor(np.clip(pick(begin, end), -1, height + 1)).astype(np.intp)
        for pick in (np.minimum, np.maximum)
    )
    inside = (column >= 0) & (column <= width) & (high >= 0) & (low <= height)
    column = np.minimum(column[inside], width - 1)
    low, high = np.clip(low[inside], 0, height - 1), np.clip(high[inside], 0, height - 1)
    first_row, size = column * (height + 1), width * (height + 1)
    begun, ended = (np.bincount(first_row + row, minlength=size) for row in (low, high + 1))
    steps = (begun - ended).reshape(width, height + 1)
    covered: NDArray[np.bool_] = np.cumsum(steps, axis=1)[:, :-1].T > 0
    return covered


@dataclass(frozen=True)
class Fidelity:
    """How a thinned line differs from the whole one.

    Attributes:
        drawn: pixels of the whole line.
        changed: pixels that only one of the two lines covers.
        extremes_kept: whether the lowest and the highest value are still there.
    """

    points: int
    drawn: int
    changed: int
    extremes_kept: bool


def fidelity(x: Floats, y: Floats, kept: Indices, width: int = 800, height: int = 300) -> Fidelity:
    """Compare the whole line with the kept points, both drawn in the same frame; ValueError for no value."""
    x, y, kept = np.asarray(x, dtype=float), np.asarray(y, dtype=float), np.asarray(kept)
    if not (np.isfinite(y).any() and np.isfinite(y[kept]).any()):
        raise ValueError("there is no finite value to compare")
    low, high = float(np.nanmin(y)), float(np.nanmax(y))
    frame = (width, height, (float(x[0]), float(x[-1])), (low, high if high > low else low + 1))
    whole = line_pixels(x, y, *frame)
    thin = line_pixels(x[kept], y[kept], *frame)
    extremes = np.nanmin(y[kept]) == low and np.nanmax(y[kept]) == high
    return Fidelity(len(kept), int(whole.sum()), int((whole ^ thin).sum()), bool(extremes))


def rasterize(
    x: Floats, y: Floats, width: int, height: int, x_domain: Domain, y_domain: Domain
) -> Floats:
    """Return how many points fall into each pixel; outside the domain none counts, nor does NaN."""
    x, y, width, height, x_domain, y_domain = _checked(x, y, width, height, x_domain, y_domain)
    places = []
    for values, (low, high), size in ((x, x_domain, width), (y, y_domain, height)):
        with np.errstate(invalid="ignore"):
            at = (values - low) * (size / (high - low))
            at = np.where(values == high, size - 1, np.floor(at))
            places.append(np.where((values >= low) & (values <= high), at, -1.0))
    inside = (places[0] >= 0) & (places[1] >= 0)
    columns, rows = (
        np.minimum(at[inside], size - 1).astype(np.intp)
        for at, size in zip(places, (width, height), strict=True)
    )
    counts = np.bincount(rows * width + columns, minlength=width * height)
    return counts.reshape(height, width).astype(float)


def datashade(
    x: Floats, y: Floats, width: int, height: int, x_domain: Domain, y_domain: Domain
) -> Floats:
    """Return the same as `rasterize`, computed by Datashader (optional; compiles on first use)."""
    import datashader  # type: ignore[import-untyped,unused-ignore]
    import pandas  # type: ignore[import-untyped,unused-ignore]

    canvas = datashader.Canvas(width, height, x_domain, y_domain)
    found: Any = canvas.points(pandas.DataFrame({"x": x, "y": y}), "x", "y", datashader.count())
    return np.asarray(found.values, dtype=float)


def shade(counts: Floats, ramp: tuple[str, ...], how: How = "log") -> NDArray[np.uint8]:
    """Return RGBA rows, top first; empty pixels are transparent.

    A linear scale shows the fullest pixels only; `log` and `eq_hist` show the thin parts too.
    ValueError for counts that are no finite rows, an empty ramp, or an unknown way.
    """
    counts = np.asarray(counts, dtype=float)
    if counts.ndim != 2 or not np.isfinite(counts).all():
        raise ValueError("counts must be rows of finite numbers")
    if how not in get_args(How) or not ramp:
        raise ValueError(f"{how!r} over {len(ramp)} colours: choose {', '.join(get_args(How))}")
    filled = counts > 0
    share = np.zeros_like(counts)
    values = counts[filled]
    if len(values):
        if how == "eq_hist":
            ranks = np.searchsorted(np.sort(values), values, side="right")
            share[filled] = ranks / len(values)
        else:
            scaled = np.log1p(values) if how == "log" else values
            share[filled] = scaled / np.max(scaled)
    known = np.array([[int(one[n : n + 2], 16) for n in (1, 3, 5)] for one in ramp], dtype=float)
    at = share * (len(ramp) - 1)
    rgb = [np.interp(at, range(len(ramp)), known[:, n]) for n in range(3)]
    picture = np.stack([*rgb, np.where(filled, 255.0, 0.0)], axis=-1)
    rows: NDArray[np.uint8] = np.flipud(picture).round().astype(np.uint8)
    return rows
