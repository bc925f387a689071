"""Plotly: a figure is JSON for plotly.js, and every file but the page comes out of a browser."""

from __future__ import annotations

from datetime import datetime, timezone
from hashlib import sha256
from html import escape, unescape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from velvet_visualization.browser import BrowserSession
from velvet_visualization.contender import Engine, Format
from velvet_visualization.errors import BrowserUnavailable, UnsupportedExport
from velvet_visualization.facts import ChartFacts, series_facts
from velvet_visualization.scene import Axis, Scene

LABEL = "Plotly"
LIMIT = 1_000_000
WEBGL_FROM = 20_000
EXPORTS: dict[Format, Engine] = {
    "png": Engine("Kaleido", browser=True),
    "svg": Engine("Kaleido", browser=True, deterministic=False),
    "pdf": Engine("Kaleido", browser=True, deterministic=False),
    "html": Engine("plotly.js in a page"),
}
READY = "!!document.querySelector('.js-plotly-plot .main-svg') && !!window.velvetDrawn"
_DRAWN = "window.velvetDrawn = true"  # plotly.js runs it when the last mark is drawn
_NAMES = {"triangle": "triangle-up"}
_DASHES = {"sparse": "2px,6px"}


def build(scene: Scene, *, webgl: bool | None = None) -> go.Figure:
    """Return a figure.

    Args:
        webgl: draw points and lines by WebGL; by default above 20,000 marks.
    """
    scene.within(LABEL, LIMIT)
    gl = scene.marks > WEBGL_FROM if webgl is None else webgl
    figure = go.Figure()
    for number in range(len(scene.series)):
        figure.add_trace(_DRAW[scene.kind](scene, number, gl))
    theme = scene.theme
    figure.update_layout(
        template="none",
        title={"text": escape(scene.title, quote=False), "x": 0.02},
        font={"family": theme.font, "color": theme.ink},
        paper_bgcolor=theme.background,
        plot_bgcolor=theme.background,
        showlegend=scene.legend,
        width=scene.width,
        height=scene.height,
        barmode="group" if scene.kind == "bar" else "overlay",
        bargap=0.2 if scene.kind == "bar" else 0,
        meta={"kind": scene.kind},
        xaxis=_axis(scene.x, theme.grid),
        yaxis=_axis(scene.y, theme.grid),
        margin={"l": 60, "r": 20, "t": 50, "b": 50},
    )
    return figure


def _scatter(scene: Scene, number: int, gl: bool) -> Any:
    one, style = scene.series[number], scene.series[number].style
    marker = {
        "symbol": _NAMES.get(style.marker, style.marker),
        "size": scene.theme.point_px,
        "color": style.fill,
        "line": {"color": style.stroke, "width": 1},
    }
    kind = go.Scattergl if gl else go.Scatter
    return kind(x=_native(scene.x, one.x), y=one.y, mode="markers", marker=marker, name=_text(one))


def _line(scene: Scene, number: int, gl: bool) -> Any:
    one, style = scene.series[number], scene.series[number].style
    line = {"color": style.stroke, "width": 2, "dash": _DASHES.get(style.dash, style.dash)}
    kind = go.Scattergl if gl else go.Scatter
    return kind(x=_native(scene.x, one.x), y=one.y, mode="lines", line=line, name=_text(one))


def _area(scene: Scene, number: int, _gl: bool) -> Any:
    fill = scene.series[number].style.fill
    return _line(scene, number, False).update(fill="tozeroy", fillcolor=f"{fill}99")


def _bar(scene: Scene, number: int, _gl: bool) -> Any:
    one, style = scene.series[number], scene.series[number].style
    marker = {"color": style.fill, "line": {"color": style.stroke, "width": 1}}
    return go.Bar(x=_names(scene.x, one.x), y=one.y, marker=marker, name=_text(one))


def _histogram(scene: Scene, number: int, _gl: bool) -> Any:
    one, style = scene.series[number], scene.series[number].style
    marker = {"color": style.fill, "line": {"color": style.stroke, "width": 1}}
    assert scene.edges is not None
    return go.Bar(
        x=one.x,
        y=one.y,
        width=np.diff(scene.edges),
        marker=marker,
        name=_text(one),
        opacity=0.7 if scene.legend else 1,
    )


def _heatmap(scene: Scene, number: int, _gl: bool) -> Any:
    one, theme = scene.series[number], scene.theme
    steps = np.linspace(0, 1, len(theme.ramp))
    return go.Heatmap(
        x=_names(scene.x, one.x),
        y=_names(scene.y, one.y),
        z=one.value,
        colorscale=[[float(at), color] for at, color in zip(steps, theme.ramp, strict=True)],
    )


_DRAW = {
    "scatter": _scatter,
    "line": _line,
    "area": _area,
    "bar": _bar,
    "histogram": _histogram,
    "heatmap": _heatmap,
}


def _text(one: Any) -> str:
    return escape(one.name, quote=False)


