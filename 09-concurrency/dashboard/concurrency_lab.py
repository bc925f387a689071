"""Limiter and breaker lab: virtual time, so every slider answers at once."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st
from concurrency_session import CHART, WRAPPED

from velvet.ui import panels
from velvet.ui.palette import LINE, STROKES, TEXT, pair, plotly_layout
from velvet_concurrency.explorer import (
    BREAKER_COLOURS,
    PATTERNS,
    Replay,
    breaker_segments,
    breaker_story,
    depth_series,
    overload_results,
    replay_all,
)
from velvet_concurrency.simulate import POLICIES, BreakerStory, OverloadResult

SECONDS = 6.0
STORY_S = 60.0
# A logarithmic axis has no zero: an empty queue is drawn, and labelled, below one.
DEPTHS = [0.4, 1, 10, 100, 1000]
USUAL_POLICIES = ["unbounded", "bounded100", "bounded20", "codel", "codel+lifo"]


def draw(seed: int) -> None:
    """Draw the three parts; `seed` is the sidebar's."""
    st.fragment(lambda: _limiters(seed))()
    st.divider()
    st.fragment(_breaker)()
    st.divider()
    st.fragment(lambda: _overload(seed))()


@st.cache_data(show_spinner=False, max_entries=50)
def _replays(pattern: str, limit: int, load: float, seed: int) -> list[Replay]:
    return replay_all(pattern, limit=limit, load=load, seconds=SECONDS, seed=seed)


def _limiters(seed: int) -> None:
    st.subheader("One promise, six limiters")
    first, second, third = st.columns(3)
    pattern = first.selectbox("arrivals", PATTERNS, index=1, key="concurrency_pattern")
    limit = second.slider("limit per second", 5, 50, 20, key="concurrency_limit")
    load = third.slider(
        "offered load, times the limit",
        0.5,
        4.0,
        2.0,
        step=0.5,
        key="concurrency_load",
        disabled=pattern == "edge attack",
        help="The edge attack brings its own: a full limit on both sides of a window's edge",
    )
    replays = _replays(pattern, limit, load, seed)
    left, right = st.columns([3, 2])
    with left:
        figure = admission_rows(replays, f"{pattern}: arrivals, and how many each admitted")
        st.plotly_chart(figure, theme=None, config=CHART, key="lab_admissions")
    with right:
        figure = worst_bars(replays)
        st.plotly_chart(figure, theme=None, config=CHART, key="lab_worst")
    broken = [one.limiter for one in replays if one.worst_ratio > 1.0]
    verdict = f"Broken here by: {', '.join(broken)}." if broken else "Kept here by all six."
    st.caption(f"The promise: never more than {limit} in any second. {verdict}")


def admission_rows(replays: list[Replay], title: str) -> go.Figure:
    """Draw one row of marks per limiter; admitted and refused differ in shape and height."""
    figure = go.Figure()
    kinds = (
        ("admitted", True, "line-ns-open", 3, -0.12),
        ("refused", False, "x-thin-open", 1, 0.2),
    )
    for name, wanted, symbol, series, shift in kinds:
        points = [
            (time, row + shift, replay.limiter)
            for row, replay in enumerate(replays)
            for time, mark in zip(replay.admissions.times, replay.admissions.marks, strict=True)
            if mark is wanted
        ]
        figure.add_scatter(
            x=[x for x, _, _ in points],
            y=[y for _, y, _ in points],
            customdata=[limiter for _, _, limiter in points],
            mode="markers",
            name=name,
            marker={
                "symbol": symbol,
                "size": 14 if wanted else 6,
                "color": STROKES[series],
                "line": {"width": 1.4},
            },
            hovertemplate="%{customdata} at %{x:.3f} s: " + name + "<extra></extra>",
        )
    plotly_layout(figure, title=title, height=400)
    figure.update_yaxes(
        tickvals=list(range(len(replays))),
        ticktext=[f"{replay.limiter}: {replay.admissions.admitted}" for replay in replays],
        range=[len(replays) - 0.5, -0.5],
        zeroline=False,
    )
    figure.update_xaxes(title="virtual seconds", range=[0, SECONDS])
    return figure


