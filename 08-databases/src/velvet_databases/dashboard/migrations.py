"""The tab that shows what a live writer feels while a table is changed."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from velvet.ui import kit
from velvet.ui.palette import LAVENDER, pair, plotly_layout
from velvet_databases.dashboard import tasks
from velvet_databases.dashboard._parts import no_server
from velvet_databases.samples import item_changes

MIN_MS = 0.05


def strips(ways: list[dict[str, Any]]) -> go.Figure:
    """Return the latency of every write over time, one strip for each way, on one axis."""
    figure = make_subplots(
        rows=len(ways), cols=1, shared_xaxes=True, shared_yaxes=True, vertical_spacing=0.09
    )
    top = max((ms for way in ways for _, ms in way["writes"]), default=1.0)
    for row, way in enumerate(ways, 1):
        fill, stroke = pair(1 if row == 1 else 3)
        figure.add_scatter(
            x=[at for at, _ in way["writes"]],
            y=[max(MIN_MS, ms) for _, ms in way["writes"]],
            mode="markers",
            name=way["way"],
            marker={
                "symbol": "circle" if row == 1 else "diamond",
                "size": 6,
                "color": fill,
                "line": {"color": stroke, "width": 1},
            },
            row=row,
            col=1,
        )
        figure.add_vrect(
            x0=way["start_s"],
            x1=way["start_s"] + max(way["seconds"], 0.002),
            fillcolor=LAVENDER,
            opacity=0.75,
            line_width=0,
            layer="below",
            row=row,
            col=1,
        )
    title = f"{ways[0]['change']}: how long each write took; tinted while the change runs"
    plotly_layout(figure, title=title, height=190 + 150 * len(ways))
    span = [math.log10(MIN_MS) - 0.1, math.log10(max(1.0, top)) + 0.25]
    figure.update_yaxes(type="log", title="ms", range=span, dtick=1)
    figure.update_xaxes(rangemode="tozero")
    figure.update_xaxes(title="seconds", row=len(ways), col=1)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the strips of one change, then what statements lock."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for event in seen.of("change"):
        groups.setdefault(event["change"], []).append(event)
    if groups:
        seen.chart(strips(groups[kit.choice("Change", list(groups))]), key="strips")
    seen.table([{k: v for k, v in one.items() if k != "type"} for one in seen.of("lock")])


def finding(seen: kit.Seen) -> str:
    """Say how long the longest write waited in each way of the change behind a reader."""
    ways = {one["way"]: one for one in seen.of("change")}
    if not {"queued", "lock timeout"} <= set(ways):
        return ""
    return (
        "Behind a forgotten reader ADD COLUMN makes a write wait "
        f"**{ways['queued']['max_stall_ms']:,.0f} ms**; with a lock_timeout it gives way and the "
        f"longest write takes {ways['lock timeout']['max_stall_ms']:,.0f} ms."
    )


TAB = kit.Tab(
    "Live migration",
    question="What does a writer feel while the table changes under it?",
    tip="Compare the naive way of a change with the patient one; below stands what statements lock.",
    job=kit.Job(tasks.changes, label="Migrate", recorded="changes.jsonl", problem=no_server),
    draw=draw,
    finding=finding,
    code=(item_changes._giving_way, item_changes._expand_contract),
    command="velvet bench 08 --filter stall_add_column",
    next_step="Live Benchmarks",
)
