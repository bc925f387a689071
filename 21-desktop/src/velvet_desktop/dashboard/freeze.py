"""The tab to be proud of: choose the work and where it runs, watch the heartbeat of the window."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_desktop.core import jobs, work
from velvet_desktop.dashboard import tasks

NAMES = {"ui": "on the UI thread", "thread": "in a thread", "process": "in a process"}
FRAME_MS = 16.7
FLOOR_MS = 8  # of the axis: a beat is 10 ms


def controls() -> dict[str, Any]:
    """Ask for the work, the place, the toolkit."""
    return {
        "kind": kit.choice("Work", list(work.KINDS), "sort"),
        "where": kit.choice("Where it runs", [tasks.ALL, *tasks.MODES], tasks.ALL),
        "toolkit": kit.choice("Window", ["headless", "tk", "qt", "kivy", "dearpygui"], "headless"),
    }


def gaps_of(events: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Return the gaps by place, in order."""
    found: dict[str, list[float]] = {}
    for event in events:
        found.setdefault(event["mode"], []).extend(event["gaps"])
    return found


def figure_of(gaps: dict[str, list[float]]) -> go.Figure:
    """Return the heartbeat of each place: a mark a beat, as high as the wait for it."""
    figure = go.Figure()
    for number, (mode, name) in enumerate(NAMES.items()):
        mine = gaps.get(mode, [])
        if not mine:
            continue
        figure.add_scatter(
            x=[at / 1e3 for at in accumulate(mine)],
            y=[max(FLOOR_MS, gap) for gap in mine],
            mode="lines+markers",
            name=name,
            line={"color": STROKES[number], "width": 1, "shape": "vh"},
            marker={
                "color": FILLS[number],
                "size": 7,
                "symbol": ("circle", "square", "diamond")[number],
                "line": {"color": STROKES[number], "width": 1},
            },
            hovertemplate="%{x:.2f} s: %{y:.0f} ms<extra></extra>",
        )
    figure.add_hline(y=100, line={"color": STROKES[1], "dash": "dot", "width": 1})
    plotly_layout(figure, title="Each mark is a beat of the window", height=400)
    figure.update_xaxes(title="seconds", rangemode="tozero")
    ticks = [10, 30, 100, 300, 1_000, 3_000]
    figure.update_yaxes(type="log", title="ms since the beat before", tickvals=ticks)
    return figure


def bars_of(gaps: dict[str, list[float]]) -> go.Figure:
    """Return the longest gap of each place."""
    modes = [mode for mode in NAMES if gaps.get(mode)]
    figure = go.Figure(
        go.Bar(
            y=[NAMES[mode] for mode in modes],
            x=[max(gaps[mode]) for mode in modes],
            orientation="h",
            marker={
                "color": [FILLS[list(NAMES).index(mode)] for mode in modes],
                "line": {"color": [STROKES[list(NAMES).index(mode)] for mode in modes], "width": 1},
            },
            text=[f"{max(gaps[mode]):.0f} ms" for mode in modes],
        )
    )
    plotly_layout(figure, title="The longest freeze", height=120 + 45 * len(modes))
    figure.update_xaxes(title="ms")
    figure.update_yaxes(ticks="", autorange="reversed")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the heartbeat as it comes, then the longest freezes."""
    gaps = gaps_of(seen.of("beats"))
    if not gaps:
        return
    seen.chart(figure_of(gaps), key="beats")
    if seen.of("work"):
        seen.chart(bars_of(gaps), key="longest")
    kit.note("The dotted line is 100 ms: above it a window feels stuck. A beat is due every 10 ms.")


def finding(seen: kit.Seen) -> str:
    """Say what a thread did for this work, and what a process did."""
    gaps = gaps_of(seen.of("beats"))
    if len(seen.of("work")) < len(NAMES) or len(gaps) < len(NAMES):
        return ""
    ui, thread, process = (max(gaps[mode]) for mode in NAMES)
    cured = "cures it" if thread < ui / 3 else "does not cure it"
    return (
        f"{seen.options.get('kind', 'sort')}: the window is frozen for **{ui:.0f} ms** on the UI "
        f"thread. A thread {cured}: **{thread:.0f} ms**. In a process the longest gap is "
        f"**{process:.0f} ms**."
    )


TAB = kit.Tab(
    "Freeze lab",
    question="Does a thread keep the window alive? It depends on the work.",
    tip="Press Measure with sort, then choose loop and zlib: only the kind of work has changed.",
    job=kit.Job(tasks.freeze, label="Measure", cap_s=180, recorded="freeze.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(jobs.JobRunner.submit,),
    command="velvet bench 21 --filter freeze",
    next_step="Toolkits here",
)
