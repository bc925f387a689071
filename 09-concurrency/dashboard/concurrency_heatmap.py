"""Performance Heatmap: contenders by size from stored results, and lanes by time from the last run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from concurrency_session import CHART, HERE, Session

from velvet.bench import views
from velvet.bench.results import load
from velvet.errors import VelvetError
from velvet.ui import panels
from velvet.ui.frame import provenance
from velvet_concurrency.explorer import Grid, Run, busiest, in_cell, utilisation_grid

RESULTS = HERE / "benchmarks" / "results"
FILES = {"reference machine": RESULTS / "reference.json", "this machine": RESULTS / "local.json"}
MAKE = "python benchmarks/measure.py --quick"


@st.cache_data(show_spinner=False, max_entries=4)
def _load(path: str, stamp: float) -> dict[str, Any]:  # noqa: ARG001 - the stamp is the cache's key
    return load(Path(path))


def stored() -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the results files that can be read, by whose they are, and what is wrong with the rest."""
    found, problems = {}, []
    for name, path in FILES.items():
        if not path.is_file():
            continue
        try:
            found[name] = _load(str(path), path.stat().st_mtime)
        except VelvetError as error:
            problems.append(str(error))
    return found, problems


def draw(state: Session) -> None:
    """Draw both heatmaps."""
    st.subheader("Where the last run was busy")
    runs = [run for run in state.visible() if run.spans]
    if runs:
        _utilisation(state, runs)
    else:
        st.caption("The child starts; the map follows when the run has ended.")
    st.subheader("Contenders by size")
    found, problems = stored()
    for problem in problems:
        st.warning(problem)
    if found:
        _results(found)
    else:
        st.info(
            "No results are stored yet. This makes them, here in the module's folder: "
            f"`{MAKE}`. Or measure one comparison under Live Benchmarks."
        )


def _results(found: dict[str, dict[str, Any]]) -> None:
    first, second, third = st.columns(3)
    whose = first.selectbox("results of", list(found), key="concurrency_whose")
    results = found[whose]
    benches = {one["name"]: one for one in results["comparisons"]}
    wanted = ("limiter_ops", "io_1000x100ms")
    usual = next((list(benches).index(name) for name in wanted if name in benches), 0)
    bench = second.selectbox("comparison", list(benches), index=usual, key="concurrency_bench")
    metrics = list(
        dict.fromkeys(
            entry["metric"]
            for entry in results["results"]
            if entry["bench"] == bench and "median" in entry
        )
    )
    main = benches[bench]["metric"]
    metrics.sort(key=lambda name: name != main)
    metric = third.selectbox("metric", metrics or [main], key=f"concurrency_metric_{bench}")
    figure = panels.heatmap(views.matrix(results, bench, metric), title=benches[bench]["title"])
    st.plotly_chart(figure, theme=None, config=CHART, key="results_heatmap")
    st.caption(
        f"Each cell is relative to its column's best; blank was not measured. {provenance(results)}"
    )


def _utilisation(state: Session, runs: list[Run]) -> None:
    names = {run.name: run for run in runs}
    chosen = st.selectbox("run", list(names), key=f"concurrency_grid_{'-'.join(names)}")
    run = names[chosen]
    grid = utilisation_grid(run.spans)
    if not grid.cells:
        st.caption("Nothing has run in it yet.")
        return
    figure = panels.grid(
        grid.lanes, grid.middles, grid.cells, title=f"{run.name}: share of time running", unit=""
    )
    _clickable(figure, grid)
    half = grid.width / 2
    figure.update_xaxes(range=[grid.middles[0] - half, grid.middles[-1] + half], showgrid=False)
    picked = st.plotly_chart(
        figure,
        theme=None,
        config=CHART,
        key=f"utilisation_{run.parameters.model}",
        on_select="rerun",
        selection_mode="points",
    )
    row, column = _cell(picked, grid)
    more = f" {grid.hidden} quieter lanes are left out." if grid.hidden else ""
    st.caption(
        "The dark cell is the bottleneck. In the row 'loop lag' dark means that the loop was late, "
        "and its spans are what ran meanwhile. Click a cell for its spans; before any click it is "
        f"the busiest one. "
        f"Shown: {state.origin}.{more}"
    )
    _spans(run, grid, row, column)


def _clickable(figure: go.Figure, grid: Grid) -> None:
    """Lay a transparent marker over each cell: a heatmap itself reports no clicks."""
    figure.add_scatter(
        x=[moment for _ in grid.lanes for moment in grid.middles],
        y=[lane for lane in grid.lanes for _ in grid.middles],
        mode="markers",
        marker={"symbol": "square", "size": 16, "opacity": 0, "color": "#ffffff"},
        customdata=[share for row in grid.cells for share in row],
        hovertemplate="%{y} at %{x:.2f} s: %{customdata:.0%}<extra></extra>",
        showlegend=False,
    )


def _cell(picked: Any, grid: Grid) -> tuple[int, int]:
    points = picked["selection"]["points"] if picked else []
    for point in points:
        if point.get("y") in grid.lanes and "x" in point:
            x = float(point["x"])
            column = min(range(len(grid.middles)), key=lambda c: abs(grid.middles[c] - x))
            return grid.lanes.index(point["y"]), column
    return busiest(grid)


def _spans(run: Run, grid: Grid, row: int, column: int) -> None:
    start = grid.middles[column] - grid.width / 2
    st.markdown(
        f"**{grid.lanes[row]}**, {start * 1e3:.0f} to {(start + grid.width) * 1e3:.0f} ms: "
        f"{grid.cells[row][column]:.0%}"
    )
    rows = [
        {
            "lane": s.lane,
            "span": s.name,
            "kind": s.kind,
            "task": s.task,
            "ms": round((s.t1_ns - s.t0_ns) / 1e6, 3),
        }
        for s in in_cell(run.spans, grid, row, column)[:50]
    ]
    if not rows:
        st.caption("No span is recorded there: nothing ran, or the process waited for a core.")
        return
    st.dataframe(rows, hide_index=True, height=min(280, 38 + 35 * max(1, len(rows))))
