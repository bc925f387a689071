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
    drawn = []
    for run in runs:
        spans = between(run.spans, start, end)
        drawn.append((run, spans, *drawable(spans, most_lanes=MOST_LANES)))
    longest_name = max((len(bar.lane) for *_, bars, _ in drawn for bar in bars), default=0)
    margin = max(80.0, LETTER_PX * longest_name + 30)
    for number, (run, spans, bars, lanes) in enumerate(drawn):
        figures = _figures(run, spans, bars, lanes)
        for kind, figure in figures.items():
            figure.update_xaxes(range=[start, end])
            figure.update_yaxes(automargin=False)
            figure.update_layout(margin_l=margin)
            st.plotly_chart(figure, theme=None, config=CHART, key=f"{kind}_{number}")
        st.caption(turn_taking(spans))
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


def _figures(run: Run, spans: list[Span], bars: list[Span], lanes: int) -> dict[str, go.Figure]:
    """Return a run's timeline and its jobs in flight."""
    done = f"{run.done} of " if run.wall_s is None else ""
    title = f"{run.name}: {done}{run.parameters.tasks} tasks in {run.seconds:.2f} s"
    shown = len({bar.lane for bar in bars})
    if lanes > shown:
        title += f" ({shown} of {lanes} lanes)"
    timeline = panels.timeline(
        [_drawn(bar) for bar in bars], title=title, most_lanes=MOST_LANES, origin_ns=0
    )
    jobs = flights(spans)
    flight = panels.flight([_drawn(job) for job in jobs])
    _shift(flight, min((job.t0_ns for job in jobs), default=0) / 1e9)
    return {"timeline": timeline, "flight": flight}


def _drawn(span: Span) -> Drawn:
    name = f"{span.name} ({span.task})" if span.task and span.task != span.lane else span.name
    return Drawn(span.lane, name, span.kind, span.t0_ns, span.t1_ns, span.pid, span.tid)


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
