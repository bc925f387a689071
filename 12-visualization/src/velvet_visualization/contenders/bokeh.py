"""Bokeh: models in Python, a canvas in the page, and no file without a browser."""

from __future__ import annotations

import re
from hashlib import sha256
from html import escape
from typing import Any

import bokeh.models
import bokeh.plotting
import numpy as np
from bokeh.embed import file_html
from bokeh.resources import CDN, INLINE

from velvet_visualization.browser import BrowserSession
from velvet_visualization.contender import Engine, Format
from velvet_visualization.errors import BrowserUnavailable, UnsupportedExport
from velvet_visualization.facts import ChartFacts, series_facts
from velvet_visualization.scene import Axis, Scene
from velvet_visualization.theme import DASHES

# Their properties are made when the classes are, where no type checker looks.
models: Any = bokeh.models
figure: Any = bokeh.plotting.figure
LABEL = "Bokeh"
LIMIT = 1_000_000
WEBGL_FROM = 50_000
EXPORTS: dict[Format, Engine] = {
    "png": Engine("screenshot", browser=True),
    "svg": Engine("BokehJS in a page", browser=True, deterministic=False),
    "pdf": Engine("printed page", browser=True, deterministic=False),
    "html": Engine("BokehJS in a page"),
}
READY = "!!window.Bokeh && Bokeh.documents.length > 0 && Bokeh.documents.every(one => one.is_idle)"
_MARKERS = {"cross": "plus"}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def build(scene: Scene, *, webgl: bool | None = None) -> Any:
    """Return a figure.

    Args:
        webgl: draw by WebGL instead of the canvas; by default above 50,000 marks.
    """
    scene.within(LABEL, LIMIT)
    gl = scene.marks > WEBGL_FROM if webgl is None else webgl
    theme = scene.theme
    plot = figure(
        width=scene.width,
        height=scene.height,
        title=_plain(scene.title),
        x_range=_range(scene.x),
        y_range=_range(scene.y),
        x_axis_type=_type(scene.x),
        y_axis_type=_type(scene.y),
        output_backend="webgl" if gl else "canvas",
        background_fill_color=theme.background,
        border_fill_color=theme.background,
        tags=[scene.kind],
    )
    drawn = [_DRAW[scene.kind](plot, scene, number) for number in range(len(scene.series))]
    for axis, about in ((plot.xaxis[0], scene.x), (plot.yaxis[0], scene.y)):
        axis.axis_label = models.PlainText(text=about.label)
        axis.axis_label_text_color = axis.major_label_text_color = theme.ink
        axis.axis_label_text_font = axis.major_label_text_font = theme.font
        axis.axis_label_text_font_style = "normal"
    plot.grid.grid_line_color = theme.grid
    plot.title.text_color, plot.title.text_font = theme.ink, theme.font
    if scene.legend:
        items = [
            models.LegendItem(label={"value": one.name}, renderers=[glyph])
            for one, glyph in zip(scene.series, drawn, strict=True)
        ]
        look = {"background_fill_color": theme.background, "label_text_color": theme.ink}
        legend = models.Legend(items=items, label_text_font=theme.font, **look)
        plot.add_layout(legend, "right")  # inside it would cover marks
    return plot


def _plain(text: str) -> str:
    """Break the delimiters that Bokeh would read as TeX by a joiner without width."""
    return re.sub(r"\$(?=\$)|\\(?=[\[\](){}])", lambda found: found.group() + "\u2060", text)


def _scatter(plot: Any, scene: Scene, number: int) -> Any:
    one, style = scene.series[number], scene.series[number].style
    return plot.scatter(
        one.x,
        one.y,
        marker=_MARKERS.get(style.marker, style.marker),
        size=scene.theme.point_px,
        fill_color=style.fill,
        line_color=style.stroke,
        name=one.name or None,
    )


def _line(plot: Any, scene: Scene, number: int) -> Any:
    one, style = scene.series[number], scene.series[number].style
    dash = [] if style.dash == "solid" else [int(part) for part in DASHES[style.dash]]
    return plot.line(
        one.x,
        one.y,
        line_color=style.stroke,
        line_width=2,
        line_dash=dash,
        name=one.name or None,
    )


def _area(plot: Any, scene: Scene, number: int) -> Any:
    one = scene.series[number]
    plot.varea(one.x, 0, one.y, fill_color=one.style.fill, fill_alpha=0.6)
    return _line(plot, scene, number)


def _bar(plot: Any, scene: Scene, number: int) -> Any:
    one, style = scene.series[number], scene.series[number].style
    middles, width = scene.bars(number)
    names = [scene.x.categories[int(place)] for place in one.x]
    return plot.vbar(
        list(zip(names, middles - one.x, strict=True)),
        width,
        one.y,
        fill_color=style.fill,
        line_color=style.stroke,
        name=one.name or None,
    )


def _histogram(plot: Any, scene: Scene, number: int) -> Any:
    one, style = scene.series[number], scene.series[number].style
    assert scene.edges is not None
    return plot.quad(
        left=scene.edges[:-1],
        right=scene.edges[1:],
        bottom=0,
        top=one.y,
        fill_color=style.fill,
        fill_alpha=0.7 if scene.legend else 1.0,
        line_color=style.stroke,
        name=one.name or None,
    )


