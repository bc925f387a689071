"""Progress lab: what a bar costs an empty loop, on a terminal and on a pipe."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from cli_session import CHART, Session, controls, live

from velvet.ui.palette import pair, plotly_layout
from velvet_cli.explorer.laps import ITEMS, SLOW
from velvet_cli.progress import BARS
from velvet_cli.progress.lap import BARE

TASK = "laps"
NAMES = (BARE, *(name for name in BARS if name != "null"))
# The standard library opens no pseudo-terminal on Windows.
PLACES = ("pipe",) if sys.platform == "win32" else ("pty", "pipe")
WORDS = {"pty": "terminal", "pipe": "pipe"}
SIZES = (1000, 10_000, 100_000, 500_000, 2_000_000)


def draw(state: Session) -> None:
    """Draw the tab."""
    bars = st.multiselect("bars", NAMES, default=NAMES, key="cli_bars")
    left, right = st.columns(2)
    places = left.segmented_control(
        "where", PLACES, default=PLACES, selection_mode="multi", key="cli_places",
        format_func=lambda place: WORDS[place],
    )  # fmt: skip
    items = right.select_slider(
        "items", SIZES, 100_000, format_func=lambda n: f"{n:,}", key="cli_items"
    )
    problem = "" if bars and places else "Choose at least one bar and one place."
    controls(
        state,
        TASK,
        "Race them",
        lambda: state.start(TASK, cap_s=180, bars=bars, places=places, items=items),
        problem=problem,
        hint="Each in a child process whose standard error is the terminal or the pipe",
    )
    live(state, TASK, lambda: _laps(state))
    slow = " and ".join(f"{bar} ({most:,})" for bar, most in SLOW.items())
    st.caption(
        f"At most {ITEMS[1]:,} items; on a terminal {slow} run fewer, because they draw at every "
        "item. CPU time counts every thread and the kernel's part."
    )


def _laps(state: Session) -> None:
    events = [event for event in state.events(TASK) if event["type"] == "lap"]
    if not events:
        st.caption("The first lap is run.")
        return
    left, right = st.columns(2)
    left.plotly_chart(
        _chart(events, "cpu_ns", "CPU time of an item, ns"), theme=None, config=CHART, key="cli_ns"
    )
    right.plotly_chart(
        _chart(events, "written", "Bytes written, in all"),
        theme=None,
        config=CHART,
        key="cli_bytes",
    )
    last = [
        {
            "bar": event["bar"],
            "where": WORDS[event["place"]],
            "items": event["items"],
            "ns an item": event["cpu_ns"],
            "bytes": event["written"],
            "last line": event["shown"],
        }
        for event in events
    ]
    st.dataframe(last, hide_index=True, height=38 + 35 * min(len(last), 8))


def _chart(events: list[Mapping[str, Any]], metric: str, title: str) -> go.Figure:
    figure = go.Figure()
    for series, place in enumerate(PLACES):
        # A logarithmic axis has no zero: nothing written is no bar.
        found = {e["bar"]: e[metric] for e in events if e["place"] == place and e[metric] > 0}
        fill, stroke = pair(series)
        figure.add_bar(
            name=WORDS[place],
            y=[name for name in NAMES if name in found],
            x=[found[name] for name in NAMES if name in found],
            orientation="h",
            text=[f"{found[name]:,.0f}" for name in NAMES if name in found],
            textposition="outside",
            cliponaxis=False,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1.5},
                "pattern": {"shape": "/" if series else "", "fgcolor": stroke},
            },
        )
    plotly_layout(figure, title=title, height=420)
    figure.update_layout(margin={"r": 70})
    figure.update_xaxes(type="log", dtick=1)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=NAMES[::-1])
    return figure
