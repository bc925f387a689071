"""The tab to be proud of: overhead against the share that is reported, with the truth drawn in."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, LINE, STROKES, pair, plotly_layout
from velvet_performance import programs, shootout
from velvet_performance.dashboard import tasks

KINDS = ("call-trace", "line-trace", "sampling", "memory")
SYMBOLS = ("circle", "square", "diamond", "x")
CLOSE = 0.05


def controls() -> dict[str, Any]:
    """Ask for the program."""
    return {"program": kit.choice("Program", list(programs.NAMES), "calls_vs_loop")}


def figure_of(truth: dict[str, Any], scores: list[dict[str, Any]]) -> go.Figure:
    """Return a point for each profiler, and a line where all of them should stand."""
    figure = go.Figure()
    true = truth["parts"][truth["witness"]] * 100
    for number, kind in enumerate(KINDS):
        mine = [one for one in scores if one["kind"] == kind and not one["problem"]]
        if not mine:
            continue
        figure.add_scatter(
            x=[one["overhead"] for one in mine],
            y=[one["reported"] * 100 for one in mine],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [max(0, one["hi"] - one["reported"]) * 100 for one in mine],
                "arrayminus": [max(0, one["reported"] - one["lo"]) * 100 for one in mine],
                "color": STROKES[number],
                "thickness": 1,
            },
            mode="markers+text",
            text=[one["profiler"] for one in mine],
            textposition=[("top center", "bottom center")[place % 2] for place in range(len(mine))],
            name=kind,
            marker={
                "size": [15 if one["rank"] == 1 else 9 for one in mine],
                "symbol": SYMBOLS[number],
                "color": FILLS[number],
                "line": {"color": STROKES[number], "width": 2},
            },
            hovertemplate="%{text}: %{y:.0f} %, %{x:.2f}x<extra></extra>",
        )
    figure.add_hline(y=true, line={"color": STROKES[1], "width": 3})
    figure.add_hrect(
        y0=true - CLOSE * 100, y1=true + CLOSE * 100, fillcolor=FILLS[3], opacity=0.35, line_width=0
    )
    figure.add_annotation(
        x=0.99,
        y=true,
        xref="x domain",
        text=f"the truth: {true:.0f} %",
        showarrow=False,
        yanchor="bottom",
        xanchor="right",
    )
    plotly_layout(
        figure, title=f"Share of {truth['witness']}, as each profiler tells it", height=480
    )
    figure.update_xaxes(
        type="log", title="times as long as without it", tickvals=[1, 2, 5, 10, 50, 200, 1000]
    )
    figure.update_yaxes(title="reported share, %", range=[-8, 108])
    return figure


def bars_of(truth: dict[str, Any], scores: list[dict[str, Any]]) -> go.Figure:
    """Return reported share beside what timers saw meanwhile: bent or misreported."""
    true = truth["parts"][truth["witness"]] * 100
    mine = sorted(
        (one for one in scores if not one["problem"]),
        key=lambda one: abs(one["reported"] * 100 - true),
    )
    names = [one["profiler"] for one in mine]
    figure = go.Figure()
    for number, (field, name, pattern) in enumerate(
        (("bent", "timers, while it was on", "/"), ("reported", "what it reports", ""))
    ):
        fill, stroke = pair(number * 2)
        figure.add_bar(
            y=names,
            x=[one[field] * 100 for one in mine],
            orientation="h",
            name=name,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern_shape": pattern,
            },
        )
    figure.add_vline(x=true, line={"color": STROKES[1], "width": 3})
    plotly_layout(figure, title="Bent or misreported?", height=120 + 40 * len(mine))
    figure.update_xaxes(title="share, % (the line is the truth)", range=[0, 102])
    figure.update_yaxes(ticks="", autorange="reversed", linecolor=LINE)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the scatter as soon as the truth is known, then the bars and who could not run."""
    truths, scores = seen.of("truth"), seen.of("score")
    if not truths:
        return
    seen.chart(figure_of(truths[0], scores), key="scatter")
    if any(not one["problem"] for one in scores):
        seen.chart(bars_of(truths[0], scores), key="bars")
    absent = [f"{one['profiler']}: {one['problem']}" for one in scores if one["problem"]]
    kit.note("Large marks named the hot part first; bars are intervals of sampled shares.")
    if absent:
        kit.note(f"Not measured: {'; '.join(absent)}.")


def finding(seen: kit.Seen) -> str:
    """Say which profiler is furthest from the truth, and how many found the hot part."""
    truths, scores = seen.of("truth"), seen.of("score")
    ran = [one for one in scores if not one["problem"]]
    if len(ran) < 2:
        return ""
    true = truths[0]["parts"][truths[0]["witness"]]
    worst = max(ran, key=lambda one: abs(one["reported"] - true))
    found = sum(one["rank"] == 1 for one in ran)
    return (
        f"{truths[0]['witness']} is **{true:.0%}** of the program; {worst['profiler']} says "
        f"**{worst['reported']:.0%}**. {found} of {len(ran)} profilers put the hot part first."
    )


TAB = kit.Tab(
    "Profiler shoot-out",
    question="Which profiler tells the truth about this program, and at what price?",
    tip="Press Measure, then choose worker_thread and wait_mix: others lose.",
    job=kit.Job(tasks.shoot, label="Measure", cap_s=600, recorded="shoot.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(shootout.score,),
    command="velvet bench 19 --filter shootout",
    next_step="Flame graphs",
)