def _native(axis: Axis, values: Any) -> Any:
    return values.astype("datetime64[ms]") if axis.scale == "time" else values


def _names(axis: Axis, places: Any) -> list[str]:
    return [escape(axis.categories[int(one)], quote=False) for one in places]


def _axis(axis: Axis, grid: str) -> dict[str, Any]:
    about: dict[str, Any] = {
        "title": {"text": escape(axis.label, quote=False)},
        "range": list(axis.domain),
        "gridcolor": grid,
        "zeroline": False,
        "automargin": True,
        "type": {"time": "date"}.get(axis.scale, axis.scale),
    }
    if axis.scale == "log":
        about["range"] = [float(np.log10(one)) for one in axis.domain]
        about["tickformat"] = "~g"  # by default the label between 1 and 10 is "5", below 1 too
    if axis.scale == "time":
        about["range"] = [
            str(np.datetime64(round(one * 1e3), "us")) for one in axis.domain
        ]  # plotly.js reads microseconds
    if axis.scale == "category":
        names = [escape(one, quote=False) for one in axis.categories]
        about |= {"categoryorder": "array", "categoryarray": names}
    return about


def facts(figure: go.Figure) -> ChartFacts:
    """Return what stands in the figure's traces and layout."""
    layout = figure.layout
    categories = {name: _categories(layout[f"{name}axis"]) for name in "xy"}
    drawn = [_trace(one, categories) for one in figure.data]
    kinds = {
        "heatmap": "heatmap",
        "bar": "bar" if categories["x"] else "histogram",
    }
    first = figure.data[0]
    kind = kinds.get(first.type.removesuffix("gl"), "")
    if not kind:
        kind = "scatter" if first.mode == "markers" else "area" if first.fill else "line"
    return ChartFacts(
        kind,
        unescape(layout.title.text or ""),
        unescape(layout.xaxis.title.text or ""),
        unescape(layout.yaxis.title.text or ""),
        _domain(layout.xaxis),
        _domain(layout.yaxis),
        _scale(layout.xaxis),
        _scale(layout.yaxis),
        categories["x"],
        categories["y"],
        tuple(drawn),
        tuple(unescape(one.name) for one in figure.data) if layout.showlegend else (),
    )


def _trace(trace: Any, categories: dict[str, tuple[str, ...]]) -> Any:
    places = []
    for name in "xy":
        values = np.asarray(trace[name])
        if values.dtype.kind == "M":
            values = values.astype("datetime64[ms]").astype("int64").astype(float)
        elif values.dtype.kind in "OU":
            order = {one: n for n, one in enumerate(categories[name])}
            values = np.array([order[unescape(one)] for one in values])
        places.append(values)
    x, y = places
    if trace.type == "heatmap":
        return series_facts("", "", x, y, float(np.sum(trace.z)))
    lines = trace.type != "bar" and trace.mode == "lines"
    color = trace.line.color if lines else trace.marker.line.color
    return series_facts(unescape(trace.name or ""), color, x, y)


def _categories(axis: Any) -> tuple[str, ...]:
    return (
        tuple(unescape(one) for one in axis.categoryarray or ()) if axis.type == "category" else ()
    )


def _domain(axis: Any) -> tuple[float, float]:
    low, high = axis.range
    if axis.type == "log":
        return 10**low, 10**high
    if axis.type == "date":
        return _ms(low), _ms(high)
    return float(low), float(high)


def _ms(text: Any) -> float:
    if isinstance(text, datetime):
        return text.replace(tzinfo=timezone.utc).timestamp() * 1000
    return float(np.datetime64(text, "us").astype("int64")) / 1e3


def _scale(axis: Any) -> str:
    return {"date": "time"}.get(axis.type, str(axis.type))


def export(figure: go.Figure, fmt: Format, session: BrowserSession | None = None) -> bytes:
    """Return a file's bytes; all but the page need a session."""
    if fmt not in EXPORTS:
        raise UnsupportedExport(LABEL, fmt, tuple(EXPORTS))
    if fmt == "html":
        return html(figure).encode()
    if session is None:
        raise BrowserUnavailable(f"{LABEL} writes {fmt} by a browser, and no session was given")
    return session.plotly(figure, fmt)


def html(figure: go.Figure, *, interactive: bool = False, inline: bool = True) -> str:
    """Return a page; its one identifier is made from the figure, so that it is always the same."""
    name = sha256(figure.to_json().encode()).hexdigest()[:12]
    config = {"displaylogo": False}
    if interactive:  # by itself a drag zooms into a box and the wheel does nothing
        config["scrollZoom"] = True
        figure = go.Figure(figure).update_layout(dragmode="pan")
    page: str = figure.to_html(
        include_plotlyjs=True if inline else "cdn",
        div_id=f"chart-{name}",
        config=config,
        post_script=_DRAWN,
    )
    title = f"<title>{figure.layout.title.text or 'chart'}</title>"
    return page.replace("<head>", f"<head>{title}", 1)
