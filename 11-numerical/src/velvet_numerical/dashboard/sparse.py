"""The tab that finds the density at which a sparse matrix stops paying."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, plotly_layout
from velvet_numerical import sparse
from velvet_numerical.dashboard import tasks


def controls() -> dict[str, Any]:
    """Ask for the side of the matrix."""
    return {"n": int(kit.choice("Side of the matrix", ["200", "500", "1000", "2000"], "500"))}


def crossings_of(seen: kit.Seen) -> list[sparse.Crossing]:
    """Return what was measured."""
    return [
        sparse.Crossing(one["density"], one["matvec"], one["bytes"]) for one in seen.of("crossing")
    ]


def figure_of(crossings: list[sparse.Crossing]) -> go.Figure:
    """Return time and bytes of CSR beside dense, over the density."""
    figure = go.Figure()
    for number, (name, values) in enumerate(
        (
            ("time of a product", [one.matvec for one in crossings]),
            ("bytes", [one.bytes for one in crossings]),
        )
    ):
        figure.add_scatter(
            x=[one.density for one in crossings],
            y=values,
            mode="lines+markers",
            name=name,
            line={"color": STROKES[number], "width": 3, "dash": ("solid", "dot")[number]},
            marker={"size": 9, "symbol": ("circle", "diamond")[number]},
            hovertemplate="density %{x}: %{y:.2f} of dense<extra>" + name + "</extra>",
        )
    figure.add_hline(y=1, line={"color": LINE, "dash": "dash"})
    plotly_layout(figure, title="CSR beside dense (1 = the same)", height=400)
    figure.update_xaxes(type="log", title="share of elements that are not zero", dtick=1)
    figure.update_yaxes(type="log", title="CSR / dense", dtick=1)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw both curves."""
    if crossings := crossings_of(seen):
        seen.chart(figure_of(crossings), key="crossing")
        name, reason = sparse.choose_format(["matvec"])
        kit.note(f"{name} for products with vectors: {reason}. One BLAS thread.")


def finding(seen: kit.Seen) -> str:
    """Say where the break-even lies."""
    crossings = crossings_of(seen)
    if len(crossings) < 3 or seen.running:
        return ""
    where = sparse.break_even(crossings)
    least = min(crossings, key=lambda one: one.density)
    told = f"up to a density of **{where:.2g}**" if where < 1 else "at **every** density measured"
    if where == 0:
        told = "**nowhere**"
    slower = least.matvec
    factor = f"{1 / slower:.1f}x faster" if slower < 1 else f"{slower:.1f}x slower"
    found = f"CSR is faster {told}; at {least.density:.1%} it is {factor}"
    return f"{found} and takes {least.bytes:.1%} of the memory."


TAB = kit.Tab(
    "Sparse or dense",
    question="From which density on does a sparse matrix stop paying?",
    tip="Press Measure with 200, then with 2000: the break-even moves with the cache.",
    job=kit.Job(tasks.densities, label="Measure", cap_s=120, recorded="densities.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(sparse.csr_from_triplets,),
    command="velvet bench 11 --filter spm",
    next_step="Where is my 100x?",
)
