"""The tab that shows how files and times grow with the points."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_visualization.contenders import load
from velvet_visualization.dashboard import tasks
from velvet_visualization.export import choose, reduce

DASHES = {"png": "solid", "svg": "dash", "pdf": "dot", "html": "dashdot"}
COLORS = {"matplotlib": 0, "plotly": 1, "altair": 2, "bokeh": 3}


def controls() -> dict[str, Any]:
    """Ask for the largest cloud."""
    return {"points": int(kit.choice("Points", ["3000", "10000", "30000", "100000"], "10000"))}


def curves(files: list[dict[str, Any]], field: str, title: str, unit: str) -> go.Figure:
    """Return one line a library and format over the points."""
    figure = go.Figure()
    for name, fmt in dict.fromkeys((one["name"], one["fmt"]) for one in files):
        mine = [one for one in files if (one["name"], one["fmt"]) == (name, fmt)]
        fill, stroke = pair(COLORS[name])
        figure.add_scatter(
            x=[one["n"] for one in mine],
            y=[one[field] for one in mine],
            name=f"{load(name).LABEL} {fmt}",
            mode="lines+markers",
            line={"color": stroke, "dash": DASHES[fmt]},
            marker={"color": fill, "line": {"color": stroke, "width": 1}, "size": 8},
        )
    plotly_layout(figure, title=title, height=420)
    figure.update_xaxes(type="log", title="points")
    figure.update_yaxes(type="log", title=unit)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw bytes, then milliseconds, as the files come in."""
    files = seen.of("file")
    if files:
        seen.chart(curves(files, "bytes", "Bytes of one file", "bytes"), key="bytes")
        seen.chart(curves(files, "ms", "Build and write one file", "milliseconds"), key="ms")
    for one in seen.of("refused")[:1]:
        kit.note(one["words"])


def finding(seen: kit.Seen) -> str:
    """Say what a point costs in each format, and what to do instead."""
    files = seen.of("file")
    largest = max((one["n"] for one in files), default=0)
    least = min((one["n"] for one in files), default=0)
    size = {
        (f"{load(one['name']).LABEL} {one['fmt'].upper()}", one["n"]): one["bytes"] for one in files
    }
    grown = {key: size[key, largest] / size[key, least] for key, n in size if n == largest > least}
    if not grown:
        return ""
    most, less = (pick(grown, key=lambda key: grown[key]) for pick in (max, min))
    way = choose("scatter", largest)
    return (
        f"From {least:,} points to {largest:,} {most} grows **{grown[most]:.0f} times**, {less} "
        f"{grown[less]:.1f} times. For a cloud of {largest:,}: {way.way}, because {way.reason}."
    )


TAB = kit.Tab(
    "Scaling",
    question="What grows with the points, and what does not?",
    tip="Press Measure with 30,000 points: which lines stay flat?",
    job=kit.Job(tasks.grow, label="Measure", cap_s=180, recorded="grow.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(choose, reduce),
    command="velvet bench 12 --filter file_bytes",
    next_step="Fidelity lab",
)
