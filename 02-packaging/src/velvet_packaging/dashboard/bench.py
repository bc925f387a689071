"""The tab with the race of the backends, and what each of them leaves out."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_packaging.contenders import flit_core, meson_python
from velvet_packaging.dashboard import tasks


def controls() -> dict[str, Any]:
    """Ask for the size of the project and for what is built."""
    return {
        "modules": kit.slider("Modules", 20, tasks.MAX_MODULES, 20, step=20),
        "target": kit.choice("Build a", ["wheel", "sdist"]),
    }


def figure_of(events: list[dict[str, Any]]) -> go.Figure:
    """Return seconds, a bar a backend."""
    figure = go.Figure(
        go.Bar(
            y=[one["name"] for one in events][::-1],
            x=[one["seconds"] for one in events][::-1],
            orientation="h",
            text=[f"{one['seconds']:.2f} s" for one in events][::-1],
            textposition="auto",
            marker={"color": FILLS[0], "line": {"color": STROKES[0], "width": 1.5}},
        )
    )
    plotly_layout(figure, title="Seconds of the backend's hook", height=150 + 38 * len(events))
    figure.update_xaxes(title="seconds, less is better")
    return figure


def rows_of(events: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return sizes and badges as rows of a table."""
    return [
        {
            "backend": f"{one['name']} {one['version']}",
            "kB": f"{one['kb']:.1f}",
            "data file": "kept" if one["data"] else "left out",
            "tests": "packed" if one["tests"] else "left out",
        }
        for one in events
    ]


def draw(seen: kit.Seen) -> None:
    """Draw the bars and the table."""
    events = seen.of("built")
    if events:
        seen.chart(figure_of(events), key="seconds")
        seen.table(rows_of(events))
    if absent := [one["reason"] for one in seen.of("absent")]:
        kit.note("; ".join(absent))


def finding(seen: kit.Seen) -> str:
    """Compare first and last, and name the backends that lost the data file."""
    events = seen.of("built")
    if len(events) < 2:
        return ""
    ranked = sorted(events, key=lambda one: float(one["seconds"]))
    lost = [one["name"] for one in events if not one["data"]]
    factor = ranked[-1]["seconds"] / ranked[0]["seconds"]
    told = f"{', '.join(lost)} left the data file out without a word" if lost else "all kept it"
    return f"{ranked[0]['name']} is **{factor:.1f}x** faster than {ranked[-1]['name']}; {told}."


TAB = kit.Tab(
    "Backend bench",
    question="What does a backend cost, and what does it leave out?",
    tip="Build the wheel, then the sdist, then 400 modules.",
    job=kit.Job(tasks.backends, label="Build", recorded="backends.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(flit_core.files, meson_python.files),
    command="velvet bench 02 --filter wheel_time",
    next_step="Reproducibility lab",
)
