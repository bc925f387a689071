"""Which queue is fast enough: enqueue and drain of tasks that do nothing."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_queues import contenders
from velvet_queues.dashboard import tasks

BARS = (("enqueue", "enqueued a second"), ("drain", "done a second"))


def controls() -> dict[str, Any]:
    """Ask for the number of tasks."""
    return {"tasks": kit.slider("Tasks", 100, 1000, 200, step=100)}


def figure_of(events: list[dict[str, Any]]) -> go.Figure:
    """Return two bars for each queue on a logarithmic axis."""
    figure = go.Figure()
    names = [one["queue"] for one in events][::-1]
    for number, (field, name) in enumerate(BARS):
        values = [one[field] for one in events][::-1]
        figure.add_bar(
            y=names,
            x=values,
            orientation="h",
            name=name,
            text=[f"{one:,.0f}" for one in values],
            textposition="outside",
            cliponaxis=False,
            marker={
                "color": FILLS[number],
                "line": {"color": STROKES[number], "width": 1.5},
                "pattern_shape": "/" if number else "",
            },
        )
    plotly_layout(figure, title="Tasks a second", height=180 + 70 * len(names))
    figure.update_xaxes(type="log", title="tasks a second, more is better")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the bars and what a worker weighs."""
    events = seen.of("raced")
    if events or seen.of("start"):
        seen.chart(figure_of(events), key="race")
        seen.table(
            [
                {
                    "queue": one["queue"],
                    "start, s": f"{one['boot']:.1f}",
                    "memory, MB": f"{one['rss']:.0f}",
                    "processes": one["processes"],
                }
                for one in events
            ]
        )
    if absent := [f"{one['queue']} ({one['reason']})" for one in seen.of("absent")]:
        kit.note(f"Not measured: {'; '.join(absent)}.")


def finding(seen: kit.Seen) -> str:
    """Name the quickest and the slowest to drain."""
    events = seen.of("raced")
    if len(events) < 2:
        return ""
    best = max(events, key=lambda one: one["drain"])
    worst = min(events, key=lambda one: one["drain"])
    return (
        f"**{best['queue']}** drains {best['drain'] / worst['drain']:.1f}x as fast as "
        f"{worst['queue']}. The longer a task takes, the less this matters."
    )


TAB = kit.Tab(
    "Race",
    question="Which queue is fast enough for my tasks?",
    tip="Press Measure; each queue starts a real worker, which takes some seconds.",
    job=kit.Job(tasks.racing, label="Measure", cap_s=300, recorded="race.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(contenders.load,),
    command="velvet bench 16 --filter race",
    next_step="Metrics",
)
