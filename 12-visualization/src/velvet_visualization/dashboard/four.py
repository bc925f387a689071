"""The tab with the same chart four times, live, and what each costs."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from html import escape
from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import html, is_dark
from velvet.ui.palette import LAVENDER, STROKES, TEXT, TEXT_SOFT, WHITE
from velvet_visualization import facts
from velvet_visualization.contender import FORMATS, Format
from velvet_visualization.contenders import NAMES, load
from velvet_visualization.dashboard import tasks
from velvet_visualization.describe import alt_text
from velvet_visualization.samples import cloud, example
from velvet_visualization.scene import Scene, prepare
from velvet_visualization.spec import KINDS
from velvet_visualization.theme import DARK, LIGHT

SIDE = (460, 340)
POINTS = ("300", "3000", "10000")  # of the scatter; more freezes what draws an element a point
# A chart is as wide as its frame, and follows it, by its library's own way.
FITS = {
    "plotly": "const one = document.querySelector('.js-plotly-plot'); "
    "one.parentElement.style.width = width + 'px'; Plotly.relayout(one, {width})",
    "bokeh": "Bokeh.documents[0].roots()[0].width = width",
}
FIT = """<script>{ const fit = () => { const width = Math.min(%d, innerWidth); %s; };
const wait = setInterval(() => { if (%s) { clearInterval(wait);
if (innerWidth < %d) fit(); addEventListener('resize', fit); } }, 50); }</script>"""
PATIENCE_PX = 30  # below a chart, for what a library draws outside its own frame


def controls() -> dict[str, Any]:
    """Ask for the kind of chart and the size of the scatter."""
    kind = kit.choice("Kind of chart", KINDS, "scatter")
    return {"kind": kind, "points": int(kit.choice("Points of the scatter", POINTS, POINTS[0]))}


@lru_cache(maxsize=16)
def scene_of(kind: str, points: int, dark: bool = False) -> Scene:
    """Return the chart that is drawn four times."""
    chart = cloud(points) if kind == "scatter" else example(kind)  # type: ignore[arg-type]
    scene = prepare(chart, DARK if dark else LIGHT)
    return replace(scene, width=SIDE[0], height=SIDE[1])


@lru_cache(maxsize=64)
def page_of(name: str, kind: str, points: int, dark: bool) -> str:
    """Return one library's page that fits its column, with hover, zoom and pan."""
    library = load(name)
    page = library.html(library.build(scene_of(kind, points, dark)), interactive=True)
    ground = (DARK if dark else LIGHT).background
    style = (
        f"<style>body{{margin:0;background:{ground};overflow-x:auto}}img{{max-width:100%}}</style>"
    )
    head, mark, body = page.partition("<head>")
    if name == "altair":  # Vega follows its container, less 38 pixels for its menu
        start, const, spec = body.rpartition("const spec = ")
        body = start + const + spec.replace(f'"width": {SIDE[0]}', '"width": "container"', 1)
        style += f"<style>#vega-chart{{width:min({SIDE[0] + 38}px, 100vw)}}</style>"
    elif name in FITS:
        inner, end, rest = body.rpartition("</body>")
        fit = FIT % (SIDE[0], FITS[name], library.READY, SIDE[0])
        body = inner + fit + end + rest
    return head + mark + style + body


@lru_cache(maxsize=32)
def differences(name: str, kind: str, points: int) -> list[str]:
    """Return what a library shows that the data do not say."""
    scene, library = scene_of(kind, points), load(name)
    return facts.diff_facts(facts.expected(scene), library.facts(library.build(scene)))


def badge(name: str, kind: str, points: int) -> str:
    """Return whether a library's facts are those of the data, as HTML above its chart."""
    differ = differences(name, kind, points)
    count = f"{len(differ)} facts differ" if len(differ) > 1 else "1 fact differs"
    verdict = f"{count}: {differ[0]}" if differ else "same facts"
    colour = STROKES[1] if differ else STROKES[3]
    size = f"{len(page_of(name, kind, points, False)) / 1e6:.2f} MB page"
    return (
        f"<div class='velvet-figure' style='border:1px solid {LAVENDER};border-left:5px solid "
        f"{colour};border-radius:12px;padding:.5rem .8rem;background:{WHITE};color:{TEXT}'>"
        f"<b>{load(name).LABEL}</b> <span style='color:{colour};font-weight:600'>"
        f"{escape(verdict)}</span> <span style='color:{TEXT_SOFT};font-size:.86rem'>"
        f"{size}</span></div>"
    )


