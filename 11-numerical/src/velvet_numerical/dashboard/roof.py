"""The tab that measures the roof over this machine and places kernels under it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, TEXT_SOFT, pair, plotly_layout
from velvet_numerical import machine
from velvet_numerical.dashboard import tasks

LOWEST, HIGHEST = 2.0**-5, 2.0**7
NEAR_ROOF = 0.8  # of its roof: above this a name below the point would cross the line


def roof_of(event: dict[str, Any]) -> machine.Roofline:
    """Return the roof of an event."""
    return machine.Roofline(event["peak"], event["bandwidth"])


def figure_of(
    roof: machine.Roofline, points: list[dict[str, Any]], caches: Sequence[dict[str, Any]] = ()
) -> go.Figure:
    """Return the ceilings of memory and caches, and the kernels under them; logarithmic axes."""
    figure = go.Figure()
    cached = max((one["gbps"] for one in caches), default=0.0)
    for name, bandwidth, dash in (("memory", roof.bandwidth, "solid"), ("caches", cached, "dash")):
        if bandwidth >= roof.bandwidth:
            figure.add_scatter(
                x=[LOWEST, roof.peak / bandwidth, HIGHEST],
                y=[LOWEST * bandwidth, roof.peak, roof.peak],
                mode="lines",
                name=f"{name}: {bandwidth:.0f} GB/s, {roof.peak:.0f} GFLOP/s",
                line={"color": STROKES[0], "width": 3, "dash": dash},
                hoverinfo="skip",
            )
    if points:
        figure.add_scatter(
            x=[one["intensity"] for one in points],
            y=[one["gflops"] for one in points],
            mode="markers+text",
            name="kernels",
            text=[one["kernel"] for one in points],
            textposition=[_beside(one["intensity"], one["fraction"]) for one in points],
            textfont={"color": TEXT_SOFT},
            marker={"size": 12, "color": STROKES[1], "symbol": "diamond"},
            customdata=[(one["contender"], one["fraction"] * 100) for one in points],
            hovertemplate="%{text} by %{customdata[0]}: %{y:.2f} GFLOP/s,"
            " %{customdata[1]:.0f} % of its roof<extra></extra>",
        )
    plotly_layout(figure, title="What this machine allows, and what kernels reach", height=420)
    figure.update_xaxes(type="log", title="flops for each byte that travels", dtick=1)
    figure.update_yaxes(type="log", title="GFLOP/s", dtick=1)
    return figure


def _beside(intensity: float, fraction: float) -> str:
    """Return where a kernel's name stands clear of the roof and of its neighbours."""
    if intensity > HIGHEST / 8:
        return "bottom left"
    return "top left" if fraction > NEAR_ROOF else "bottom right"


def caches_of(events: list[dict[str, Any]]) -> go.Figure:
    """Return the bandwidth by working set: each step down is a cache left behind."""
    fill, stroke = pair(4)
    figure = go.Figure(
        go.Scatter(
            x=[one["bytes"] / 1024 for one in events],
            y=[one["gbps"] for one in events],
            mode="lines+markers",
            line={"color": stroke, "width": 2},
            marker={"size": 9, "color": fill, "line": {"color": stroke, "width": 1}},
            hovertemplate="%{x:,.0f} KiB: %{y:.1f} GB/s<extra></extra>",
        )
    )
    plotly_layout(figure, title="Bandwidth of a triad by the size of its arrays", height=300)
    figure.update_xaxes(type="log", title="KiB of three arrays together", dtick=1)
    figure.update_yaxes(title="GB/s", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the roof as soon as it is known, then the caches."""
    if roofs := seen.of("roof"):
        caches = seen.of("cache")
        seen.chart(figure_of(roof_of(roofs[0]), seen.of("point"), caches), key="roof")
        if caches:
            seen.chart(caches_of(caches), key="caches")
        kit.note(
            "One thread. Above memory's slope: the triad's stores also read their lines, a dot "
            "product writes nothing. Blocks that fit a cache climb towards the dashed one."
        )


def finding(seen: kit.Seen) -> str:
    """Say which kernels memory limits, and how near the product comes to the peak."""
    points = {one["kernel"]: one for one in seen.of("point")}
    if not {"dot", "matmul"} <= set(points):
        return ""
    ridge = roof_of(seen.of("roof")[0]).ridge
    bound = sum(one["intensity"] < ridge for one in points.values())
    return (
        f"Memory limits **{bound} of {len(points)}** kernels here (left of {ridge:.1f} flop/byte); "
        f"the matrix product reaches **{points['matmul']['fraction']:.0%}** of its roof, at "
        f"{points['matmul']['gflops'] / points['dot']['gflops']:.0f} times the arithmetic of dot."
    )


TAB = kit.Tab(
    "Roofline",
    question="How far is my kernel from what this machine can do?",
    tip="Press Measure and look left: no language makes axpy faster than the slope.",
    job=kit.Job(tasks.roofline, label="Measure", cap_s=120, recorded="roofline.jsonl"),
    draw=draw,
    finding=finding,
    code=(machine.Roofline.bound, machine.measure_bandwidth),
    command="velvet bench 11 --filter roofline",
    next_step="Digits",
)
