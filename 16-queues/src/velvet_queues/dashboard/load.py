"""Offered load against capacity: below it waits stay short, above it they grow without end."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, plotly_layout
from velvet_queues import load
from velvet_queues.dashboard import tasks

LINES = (("age", "age of the oldest, s", "solid"), ("p95", "p95 wait, s", "dot"))


def controls() -> dict[str, Any]:
    """Ask for the share of capacity."""
    return {"percent": kit.slider("Offered, % of measured capacity", 20, 200, 130, step=10)}


def figure_of(samples: list[dict[str, Any]]) -> go.Figure:
    """Return the waits over time."""
    figure = go.Figure()
    at = [one["at"] for one in samples]
    for number, (field, name, dash) in enumerate(LINES):
        figure.add_scatter(
            x=at,
            y=[one[field] for one in samples],
            name=name,
            mode="lines",
            line={"color": STROKES[number], "width": 2, "dash": dash},
        )
    plotly_layout(figure, title="How long tasks wait", height=300)
    figure.update_xaxes(title="seconds since the load began")
    figure.update_yaxes(title="seconds", rangemode="tozero")
    return figure


def depth_of(samples: list[dict[str, Any]]) -> go.Figure:
    """Return the depth over time."""
    figure = go.Figure()
    figure.add_scatter(
        x=[one["at"] for one in samples],
        y=[one["depth"] for one in samples],
        mode="lines",
        fill="tozeroy",
        name="depth",
        line={"color": STROKES[0], "width": 2},
    )
    plotly_layout(figure, title="How many tasks are not done", height=260)
    figure.update_xaxes(title="seconds since the load began")
    figure.update_yaxes(title="tasks", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw both as samples come."""
    samples = seen.of("sample")
    if samples or seen.of("start"):
        seen.chart(figure_of(samples), key="waits")
        seen.chart(depth_of(samples), key="depth")


def finding(seen: kit.Seen) -> str:
    """Name the capacity and the longest wait."""
    samples = seen.of("sample")
    if len(samples) < 3:
        return ""
    capacity, oldest = seen.of("capacity")[0]["per_s"], max(one["age"] for one in samples)
    return (
        f"This worker does {capacity:.0f} tasks a second; offered "
        f"{seen.options.get('percent', 130)} % of it, the oldest task waits up to "
        f"**{oldest:.1f} s**. Page on this age: depth alone does not say whether it grows."
    )


TAB = kit.Tab(
    "Load",
    question="When does the wait begin to grow without end?",
    tip="Press Measure, then move the slider to 80 and measure again.",
    job=kit.Job(tasks.offered, label="Measure", cap_s=90, recorded="load.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(load.open_loop,),
    command="velvet bench 16 --filter load_sweep",
    next_step="Race",
)
