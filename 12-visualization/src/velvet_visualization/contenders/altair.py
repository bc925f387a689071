"""Altair: a chart is a sentence of Vega-Lite; vl-convert draws it without a browser.

Columns have short names of our own (`x`, `y`, `s`), because Vega-Lite reads `a.b[0]:Q` as a path
into an object. The rows are one named dataset beside the chart, which Altair neither copies nor
validates row by row; our own limit stands where its MaxRowsError would.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import vl_convert

from velvet_visualization.contender import Engine, Format
from velvet_visualization.errors import UnsupportedExport
from velvet_visualization.facts import ChartFacts, series_facts
from velvet_visualization.scene import Axis, Scene
from velvet_visualization.theme import DASHES

LABEL = "Altair"
LIMIT = 100_000
EXPORTS: dict[Format, Engine] = {
    "png": Engine("vl-convert"),
    "svg": Engine("vl-convert"),
    "pdf": Engine("vl-convert", deterministic=False),
    "html": Engine("Vega in a page"),
}
READY = "!!document.querySelector('#vega-chart svg .role-mark path, #vega-chart canvas')"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MOMENT = re.compile(r"datetime\((-?[\d.]+)\)")
_GAPS = "break-paths-filter-domains"
_NAMES = {"triangle": "triangle-up", "x": "M-1,-1L1,1M1,-1L-1,1"}


def build(scene: Scene) -> dict[str, Any]:
    """Return a Vega-Lite specification, rows included."""
    scene.within(LABEL, LIMIT)
    chart = _DRAW[scene.kind](alt.Chart(alt.NamedData("rows")), scene)
    chart = chart.properties(
        title=alt.TitleParams(scene.title or "", anchor="start"),
        description=scene.alt,
        width=scene.width,
        height=scene.height,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        usermeta={"kind": scene.kind},
    )
    theme = scene.theme
    chart = chart.configure(background=theme.background, font=theme.font)
    chart = chart.configure_axis(
        gridColor=theme.grid, labelColor=theme.ink, titleColor=theme.ink, domainColor=theme.ink
    )
    chart = chart.configure_title(color=theme.ink).configure_legend(
        labelColor=theme.ink, titleColor=theme.ink
    )
    made: dict[str, Any] = chart.to_dict()
    made["datasets"] = {"rows": _rows(scene)}
    return made


def _rows(scene: Scene) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for one in scene.series:
        columns = {"x": _named(scene.x, one.x), "y": _named(scene.y, one.y)}
        if one.value is not None:
            columns["v"] = one.value.tolist()
        if scene.edges is not None:
            columns |= {"x": scene.edges[:-1].tolist(), "x2": scene.edges[1:].tolist()}
        keys = (*columns, "s")
        every = zip(*columns.values(), [one.name] * len(columns["y"]), strict=True)
        rows.extend(dict(zip(keys, row, strict=True)) for row in every)
    return rows


def _named(axis: Axis, values: Any) -> list[Any]:
    if axis.scale == "category":
        return [axis.categories[int(one)] for one in values]
    return [one if np.isfinite(one) else None for one in values.tolist()]


def _mark(chart: Any, scene: Scene, mark: str, **options: Any) -> Any:
    drawn = getattr(chart, f"mark_{mark}")(clip=True, **options)
    return drawn.encode(x=_axis(alt.X, "x", scene.x), y=_axis(alt.Y, "y", scene.y))


def _by(scene: Scene, channel: Any, token: str, **names: str) -> Any:
    values = [getattr(one.style, token) for one in scene.series]
    scale = alt.Scale(
        domain=[one.name for one in scene.series], range=[names.get(one, one) for one in values]
    )
    legend = alt.Legend(title=None) if scene.legend else None
    return channel("s:N", scale=scale, legend=legend)


def _scatter(chart: Any, scene: Scene) -> Any:
    size = scene.theme.point_px**2
    # Vega-Lite draws points at an opacity of 0.7, which costs a stroke its contrast.
    return _mark(chart, scene, "point", size=size, strokeWidth=1, opacity=1).encode(
        fill=_by(scene, alt.Fill, "fill"),
        stroke=_by(scene, alt.Stroke, "stroke"),
        shape=_by(scene, alt.Shape, "marker", **_NAMES),
    )


def _line(chart: Any, scene: Scene) -> Any:
    # `order=False` is the rows' own order; by default Vega-Lite sorts a line by x.
    dashes = [list(DASHES[one.style.dash]) for one in scene.series]
    names = [one.name for one in scene.series]
    return _mark(chart, scene, "line", strokeWidth=2, order=False, invalid=_GAPS).encode(
        stroke=_by(scene, alt.Stroke, "stroke"),
        strokeDash=alt.StrokeDash(
            "s:N",
            scale=alt.Scale(domain=names, range=dashes),
            legend=alt.Legend(title=None) if scene.legend else None,
        ),
    )


def _area(chart: Any, scene: Scene) -> Any:
    return _mark(chart, scene, "area", strokeWidth=2, order=False, fillOpacity=0.6).encode(
        fill=_by(scene, alt.Fill, "fill"),
        stroke=_by(scene, alt.Stroke, "stroke"),
        y=_axis(alt.Y, "y", scene.y).stack(None),
    )


def _bar(chart: Any, scene: Scene) -> Any:
    return _mark(chart, scene, "bar", strokeWidth=1).encode(
        fill=_by(scene, alt.Fill, "fill"),
        stroke=_by(scene, alt.Stroke, "stroke"),
        xOffset=alt.XOffset("s:N", sort=[one.name for one in scene.series]),
        y=_axis(alt.Y, "y", scene.y).stack(None),
    )


def _histogram(chart: Any, scene: Scene) -> Any:
    opacity = 0.7 if scene.legend else 1.0
    return _mark(chart, scene, "bar", strokeWidth=1, fillOpacity=opacity).encode(
        fill=_by(scene, alt.Fill, "fill"),
        stroke=_by(scene, alt.Stroke, "stroke"),
        x2="x2:Q",
        y2=alt.Y2Datum(0),  # without it Vega-Lite draws dashes of five pixels, not bars
        y=_axis(alt.Y, "y", scene.y).stack(None),
    )


def _heatmap(chart: Any, scene: Scene) -> Any:
    ramp = alt.Scale(range=list(scene.theme.ramp))
    return _mark(chart, scene, "rect").encode(color=alt.Color("v:Q", scale=ramp, title=None))


_DRAW = {
    "scatter": _scatter,
    "line": _line,
    "area": _area,
    "bar": _bar,
    "histogram": _histogram,
    "heatmap": _heatmap,
}


def _axis(channel: Any, name: str, axis: Axis) -> Any:
    if axis.scale == "category":
        order = list(axis.categories if name == "x" else axis.categories[::-1])
        return channel(f"{name}:N", sort=order, title=axis.label, scale=alt.Scale(domain=order))
    kind = "utc" if axis.scale == "time" else axis.scale
    letter = "T" if axis.scale == "time" else "Q"
    scale = alt.Scale(type=kind, domain=list(axis.domain), nice=False, zero=False)
    if axis.scale in ("time", "log"):
        scale = alt.Scale(type=kind, domain=list(axis.domain), nice=False)
    return channel(f"{name}:{letter}", title=axis.label, scale=scale)


def facts(figure: dict[str, Any]) -> ChartFacts:
    """Return what Vega drew: marks by their pixels, taken back through Vega's own scales."""
    vega = vl_convert.vegalite_to_vega(figure)
    scene = vl_convert.vegalite_to_scenegraph(figure)["scenegraph"]
    scales = {one["name"]: one for one in vega["scales"]}
    texts = {role: list(_texts(scene, role)) for role in ("title-text", "legend-label")}
    titles = dict(zip("xy", _axis_titles(vega), strict=True))
    root = next(one for one in scene["items"] if one.get("width"))
    sides = {"x": root["width"], "y": root["height"]}
    marks = list(_marks(scene))
    kind = _kind(marks, scales)
    names = scales["stroke"]["domain"] if "stroke" in scales else [""]
    colors = scales["stroke"]["range"] if "stroke" in scales else [""]
    total = sum(row["v"] for row in figure["datasets"]["rows"]) if kind == "heatmap" else 0.0
    drawn = []
    for name, color in zip(names, colors, strict=True):
        mine = [one for one in marks if not color or one.get("stroke") == color]
        if kind == "bar":
            mine.sort(key=lambda one: one["x"])
        x, y = ([_place(one, axis, scales, sides, kind) for one in mine] for axis in "xy")
        drawn.append(series_facts(name, color, x, y, total))
    return ChartFacts(
        kind,
        texts["title-text"][0] if texts["title-text"] else "",
        titles["x"],
        titles["y"],
        _domain(scales["x"]),
        _domain(scales["y"]),
        _scale(scales["x"]),
        _scale(scales["y"]),
        _categories(scales["x"], "x"),
        _categories(scales["y"], "y"),
        tuple(drawn),
        tuple(texts["legend-label"]) if kind != "heatmap" else (),
    )


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for one in node.get("items", ()):
        yield from _walk(one)


