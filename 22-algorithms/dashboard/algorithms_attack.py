"""Attack: a victim, the input that kills it, and what the defence makes of the same input."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st
from algorithms_session import (
    CHART,
    Session,
    beside,
    buttons,
    decades,
    ended,
    live_fragment,
)
from algorithms_stored import table

from velvet.bench.views import number, quantity
from velvet.ui import panels
from velvet_algorithms.adversary import ATTACKS
from velvet_algorithms.explorer import AssaultRun, AttackRequest, quick_assault, read_assault

PURPOSE = "attack"
LABELS = {"operations": "operations, counted", "seconds": "seconds, measured"}
SIDES = {"ordinary": "ordinary keys", "hostile": "hostile keys", "defended": "hostile, defended"}
STORIES = {
    "hash flood": (
        "The victim is a dictionary. Multiples of 2^61 - 1 all have the hash 0, so every new key is "
        "compared with all before it.",
        "The defence stores the keys as text, whose hash is salted anew in every process.",
    ),
    "quicksort killer": (
        "The victim is a quicksort with the median of three as pivot. McIlroy's adversary decides "
        "values only while they are compared, so that every pivot is nearly the smallest.",
        "The defence is introsort: a part that was split too often goes to a heap.",
    ),
    "sorted inserts": (
        "The victim is a search tree without balancing. Keys in order make a list of it.",
        "The defence shuffles with a seed that only the defender knows.",
    ),
}


@st.cache_data(show_spinner=False, max_entries=10)
def _quick(name: str) -> AssaultRun:
    return quick_assault(name)


def draw(state: Session) -> None:
    """Draw the tab."""
    first, second, third, fourth = st.columns([2, 2, 2, 1])
    name = first.selectbox("victim and killer", list(ATTACKS), key="algorithms_attack_name")
    largest = int(
        second.number_input("largest n", value=2048, step=256, key="algorithms_attack_largest")
    )
    unit = third.radio(
        "cost in",
        list(LABELS),
        horizontal=True,
        key="algorithms_unit",
        format_func=LABELS.__getitem__,
    )
    defended = fourth.toggle("defence", value=True, key="algorithms_defence")
    request = AttackRequest(name, largest)
    problem = "; ".join(request.problems())
    busy = state.busy(PURPOSE)
    story, defence = STORIES.get(name, ("", ""))
    st.markdown(f"{story} {defence if defended else ''}")
    if buttons(
        state,
        PURPOSE,
        "Attack",
        busy=busy,
        problem=problem,
        about="In a child process that ends before 15 s; nothing leaves this machine.",
        more="Three ways for each size: ordinary keys, hostile keys, hostile keys with the defence",
    ):
        state.start(PURPOSE, request, request.argv())
        st.rerun()
    live_fragment(lambda: _below(state, name, unit, defended, busy), busy=busy)


def _below(state: Session, name: str, unit: str, defended: bool, was_busy: bool) -> None:
    asked = state.asked.get(PURPOSE)
    mine = asked is not None and asked.name == name
    run = read_assault(state.events(PURPOSE)) if mine else AssaultRun()
    if mine and state.busy(PURPOSE):
        st.progress(
            len(run.points) / run.total if run.total else 0.0,
            text=f"{len(run.points)} of {run.total} sizes, {state.jobs[PURPOSE].seconds:.0f} s",
        )
    ended(state, PURPOSE, was_busy)
    origin = "measured by the attack you started"
    if not run.points:
        run, origin = _quick(name), "small sizes, run when this page was drawn"
    sides = [side for side in SIDES if defended or side != "defended"]
    st.plotly_chart(figure(run, name, sides, unit), theme=None, config=CHART, key="attack_figure")
    _verdict(run, sides, unit)
    left = (
        f" Left out, because the time was up: {', '.join(map(str, run.left))}." if run.left else ""
    )
    counted = "" if unit == "seconds" else " Counted are comparisons and one visit a key."
    st.caption(f"Shown: {origin}.{counted}{left}")
    table("adversary_growth", "adversary")


def figure(run: AssaultRun, name: str, sides: list[str], unit: str) -> go.Figure:
    """Draw the cost of each side over the number of keys, both logarithmic, exponents in the legend."""
    series = {}
    for side in sides:
        points = run.series(side, unit)
        fit = run.fit(side, unit)
        series[SIDES[side] + (f": {fit}".replace("+-", "±") if fit else "")] = points
    drawn = panels.lines(series, title=f"{name}: {LABELS[unit]}", x="keys", y="", log=True)
    beside(drawn, height=400)
    drawn.update_xaxes(tickvals=[point.n for point in run.points], tickformat=",")
    if unit == "seconds":
        powers, texts = decades([cost for points in series.values() for _, cost in points])
        drawn.update_yaxes(tickvals=powers, ticktext=texts)
    else:
        drawn.update_yaxes(dtick=1, tickformat=",")
    return drawn


def _verdict(run: AssaultRun, sides: list[str], unit: str) -> None:
    last = run.points[-1]
    columns = st.columns(len(sides) + 1)
    columns[0].metric("keys", f"{last.n:,}")
    ordinary = run.series("ordinary", unit)[-1][1]
    for column, side in zip(columns[1:], sides, strict=True):
        cost = run.series(side, unit)[-1][1]
        text = quantity(cost, "s") if unit == "seconds" else f"{cost:,.0f}"
        ratio = "" if side == "ordinary" else f": {number(cost / ordinary)}x as many"
        if unit == "seconds":
            ratio = ratio.replace("many", "long")
        column.metric(SIDES[side] + ratio, text)
