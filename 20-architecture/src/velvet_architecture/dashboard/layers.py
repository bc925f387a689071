"""Each layer beside the others, and all of them beside a commit."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_architecture.comparisons import ladder
from velvet_architecture.dashboard import tasks

CHOICES = ("layers alone", "beside a commit", "beside the disk")


def figure_of(rungs: list[dict[str, Any]], beside: str) -> go.Figure:
    """Return a bar a rung; on a linear axis, so that a layer beside a commit hardly shows."""
    hidden = {CHOICES[0]: ("commit_normal", "commit_full"), CHOICES[1]: ("commit_full",)}
    shown = [one for one in rungs if one["name"] not in hidden.get(beside, ())]
    looks = [pair(1 if one["name"].startswith("commit") else 0) for one in shown]
    figure = go.Figure(
        go.Bar(
            y=[one["name"].replace("_", " ") for one in shown],
            x=[one["ns"] / 1e3 for one in shown],
            orientation="h",
            marker={
                "color": [fill for fill, _ in looks],
                "line": {"color": [stroke for _, stroke in looks], "width": 1},
            },
            text=[f"{one['ns'] / 1e3:,.1f}" for one in shown],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.2f} us<extra></extra>",
        )
    )
    plotly_layout(figure, title="Take one unit of stock", height=120 + 30 * len(shown))
    figure.update_xaxes(title="microseconds an operation", rangemode="tozero")
    figure.update_yaxes(ticks="", autorange="reversed")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the bars that are there."""
    if rungs := seen.of("rung"):
        beside = kit.choice("Show", CHOICES, CHOICES[1])
        seen.chart(figure_of(rungs, beside), key="rungs")


def finding(seen: kit.Seen) -> str:
    """Say how much of a commit the whole tower is."""
    ns = {one["name"]: one["ns"] for one in seen.of("rung")}
    if "commit_full" not in ns:
        return ""
    share = ns["middleware"] / ns["commit_normal"]
    return (
        f"Domain, repository, unit of work, bus and middleware together are **{share:.0%}** of a "
        f"commit that does not wait for the disk; one that waits takes "
        f"**{ns['commit_full'] / ns['commit_normal']:,.0f}x** as long."
    )


TAB = kit.Tab(
    "Cost of layers",
    question="Which layer costs something, once a disk is involved?",
    tip="Press Measure, then switch to 'layers alone' and to 'beside the disk'.",
    job=kit.Job(tasks.layers, label="Measure", cap_s=120, recorded="layers.jsonl"),
    draw=draw,
    finding=finding,
    code=(ladder.Handler.handle, ladder.UnitOfWork.get),
    command="velvet bench 20 --filter layers",
    next_step="Race and gap",
)
