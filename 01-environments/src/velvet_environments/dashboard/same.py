"""The tab with two environments of one lock: which files differ, and why."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_environments.contenders import load
from velvet_environments.dashboard import tasks
from velvet_environments.digest import cause_of, compare
from velvet_environments.workspace import available

TOOLS = {"uv": "uv_pip", "pip": "pip_lock", "poetry": "poetry"}


def controls() -> dict[str, Any]:
    """Ask who installs, and whether bytecode is written."""
    return {
        "first": kit.choice("First installed by", list(TOOLS), "uv", key="first"),
        "second": kit.choice("Then by", list(TOOLS), "uv", key="second"),
        "bytecode": kit.toggle("Compile bytecode", True),
    }


def problem(options: Any) -> str:
    """Return why this pair cannot run here; empty where it can."""
    for name in (options["first"], options["second"]):
        told = available(load(TOOLS[name]))
        if not told.present:
            return f"{name} is not installed: {told.reason}"
    return ""


def figure_of(event: dict[str, Any]) -> go.Figure:
    """Return the files of both environments as one bar, by what makes them differ."""
    equal = event["total"] - sum(event["causes"].values())
    figure = go.Figure()
    for number, (cause, count) in enumerate({"equal": equal, **event["causes"]}.items()):
        colour = (3, 1, 2, 0, 4, 5)[number % 6]
        figure.add_bar(
            y=["files"],
            x=[count],
            orientation="h",
            name=f"{cause}: {count}",
            marker={"color": FILLS[colour], "line": {"color": STROKES[colour], "width": 1.5}},
        )
    plotly_layout(figure, title=f"{event['total']} files", height=230)
    figure.update_layout(barmode="stack")
    figure.update_yaxes(showticklabels=False)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the bar and one file of each cause."""
    for event in seen.of("difference"):
        seen.chart(figure_of(event), key="causes")
        seen.table(
            [
                {"cause": cause, "files": str(count), "for example": event["examples"][cause]}
                for cause, count in event["causes"].items()
            ]
        )


def finding(seen: kit.Seen) -> str:
    """Say what differs."""
    for event in seen.of("difference"):
        if not event["causes"]:
            own = "those that hold the folder's own path are left out"
            return f"**Equal, byte for byte:** {event['total']} files; {own}."
        told = ", ".join(f"{count} by {cause}" for cause, count in event["causes"].items())
        content = event["causes"].get("content", 0) + event["causes"].get("missing", 0)
        return f"Of {event['total']} files differ: {told}. Packages' own files: **{content}**."
    return ""


TAB = kit.Tab(
    "Same or different",
    question="Will my colleague get the same environment, byte for byte?",
    tip="Compare; then switch bytecode off; then let pip install the second one.",
    job=kit.Job(tasks.same, label="Compare", recorded="same.jsonl", problem=problem),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(compare, cause_of),
    command="velvet bench 01 --filter reproducible",
    next_step="Inspect",
)
