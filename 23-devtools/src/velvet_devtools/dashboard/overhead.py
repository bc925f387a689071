"""What it costs to watch: recorders, profilers, log lines, in times of the work itself."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_devtools.dashboard import tasks
from velvet_devtools.profiling import sampler


def controls() -> dict[str, Any]:
    """Ask for the subject."""
    return {"subject": kit.choice("Watch with", list(tasks.SUBJECTS), "recorders")}


def figure_of(rows: list[dict[str, Any]]) -> go.Figure:
    """Return a bar each, in times of the first."""
    fill, stroke = pair(0)
    base = rows[0]["ms"] or 1e-9
    times = [row["ms"] / base for row in rows]
    figure = go.Figure(
        go.Bar(
            y=[row["name"] for row in rows],
            x=times,
            orientation="h",
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            text=[f"{n:,.1f}x" for n in times],
            textposition="auto",
        )
    )
    title = f"Times the cost of '{rows[0]['name']}' ({rows[0]['ms']:.2f} ms of CPU)"
    plotly_layout(figure, title=title, height=110 + 38 * len(rows))
    figure.update_xaxes(type="log", title="times")
    figure.update_yaxes(autorange="reversed", ticks="")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the bars, and name what is not installed."""
    if rows := seen.of("time"):
        seen.chart(figure_of(rows), key="bars")
    if absent := seen.of("absent"):
        kit.note(f"Not here: {', '.join(one['name'] for one in absent)}.")


def finding(seen: kit.Seen) -> str:
    """Name the most expensive."""
    rows = seen.of("time")
    if len(rows) < 3:
        return ""
    worst = max(rows, key=lambda row: row["ms"])
    times = worst["ms"] / (rows[0]["ms"] or 1e-9)
    return f"The most expensive is **{worst['name']}**: {times:,.0f} times '{rows[0]['name']}'."


TAB = kit.Tab(
    "Overhead lab",
    question="What does it cost to watch my program?",
    tip="Compare 'another function' of both recorders: one of them costs code that it does not record.",
    job=kit.Job(tasks.overhead, recorded="overhead.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(sampler,),
    command="velvet bench 23 --filter tracer_cost",
    next_step="Codemod diff",
)
