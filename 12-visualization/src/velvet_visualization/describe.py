"""What a chart says to those who do not see it: a sentence, a table, and where to put them.

A picture's alternative text names the kind, the axes with their ranges, and what the reader would
see first: the extremes and the trend of each series. WAI-ARIA takes it as the name of an element
of role `img`; SVG in `title` and `desc`; PNG in an iTXt chunk, which survives copying the file.
"""

from __future__ import annotations

import io
import re
from html import escape
from operator import index

import numpy as np

from velvet_visualization.scene import Axis, Scene, Series

MAX_ALT = 250
MAX_TABLE_ROWS = 50
_WORDS = {
    "line": "Line chart",
    "scatter": "Scatter plot",
    "area": "Area chart",
    "bar": "Bar chart",
    "histogram": "Histogram",
    "heatmap": "Heatmap",
}
# A chart that was asked to keep still keeps still.
REDUCED_MOTION_CSS = (
    "@media (prefers-reduced-motion: reduce) {"
    "*,*::before,*::after{animation:none!important;transition:none!important}}"
)


def alt_text(scene: Scene) -> str:
    """Return the chart's own alternative text, or one made from its marks; 250 letters at most."""
    if scene.alt:
        return scene.alt
    words = _WORDS[scene.kind]
    title = f" \u201c{scene.title}\u201d" if scene.title else ""
    text = f"{words}{title}: {scene.y.label or 'y'} by {scene.x.label or 'x'}, {scene.marks} marks"
    if scene.legend:
        text += f" in {len(scene.series)} series"
    if scene.kind == "heatmap":
        values = scene.series[0].value
        assert values is not None
        text += f", from {np.min(values):.3g} to {np.max(values):.3g}"
    parts = [_sentence(scene, one) for one in scene.series] if scene.kind != "heatmap" else []
    for part in parts:
        if len(text) + len(part) + 2 >= MAX_ALT:
            break
        text += f"; {part}"
    text += "."
    return text if len(text) <= MAX_ALT else text[: MAX_ALT - 1] + "\u2026"


def _sentence(scene: Scene, one: Series) -> str:
    name = f"{one.name} " if one.name else ""
    there = np.isfinite(one.y)
    x, y = one.x[there], one.y[there]
    if not len(y):
        return f"{name}without a mark"
    top = int(np.argmax(y))
    highest = f"highest {y[top]:.3g} at {shown(scene.x, x[top])}"
    if scene.kind not in ("line", "area") or len(y) < 3:
        return f"{name}{highest}"
    change = y[-1] - y[0]
    small = abs(change) <= 0.1 * (np.ptp(y) or 1)
    trend = "about level" if small else "rising" if change > 0 else "falling"
    return f"{name}{trend}, {highest}"


def shown(axis: Axis, value: float) -> str:
    """Return a value of an axis as words, a gap as `missing`; IndexError for no category."""
    if np.isnan(value):
        return "missing"
    if axis.scale == "category":
        if not 0 <= value < len(axis.categories):
            raise IndexError(f"category {value} of {len(axis.categories)} (the first is 0)")
        return axis.categories[int(value)]
    if axis.scale == "time":
        return str(np.datetime64(int(value), "ms").astype("datetime64[m]"))
    return f"{value:.6g}"


def data_table(scene: Scene, max_rows: int = MAX_TABLE_ROWS) -> str:
    """Return the marks as an HTML table, cut with a sentence that says so; ValueError for rows below 0."""
    max_rows = index(max_rows)
    if max_rows < 0:
        raise ValueError(f"max_rows is {max_rows}: 0 or more are needed")
    heads = [scene.x.label or "x", scene.y.label or "y"]
    heads += ["value"] if scene.kind == "heatmap" else ["series"] if scene.legend else []
    rows: list[list[str]] = []
    for one in scene.series:
        for n in range(min(len(one.x), max_rows - len(rows))):
            row = [shown(scene.x, one.x[n]), shown(scene.y, one.y[n])]
            row += [f"{one.value[n]:.6g}"] if one.value is not None else []
            row += [one.name] if scene.legend else []
            rows.append(row)
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    total = sum(len(one.x) for one in scene.series)
    cut = f"<p>The first {len(rows)} of {total} rows.</p>" if total > len(rows) else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{cut}"


def accessible_html(page: str, scene: Scene) -> str:
    """Return a library's page with language, title, heading, a named picture and its table.

    The library's own markup goes into an element of role `img`, whose name is the alternative
    text; a screen reader reads the sentence, and the table on demand.
    """
    title = escape(scene.title or _WORDS[scene.kind])
    # The last one, because scripts in the head may speak of bodies; data come with < escaped.
    borders = list(re.finditer(r"</head>\s*<body[^>]*>", page))
    if borders:
        body = page[borders[-1].end() :].rpartition("</body>")[0]
        inner = page[: borders[-1].start()].partition("<head>")[2]
    else:
        body, inner = page, ""
    inner = re.sub(r"<title>.*?</title>", "", inner, count=1, flags=re.DOTALL)
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>'
        f"<style>{REDUCED_MOTION_CSS}</style>{inner}</head><body><main><h1>{title}</h1>"
        f'<figure role="img" aria-label="{escape(alt_text(scene))}">{body}</figure>'
        f"<details><summary>The data as a table</summary>{data_table(scene)}</details>"
        "</main></body></html>"
    )


def annotate_svg(svg: str, scene: Scene) -> str:
    """Return an SVG with role, title and description, which no library writes; ValueError for no SVG."""
    names = (
        f'<title id="chart-title">{escape(scene.title or _WORDS[scene.kind])}</title>'
        f'<desc id="chart-desc">{escape(alt_text(scene))}</desc>'
    )
    role = ' role="img" aria-labelledby="chart-title chart-desc"'
    named, count = re.subn(
        r"<svg\b([^>]*)>", lambda found: f"<svg{found.group(1)}{role}>{names}", svg, count=1
    )
    if not count:
        raise ValueError("there is no <svg> in this text")
    return named


def annotate_png(png: bytes, scene: Scene) -> bytes:
    """Return a PNG whose iTXt chunk `Description` holds the alternative text; OSError for no PNG."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_itxt("Description", alt_text(scene), lang="en")
    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.save(out, "PNG", pnginfo=about)
    return out.getvalue()
