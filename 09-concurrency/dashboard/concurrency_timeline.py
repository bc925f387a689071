"""Task Timeline: two models on one time axis, with the jobs in flight below."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import streamlit as st
from concurrency_session import CHART, Session, live_fragment

from velvet.trace import Span as Drawn
from velvet.ui import panels
from velvet_concurrency.explorer import Run, between, drawable, flights, turn_taking
from velvet_concurrency.trace import Span, chrome_trace

MOST_LANES = 14
LETTER_PX = 6.5


def draw(state: Session) -> None:
    """Draw the tab; redraws itself while a run or a replay goes on."""
    busy = state.running or state.replay_began is not None
    live_fragment(lambda: _body(state, busy), busy=busy)


def _body(state: Session, busy: bool) -> None:
    if state.advance():
        st.rerun()
    runs = state.visible()
    if busy and not state.running and state.replay_began is None:
        st.rerun()
    _status(state)
    longest = max((_whole(state, run) for run in runs), default=0.0)
    if not any(run.spans for run in runs):
        st.caption("The child starts; its first spans arrive in a moment.")
        return
    start, end = 0.0, longest
    if not busy:
        key = f"concurrency_zoom_{longest:.3f}"
        start, end = st.slider(
            "zoom, seconds", 0.0, longest, (0.0, longest), step=longest / 200, key=key
        )
        end = max(end, start + longest / 200)
    runs = [run for run in runs if run.spans]
    for number, run in enumerate(runs):
        _one(run, (start, end), key=f"timeline_{number}")
    if not busy:
        _downloads(runs)


def _whole(state: Session, run: Run) -> float:
    """The length of a run's axis: during a replay that of the complete run."""
    whole = state.run_of(run.parameters.model)
    return whole.seconds if whole is not None else run.seconds


def _status(state: Session) -> None:
    run = state.live()
    if run is not None and state.job is not None:
        share = run.done / run.total if run.total else 0.0
        st.progress(share, text=f"{run.name}: {run.done} of {run.parameters.tasks} jobs")
    else:
        st.caption(
            f"Shown: {state.origin}. Lanes are threads, processes and tasks; "
            "hover a bar for its span, drag to zoom."
        )


def _one(run: Run, window: tuple[float, float], *, key: str) -> None:
    start, end = window
    spans = between(run.spans, start, end)
    bars, lanes = drawable(spans, most_lanes=MOST_LANES)
    done = f"{run.done} of " if run.wall_s is None else ""
    title = f"{run.name}: {done}{run.parameters.tasks} tasks in {run.seconds:.2f} s"
    shown = len({bar.lane for bar in bars})
    if lanes > shown:
        title += f" ({shown} of {lanes} lanes)"
    figure = panels.timeline(
        [_drawn(bar) for bar in bars], title=title, most_lanes=MOST_LANES, origin_ns=0
    )
    _axis(figure, start, end)
    jobs = flights(spans)
    flight = panels.flight([_drawn(job) for job in jobs])
    _shift(flight, min((job.t0_ns for job in jobs), default=0) / 1e9)
    _axis(flight, start, end)
    left = LETTER_PX * max((len(bar.lane) for bar in bars), default=0) + 30
    for one in (figure, flight):
        one.update_yaxes(automargin=False)
        one.update_layout(margin_l=max(80, left))
    st.plotly_chart(figure, theme=None, config=CHART, key=key)
    st.plotly_chart(flight, theme=None, config=CHART, key=f"{key}_flight")
    st.caption(turn_taking(spans))


def _drawn(span: Span) -> Drawn:
    name = f"{span.name} ({span.task})" if span.task and span.task != span.lane else span.name
    return Drawn(span.lane, name, span.kind, span.t0_ns, span.t1_ns, span.pid, span.tid)


def _axis(figure: go.Figure, start: float, end: float) -> None:
    figure.update_xaxes(range=[start, end])


def _shift(figure: go.Figure, seconds: float) -> None:
    """Put a figure that counts from its first span onto the run's own clock."""
    for trace in figure.data:
        trace.x = [moment + seconds for moment in trace.x]


def _downloads(runs: list[Run]) -> None:
    columns = st.columns(max(2, len(runs)))
    for column, run in zip(columns, runs, strict=False):
        model = run.parameters.model
        column.download_button(
            f"download trace: {model}",
            data=_trace(run.spans),
            file_name=f"{model}-trace.json",
            mime="application/json",
            help="Trace Event Format: opens in any trace viewer",
            key=f"trace_{model}",
        )


@st.cache_data(show_spinner=False, max_entries=4)
def _trace(spans: tuple[Span, ...]) -> str:
    return json.dumps(chrome_trace(spans))
