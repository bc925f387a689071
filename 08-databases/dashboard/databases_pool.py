"""Pool: how large, in virtual time at once and on a real server behind a button."""

from __future__ import annotations

import streamlit as st
from databases_parts import chips, runner, stored
from databases_session import CHART, Session

from velvet.bench.views import number
from velvet.ui import panels
from velvet.ui.palette import LINE, pair, plotly_layout
from velvet_databases.explorer.pools import Curves, read_curves
from velvet_databases.explorer.queueing import SimulatedPoint, knee, little_tps, simulated_curve
from velvet_databases.explorer.requests import PoolRequest
from velvet_databases.explorer.telling import read_told

SIZES = (1, 2, 4, 8, 16, 32, 64)


@st.cache_data(show_spinner=False, max_entries=60)
def _simulated(threads: int, wait_ms: float, compute_ms: float, cores: int) -> list[SimulatedPoint]:
    return simulated_curve(
        SIZES, threads=threads, wait_ms=wait_ms, compute_ms=compute_ms, cores=cores
    )


def draw(state: Session) -> None:
    """Draw the tab."""
    first, second, third, fourth, fifth = st.columns(5)
    threads = int(first.number_input("callers", value=32, step=4, key="databases_threads"))
    wait_ms = float(second.number_input("hold: waiting, ms", value=2.0, key="databases_wait"))
    compute_ms = float(
        third.number_input("hold: computing, ms", value=0.5, step=0.5, key="databases_compute")
    )
    cores = int(fourth.number_input("cores of the server", 1, 64, 2, key="databases_cores"))
    target = float(
        fifth.number_input("wanted, a second", 1.0, 1e6, 1_000.0, step=100.0, key="databases_tps")
    )
    request = PoolRequest(threads, wait_ms, compute_ms)
    hold_ms = wait_ms + compute_ms
    if not request.problems() and hold_ms > 0:
        _virtual(_simulated(threads, wait_ms, compute_ms, cores), hold_ms, target)
    elif not request.problems():
        st.error("waiting and computing are both 0: a hold takes some time")
    st.subheader("On a real server")
    runner(
        state,
        request,
        "Measure with these callers",
        server=True,
        about="Three pools of six sizes under this load, a third of a second each, then pgbench; "
        "about ten seconds.",
    )
    _measured(state)
    stored(("pool_curve", "pool_peers", "pool_checkout"), "pool")


def _virtual(points: list[SimulatedPoint], hold_ms: float, target: float) -> None:
    from velvet_databases.pool_curve import little_size

    left, middle, right = st.columns(3)
    left.metric("Little's law: connections for that", little_size(target, hold_ms / 1e3))
    middle.metric(
        "the knee of this curve",
        f"{knee(points)} connections",
        help="the size whose double serves less than a quarter more",
    )
    most = max(points, key=lambda one: one.tps)
    right.metric("the most that is served", f"{number(most.tps)} a second")
    left, right = st.columns(2)
    law = [(float(p.size), little_tps(p.size, hold_ms)) for p in points]
    top = most.tps
    figure = panels.lines(
        {
            "served": [(float(p.size), p.tps) for p in points],
            "size / hold": [(x, y) for x, y in law if y <= 4 * top],
        },
        title="In virtual time: served a second",
        x="connections in the pool",
        y="a second",
    )
    _sizes(figure)
    left.plotly_chart(figure, theme=None, config=CHART, key="databases_pool_virtual")
    figure = panels.lines(
        {
            "p50": [(float(p.size), p.p50_ms) for p in points],
            "p99": [(float(p.size), p.p99_ms) for p in points],
        },
        title="In virtual time: from asking to giving back",
        x="connections in the pool",
        y="ms",
    )
    _sizes(figure)
    figure.update_yaxes(type="log", dtick="D2")
    right.plotly_chart(figure, theme=None, config=CHART, key="databases_pool_latency")
    st.caption(
        "A simulation: callers wait in one line, hold a connection while they wait for a disk and "
        "then compute on a core, and ask again. Up to the knee a connection adds its share; beyond "
        "it the cores are the line, and a larger pool only moves the waiting into the server."
    )


def _sizes(figure: object) -> None:
    figure.update_xaxes(  # type: ignore[attr-defined]  # a Plotly figure
        type="log", tickvals=list(SIZES), ticktext=[str(size) for size in SIZES]
    )


def _measured(state: Session) -> None:
    events = state.events("pool")
    curves, options = read_curves(events), read_told(events).options
    if not curves.points:
        st.caption("The child starts a server if it has to; its first size arrives in a moment.")
        return
    left, right = st.columns(2)
    with left:
        _throughput(curves)
    with right:
        figure = panels.lines(
            curves.series("p99_ms"),
            title="Measured: p99, from asking to giving back",
            x="connections in the pool",
            y="ms",
        )
        _sizes(figure)
        figure.update_yaxes(type="log", dtick="D2")
        st.plotly_chart(figure, theme=None, config=CHART, key="databases_pool_p99")
    waits = curves.worst_waits(8)
    words = ", ".join(f"{name} {number(ms)} ms" for name, ms in waits.items())
    load = (
        f"{options.get('threads')} callers, {options.get('wait_ms', 0):g} ms waiting and about "
        f"{options.get('compute_ms', 0):g} ms computing"
    )
    st.caption(
        f"{load}. pgbench does the same work without Python. The longest that one caller waited "
        f"for one of 8 connections: {words}. A pool without a line has a fine p99 while some "
        "callers starve: who is never served is in no percentile."
    )
    chips(curves.absent)


def _throughput(curves: Curves) -> None:
    series = curves.series("tps")
    floor = series.pop("pgbench", None)
    figure = panels.lines(
        series, title="Measured: done a second", x="connections in the pool", y="a second"
    )
    hold = curves.hold_ms()
    top = max(value for line in series.values() for _, value in line)
    if hold is not None:
        law = [(size, little_tps(size, hold)) for size in SIZES]
        law = [(x, y) for x, y in law if y <= 1.6 * top]
        figure.add_scatter(
            x=[x for x, _ in law],
            y=[y for _, y in law],
            name="size / hold",
            mode="lines",
            line={"color": LINE, "dash": "dot", "width": 2},
        )
    if floor:
        fill, stroke = pair(3)
        figure.add_scatter(
            x=[x for x, _ in floor],
            y=[y for _, y in floor],
            name="pgbench",
            mode="lines+markers",
            line={"color": stroke, "dash": "dash", "width": 2},
            marker={"symbol": "star", "size": 11, "color": fill, "line": {"color": stroke}},
        )
    plotly_layout(figure, title="Measured: done a second", height=360)
    _sizes(figure)
    st.plotly_chart(figure, theme=None, config=CHART, key="databases_pool_tps")
