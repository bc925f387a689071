"""Caches: hit ratios over size against Belady's optimum, and SIEVE evicting step by step."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st
from algorithms_session import CHART
from algorithms_stored import table

from velvet.ui import panels
from velvet.ui.palette import LINE, TEXT, WHITE, pair, plotly_layout
from velvet_algorithms.caches.traces import zipf
from velvet_algorithms.explorer import (
    TRACES,
    SieveStep,
    TraceRequest,
    hit_curves,
    sieve_story,
    sizes_for,
)
from velvet_algorithms.explorer.hit_curves import BEST, FEWEST, MOST

TICKS = [digit * 10**power for power in range(4) for digit in (1, 2, 5)]
STORY_REQUESTS = 60
STORY_KEYS = 14
_MARKED, _UNMARKED, _GONE = 0, 5, 1  # numbers of the palette's pairs


def draw() -> None:
    """Draw both parts."""
    st.fragment(_curves)()
    st.divider()
    st.fragment(_story)()


@st.cache_data(show_spinner=False, max_entries=50)
def _computed(request: TraceRequest) -> dict[str, list[tuple[float, float]]]:
    return hit_curves(request.make(), sizes_for(request.keys))


def _curves() -> None:
    st.subheader("Four policies, and the best that any could have done")
    first, second, third, fourth = st.columns(4)
    name = first.selectbox("trace", list(TRACES), key="algorithms_trace")
    requests = second.slider("requests", FEWEST, MOST, 6_000, step=500, key="algorithms_requests")
    keys = third.slider("keys", 100, 5_000, 1_000, step=100, key="algorithms_keys")
    skew = fourth.slider(
        "skew",
        0.3,
        1.5,
        0.9,
        step=0.1,
        key="algorithms_skew",
        disabled=name == "loop",
        help="How much more often the popular keys come: Zipf's exponent",
    )
    curves = _computed(TraceRequest(name, requests, keys, skew))
    left, right = st.columns([3, 2])
    with left:
        drawn = panels.lines(
            curves, title=f"{name}: {TRACES[name]}", x="entries in the cache", y="hit ratio"
        )
        drawn.update_xaxes(type="log", tickvals=TICKS, tickformat=",")
        drawn.update_yaxes(range=[-0.03, 1.03], tickformat=".0%")
        drawn.update_layout(height=(drawn.layout.height or 360) + 40)
        mark = st.session_state.get(f"algorithms_entries_{keys}", _usual(keys))
        drawn.add_vline(x=mark, line={"color": LINE, "dash": "dot"})
        st.plotly_chart(drawn, theme=None, config=CHART, key="caches_curves")
    with right:
        sizes = sizes_for(keys)
        size = st.select_slider(
            "entries", sizes, value=_usual(keys), key=f"algorithms_entries_{keys}"
        )
        st.plotly_chart(
            against_best(curves, sizes.index(size)), theme=None, config=CHART, key="caches_bars"
        )
    st.caption(
        "Belady's rule evicts what will be asked for last; it needs the future and is a line to "
        "measure by. A policy that never hits on a loop is not broken: where the loop does not fit, "
        "each key is evicted just before it is asked for again."
    )
    table("cache_hits")


def _usual(keys: int) -> int:
    return sizes_for(keys)[3]


def against_best(curves: dict[str, list[tuple[float, float]]], place: int) -> go.Figure:
    """Draw the hit ratios at one size, each with its share of Belady's."""
    best = curves[BEST][place][1]
    drawn = go.Figure()
    for index, (name, points) in enumerate(curves.items()):
        fill, stroke = pair(index)
        ratio = points[place][1]
        share = f" ({ratio / best:.0%} of it)" if best and name != BEST else ""
        drawn.add_bar(
            x=[ratio],
            y=[name],
            orientation="h",
            text=[f"{ratio:.1%}{share}"],
            textposition="outside",
            cliponaxis=False,
            marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
            hovertemplate="%{y}: %{x:.2%}<extra></extra>",
            showlegend=False,
        )
    plotly_layout(drawn, title=f"At {curves[BEST][place][0]:,.0f} entries", height=280)
    drawn.update_xaxes(range=[0, max(0.1, 1.6 * best)], tickformat=".0%")
    drawn.update_yaxes(categoryorder="array", categoryarray=list(curves)[::-1])
    return drawn