def wanted(seen: kit.Seen) -> tuple[str, int]:
    """Return the kind and the points that the controls say."""
    return seen.wanted.get("kind", "scatter"), int(seen.wanted.get("points", POINTS[0]))


def shown(seen: kit.Seen) -> bool:
    """Return whether what was measured is the chart that the controls say."""
    kind, points = wanted(seen)
    measured = int(seen.options.get("points", POINTS[0]))
    return seen.options.get("kind") == kind and (kind != "scatter" or measured == points)


def costs(seen: kit.Seen) -> list[dict[str, Any]]:
    """Return a row for each library that was measured; a dash stands for what is still to come."""
    ready = {one["name"]: one for one in seen.of("cost")}
    rows = []
    for page in seen.of("page"):
        cost = ready.get(page["name"])
        rows.append(
            {
                "library": load(page["name"]).LABEL,
                "built in": f"{page['ms']:.0f} ms",
                "ready after": f"{cost['ready_ms']:.0f} ms" if cost else "-",
                "elements": f"{cost['dom_nodes']:,}" if cost else "-",
                "heap": f"{cost['heap_mb']:.1f} MB" if cost else "-",
            }
        )
    return rows


def exported(name: str, kind: str, points: int, fmt: Format) -> bytes:
    """Return the chart as a file."""
    library = load(name)
    return library.export(library.build(scene_of(kind, points)), fmt)


def _files(name: str, kind: str, points: int) -> None:
    """Offer the chart in each format that the library writes without a browser."""
    with st.popover("Export"):
        for fmt in FORMATS:
            if not load(name).EXPORTS[fmt].browser:
                st.download_button(
                    fmt.upper(),
                    partial(exported, name, kind, points, fmt),
                    f"{kind}-{name}.{fmt}",
                    key=f"export-{name}-{fmt}",
                    on_click="ignore",
                )


def _chart(name: str, kind: str, points: int, *, running: bool) -> None:
    """Draw the live page; while a run redraws twice a second, only a line in its place."""
    if running:
        kit.note("The live chart comes back when the measurement is done.")
    else:
        st.iframe(page_of(name, kind, points, is_dark()), height=SIDE[1] + PATIENCE_PX)


def draw(seen: kit.Seen) -> None:
    """Draw the chart four times, two in a row, each with its facts and its costs."""
    kind, points = wanted(seen)
    measured = shown(seen)
    order = ("matplotlib", "plotly", "altair", "bokeh")
    for row in (order[:2], order[2:]):
        for column, name in zip(st.columns(2), row, strict=True):
            with column:
                html(badge(name, kind, points))
                _chart(name, kind, points, running=seen.running)
                _files(name, kind, points)
    if measured and seen.of("page"):
        seen.table(costs(seen))
    for one in seen.of("absent"):
        kit.note(one["words"])
    kit.note(f"For those who do not see it: {alt_text(scene_of(kind, points))}")


def finding(seen: kit.Seen) -> str:
    """Say whether the charts are the same, and what differs: the cost."""
    kind, points = wanted(seen)
    same = sum(not differences(name, kind, points) for name in NAMES)
    words = f"**{same} of {len(NAMES)}** libraries show the same facts"
    ready = {one["name"]: one for one in seen.of("cost")}
    if len(ready) == len(NAMES) and shown(seen):
        live = {name: one["ready_ms"] for name, one in ready.items() if name != "matplotlib"}
        first, last = (pick(live, key=lambda name: live[name]) for pick in (min, max))
        words += (
            f"; {load(first).LABEL} is ready after {live[first]:.0f} ms, {load(last).LABEL} after "
            f"{live[last]:.0f} ms, and Matplotlib answers no pointer at all"
        )
    return words + "."


TAB = kit.Tab(
    "Four of a kind",
    question="One specification, four libraries: is it the same chart, and what does each cost?",
    tip="Move the pointer over each chart, turn the wheel, drag; then choose 10,000 points.",
    job=kit.Job(tasks.in_browser, label="Measure", cap_s=120, recorded="in_browser.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(facts.diff_facts,),
    command="velvet run 12 one_spec_four_charts",
    next_step="Scaling",
)
