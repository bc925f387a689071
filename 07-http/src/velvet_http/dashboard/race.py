"""The client race: what a request costs when others are in flight."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, plotly_layout
from velvet_http.comparisons import bare
from velvet_http.dashboard import tasks

SHAPES = {"aiohttp": "circle", "httpx2": "diamond", "httpx": "square"}


def controls() -> dict[str, Any]:
    """Ask for the size of the race."""
    return {"requests": kit.slider("Requests of each run", 100, 600, 200, step=100, key="n")}


def figure_of(points: list[dict[str, Any]]) -> go.Figure:
    """Return one line a client, on logarithmic axes."""
    figure = go.Figure()
    for number, name in enumerate(SHAPES):
        mine = [point for point in points if point["client"] == name]
        figure.add_scatter(
            x=[point["in_flight"] for point in mine], y=[point["us"] for point in mine],
            name=name, mode="lines+markers",
            marker={"symbol": SHAPES[name], "size": 10}, line={"color": STROKES[number]},
        )  # fmt: skip
    plotly_layout(figure, title="CPU time of one GET, by the requests in flight")
    ticks = list(tasks.FLIGHTS)
    figure.update_xaxes(type="log", title="in flight", tickvals=ticks, ticktext=ticks)
    figure.update_yaxes(type="log", title="microseconds", dtick="D2")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw what is measured so far."""
    if points := seen.of("point"):
        seen.chart(figure_of(points), key="race")


def finding(seen: kit.Seen) -> str:
    """Compare the ends of each line."""
    cost = {(p["client"], p["in_flight"]): p["us"] for p in seen.of("point")}
    last = tasks.FLIGHTS[-1]
    if ("httpx", last) not in cost or ("aiohttp", last) not in cost:
        return ""
    alone, crowded = cost["httpx", 1], cost["httpx", last]
    factor = crowded / cost["aiohttp", last]
    return (
        f"A request of httpx costs **{crowded / alone:.1f}x** as much with {last} in flight as "
        f"alone, and then **{factor:.0f}x** what aiohttp takes."
    )


TAB = kit.Tab(
    "Client race",
    question="Twenty requests in flight: which client spends its time on itself?",
    tip="Press Race and follow the line that rises; a pool that is searched for each event does.",
    job=kit.Job(tasks.race, label="Race", cap_s=180, recorded="race.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(bare.httpx_many,),
    command="velvet bench 07 --filter in_flight",
    next_step="Timeline",
)