def worst_bars(replays: list[Replay]) -> go.Figure:
    """Draw each limiter's worst window against the promise."""
    figure = go.Figure()
    for kept, index, shape in ((True, 3, ""), (False, 1, "/")):
        fill, stroke = pair(index)
        chosen = [one for one in replays if (one.worst_ratio <= 1.0) is kept]
        figure.add_bar(
            x=[one.worst_ratio for one in chosen],
            y=[one.limiter for one in chosen],
            orientation="h",
            name="keeps it" if kept else "breaks it",
            text=[f"{one.worst_ratio:.2f}x" for one in chosen],
            textposition=["inside" if one.worst_ratio > 0.5 else "outside" for one in chosen],
            insidetextanchor="end",
            textfont={"color": TEXT},
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1.5},
                "pattern": {"shape": shape, "fgcolor": stroke, "size": 6, "solidity": 0.12},
            },
            hovertemplate="%{y}: %{x:.2f} times the limit<extra></extra>",
        )
    figure.add_vline(x=1.0, line={"color": LINE, "dash": "dash"})
    plotly_layout(figure, title="Worst second / limit", height=400)
    top = max(one.worst_ratio for one in replays)
    figure.update_xaxes(range=[0, max(1.2, top * 1.08)])
    figure.update_yaxes(
        categoryorder="array", categoryarray=[one.limiter for one in reversed(replays)]
    )
    return figure


@st.cache_data(show_spinner=False, max_entries=50)
def _story(rate: float, open_for: float, outage: tuple[float, float]) -> BreakerStory:
    return breaker_story(failure_rate=rate, open_for=open_for, outage=outage, seconds=STORY_S)


def _breaker() -> None:
    st.subheader("A dependency dies and comes back")
    first, second, third = st.columns(3)
    start, end = first.slider(
        "outage, from and to (seconds)", 0, 55, (10, 30), key="concurrency_outage"
    )
    open_for = second.slider("stays open for, seconds", 1, 20, 5, key="concurrency_open")
    rate = third.slider("opens at a failure rate of", 0.1, 1.0, 0.5, key="concurrency_rate")
    story = _story(rate, float(open_for), (float(start), float(end)))
    segments = breaker_segments(story, STORY_S)
    figure = panels.state_strip(
        [(state.replace("_", "-"), a, b) for state, a, b in segments],
        {state.replace("_", "-"): colour for state, colour in BREAKER_COLOURS.items()},
        title="Ten calls a second through the breaker",
    )
    figure.add_vrect(x0=start, x1=end, line={"color": STROKES[1], "dash": "dot", "width": 2})
    st.plotly_chart(figure, theme=None, config=CHART, key="lab_breaker")
    columns = st.columns(4)
    columns[0].metric("spared", story.spared)
    columns[1].metric("lost later", story.lost)
    columns[2].metric("probes", story.probes)
    columns[3].metric(
        "waited",
        f"{story.waited:.0f} s",
        f"{story.waited - story.waited_without:.0f} s",
        delta_color="inverse",
    )
    st.caption(
        "Dotted: the outage. Spared are calls refused while the dependency was down, lost later "
        "those refused although it was up again; a failing call makes its caller wait a second, "
        "less by so much with the breaker. Half-open lasts only as long as a probe."
    )


@st.cache_data(show_spinner=False, max_entries=20)
def _overloads(
    policies: tuple[str, ...], offered: float, deadline: float, seed: int
) -> list[OverloadResult]:
    return overload_results(policies, offered=offered, deadline=deadline, seed=seed)


def _overload(seed: int) -> None:
    st.subheader("More work than the server can do")
    first, second, third = st.columns([2, 1, 1])
    policies = first.multiselect(
        "queue policies",
        list(POLICIES),
        default=USUAL_POLICIES,
        key="concurrency_policies",
        **WRAPPED,
    )
    offered = second.slider(
        "offered per second, it can do 100", 50, 400, 200, step=50, key="concurrency_offered"
    )
    deadline = third.slider(
        "deadline, seconds", 0.1, 3.0, 1.0, step=0.1, key="concurrency_deadline"
    )
    if not policies:
        st.caption("Choose at least one policy.")
        return
    results = _overloads(tuple(policies), float(offered), deadline, seed)
    left, right = st.columns([3, 2])
    with left:
        figure = panels.lines(
            {
                policy: [(moment, max(DEPTHS[0], depth)) for moment, depth in points]
                for policy, points in depth_series(results).items()
            },
            title="Requests waiting: 20 s of load, then recovery",
            x="virtual seconds",
            y="waiting",
        )
        figure.update_traces(mode="lines")
        figure.update_yaxes(type="log", tickvals=DEPTHS, ticktext=["0", "1", "10", "100", "1000"])
        st.plotly_chart(figure, theme=None, config=CHART, key="lab_depth")
    with right:
        rows = [
            {
                "policy": one.policy,
                "in time": f"{one.goodput:.0f} %",
                "p50, ms": round(one.p50 * 1e3),
                "p99, ms": round(one.p99 * 1e3),
                "waiting": one.max_queue,
            }
            for one in results
        ]
        st.dataframe(rows, hide_index=True)
        st.caption(
            f"'Waiting' is the longest queue. 'In time' is the share of all requests answered within {deadline:g} s; no policy "
            f"can reach more than {results[0].ceiling:.0f} % here."
        )
