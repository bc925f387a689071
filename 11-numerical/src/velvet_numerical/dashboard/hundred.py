"""The tab to begin with: speed-up against n for a kernel and a size of the reader's own."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, pair, plotly_layout
from velvet_numerical import curve, kernels
from velvet_numerical.dashboard import tasks

NAMES = {"pure": "list loop", "numpy": "NumPy", "numba": "Numba"}
SIZES = ("10", "100", "1000", "10000", "100000", "1000000")


def controls() -> dict[str, Any]:
    """Ask for the kernel and the size."""
    kernel = kit.choice("Kernel", list(kernels.KERNELS), "dot")
    n = kit.choice("My n", SIZES, "100000", tip="elements; matmul stops at 200 x 200")
    return {"kernel": kernel, "n": int(n)}


def rows_of(seen: kit.Seen) -> list[curve.Row]:
    """Return the measured rows."""
    return [
        curve.Row(**{name: value for name, value in event.items() if name != "type"})
        for event in seen.of("row")
    ]


def figure_of(rows: list[curve.Row], kernel: str) -> go.Figure:
    """Return the curves over n, both axes logarithmic, with the lines of 1x and 100x."""
    figure = go.Figure()
    for number, fast in enumerate(("numpy", "numba")):
        found = curve.speedups(rows, fast)
        if not found:
            continue
        figure.add_scatter(
            x=list(found),
            y=list(found.values()),
            mode="lines+markers",
            name=NAMES[fast],
            line={"color": STROKES[number], "width": 3, "dash": ("solid", "dash")[number]},
            marker={"size": 9, "symbol": ("circle", "diamond")[number]},
            hovertemplate="n = %{x:,}: %{y:.2f}x<extra>" + NAMES[fast] + "</extra>",
        )
    for level, words in ((1, "as fast as the list"), (100, "100x")):
        figure.add_hline(y=level, line={"color": LINE, "dash": "dot"})
        figure.add_annotation(
            x=0.99,
            y=math.log10(level),  # on a logarithmic axis an annotation stands at the exponent
            xref="x domain",
            text=words,
            showarrow=False,
            yanchor="top",
            xanchor="right",
        )
    crossing = curve.crossover(rows)
    if crossing is not None and crossing > 1:
        figure.add_scatter(
            x=[crossing],
            y=[1],
            mode="markers",
            name=f"crossover, n = {crossing:,}",
            marker={"size": 15, "symbol": "x", "color": STROKES[2]},
        )
    plotly_layout(figure, title=f"{kernel}: times faster than plain Python over a list", height=420)
    figure.update_xaxes(type="log", title="n, elements", dtick=1)
    figure.update_yaxes(type="log", title="times faster", dtick=1)
    return figure


def one_call(rows: list[curve.Row], compiled_ms: float | None) -> go.Figure:
    """Return what one call costs at the largest size, Numba's first call as a bar of its own."""
    n = max(row.n for row in rows)
    bars = {NAMES[row.contender]: row.cpu_ns / 1e6 for row in rows if row.n == n}
    if compiled_ms is not None:
        bars["Numba, first call (compiles)"] = compiled_ms
    fill, stroke = pair(0)
    figure = go.Figure(
        go.Bar(
            y=list(bars),
            x=list(bars.values()),
            orientation="h",
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            text=[f"{ms:,.0f} ms" if ms >= 1_000 else f"{ms:.4g} ms" for ms in bars.values()],
            textposition="auto",
        )
    )
    plotly_layout(figure, title=f"One call at n = {n:,}", height=260)
    figure.update_xaxes(type="log", title="milliseconds", dtick=1)
    figure.update_yaxes(ticks="", autorange="reversed")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the curve, then the cost of one call."""
    if rows := rows_of(seen):
        seen.chart(figure_of(rows, rows[0].kernel), key="curve")
        compiled = seen.of("compile")
        seen.chart(one_call(rows, compiled[0]["ms"] if compiled else None), key="call")
        kit.note("One BLAS thread; CPU time, best of several rounds.")


def finding(seen: kit.Seen) -> str:
    """Say how much faster at the reader's size, and where the curves cross."""
    rows = rows_of(seen)
    found = curve.speedups(rows)
    if len(found) < 2:
        return ""
    n, crossing = max(found), curve.crossover(rows)
    kernel = rows[0].kernel
    if found[n] < 1:
        return (
            f"At n = {n:,} NumPy is still **{1 / found[n]:.1f}x slower** than the list: {kernel}."
        )
    where = "from one element on" if crossing in (None, 1) else f"from n = {crossing:,} on"
    verdict = "That is your 100x." if found[n] >= 100 else "There is no 100x here."
    return f"NumPy wins {where}; at n = {n:,} it is **{found[n]:,.1f}x faster**. {verdict}"


TAB = kit.Tab(
    "Where is my 100x?",
    question="How much faster is NumPy for my kernel at my size?",
    tip="Choose sort, then early_exit: where did the 100x go?",
    job=kit.Job(tasks.speedups, label="Measure", cap_s=120, recorded="speedups.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(curve.crossover,),
    command="velvet bench 11 --filter hundred_x",
    next_step="Array X-ray",
)
