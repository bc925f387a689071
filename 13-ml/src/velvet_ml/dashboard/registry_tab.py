"""Which file is in production: promote, tamper, roll back, and a writer that is killed."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, pair, plotly_layout
from velvet_ml.dashboard import tasks
from velvet_ml.registry import Registry


def controls() -> dict[str, Any]:
    """Ask how many writers are killed."""
    return {"kills": int(kit.slider("Writers to kill", 0, 4, 1))}


def timeline_of(steps: list[dict[str, Any]]) -> go.Figure:
    """Return the version in production after each step."""
    figure = go.Figure(
        go.Scatter(
            x=[one["what"] for one in steps],
            y=[one["production"] for one in steps],
            mode="lines+markers",
            line={"shape": "hv", "color": STROKES[0], "width": 3},
            marker={
                "size": 14,
                "color": [FILLS[1] if "refused" in one else FILLS[0] for one in steps],
                "line": {
                    "color": [STROKES[1] if "refused" in one else STROKES[0] for one in steps],
                    "width": 2,
                },
            },
            hovertemplate="%{x}: version %{y}<extra></extra>",
        )
    )
    plotly_layout(figure, title="The version that production names, step by step", height=320)
    figure.update_yaxes(title="version", range=[0.5, 2.5], dtick=1)
    return figure


def kills_of(kills: list[dict[str, Any]]) -> go.Figure:
    """Return versions acknowledged and versions found for each killed writer."""
    figure = go.Figure()
    for number, (field, name) in enumerate(
        (("acknowledged", "acknowledged"), ("found", "found after the kill"))
    ):
        fill, stroke = pair(number)
        figure.add_bar(
            x=[f"writer {one['number']}" for one in kills],
            y=[one[field] for one in kills],
            name=name,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern_shape": "/" if number else "",
            },
        )
    plotly_layout(figure, title="Writers that were killed while they wrote", height=300)
    figure.update_yaxes(title="versions", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the steps, what was refused, and the kills."""
    if not (steps := seen.of("step")):
        return
    seen.chart(timeline_of(steps), key="timeline")
    for one in steps:
        if "refused" in one:
            kit.note(f"Refused after the change: {one['refused']}")
    seen.table(
        [
            {"version": one["what"].split()[-1], "format": one["format"], "sha256": one["sha256"]}
            for one in steps
            if "sha256" in one
        ]
    )
    if kills := seen.of("kill"):
        seen.chart(kills_of(kills), key="kills")


def finding(seen: kit.Seen) -> str:
    """Say whether anything was lost."""
    steps, kills = seen.of("step"), seen.of("kill")
    if not steps or steps[-1]["what"] != "rolled back":
        return ""
    said = "One changed byte was refused, and one step led back to the version before."
    if not kills:
        return said
    lost = sum(one["problems"] for one in kills)
    several = "1 writer was" if len(kills) == 1 else f"{len(kills)} writers were"
    return f"{said} {several} killed: **{lost}** versions lost or damaged."


TAB = kit.Tab(
    "Registry",
    question="Which file is in production, and is it the one that was registered?",
    tip="Kill four writers: every version that was acknowledged is there.",
    job=kit.Job(tasks.registry, label="Run", cap_s=150, recorded="registry.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Registry.promote,),
    command="velvet bench 13 --filter killed_writer",
    next_step="Drift race",
)