def _heatmap(plot: Any, scene: Scene, number: int) -> Any:
    one = scene.series[number]
    assert one.value is not None
    mapper = models.LinearColorMapper(
        _steps(scene.theme.ramp), low=np.min(one.value), high=np.max(one.value)
    )
    source = {
        "x": [scene.x.categories[int(place)] for place in one.x],
        "y": [scene.y.categories[int(place)] for place in one.y],
        "value": one.value,
    }
    cells = plot.rect(
        "x",
        "y",
        1,
        1,
        source=source,
        fill_color={"field": "value", "transform": mapper},
        line_color=None,
    )
    plot.add_layout(cells.construct_color_bar(), "right")
    return cells


_DRAW = {
    "scatter": _scatter,
    "line": _line,
    "area": _area,
    "bar": _bar,
    "histogram": _histogram,
    "heatmap": _heatmap,
}


def _steps(ramp: tuple[str, ...], count: int = 64) -> list[str]:
    """Return a ramp in even steps, because Bokeh's mapper does not blend."""
    known = np.array([[int(one[n : n + 2], 16) for n in (1, 3, 5)] for one in ramp], dtype=float)
    at = np.linspace(0, len(ramp) - 1, count)
    blended = [np.interp(at, range(len(ramp)), known[:, n]).round().astype(int) for n in range(3)]
    return ["#{:02x}{:02x}{:02x}".format(*rgb) for rgb in zip(*blended, strict=True)]


def _range(axis: Axis) -> Any:
    if axis.scale == "category":
        return models.FactorRange(*axis.categories)
    return models.Range1d(*axis.domain)


def _type(axis: Axis) -> str:
    return {"time": "datetime", "category": "auto"}.get(axis.scale, axis.scale)


def facts(plot: Any) -> ChartFacts:
    """Return what stands in the figure's renderers, ranges and axes."""
    categories = {name: _categories(getattr(plot, f"{name}_range")) for name in "xy"}
    glyphs = [one for one in plot.renderers if isinstance(one, models.GlyphRenderer)]
    kinds = [type(one.glyph).__name__ for one in glyphs]
    known = {"Scatter": "scatter", "Line": "line", "VBar": "bar", "Quad": "histogram"}
    kind = "area" if "VArea" in kinds else known.get(kinds[0], "heatmap")
    named = [one for one in glyphs if type(one.glyph).__name__ != "VArea"]
    return ChartFacts(
        kind,
        plot.title.text.replace("\u2060", ""),
        plot.xaxis[0].axis_label.text,
        plot.yaxis[0].axis_label.text,
        _domain(plot.x_range),
        _domain(plot.y_range),
        _scale(plot, "x"),
        _scale(plot, "y"),
        categories["x"],
        categories["y"],
        tuple(_glyph(one, categories) for one in named),
        tuple(item.label.value for one in plot.legend for item in one.items),
    )


def _glyph(one: Any, categories: dict[str, tuple[str, ...]]) -> Any:
    data, glyph = one.data_source.data, one.glyph
    if "left" in data:
        x, y = (data["left"] + data["right"]) / 2, data["top"]
    elif categories["x"]:
        order = {name: n for n, name in enumerate(categories["x"])}
        x = [order[place if isinstance(place, str) else place[0]] for place in data["x"]]
        y = data.get("top", data.get("y"))
    else:
        x, y = data["x"], data["y"]
    if categories["y"]:
        order = {name: n for n, name in enumerate(categories["y"])}
        total = float(np.sum(data["value"]))
        return series_facts("", "", x, [order[place] for place in y], total)
    return series_facts(one.name or "", glyph.line_color, x, y)


def _categories(found: Any) -> tuple[str, ...]:
    return tuple(found.factors) if isinstance(found, models.FactorRange) else ()


def _domain(found: Any) -> tuple[float, float]:
    if isinstance(found, models.FactorRange):
        return -0.5, len(found.factors) - 0.5
    return float(found.start), float(found.end)


def _scale(plot: Any, name: str) -> str:
    axis = type(getattr(plot, f"{name}axis")[0]).__name__
    return {"DatetimeAxis": "time", "CategoricalAxis": "category", "LogAxis": "log"}.get(
        axis, "linear"
    )


def export(plot: Any, fmt: Format, session: BrowserSession | None = None) -> bytes:
    """Return a file's bytes; all but the page need a session."""
    if fmt not in EXPORTS:
        raise UnsupportedExport(LABEL, fmt, tuple(EXPORTS))
    page = html(plot)
    if fmt == "html":
        return page.encode()
    if session is None:
        raise BrowserUnavailable(f"{LABEL} writes {fmt} by a browser, and no session was given")
    with session.page(page, READY, width=plot.width, height=plot.height) as opened:
        if fmt == "svg":
            return str(opened.eval(_SVG)).encode()
        return opened.png() if fmt == "png" else opened.pdf()


_SVG = """(() => { const view = Object.values(Bokeh.index)[0] ?? [...Bokeh.index][0];
  return view.export("svg", false).ctx.get_serialized_svg(true); })()"""


def html(plot: Any, *, interactive: bool = False, inline: bool = True) -> str:
    """Return a page; identifiers that Bokeh draws at random are replaced by counted ones."""
    if interactive:
        wheel = next(tool for tool in plot.tools if isinstance(tool, models.WheelZoomTool))
        plot.toolbar.active_scroll = wheel
        if not any(isinstance(tool, models.HoverTool) for tool in plot.tools):
            plot.add_tools(models.HoverTool())
    page: str = file_html(plot, INLINE if inline else CDN, title=escape(plot.title.text or "chart"))
    names: dict[str, str] = {}

    def counted(found: re.Match[str]) -> str:
        digest = sha256(str(len(names)).encode()).hexdigest()[:12]
        return names.setdefault(found.group(), f"velvet-{digest}")

    head, mark, body = page.rpartition("<body")
    return head + mark + _UUID.sub(counted, body)
