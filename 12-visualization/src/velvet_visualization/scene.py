"""What is on the paper before any library is asked: series, marks, domains, styles.

Everything that libraries would decide differently is decided once here: the domain with its
margin, the bins of a histogram, the order of categories, what a missing value does. A contender
translates a `Scene` into native calls and computes nothing, which is why four of them agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velvet_visualization.errors import SpecError, TooManyPoints
from velvet_visualization.spec import MIN_SPAN, SCALES, ChartSpec, Kind, Scale, clean
from velvet_visualization.theme import LIGHT, Style, Theme

MARGIN = 0.05
BAR_SHARE = 0.8  # of a category's width, shared by its bars


@dataclass(frozen=True, eq=False)
class Series:
    """The marks of one series; a gap of a line is NaN in `y`, everything else is finite.

    Attributes:
        x: values, milliseconds since 1970 on a time scale, or the category's number.
        y: values, heights, or the category's number.
        value: of each cell of a heatmap.
    """

    name: str
    style: Style
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    value: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis with its domain; a category's domain is half a step beyond its ends."""

    label: str
    scale: Scale
    domain: tuple[float, float]
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Scene:
    """A chart ready to be translated.

    Attributes:
        edges: of a histogram's bins.
        legend: whether names are shown; one unnamed series needs none.
    """

    kind: Kind
    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    theme: Theme
    width: int
    height: int
    alt: str = ""
    edges: NDArray[np.float64] | None = None

    @property
    def legend(self) -> bool:
        """Whether there are names to tell apart."""
        return len(self.series) > 1

    @property
    def marks(self) -> int:
        """How many marks are drawn."""
        return sum(int(np.isfinite(one.y).sum()) for one in self.series)

    def within(self, library: str, limit: int) -> Scene:
        """Return the scene itself when a library can carry it.

        Raises:
            TooManyPoints: it cannot, and would freeze whoever opens the result.
        """
        if not self.marks <= limit:
            raise TooManyPoints(library, self.marks, limit)
        return self

    def bars(self, number: int) -> tuple[NDArray[np.float64], float]:
        """Return the middles and the width of one series' bars beside its neighbours; IndexError for none."""
        if not 0 <= number < len(self.series):
            raise IndexError(f"series {number} of {len(self.series)} (the first is 0)")
        width = BAR_SHARE / len(self.series)
        return self.series[number].x + (number - (len(self.series) - 1) / 2) * width, width


def prepare(spec: ChartSpec, theme: Theme = LIGHT) -> Scene:
    """Return what has to be drawn; O(rows).

    Raises:
        PaletteError: more series than the theme keeps apart.
        SpecError: two bars or cells in one place, bins that floats cannot keep apart, no mark.
    """
    x, y = _values(spec, "x"), _values(spec, "y")
    names = _names(spec)
    styles = theme.styles(len(names))
    edges = None
    if spec.kind == "histogram":
        edges = _edges(x[np.isfinite(x)], spec.bins, spec.x.domain)
    series = []
    for name, style in zip(names, styles, strict=True):
        mine = spec.data[spec.color] == name if name or len(names) > 1 else np.full(len(x), True)
        series.append(_series(spec, clean(name), style, x[mine], y[mine], edges, mine))
    if not any(np.isfinite(one.y).any() for one in series):
        raise SpecError(["/data: no row has all that a mark needs"])
    from_zero = spec.kind in ("bar", "histogram", "area")
    return Scene(
        spec.kind,
        clean(spec.title),
        _axis(spec, "x", [one.x for one in series], edges=edges),
        _axis(spec, "y", [one.y for one in series], from_zero=from_zero),
        _distinct(series),
        theme,
        spec.width,
        spec.height,
        clean(spec.alt, 250),
        edges,
    )


