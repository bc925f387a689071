"""The service at each stage of its repair as a flame graph, coloured by what changed."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_performance import flame, service, stacks
from velvet_performance.dashboard import tasks
from velvet_performance.stacks import Stacks

SMALLEST = 0.012
TOOLS = ("cprofile", "py_spy", "pyinstrument")


def controls() -> dict[str, Any]:
    """Ask for the profiler and for how many commits are applied."""
    return {
        "profiler": kit.choice("Profiler", TOOLS, "cprofile"),
        "stage": kit.slider("Commits applied", 0, len(service.commits()), 1),
    }


def stacks_of(event: dict[str, Any]) -> Stacks:
    """Return a profile's stacks."""
    return Stacks({tuple(path): weight for path, weight in event["lines"]})


def figure_of(
    now: Stacks, before: Stacks | None, title: str, smallest: float = SMALLEST
) -> go.Figure:
    """Return an icicle; with an earlier profile, red has gained and blue has lost own time."""
    placed = flame.boxes(now, smallest)
    moved = flame.changes(before, now) if before is not None else {}
    colours = []
    for box in placed:
        change = moved.get(box.path, 0.0)
        plain = FILLS[0] if before is None else FILLS[5]
        colours.append(plain if abs(change) < 0.005 else FILLS[1] if change > 0 else FILLS[4])
    figure = go.Figure(
        go.Icicle(
            ids=["/".join(("all", *box.path)) for box in placed],
            parents=["/".join(("all", *box.path[:-1])) if box.path else "" for box in placed],
            labels=[box.name for box in placed],
            values=[box.weight for box in placed],
            branchvalues="total",
            sort=False,
            tiling={"orientation": "v"},
            marker={"colors": colours, "line": {"color": STROKES[0], "width": 0.5}},
            customdata=[
                [box.width * 100, box.own / placed[0].weight * 100, moved.get(box.path, 0.0) * 100]
                for box in placed
            ],
            hovertemplate=(
                "%{label}: %{customdata[0]:.1f} % of the run, %{customdata[1]:.1f} % itself"
                "<br>own share changed by %{customdata[2]:+.1f} points<extra></extra>"
            ),
        )
    )
    plotly_layout(figure, title=title, height=480)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the chosen stage against the first day, then the commit that led to it."""
    profiles = seen.of("profile")
    if not profiles:
        return
    now = profiles[-1]
    before = stacks_of(profiles[0]) if len(profiles) > 1 else None
    stage = now["stage"]
    commits = "1 commit" if stage == 1 else f"{stage} commits"
    title = f"After {commits}: {now['cpu_ms']:.0f} ms" if stage else "The first day"
    seen.chart(figure_of(stacks_of(now), before, title), key="icicle")
    if before is not None:
        kit.note("Red frames have a larger own share than on the first day, blue ones a smaller.")
    if stage:
        commit = service.commits()[stage - 1]
        kit.note(
            f"Commit {stage}: {commit.name}. The profile before it had named {commit.touches}."
        )
        st.code(commit.diff, language="diff")


def finding(seen: kit.Seen) -> str:
    """Say which few functions hold most, and what the stage gained."""
    profiles = seen.of("profile")
    if not profiles:
        return ""
    now = profiles[-1]
    fraction, few = stacks.pareto(stacks_of(now).self_weights())
    told = f"**{fraction:.0%}** of the functions hold 80 % of the time, {few[0]} first."
    if len(profiles) > 1:
        told += f" The run takes **{profiles[0]['cpu_ms'] / now['cpu_ms']:.1f}x** less time."
    return told


TAB = kit.Tab(
    "Flame graphs",
    question="Where does the service spend its time now, and what did the last commit change?",
    tip="Move the slider one commit at a time: the widest own frame is what the next one mends.",
    job=kit.Job(tasks.flame, label="Profile", cap_s=90, recorded="flame.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(flame.changes,),
    command="velvet run 19 advanced from_profile_to_fix",
    next_step="Optimisation ladder",
)
