"""Route map: one question, five algorithms, and the crossings that each of them had to settle."""

from __future__ import annotations

from typing import Any

import streamlit as st
from algorithms_roadmap import bars, figure
from algorithms_session import CHART, WRAPPED, Session, buttons, ended, live_fragment
from algorithms_stored import table

from velvet_algorithms.explorer import (
    Search,
    Town,
    read_hierarchy,
    searches,
    town,
    unpacked,
)
from velvet_algorithms.explorer.roads import AT_ONCE_SIDE
from velvet_algorithms.hierarchy import ContractionHierarchy

PURPOSE = "roads"
SIDES = (24, 32, 40, 60, 80)
SEED = 1
SHOWN_FIRST = ["dijkstra", "astar", "hierarchy"]
_CLICKED = "algorithms_map"


@st.cache_resource(show_spinner=False, max_entries=8)
def _town(asked: tuple[int, bool], _hierarchy: ContractionHierarchy | None) -> Town:
    return town(asked[0], SEED, _hierarchy)


@st.cache_resource(show_spinner=False, max_entries=64)
def _found(asked: tuple[int, int, int, bool], _where: Town) -> list[Search]:
    return searches(_where, asked[1], asked[2])


def draw(state: Session) -> None:
    """Draw the tab."""
    first, second, third, fourth = st.columns([2, 1, 1, 2])
    side = first.select_slider(
        "size of the map",
        SIDES,
        value=40,
        key="algorithms_side",
        format_func=lambda side: f"{side} x {side}",
    )
    source_key, target_key = f"algorithms_source_{side}", f"algorithms_target_{side}"
    # Set here and not as the widgets' values, because a click on the map sets them too.
    st.session_state.setdefault(source_key, side * 15 // 40 * side + side // 4)
    st.session_state.setdefault(target_key, side * 33 // 40 * side + side * 22 // 40)
    source = int(second.number_input("source", step=1, key=source_key))
    target = int(third.number_input("target", step=1, key=target_key))
    fourth.radio(
        "a click on a crossing sets the",
        ("source", "target"),
        horizontal=True,
        key="algorithms_sets",
    )
    busy = state.busy(PURPOSE)
    where = _prepared(state, side, busy)
    problems = where.problems(source, target)
    if problems:
        st.error("; ".join(problems))
        return
    found = _found((side, source, target, where.hierarchy is not None), where)
    live_fragment(lambda: _status(state, busy), busy=busy)
    left, right = st.columns([3, 2])
    with left:
        chosen = st.multiselect(
            "settled crossings of",
            [one.name for one in found],
            default=[name for name in SHOWN_FIRST if name in {one.name for one in found}],
            key=f"algorithms_settled_{where.hierarchy is not None}",
            **WRAPPED,
        )
        _map(where, found, chosen, (source_key, target_key))
    with right:
        st.plotly_chart(bars(found), theme=None, config=CHART, key="roads_bars")
        _answers(where, found)
        table("route_settled")


def _prepared(state: Session, side: int, busy: bool) -> Town:
    """Return the town, with a hierarchy when it is small or its child has told one."""
    told = None
    if state.asked.get(PURPOSE) == side and not busy:
        told = read_hierarchy(state.events(PURPOSE))
    where = _town((side, told is not None), told)
    if where.hierarchy is None and buttons(
        state,
        PURPOSE,
        "Prepare the hierarchy",
        busy=busy,
        problem="",
        about=f"{side * side:,} crossings take a moment: in a child process, at most 15 s.",
        more=f"Maps up to {AT_ONCE_SIDE} x {AT_ONCE_SIDE} are prepared when they are drawn",
    ):
        argv = ["-m", "velvet_algorithms.explorer.child", "roads", "--side", str(side)]
        state.start(PURPOSE, side, [*argv, "--seed", str(SEED)])
        st.rerun()
    return where


def _status(state: Session, was_busy: bool) -> None:
    if state.busy(PURPOSE):
        st.caption(f"Contracting crossing after crossing for {state.jobs[PURPOSE].seconds:.0f} s.")
    ended(state, PURPOSE, was_busy)


def _map(where: Town, found: list[Search], chosen: list[str], keys: tuple[str, str]) -> None:
    st.plotly_chart(
        figure(where, found, chosen),
        theme=None,
        config=CHART,
        key=_CLICKED,
        on_select=lambda: _click(where, keys),
        selection_mode="points",
    )
    st.caption(
        "Dots are crossings whose distance became final. The dark line is the route; a dotted line "
        "is one arc of the hierarchy, a shortcut that stands for all the streets below it."
    )


def _click(where: Town, keys: tuple[str, str]) -> None:
    picked: Any = st.session_state.get(_CLICKED)
    node = clicked_node(where, picked["selection"]["points"] if picked else [])
    if node is not None:
        wanted = st.session_state.get("algorithms_sets", "source")
        st.session_state[keys[0 if wanted == "source" else 1]] = node
        st.session_state["algorithms_sets"] = "target" if wanted == "source" else "source"


def clicked_node(where: Town, points: list[dict[str, Any]]) -> int | None:
    """Return the crossing that lies nearest to the first point, or None without any."""
    for point in points:
        if "x" in point and "y" in point:
            x, y = float(point["x"]), float(point["y"])
            places = where.graph.points
            return min(
                range(len(places)), key=lambda v: (places[v][0] - x) ** 2 + (places[v][1] - y) ** 2
            )
    return None


def _answers(where: Town, found: list[Search]) -> None:
    rows = [
        {
            "algorithm": one.name,
            "route": f"{one.result.distance:,.0f}" if one.result.path else "none",
            "settled": f"{len(one.result.settled):,}",
            "ms": f"{one.seconds * 1e3:.2f}",
        }
        for one in found
    ]
    st.dataframe(rows, hide_index=True)
    lengths = {one.result.distance for one in found}
    if len(lengths) == 1:
        verdict = f"All {len(found)} find the same length"
    else:
        verdict = "They DISAGREE, which is a mistake in the code"
    st.caption(
        f"{verdict}, in {len(found[0].result.path):,} crossings. The time is the least of three calls."
    )
    if where.hierarchy is not None:
        packed = found[-1].result.packed
        parts = unpacked(where.hierarchy, packed)
        text = " → ".join(f"{node}" for node in packed)
        with st.expander(f"the hierarchy's path: {max(0, len(packed) - 1)} arcs, unpacked"):
            st.caption(f"Packed: {text}")
            st.dataframe(
                [
                    {
                        "shortcut": f"{part[0]} → {part[-1]}",
                        "streets": len(part) - 1,
                        "crossings": " ".join(str(node) for node in part),
                    }
                    for part in parts
                ],
                hide_index=True,
            )
