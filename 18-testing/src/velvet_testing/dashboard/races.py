"""Every schedule of two coroutines, up to the one that breaks the program."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, plotly_layout
from velvet_testing import schedule
from velvet_testing.dashboard import tasks

BUGS = {
    "async_pool-2": "a lost update",
    "async_pool-1": "check, then act",
    "async_pool-3": "a cache stampede",
    "none": "the reference",
}


def controls() -> dict[str, Any]:
    """Ask for the bug and the preemptions."""
    bug = kit.choice("Bug", list(BUGS), "async_pool-2", tip=", ".join(BUGS.values()))
    return {"bug": bug, "bound": kit.slider("Preemptions allowed", 0, 3, 1)}


def figure_of(seen: kit.Seen) -> go.Figure:
    """Return a row of steps for each schedule; the failing one is framed."""
    figure = go.Figure()
    for who in (0, 1):
        x, y = [], []
        for number, one in enumerate(seen.of("schedule"), start=1):
            for step, chosen in enumerate(one["choices"]):
                if chosen == who:
                    x.append(step + 1)
                    y.append(number)
        figure.add_scatter(
            x=x,
            y=y,
            mode="markers",
            name=f"coroutine {who}",
            marker={"symbol": ("square", "diamond")[who], "size": 15, "color": STROKES[who]},
        )
    for number, one in enumerate(seen.of("schedule"), start=1):
        if one["error"]:
            figure.add_annotation(
                x=len(one["choices"]) + 0.4, y=number, text="fails", showarrow=False, xanchor="left"
            )
    count = len(seen.of("schedule"))
    plotly_layout(figure, title="Who runs at each step", height=160 + 26 * min(18, max(3, count)))
    figure.update_yaxes(autorange="reversed", title="schedule", dtick=max(1, count // 15))
    figure.update_xaxes(title="step", dtick=1)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the schedules."""
    if seen.of("schedule"):
        seen.chart(figure_of(seen), key="schedules")
        kit.note("A step ends where the coroutine awaits; only there can the other one run.")


def finding(seen: kit.Seen) -> str:
    """Say which schedule fails, and how to run it again."""
    found = seen.of("schedule")
    if seen.running or not found:
        return ""
    bad = [one for one in found if one["error"]]
    if not bad:
        return f"**{len(found)} schedules**, and none fails: that is proof within the bound."
    return (
        f"Schedule {len(found)} fails: {bad[0]['error']}. `replay(make, {bad[0]['choices']})` "
        "runs exactly this one again."
    )


TAB = kit.Tab(
    "Race explorer",
    question="Is there an order in which this program breaks?",
    tip="Allow 0 preemptions, then 1: most races need no more.",
    job=kit.Job(tasks.interleavings, label="Explore", cap_s=60, recorded="schedules.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(schedule.explore,),
    command="velvet run 18 advanced race_hunter",
    next_step="Flaky lab",
)
