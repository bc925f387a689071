"""The tab with the race: each advantage of the winner is a switch."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_environments.contenders import uv_pip
from velvet_environments.dashboard import tasks

PHASES = ("lock", "install")


def controls() -> dict[str, Any]:
    """Ask for the workload and for what each tool is allowed."""
    return {
        "wheels": kit.slider("Wheels", 5, tasks.MAX_WHEELS, 40, step=5),
        "latency_ms": kit.slider(
            "Latency of each request, ms", 0, tasks.MAX_LATENCY_MS, 0, step=10
        ),
        "warm": kit.toggle("Caches are full", False),
        "bytecode": kit.toggle("Compile bytecode", False, tip="pip does by default, uv does not."),
        "link": kit.choice("uv puts files in place by", ["hardlink", "copy"]),
        "everyone": kit.toggle("With Poetry, PDM and pip-tools", False),
    }


def figure_of(events: list[dict[str, Any]]) -> go.Figure:
    """Return seconds of both phases, a bar a tool."""
    figure = go.Figure()
    names = [one["name"] for one in events][::-1]
    for number, phase in enumerate(PHASES):
        values = [one[phase] for one in events][::-1]
        figure.add_bar(
            y=names,
            x=values,
            orientation="h",
            name=phase,
            text=[f"{one:.2f}" for one in values],
            textposition="auto",
            marker={"color": FILLS[number], "line": {"color": STROKES[number], "width": 1.5}},
        )
    plotly_layout(figure, title="Seconds to lock and to install", height=180 + 70 * len(names))
    figure.update_xaxes(title="seconds, less is better")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the bars."""
    events = seen.of("tool")
    if events:
        seen.chart(figure_of(events), key="race")
    if absent := [f"{one['name']} ({one['reason']})" for one in seen.of("absent")]:
        kit.note(f"not installed: {', '.join(absent)}")


def finding(seen: kit.Seen) -> str:
    """Say by how much uv is ahead with these settings."""
    told = {one["name"]: one for one in seen.of("tool")}
    if not {"uv pip", "pip lock"} <= told.keys():
        return ""
    uv, pip = told["uv pip"], told["pip lock"]
    gains = [pip[phase] / uv[phase] for phase in PHASES]
    how = []
    if seen.options.get("bytecode"):
        how.append("both compile")
    if seen.options.get("link") == "copy":
        how.append("uv copies as pip does")
    settings = " and ".join(how) or "with uv's defaults"
    caches = "full" if seen.options.get("warm") else "empty"
    return (
        f"With {caches} caches, {settings}: uv locks **{gains[0]:.1f}x** and installs "
        f"**{gains[1]:.1f}x** faster than pip. Switch an advantage off and press Race again."
    )


TAB = kit.Tab(
    "Race",
    question="How much of uv's lead survives a fair comparison?",
    tip="Race once, then switch on bytecode and copying, and race again.",
    job=kit.Job(tasks.race, label="Race", recorded="race.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(uv_pip.options, uv_pip.sync),
    command="velvet bench 01 --filter fair_play",
    next_step="Resolver playground",
)
