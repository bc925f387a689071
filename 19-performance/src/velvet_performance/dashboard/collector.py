"""What records weigh, and what the collector does while many of them are built."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, pair, plotly_layout
from velvet_performance import gctools
from velvet_performance.dashboard import tasks


def controls() -> dict[str, Any]:
    """Ask how many dictionaries are built."""
    return {"objects": int(kit.choice("Dictionaries", ["50000", "150000", "400000"], "150000"))}


def layouts_of(rows: list[dict[str, Any]]) -> go.Figure:
    """Return the bytes of a record by layout."""
    ranked = sorted(rows, key=lambda row: -row["bytes"])
    fill, stroke = pair(0)
    figure = go.Figure(
        go.Bar(
            y=[row["name"] for row in ranked],
            x=[row["bytes"] for row in ranked],
            orientation="h",
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            text=[f"{row['bytes']:.0f}" for row in ranked],
        )
    )
    plotly_layout(figure, title="A record of three integers, in bytes", height=360)
    figure.update_yaxes(ticks="", autorange="reversed")
    figure.update_xaxes(title="bytes, the integers themselves not counted")
    return figure


def timeline_of(builds: list[dict[str, Any]]) -> go.Figure:
    """Return memory over time for each setting, with each pause as a mark on it."""
    figure = go.Figure()
    for number, build in enumerate(builds):
        figure.add_scatter(
            x=[at * 1e3 for at, _ in build["samples"]],
            y=[mb for _, mb in build["samples"]],
            mode="lines",
            name=build["name"],
            line={"color": STROKES[number], "width": 3, "dash": ("solid", "dash", "dot")[number]},
        )
        pauses = [one for one in build["pauses"] if one[1] >= 1]
        figure.add_scatter(
            x=[at * 1e3 for at, _, _ in pauses],
            y=[_height(build["samples"], at) for at, _, _ in pauses],
            mode="markers",
            showlegend=False,
            marker={
                "size": [min(34, 5 + ms**0.5 * 3) for _, ms, _ in pauses],
                "color": FILLS[number],
                "line": {"color": STROKES[number], "width": 1},
            },
            customdata=[[ms, generation] for _, ms, generation in pauses],
            hovertemplate="pause of %{customdata[0]:.1f} ms, generation %{customdata[1]}"
            "<extra></extra>",
        )
    plotly_layout(figure, title="Building them: memory, and pauses of 1 ms and more", height=380)
    figure.update_xaxes(title="ms since the start")
    figure.update_yaxes(title="MB more than before", rangemode="tozero")
    return figure


def _height(samples: list[list[float]], at: float) -> float:
    return min(samples, key=lambda one: abs(one[0] - at))[1]


def draw(seen: kit.Seen) -> None:
    """Draw the layouts, then the builds as they come."""
    layouts, builds = seen.of("layout"), seen.of("build")
    if not layouts:
        return
    seen.chart(layouts_of(layouts), key="layouts")
    if builds:
        seen.chart(timeline_of(builds), key="timeline")
        kit.note("A circle is a pause of the collector; its size grows with how long it took.")


def finding(seen: kit.Seen) -> str:
    """Say what the collector costs the builder."""
    builds = {one["name"]: one for one in seen.of("build")}
    if len(builds) < 3:
        return ""
    on, off = builds["as it comes"], builds["paused"]
    longest = max((ms for _, ms, _ in on["pauses"]), default=0.0)
    return (
        f"Building takes **{on['s'] / off['s']:.1f}x** as long while the collector looks; its "
        f"longest pause is **{longest:.0f} ms**."
    )


TAB = kit.Tab(
    "Memory and GC",
    question="What does a record weigh, and what does the collector do while you build many?",
    tip="Press Measure with 150,000, then with 400,000: pauses grow with what lives.",
    job=kit.Job(tasks.collections, label="Measure", cap_s=90, recorded="collections.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(gctools.gc_frozen,),
    command="velvet bench 19 --filter gc",
    next_step="Compile and scale",
)