def milliseconds(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return moments as milliseconds since 1970; NaT becomes NaN."""
    found: NDArray[np.float64] = values.astype("datetime64[ms]").astype("int64").astype(float)
    found[np.isnat(values)] = np.nan
    return found


def _edges(
    x: NDArray[np.float64], bins: int, domain: tuple[float, float] | None
) -> NDArray[np.float64]:
    try:
        edges = np.histogram_bin_edges(x, bins=bins, range=domain)
    except ValueError:  # of NumPy 2; an older one returns equal edges
        edges = np.zeros(2)
    if not (np.diff(edges) > 0).all():
        raise SpecError([f"/bins: the values are too close to make {bins} bins of them"])
    return edges


def _values(spec: ChartSpec, axis: str) -> NDArray[np.float64]:
    if axis == "y" and spec.kind == "histogram":
        return np.zeros(spec.rows)
    channel = getattr(spec, axis)
    values = spec.data[channel.field]
    if channel.scale == "category":
        order = {name: float(n) for n, name in enumerate(_categories(spec, axis))}
        return np.array([order[one] for one in values.tolist()])
    if channel.scale == "time":
        return milliseconds(values)
    return np.where(np.isfinite(values), values, np.nan)


def _categories(spec: ChartSpec, axis: str) -> tuple[str, ...]:
    channel = getattr(spec, axis)
    if channel.scale != "category":
        return ()
    return tuple(dict.fromkeys(spec.data[channel.field].tolist()))


def _names(spec: ChartSpec) -> list[str]:
    if not spec.color or spec.kind == "heatmap":
        return [""]
    return [str(name) for name in dict.fromkeys(spec.data[spec.color].tolist())]


def _distinct(series: list[Series]) -> tuple[Series, ...]:
    """Return the series with names that stay apart after they were shortened."""
    seen: dict[str, int] = {}
    found = []
    for one in series:
        count = seen[one.name] = seen.get(one.name, 0) + 1
        found.append(one if count == 1 else replace(one, name=f"{one.name} ({count})"))
    return tuple(found)


def _series(
    spec: ChartSpec,
    name: str,
    style: Style,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    edges: NDArray[np.float64] | None,
    mine: NDArray[np.bool_],
) -> Series:
    if edges is not None:
        counts, _ = np.histogram(x[np.isfinite(x)], edges)
        return Series(name, style, (edges[:-1] + edges[1:]) / 2, counts.astype(float))
    keep = np.isfinite(x)
    value = None
    if spec.kind == "heatmap":
        value = spec.data[spec.color][mine]
        keep &= np.isfinite(value)
        value = value[keep]
    elif spec.kind != "line":
        keep &= np.isfinite(y)
    x, y = x[keep], y[keep]
    if spec.kind in ("bar", "heatmap"):
        _refuse_twins(x, y, spec.kind)
    return Series(name, style, x, y, value)


def _refuse_twins(x: NDArray[np.float64], y: NDArray[np.float64], kind: str) -> None:
    places = np.stack([x, y if kind == "heatmap" else np.zeros(len(x))])
    twins = places.shape[1] - np.unique(places, axis=1).shape[1]
    if twins:
        raise SpecError([f"/data: {twins} marks of a {kind} lie on another; aggregate them first"])


def _axis(
    spec: ChartSpec,
    axis: str,
    values: list[NDArray[np.float64]],
    *,
    from_zero: bool = False,
    edges: NDArray[np.float64] | None = None,
) -> Axis:
    channel = getattr(spec, axis)
    label = clean(channel.label or channel.field)
    if channel.scale == "category":
        names = _unique([clean(name, 40) for name in _categories(spec, axis)])
        return Axis(label, "category", (-0.5, len(names) - 0.5), names)
    if channel.domain is not None:
        return Axis(label, channel.scale, (float(channel.domain[0]), float(channel.domain[1])))
    every = np.concatenate(values) if edges is None else edges
    finite = every[np.isfinite(every)]
    low, high = (float(np.min(finite)), float(np.max(finite))) if len(finite) else (0.0, 1.0)
    return Axis(label, channel.scale, margin(low, high, channel.scale, from_zero=from_zero))


def _unique(names: list[str]) -> tuple[str, ...]:
    """Return category labels that are non-empty and apart, for libraries that merge equals."""
    found: dict[str, None] = {}
    for name in names:
        shown, count = name or "(empty)", 1
        while shown in found:
            count += 1
            shown = f"{name or '(empty)'} ({count})"
        found[shown] = None
    return tuple(found)


def margin(
    low: float, high: float, scale: Scale = "linear", *, from_zero: bool = False
) -> tuple[float, float]:
    """Return a domain with room around the marks; bars and areas stand on zero; else ValueError."""
    low, high = float(low), float(high)
    if scale not in SCALES or not (-np.inf < low <= high < np.inf) or (scale == "log" and low <= 0):
        raise ValueError(f"{low} and {high} are no ends of a {scale} scale")
    if scale == "log":
        a, b = np.log10(low), np.log10(high)
        space = MARGIN * (b - a) or 0.5
        return float(10 ** (a - space)), float(10 ** (b + space))
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    span = high - low
    one_number = span <= MIN_SPAN * max(abs(low), abs(high))  # for Matplotlib, at least
    space = max(abs(high) * MARGIN, 0.5) if one_number else MARGIN * span
    first = low if from_zero and low == 0 else low - space
    return first, high if from_zero and high == 0 and low < 0 else high + space
