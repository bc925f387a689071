"""Performance Heatmap: where a run was busy, and contenders by size from stored results."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet import catalog
from velvet.bench import views
from velvet.bench.results import load, local_file, reference_file
from velvet.errors import VelvetError
from velvet.ui import kit, panels
from velvet.ui.chart import CONFIG, fitted, is_dark
from velvet_concurrency.dashboard import tasks, timeline

USUAL = "limiter_ops"


def busy(grid: dict[str, Any]) -> go.Figure:
    """Draw the running share of each lane over time; a transparent marker makes a cell clickable."""
    width = grid["seconds"] / tasks.BINS
    middles = [(column + 0.5) * width for column in range(tasks.BINS)]
    title = f"{grid['model']}: share of time that each lane was running"
    figure = panels.grid(grid["lanes"], middles, grid["cells"], title=title, unit="")
    figure.add_scatter(
        x=[moment for _ in grid["lanes"] for moment in middles],
        y=[lane for lane in grid["lanes"] for _ in middles],
        mode="markers",
        marker={"symbol": "square", "size": 14, "opacity": 0, "color": "#ffffff"},
        customdata=[share for row in grid["cells"] for share in row],
        hovertemplate="%{y} at %{x:.2f} s: %{customdata:.0%}<extra></extra>",
        showlegend=False,
    )
    figure.data[0].showscale = False
    figure.update_xaxes(range=[0, grid["seconds"]], showgrid=False)
    return figure


def busiest(grid: dict[str, Any]) -> tuple[int, int]:
    """Return row and column of the busiest cell; the loop's lag goes before what causes it."""
    cells = grid["cells"]
    places = [(row, column) for row in range(len(cells)) for column in range(len(cells[row]))]
    return max(places, key=lambda place: (cells[place[0]][place[1]], -place[0]))


def chosen(picked: Any, grid: dict[str, Any]) -> tuple[int, int]:
    """Return the cell that was clicked, the busiest one before any click."""
    for point in picked["selection"]["points"] if picked else []:
        if point.get("y") in grid["lanes"] and "x" in point:
            column = int(float(point["x"]) / grid["seconds"] * tasks.BINS)
            return grid["lanes"].index(point["y"]), min(max(0, column), tasks.BINS - 1)
    return busiest(grid)


def _busy(seen: kit.Seen, grid: dict[str, Any]) -> None:
    figure, title = fitted(busy(grid), dark=is_dark())
    st.html(f"<div class='velvet-title'>{title}</div>")
    key = f"heat-busy-{grid['model']}"
    picked = st.plotly_chart(
        figure, theme=None, config=CONFIG, key=key, on_select="rerun", selection_mode="points"
    )
    row, column = chosen(picked, grid)
    width = grid["seconds"] / tasks.BINS * 1e3
    st.markdown(f"**{grid['lanes'][row]}**, {column * width:.0f} to {(column + 1) * width:.0f} ms:")
    names = ("span", "kind", "job", "ms")
    inside = grid["inside"][row][column]
    if inside:
        st.table([dict(zip(names, one, strict=True)) for one in inside])
    st.caption(
        f"{seen.whose[0].upper()}{seen.whose[1:]}. Dark is busy; in the row 'loop lag' dark means that "
        "the event loop was late, and the lane below says why. Click a cell for its longest spans."
    )


def _results() -> None:
    measure = catalog.find("09-concurrency").folder / "benchmarks" / "measure.py"
    files = {"reference machine": reference_file(measure), "this machine": local_file(measure)}
    found = {}
    for name, path in files.items():
        try:
            found[name] = load(path)
        except VelvetError:
            continue  # not measured yet, and said below
    if not found:
        st.info("No results are stored yet: `velvet bench 09 --quick` makes them.")
        return
    whose = kit.choice("Figures of", list(found), key="whose")
    results = found[whose]
    about = {one["name"]: one for one in results["comparisons"]}
    names = sorted(about)
    bench = kit.choice("Comparison", names, USUAL if USUAL in about else names[0], key="bench")
    metrics = [entry["metric"] for entry in views.entries(results, bench) if "median" in entry]
    main = about[bench]["metric"]
    metric = kit.choice("Figure", sorted({main, *metrics}), main, key=f"metric-{bench}")
    figure = panels.heatmap(views.matrix(results, bench, metric), title=about[bench]["title"])
    seen = kit.Seen(
        whose=f"{whose}, {results['created'][:10]}; each cell against its column's best"
    )
    seen.chart(figure, key="results")


def draw(seen: kit.Seen) -> None:
    """Draw both heatmaps."""
    for grid in seen.of("grid"):
        _busy(seen, grid)
    st.subheader("Which contender is best at which size?")
    _results()


def finding(seen: kit.Seen) -> str:
    """Name the bottleneck of each run."""
    sentences = []
    for grid in seen.of("grid"):
        shares = {
            lane: sum(row) / len(row)
            for lane, row in zip(grid["lanes"], grid["cells"], strict=True)
            if lane != "loop lag"
        }
        if shares:
            lane = max(shares, key=shares.__getitem__)
            share, count = shares[lane], len(shares)
            sentences.append(
                f"**{grid['model']}**: {lane} ran {share:.0%} of the time, of {count} lanes."
            )
    return " ".join(sentences)


TAB = kit.Tab(
    "Performance Heatmap",
    question="Where is the bottleneck of a run?",
    tip="Press Measure, then click the darkest cell to see what ran in it.",
    controls=timeline.controls,
    job=kit.Job(tasks.timeline, recorded="timeline.jsonl", problem=timeline.problem),
    draw=draw,
    finding=finding,
    code=(tasks._grid,),
    command="velvet bench 09 --filter tracer_cost",
    next_step="Limiter lab",
)
