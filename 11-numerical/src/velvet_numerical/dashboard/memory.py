"""The tab that reads one file by four roads and shows whose memory each one takes."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, pair, plotly_layout
from velvet_numerical import outofcore
from velvet_numerical.dashboard import tasks

KINDS = (("anonymous", "yours (RssAnon)", ""), ("file", "borrowed (RssFile)", "/"))


def controls() -> dict[str, Any]:
    """Ask for the size of the file."""
    return {"mb": int(kit.choice("File", ["25", "100", "200", "400"], "100", tip="megabytes"))}


def peaks_of(samples: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the peak of each kind by road."""
    found: dict[str, dict[str, float]] = {}
    for one in samples:
        peak = found.setdefault(one["road"], {"anonymous": 0.0, "file": 0.0})
        for kind in peak:
            peak[kind] = max(peak[kind], one[kind])
    return found


def figure_of(samples: list[dict[str, Any]], mb: int) -> go.Figure:
    """Return the peaks as stacked bars, with the size of the file as a line."""
    peaks = peaks_of(samples)
    figure = go.Figure()
    for number, (kind, name, pattern) in enumerate(KINDS):
        fill, stroke = pair(number * 2)
        figure.add_bar(
            y=list(peaks),
            x=[peak[kind] for peak in peaks.values()],
            orientation="h",
            name=name,
            marker={"color": fill, "line": {"color": stroke, "width": 1}, "pattern_shape": pattern},
            hovertemplate="%{y}: %{x:.0f} MB<extra>" + name + "</extra>",
        )
    figure.add_vline(
        x=mb, line={"color": STROKES[1], "dash": "dash"}, annotation_text=f"the file, {mb} MB"
    )
    plotly_layout(figure, title="Peak of the resident memory by road", height=320)
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="MB beyond the start")
    figure.update_yaxes(ticks="", autorange="reversed")
    return figure


def over_time(samples: list[dict[str, Any]]) -> go.Figure:
    """Return anonymous memory over time, a line for each road."""
    figure = go.Figure()
    roads = list(dict.fromkeys(one["road"] for one in samples))
    for number, road in enumerate(roads):
        mine = [one for one in samples if one["road"] == road]
        figure.add_scatter(
            x=[one["at"] for one in mine],
            y=[one["anonymous"] for one in mine],
            mode="lines+markers",
            name=road,
            line={"color": STROKES[number], "width": 2},
            marker={"size": 6, "symbol": number},
        )
    plotly_layout(figure, title="Anonymous memory while each road reads", height=300)
    figure.update_xaxes(title="seconds since its start")
    figure.update_yaxes(title="MB", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the peaks, then the course of each road."""
    if samples := seen.of("sample"):
        seen.chart(figure_of(samples, seen.options.get("mb", 100)), key="peaks")
        seen.chart(over_time(samples), key="course")


def finding(seen: kit.Seen) -> str:
    """Say what streaming needs beside loading."""
    peaks = peaks_of(seen.of("sample"))
    if len(peaks) < len(tasks.ROADS):
        return ""
    stream, load = peaks["readinto"]["anonymous"], peaks["np.load"]["anonymous"]
    return (
        f"Loading takes **{load:.0f} MB** of memory that is yours, a reused buffer "
        f"**{stream:.0f} MB**, whatever the size of the file."
    )


TAB = kit.Tab(
    "Bigger than memory",
    question="What does a pass over a file cost in memory, and whose memory is it?",
    tip="Press Measure with 100 MB, then with 400: which bars grow?",
    job=kit.Job(tasks.roads, label="Measure", cap_s=120, recorded="roads.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(outofcore.ChunkReader,),
    command="velvet bench 11 --filter out_of_core",
    next_step="Sparse or dense",
)
