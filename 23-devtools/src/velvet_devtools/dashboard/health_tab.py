"""A repository's health with its reasons, and where to begin: churn against complexity."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_devtools import health
from velvet_devtools.dashboard import tasks

PARTS = ("velvet", "23-devtools", "everything")


def controls() -> dict[str, Any]:
    """Ask for the part of this repository."""
    return {"part": kit.choice("Part of this repository", PARTS, "velvet")}


def figure_of(spots: list[dict[str, Any]]) -> go.Figure:
    """Return changes against branches, the hottest named."""
    fill, stroke = pair(1)
    hottest = {one["path"] for one in spots[:5]}
    figure = go.Figure(
        go.Scatter(
            x=[one["changes"] for one in spots],
            y=[one["complexity"] for one in spots],
            mode="markers+text",
            marker={"color": fill, "size": 13, "line": {"color": stroke, "width": 1.5}},
            text=[
                one["path"].rpartition("/")[2] if one["path"] in hottest else "" for one in spots
            ],
            textposition="middle left",
            customdata=[one["path"] for one in spots],
            hovertemplate="%{customdata}: %{x} changes, %{y} branches<extra></extra>",
        )
    )
    plotly_layout(
        figure, title="Changed often and branching much: begin at the upper right", height=380
    )
    figure.update_xaxes(title="commits that changed it")
    figure.update_yaxes(title="branches")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the hot spots, then the checks, the failed ones first."""
    if spots := seen.of("spot"):
        seen.chart(figure_of(spots), key="spots")
    checks = sorted(seen.of("check"), key=lambda one: (one["passed"], -one["weight"]))
    seen.table(
        [
            {
                "check": one["name"],
                "points": f"{one['weight'] if one['passed'] else 0} of {one['weight']}",
                "why": one["reason"][:110],
            }
            for one in checks
        ]
    )


def finding(seen: kit.Seen) -> str:
    """Give the score and the first place to begin."""
    checks, spots = seen.of("check"), seen.of("spot")
    if not spots:
        return ""
    whole = sum(one["weight"] for one in checks)
    points = sum(one["weight"] for one in checks if one["passed"])
    return (
        f"**{100 * points / whole:.0f} of 100**; begin with `{spots[0]['path']}`, the hottest file."
    )


TAB = kit.Tab(
    "Repo health",
    question="How healthy is this repository, and where does it hurt first?",
    tip="Choose 23-devtools, the folder of this very page, and look for the check that fails.",
    job=kit.Job(tasks.health, label="Look", cap_s=240, recorded="health.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(health.hot_spots,),
    command="velvet run 23 repo_health",
    next_step="Live Benchmarks",
)
