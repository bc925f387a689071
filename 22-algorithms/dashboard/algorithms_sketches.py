"""Sketches: a stream at any point of its way, true and estimated, and what each answer weighs."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st
from algorithms_session import CHART
from algorithms_stored import table

from velvet.ui.palette import STROKES, TEXT, pair, plotly_layout
from velvet_algorithms.explorer import Checkpoint, stream_checkpoints

LENGTH, EVERY = 20_000, 1_000
_EXACT = ("set of all words", "Counter", "list of all sizes")


@st.cache_data(show_spinner="sending the stream", max_entries=20)
def _checkpoints(p: int, k: int, skew: float) -> list[Checkpoint]:
    return stream_checkpoints(LENGTH, EVERY, p=p, k=k, skew=skew)


def draw() -> None:
    """Draw the tab."""
    st.fragment(_body)()


def _body() -> None:
    first, second, third, fourth = st.columns([3, 1, 1, 1])
    seen = first.slider(
        "items of the stream seen", EVERY, LENGTH, LENGTH, step=EVERY, key="algorithms_seen"
    )
    p = second.select_slider("HyperLogLog p", (4, 6, 8, 10, 12, 14), value=10, key="algorithms_p")
    k = third.select_slider("Space-Saving k", (10, 25, 50, 100, 200), value=50, key="algorithms_k")
    skew = fourth.slider("skew of the words", 0.6, 1.4, 1.0, step=0.1, key="algorithms_words_skew")
    points = _checkpoints(p, k, skew)
    now = points[seen // EVERY - 1]
    columns = st.columns(4)
    columns[0].metric("different words", f"{now.distinct:,}")
    wrong = f"by HyperLogLog ({now.estimate / now.distinct - 1:+.2%})"
    columns[1].metric(wrong, f"{now.estimate:,.0f}")
    columns[2].metric("standard errors off", f"{now.off_by:.2f}")
    columns[3].metric("worst rank, t-digest", f"{now.rank_error:.2%}")
    left, right = st.columns(2)
    with left:
        st.plotly_chart(distinct(points, now), theme=None, config=CHART, key="sketch_distinct")
    with right:
        st.plotly_chart(heavy(now), theme=None, config=CHART, key="sketch_heavy")
    left, right = st.columns(2)
    with left:
        st.plotly_chart(memory(now), theme=None, config=CHART, key="sketch_memory")
    with right:
        st.markdown("**Quantiles of the sizes**")
        st.dataframe(
            [
                {"quantile": f"{q:g}", "true": f"{true:.3f}", "t-digest": f"{found:.3f}"}
                for q, true, found in now.quantiles
            ],
            hide_index=True,
        )
        st.caption(
            "Each item is a word by Zipf's law with a lognormal size. Sketches of a short stream may "
            "weigh more than the exact answer: they are for streams that do not end."
        )
    table("sketches_heavy", "sketches_distinct", "sketches_quantiles")


def distinct(points: list[Checkpoint], now: Checkpoint) -> go.Figure:
    """Draw the number of different words, its estimate, and three standard errors around the truth."""
    drawn = go.Figure()
    xs = [one.seen for one in points]
    for sign, fill in ((1, None), (-1, "tonexty")):
        drawn.add_scatter(
            x=xs,
            y=[one.distinct * (1 + 3 * sign * one.error) for one in points],
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor="rgba(179,155,237,0.25)",
            name="three standard errors",
            showlegend=sign < 0,
            hoverinfo="skip",
        )
    drawn.add_scatter(
        x=xs,
        y=[one.distinct for one in points],
        mode="lines",
        name="true",
        line={"color": STROKES[0], "width": 2},
    )
    fill, stroke = pair(1)
    drawn.add_scatter(
        x=xs,
        y=[one.estimate for one in points],
        mode="markers",
        name="HyperLogLog",
        marker={"size": 8, "color": fill, "line": {"color": stroke, "width": 1.5}},
        hovertemplate="%{x:,} items: %{y:,.0f}<extra></extra>",
    )
    drawn.add_vline(x=now.seen, line={"color": TEXT, "dash": "dot"})
    plotly_layout(drawn, title="Different words, true and estimated", height=330)
    drawn.update_xaxes(title="items seen")
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def heavy(now: Checkpoint) -> go.Figure:
    """Draw the most frequent words: the truth as bars, the bounds of Space-Saving as whiskers."""
    words = [one.word for one in now.top]
    fill, stroke = pair(2)
    drawn = go.Figure()
    drawn.add_bar(
        x=words,
        y=[one.true for one in now.top],
        name="true",
        marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
        hovertemplate="%{x}: %{y:,}<extra>true</extra>",
    )
    drawn.add_scatter(
        x=words,
        y=[one.high for one in now.top],
        mode="markers",
        name="Space-Saving, at most (down to at least)",
        marker={"symbol": "line-ew-open", "size": 16, "color": STROKES[0], "line": {"width": 2.4}},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [0] * len(words),
            "arrayminus": [one.high - one.low for one in now.top],
            "color": STROKES[0],
            "thickness": 2,
            "width": 7,
        },
        customdata=[one.low for one in now.top],
        hovertemplate="%{x}: %{customdata:,} to %{y:,}<extra>Space-Saving</extra>",
    )
    fill, stroke = pair(1)
    drawn.add_scatter(
        x=words,
        y=[one.count_min for one in now.top],
        mode="markers",
        name="Count-Min, at most",
        marker={
            "symbol": "diamond",
            "size": 9,
            "color": fill,
            "line": {"color": stroke, "width": 1.5},
        },
        hovertemplate="%{x}: %{y:,}<extra>Count-Min</extra>",
    )
    plotly_layout(drawn, title="The most frequent words", height=330)
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def memory(now: Checkpoint) -> go.Figure:
    """Draw the bytes of the exact answers and of the sketches on a logarithmic axis."""
    drawn = go.Figure()
    for label, exact, index, shape in (("exact", True, 2, "/"), ("sketch", False, 0, "")):
        fill, stroke = pair(index)
        chosen = {n: b for n, b in now.bytes_used.items() if (n in _EXACT) is exact}
        drawn.add_bar(
            x=list(chosen.values()),
            y=list(chosen),
            orientation="h",
            name=label,
            text=[f"{value / 1000:,.1f} kB" for value in chosen.values()],
            textposition="outside",
            cliponaxis=False,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1.5},
                "pattern": {"shape": shape, "fgcolor": stroke, "size": 6, "solidity": 0.15},
            },
            hovertemplate="%{y}: %{x:,} bytes<extra></extra>",
        )
    plotly_layout(drawn, title=f"Memory after {now.seen:,} items", height=330)
    drawn.update_xaxes(type="log", range=[1, 6.8], title="bytes", dtick=1)
    drawn.update_yaxes(categoryorder="array", categoryarray=list(now.bytes_used)[::-1])
    return drawn