@st.cache_data(show_spinner=False, max_entries=20)
def _steps(size: int, seed: int) -> list[SieveStep]:
    return sieve_story(zipf(STORY_REQUESTS, keys=STORY_KEYS, skew=0.8, seed=seed), size)


def _story() -> None:
    st.subheader("SIEVE, request by request")
    first, second, third, fourth = st.columns([2, 1, 3, 2])
    size = first.slider("entries in it", 3, 9, 6, key="algorithms_sieve_size")
    seed = int(
        second.number_input("seed", min_value=0, value=3, step=1, key="algorithms_sieve_seed")
    )
    steps = _steps(size, seed)
    evictions = [step.number for step in steps if step.evicted is not None]
    key = f"algorithms_request_{size}_{seed}"
    # The first eviction that spares somebody is what is worth seeing first.
    telling = [step.number for step in steps if step.spared] or evictions or [1]
    st.session_state.setdefault(key, telling[0])
    number = third.slider("request", 1, len(steps), key=key)
    fourth.button(
        "next eviction",
        key="algorithms_next_eviction",
        on_click=_jump,
        args=(key, evictions, number),
        disabled=not any(one > number for one in evictions),
        width="stretch",
    )
    step = steps[number - 1]
    st.plotly_chart(queue(step, size), theme=None, config=CHART, key="caches_sieve")
    hits = sum(one.hit for one in steps[:number])
    st.markdown(f"**Request {number}: {step.sentence}** Hits so far: {hits} of {number}.")
    st.caption(
        "A hit sets a mark and moves nothing. To evict, the hand walks from old to new, clears "
        "marks, and takes the first entry without one; it stays where it is for the next time."
    )


def _jump(key: str, evictions: list[int], number: int) -> None:
    st.session_state[key] = next((one for one in evictions if one > number), number)


def queue(step: SieveStep, size: int) -> go.Figure:
    """Draw the queue before and after one request, old on the left, with the hand below it."""
    drawn = go.Figure()
    rows = ((1.0, step.before, step.hand_before), (0.0, step.after, step.hand_after))
    styles = (("marked", _MARKED), ("not marked", _UNMARKED), ("goes", _GONE))
    for name, number in styles:
        fill, stroke = pair(number)
        boxes = [
            (place, y, key)
            for y, entries, _ in rows
            for place, (key, marked) in enumerate(entries)
            if _style(step, key, marked, before=y > 0.5) == name
        ]
        drawn.add_scatter(
            x=[x for x, _, _ in boxes] or [None],
            y=[y for _, y, _ in boxes] or [None],
            text=[str(key) for _, _, key in boxes],
            mode="markers+text",
            name=name,
            textfont={"size": 16, "color": TEXT},
            marker={
                "symbol": "square",
                "size": 44,
                "color": fill if name != "not marked" else WHITE,
                "line": {"color": stroke if name != "not marked" else LINE, "width": 2.4},
            },
            hoverinfo="skip",
        )
    hands = [(place, y) for y, entries, place in rows if entries]
    drawn.add_scatter(
        x=[x for x, _ in hands],
        y=[y - 0.4 for _, y in hands],
        mode="markers",
        name="the hand",
        marker={"symbol": "triangle-up", "size": 16, "color": TEXT},
        hoverinfo="skip",
    )
    plotly_layout(drawn, title="", height=300)
    drawn.update_legends(itemsizing="trace")
    drawn.update_xaxes(
        range=[-0.7, max(8, size) - 0.3],
        tickvals=[0, max(1, len(step.after) - 1)],
        ticktext=["old", "new"],
        showgrid=False,
        zeroline=False,
    )
    drawn.update_yaxes(
        range=[-0.65, 1.55],
        tickvals=[1, 0],
        ticktext=["before", "after"],
        showgrid=False,
        zeroline=False,
    )
    return drawn


def _style(step: SieveStep, key: int, marked: bool, *, before: bool) -> str:
    if before and key == step.evicted:
        return "goes"
    return "marked" if marked else "not marked"