def _texts(scene: dict[str, Any], role: str) -> Iterator[str]:
    for node in _walk(scene):
        if node.get("role") == role:
            yield from (one.get("text", "") for one in node["items"])


def _axis_titles(vega: dict[str, Any]) -> list[str]:
    titled = {one["scale"]: one["title"] for one in vega["axes"] if "title" in one}
    return [titled.get("x", ""), titled.get("y", "")]


def _marks(scene: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the items of the data's marks, each with its type."""
    for node in _walk(scene):
        if node.get("role") == "mark" and node["marktype"] != "group":
            for item in node["items"]:
                yield {**item, "kind": node["marktype"]}


def _kind(marks: list[dict[str, Any]], scales: dict[str, Any]) -> str:
    first = marks[0] if marks else {"kind": ""}
    if first["kind"] == "rect":
        if _scale(scales["y"]) == "category":
            return "heatmap"
        return "bar" if _scale(scales["x"]) == "category" else "histogram"
    return {"symbol": "scatter"}.get(first["kind"], str(first["kind"]))


def _place(
    item: dict[str, Any], axis: str, scales: dict[str, Any], sides: dict[str, float], kind: str
) -> float:
    if not item.get("defined", True):
        return float("nan")
    scale, size = scales[axis], sides[axis]
    at = item.get(axis, 0.0)
    if _scale(scale) == "category":
        middle = at + item.get("width" if axis == "x" else "height", 0.0) / 2
        step = int(middle / size * len(scale["domain"]))
        return float(step if axis == "x" else len(scale["domain"]) - 1 - step)
    if axis == "x" and kind == "histogram":
        at += item["width"] / 2
    if axis == "y" and kind in ("bar", "histogram"):
        return _height(item, scale, size)
    share = at / size if axis == "x" else 1 - at / size
    return _unscaled(scale, share)


def _height(item: dict[str, Any], scale: dict[str, Any], size: float) -> float:
    """Return a bar's value: the end that does not stand on zero."""
    ends = [_unscaled(scale, 1 - at / size) for at in (item["y"], item["y"] + item["height"])]
    return max(ends, key=abs)


def _unscaled(scale: dict[str, Any], share: float) -> float:
    low, high = _domain(scale)
    if scale["type"] == "log":
        return float(10 ** (np.log10(low) + share * (np.log10(high) - np.log10(low))))
    return low + share * (high - low)


def _domain(scale: dict[str, Any]) -> tuple[float, float]:
    if scale["type"] in ("band", "point"):
        return -0.5, len(scale["domain"]) - 0.5
    domain = scale["domain"]
    if scale["type"] == "utc":  # written as two expressions: {data: datetime(1767224160000)}
        domain = [_MOMENT.findall(one["signal"])[0] for one in domain["fields"]]
    low, high = domain
    return float(low), float(high)


def _scale(scale: dict[str, Any]) -> str:
    return {"utc": "time", "band": "category", "point": "category"}.get(
        scale["type"], str(scale["type"])
    )


def _categories(scale: dict[str, Any], name: str) -> tuple[str, ...]:
    if _scale(scale) != "category":
        return ()
    return tuple(scale["domain"] if name == "x" else scale["domain"][::-1])


def export(figure: dict[str, Any], fmt: Format, session: object = None) -> bytes:  # noqa: ARG001
    """Return a file's bytes; no browser is involved."""
    if fmt not in EXPORTS:
        raise UnsupportedExport(LABEL, fmt, tuple(EXPORTS))
    if fmt == "html":
        return html(figure).encode()
    if fmt == "png":
        return bytes(vl_convert.vegalite_to_png(figure))
    if fmt == "pdf":
        return bytes(vl_convert.vegalite_to_pdf(figure))
    # Vega reads the backslash of a label in a description as an escape: `\\f` becomes a form feed,
    # which no XML may hold.
    return _CONTROL.sub("", str(vl_convert.vegalite_to_svg(figure))).encode()


def html(figure: dict[str, Any], *, interactive: bool = False, inline: bool = True) -> str:
    """Return a page with Vega inside; SVG nodes are what Altair's pages draw by default.

    vl-convert writes the specification into a script as it is, so that a title of `</script>`
    ends it. The specification is therefore written here, with every `<` escaped.
    """
    if interactive:
        select = {"name": "view", "select": "interval", "bind": "scales"}
        figure = {**figure, "params": [select], "mark": {**figure["mark"], "tooltip": True}}
    text = json.dumps(figure).replace("<", "\\u003c")
    head, mark, tail = _template(inline).rpartition("const spec = ")
    return head + mark + text + tail[tail.index(";\n") :]


@lru_cache(maxsize=2)
def _template(inline: bool) -> str:
    empty = {"data": {"values": []}, "mark": "point"}
    return str(vl_convert.vegalite_to_html(empty, bundle=inline, renderer="svg"))
