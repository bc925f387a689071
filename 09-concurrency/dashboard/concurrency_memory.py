"""Memory Profiler: resident memory over time, bytes per connection, lines of code, limiters."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st
from concurrency_session import CHART, HERE, PROBE_CAP_S, Session, live_fragment

from velvet.bench.views import number
from velvet.ui import panels
from velvet.ui.job import Job
from velvet.ui.palette import pair, plotly_layout
from velvet_concurrency.explorer import Connections, Probe, series

KB = 1024


def draw(state: Session) -> None:
    """Draw the tab; redraws itself while a run or the probe goes on."""
    busy = state.running or (state.probe_job is not None and state.probe_job.running)
    live_fragment(lambda: _over_time(state), busy=state.running)
    st.subheader("What limiters and connections hold")
    row = st.container(horizontal=True, vertical_alignment="center")
    row.button(
        "Measure here",
        key="concurrency_probe",
        disabled=busy,
        on_click=_start,
        args=(state,),
        help="About ten seconds in a child: four limiters, then 500 connections three ways",
    )
    row.button(
        "Stop", key="concurrency_probe_stop", disabled=not busy, on_click=_stop, args=(state,)
    )
    with row:
        live_fragment(lambda: _status(state, busy), busy=busy and not state.running)
    live_fragment(lambda: _probe(state.probe), busy=busy and not state.running)


def _start(state: Session) -> None:
    argv = ["-m", "velvet_concurrency.explorer.probe", "--connections", "500"]
    state.probe_job = Job(argv, cwd=HERE, cap_s=PROBE_CAP_S)


def _stop(state: Session) -> None:
    if state.probe_job is not None:
        state.probe_job.stop()


def _status(state: Session, busy: bool) -> None:
    job = state.probe_job
    if job is None:
        st.caption("Shown: a recorded probe; measure your own machine with the button.")
    elif job.running:
        st.caption(f"measuring for {job.seconds:.0f} s: {len(job.events)} lines so far")
    else:
        job.stop()  # it has ended: this closes its pipes
        if busy:
            st.rerun()
        st.caption(job.error or job.stopped or "Shown: measured on this machine just now.")


def _over_time(state: Session) -> None:
    levels, floor = series(state.visible())
    if not levels:
        st.caption("The child starts; its first sample arrives in a moment.")
        return
    figure = panels.memory(levels, title="Resident memory of the child", floor_mb=floor)
    st.plotly_chart(figure, theme=None, config=CHART, key="memory_over_time")
    peaks = {name: max(mb for _, mb in points) for name, points in levels.items()}
    words = [f"{name}: {mb - (floor or 0):.1f} MB" for name, mb in peaks.items()]
    st.caption(
        "Above what the interpreter and its imports hold anyway, at the peak: "
        f"{'; '.join(words)}. Shown: {state.origin}."
    )


def _probe(probe: Probe) -> None:
    left, right = st.columns(2)
    with left:
        curves = {growth.limiter: growth.points for growth in probe.growth}
        if curves:
            figure = panels.lines(
                curves,
                title="A limiter's memory grows with its calls, or does not",
                x="calls in one window",
                y="bytes held",
                log=True,
            )
            st.plotly_chart(figure, theme=None, config=CHART, key="memory_growth")
    with right:
        if probe.connections:
            figure = connection_bars(list(probe.connections))
            st.plotly_chart(figure, theme=None, config=CHART, key="memory_connections")
        else:
            st.caption("Connections come after the limiters.")
    for remark in probe.remarks:
        st.caption(remark)
    if probe.snapshots:
        _snapshot(probe)


def connection_bars(found: list[Connections]) -> go.Figure:
    """Draw what one held connection costs each kind of server."""
    fill, stroke = pair(0)
    figure = go.Figure(
        go.Bar(
            x=[one.variant for one in found],
            y=[one.bytes_each / KB for one in found],
            text=[f"{number(one.bytes_each / KB)} KB" for one in found],
            textposition="outside",
            cliponaxis=False,
            marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
            hovertemplate="%{x}: %{text} a connection<extra></extra>",
        )
    )
    held = max(one.held for one in found)
    plotly_layout(figure, title=f"Server memory per connection, {held} held", height=360)
    figure.update_yaxes(title="KB")
    return figure


def _snapshot(probe: Probe) -> None:
    names = [snapshot.name for snapshot in probe.snapshots]
    chosen = st.selectbox(
        "tracemalloc snapshot: the lines of code that hold most",
        names,
        key="concurrency_snapshot",
    )
    snapshot = probe.snapshots[names.index(chosen)]
    rows = [
        {"line of code": where, "KB": round(size / KB, 2), "blocks": blocks}
        for where, size, blocks in snapshot.lines
    ]
    st.dataframe(rows, hide_index=True)
