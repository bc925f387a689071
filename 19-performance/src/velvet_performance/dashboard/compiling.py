"""One kernel six ways over its size, when compiling pays, and where more workers stop helping."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import SCALE, STROKES, plotly_layout
from velvet_performance import compiled, scaling
from velvet_performance.dashboard import tasks


def controls() -> dict[str, Any]:
    """Ask for nothing: the task has no setting."""
    return {}


def gains_of(rows: list[dict[str, Any]]) -> dict[tuple[str, int], float]:
    """Return the gain over plain Python by kind and side."""
    plain = {row["side"]: row["ms"] for row in rows if row["kind"] == "pure"}
    return {
        (row["kind"], row["side"]): plain[row["side"]] / row["ms"]
        for row in rows
        if row["side"] in plain
    }


def figure_of(rows: list[dict[str, Any]]) -> go.Figure:
    """Return the heat map of the gains, coloured by their logarithm."""
    gains = gains_of(rows)
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    sides = sorted({row["side"] for row in rows})
    figure = go.Figure(
        go.Heatmap(
            z=[[math.log2(gains.get((kind, side), 1)) for side in sides] for kind in kinds],
            x=[f"{side} x {side}" for side in sides],
            y=kinds,
            text=[
                [f"{gains[kind, side]:.1f}x" if (kind, side) in gains else "" for side in sides]
                for kind in kinds
            ],
            texttemplate="%{text}",
            colorscale=[[n / (len(SCALE) - 1), c] for n, c in enumerate(SCALE)],
            showscale=False,
            hovertemplate="%{y} at %{x}: %{text}<extra></extra>",
        )
    )
    plotly_layout(figure, title="Times faster than plain Python", height=340)
    figure.update_xaxes(title="points of the Julia set")
    figure.update_yaxes(ticks="", autorange="reversed")
    return figure


def law_of(alpha: float, beta: float) -> go.Figure:
    """Return Amdahl's and Gunther's curves for a serial share and a price of agreement."""
    workers = list(range(1, 65))
    law = scaling.USL(alpha, beta, 1.0)
    figure = go.Figure()
    for number, (name, values) in enumerate(
        (
            ("ideal", [float(n) for n in workers]),
            ("Amdahl: waiting", [scaling.amdahl(1 - alpha, n) for n in workers]),
            ("Gunther: waiting and agreeing", [law.at(n) for n in workers]),
        )
    ):
        figure.add_scatter(
            x=workers,
            y=values,
            mode="lines",
            name=name,
            line={"color": STROKES[number], "width": 3, "dash": ("dot", "dash", "solid")[number]},
        )
    plotly_layout(figure, title="Throughput over workers", height=340)
    figure.update_xaxes(title="workers")
    figure.update_yaxes(title="times one worker", range=[0, 32])
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the heat map, who is missing, and the two laws for fixed values."""
    rows = seen.of("time")
    if not rows:
        return
    seen.chart(figure_of(rows), key="heat")
    absent = [f"{one['kind']}: {one['why']}" for one in seen.of("absent")]
    if absent:
        kit.note(f"{'; '.join(absent)} (python -m velvet_performance.compiled).")
    seen.chart(law_of(0.03, 0.001), key="law")
    kit.note(
        "Drawn for 3 % of waiting and 0.1 % of agreement: the peak is where more workers hurt."
    )


def finding(seen: kit.Seen) -> str:
    """Say which kind is fastest and after how many calls the slowest compiler has paid."""
    rows = seen.of("time")
    gains = gains_of(rows)
    largest = max((side for _, side in gains), default=0)
    here = {kind: gain for (kind, side), gain in gains.items() if side == largest}
    if len(here) < 3:
        return ""
    best = max(here, key=lambda kind: here[kind])
    plain = next(row for row in rows if row["kind"] == "pure" and row["side"] == largest)
    fast = next(row for row in rows if row["kind"] == best and row["side"] == largest)
    calls = compiled.break_even(fast["made_ready_s"], plain["ms"] / 1e3, fast["ms"] / 1e3)
    return (
        f"{best} is **{here[best]:.0f}x** faster at {largest} x {largest}; making it ready took "
        f"{fast['made_ready_s']:.1f} s, which **{calls:,.0f} calls** pay back."
    )


TAB = kit.Tab(
    "Compile and scale",
    question="When does compiling pay, and where do more workers stop helping?",
    tip="Press Measure and compare the columns: NumPy needs many points, compilers do not.",
    job=kit.Job(tasks.compiling, label="Measure", cap_s=120, recorded="compiling.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(compiled.break_even,),
    command="velvet bench 19 --filter julia",
    next_step="velvet run 19 advanced where_amdahl_stops",
)
