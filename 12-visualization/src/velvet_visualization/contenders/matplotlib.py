"""Matplotlib by its object interface: no `pyplot`, so nothing is global and nothing leaks."""

from __future__ import annotations

import io
from base64 import b64encode
from html import escape
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from velvet_visualization.contender import Engine, Format
from velvet_visualization.errors import UnsupportedExport
from velvet_visualization.facts import ChartFacts, series_facts
from velvet_visualization.scene import Axis, Scene
from velvet_visualization.theme import DASHES

LABEL = "Matplotlib"
LIMIT = 5_000_000
BEST_PLACE_UP_TO = 10_000
EXPORTS: dict[Format, Engine] = {
    "png": Engine("Agg"),
    "svg": Engine("svg backend"),
    "pdf": Engine("pdf backend"),
    "html": Engine("a PNG in a page: nothing to hover"),
}
READY = "document.images.length > 0 && document.images[0].complete"
_MARKERS = {
    "circle": "o",
    "square": "s",
    "triangle": "^",
    "diamond": "D",
    "cross": "P",
    "x": "X",
}
_DPI = 100.0
_DAY_MS = 86_400_000.0
# Without these every run writes other identifiers and the time of day.
_FIXED: dict[Format, dict[str, Any]] = {
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
    "png": {"metadata": {"Software": None}},
}


def build(scene: Scene) -> Figure:
    """Return a figure with one axes."""
    scene.within(LABEL, LIMIT)
    theme = scene.theme
    size = (scene.width / _DPI, scene.height / _DPI)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained", facecolor=theme.background)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor(theme.background)
    handles = [_DRAW[scene.kind](axes, scene, number) for number in range(len(scene.series))]
    for handle, one in zip(handles, scene.series, strict=True):
        handle.set_label(one.name)
    _axis(axes, "x", scene.x, theme.ink, theme.font)
    _axis(axes, "y", scene.y, theme.ink, theme.font)
    axes.set_axisbelow(True)
    if scene.kind != "heatmap":
        axes.grid(color=theme.grid)
    axes.set_title(scene.title, color=theme.ink, parse_math=False, loc="left", font=theme.font)
    for side in axes.spines.values():
        side.set_color(theme.ink)
    if scene.legend:
        # The best place covers the fewest marks. To find it takes longer than to draw a million.
        legend = axes.legend(
            handles,
            [one.name for one in scene.series],
            loc="best" if scene.marks <= BEST_PLACE_UP_TO else "upper right",
            labelcolor=theme.ink,
        )
        legend.get_frame().set_facecolor(theme.background)
        for text, one in zip(legend.get_texts(), scene.series, strict=True):
            text.set_parse_math(False)
            text.set_text(one.name)
    return figure


def _scatter(axes: Axes, scene: Scene, number: int) -> Any:
    one, style = scene.series[number], scene.series[number].style
    return axes.scatter(
        _native(scene.x, one.x),
        one.y,
        s=(scene.theme.point_px * 72 / _DPI) ** 2,
        marker=_MARKERS[style.marker],
        facecolor=style.fill,
        edgecolor=style.stroke,
        linewidth=0.8,
    )


def _line(axes: Axes, scene: Scene, number: int) -> Any:
    one, style = scene.series[number], scene.series[number].style
    dash = (0, DASHES[style.dash]) if style.dash != "solid" else "-"
    (drawn,) = axes.plot(
        _native(scene.x, one.x), one.y, color=style.stroke, linestyle=dash, linewidth=1.6
    )
    return drawn


def _area(axes: Axes, scene: Scene, number: int) -> Any:
    one = scene.series[number]
    x = _native(scene.x, one.x)
    axes.fill_between(x, 0, one.y, color=one.style.fill, alpha=0.6, linewidth=0)
    return _line(axes, scene, number)


def _bar(axes: Axes, scene: Scene, number: int) -> Any:
    one, style = scene.series[number], scene.series[number].style
    middles, width = scene.bars(number)
    return axes.bar(middles, one.y, width, color=style.fill, edgecolor=style.stroke)


def _histogram(axes: Axes, scene: Scene, number: int) -> Any:
    one, style = scene.series[number], scene.series[number].style
    assert scene.edges is not None
    alpha = 0.7 if scene.legend else None
    widths = np.diff(scene.edges)
    return axes.bar(one.x, one.y, widths, color=style.fill, edgecolor=style.stroke, alpha=alpha)


def _heatmap(axes: Axes, scene: Scene, number: int) -> Any:
    one = scene.series[number]
    grid = np.full((len(scene.y.categories), len(scene.x.categories)), np.nan)
    grid[one.y.astype(int), one.x.astype(int)] = one.value
    ramp = LinearSegmentedColormap.from_list("velvet", scene.theme.ramp)
    mesh = axes.pcolormesh(np.ma.masked_invalid(grid), cmap=ramp, rasterized=grid.size > 10_000)
    mesh.set_transform(matplotlib.transforms.Affine2D().translate(-0.5, -0.5) + axes.transData)
    axes.figure.colorbar(mesh)
    return mesh


_DRAW = {
    "scatter": _scatter,
    "line": _line,
    "area": _area,
    "bar": _bar,
    "histogram": _histogram,
    "heatmap": _heatmap,
}


def _native(axis: Axis, values: Any) -> Any:
    return values / _DAY_MS if axis.scale == "time" else values


def _axis(axes: Axes, name: Literal["x", "y"], axis: Axis, ink: str, font: str) -> None:
    low, high = (_native(axis, one) for one in axis.domain)
    getattr(axes, f"set_{name}label")(axis.label, color=ink, parse_math=False, font=font)
    own = getattr(axes, f"{name}axis")
    if axis.scale == "log":
        getattr(axes, f"set_{name}scale")("log")
    if axis.scale == "time":
        own.set_major_locator(dates.AutoDateLocator(maxticks=7))
        own.set_major_formatter(dates.ConciseDateFormatter(own.get_major_locator()))
    if axis.scale == "category":
        own.set_ticks(range(len(axis.categories)))
        own.set_ticklabels(axis.categories, parse_math=False, font=font)
        if name == "x" and sum(map(len, axis.categories)) > 60:
            axes.tick_params(axis="x", rotation=45)
    axes.tick_params(axis=name, colors=ink)
    getattr(axes, f"set_{name}lim")(low, high)


def facts(figure: Figure) -> ChartFacts:
    """Return what stands in the axes."""
    axes = figure.axes[0]
    legend = axes.get_legend()
    names = [text.get_text() for text in legend.get_texts()] if legend else []
    time = isinstance(axes.xaxis.get_major_locator(), dates.AutoDateLocator)
    unit = _DAY_MS if time else 1.0
    meshes = [one for one in axes.collections if isinstance(one, QuadMesh)]
    if meshes:
        grid: Any = np.ma.filled(np.ma.asarray(meshes[0].get_array(), dtype=float), np.nan)
        y, x = np.nonzero(np.isfinite(grid))
        drawn = [series_facts("", "", x, y, float(np.nansum(grid)))]
        kind = "heatmap"
    elif axes.containers:
        bars: list[Any] = [one for one in axes.containers if isinstance(one, BarContainer)]
        kind = "bar" if _categories(axes, "x") else "histogram"
        drawn = [
            series_facts(
                str(one.get_label()),
                to_hex(one[0].get_edgecolor()) if len(one) else "",
                _middles(one, kind),
                [bar.get_height() for bar in one],
            )
            for one in bars
        ]
    elif axes.lines:
        kind = "area" if axes.collections else "line"
        drawn = [
            series_facts(
                str(line.get_label()),
                to_hex(line.get_color()),
                np.asarray(line.get_xdata(orig=False)) * unit,
                np.asarray(line.get_ydata(orig=False)),
            )
            for line in axes.lines
        ]
    else:
        kind = "scatter"
        points = [one for one in axes.collections if isinstance(one, PathCollection)]
        drawn = [
            series_facts(str(one.get_label()), to_hex(one.get_edgecolor()[0]), *_offsets(one, unit))
            for one in points
        ]
    return ChartFacts(
        kind,
        axes.get_title(loc="left"),
        axes.get_xlabel(),
        axes.get_ylabel(),
        (axes.get_xlim()[0] * unit, axes.get_xlim()[1] * unit),
        axes.get_ylim(),
        "time" if time else _scale(axes, "x"),
        _scale(axes, "y"),
        _categories(axes, "x"),
        _categories(axes, "y"),
        tuple(drawn),
        tuple(names),
    )


def _offsets(points: Any, unit: float) -> tuple[Any, Any]:
    places = np.ma.getdata(points.get_offsets())
    return places[:, 0] * unit, places[:, 1]


def _middles(bars: Any, kind: str) -> list[float]:
    middles = [bar.get_x() + bar.get_width() / 2 for bar in bars]
    return [float(round(one)) for one in middles] if kind == "bar" else middles


def _categories(axes: Axes, name: str) -> tuple[str, ...]:
    axis = getattr(axes, f"{name}axis")
    if not isinstance(axis.get_major_locator(), FixedLocator):
        return ()
    return tuple(one.get_text() for one in axis.get_ticklabels())


def _scale(axes: Axes, name: str) -> str:
    return "category" if _categories(axes, name) else str(getattr(axes, f"get_{name}scale")())


def export(figure: Figure, fmt: Format, session: object = None) -> bytes:  # noqa: ARG001
    """Return a file's bytes; the same bytes from every process."""
    if fmt not in EXPORTS:
        raise UnsupportedExport(LABEL, fmt, tuple(EXPORTS))
    if fmt == "html":
        return html(figure).encode()
    out = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "velvet", "svg.fonttype": "none"}):
        figure.savefig(out, format=fmt, **_FIXED[fmt])
    return out.getvalue()


def html(figure: Figure, *, interactive: bool = False, inline: bool = True) -> str:  # noqa: ARG001
    """Return a page around the PNG; Matplotlib has no other page of its own."""
    picture = b64encode(export(figure, "png")).decode()
    title = escape(facts(figure).title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body><img alt="" src="data:image/png;base64,{picture}"></body></html>'
    )
