"""The omission lab: one server, two p99, and only one of them is what users had."""

from __future__ import annotations

import functools
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import chart
from velvet.ui.palette import STROKES, plotly_layout
from velvet_web.dashboard.virtual import omission
from velvet_web.histogram import Histogram

SECONDS = 60.0
PERCENTS = (*range(1, 90), *(90 + n / 4 for n in range(36)), *(99 + n / 20 for n in range(20)))


def controls() -> dict[str, Any]:
    """Ask for the pause and how often it comes."""
    left, middle, right = st.columns(3)
    with left:
        stall = kit.slider("The server stands still for, ms", 0, 1000, 600, step=50)
    with middle:
        period = kit.slider("in every, ms", 1100, 6000, 3000, step=100)
    with right:
        users = kit.slider("Users of the closed loop", 1, 20, 4)
    return {"stall": stall, "period": period, "users": users}


@functools.lru_cache(maxsize=16)
def _histograms(stall: int, period: int, users: int) -> tuple[Histogram, Histogram, Histogram]:
    """Return the closed and the open loop, and the closed one with what it left out."""
    closed, opened = omission(stall / 1e3, period / 1e3, users, seconds=SECONDS)
    sent_every = int(SECONDS * 1e6 * users / closed.total)
    return closed, opened, closed.corrected(sent_every)


def draw(seen: kit.Seen) -> None:
    """Draw latency by percentile for both loops."""
    figure = go.Figure()
    for name, found, colour, dash in zip(
        ("closed loop", "open loop", "closed loop, corrected afterwards"),
        _histograms(**seen.wanted),
        (STROKES[1], STROKES[0], STROKES[3]),
        ("dash", "solid", "dot"),
        strict=True,
    ):
        figure.add_scatter(
            x=list(PERCENTS),
            y=[found.percentile(percent) / 1e3 for percent in PERCENTS],
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2.5, "shape": "hv"},
        )
    plotly_layout(figure, title="Latency by percentile of the same server", height=360)
    figure.update_xaxes(title="percentile", range=[50, 100])
    figure.update_yaxes(title="ms", type="log", dtick=1)
    figure.update_layout(showlegend=True)
    chart(figure, key="omission-percentiles", whose="in virtual time, computed now")


def finding(seen: kit.Seen) -> str:
    """Say what each loop reports as p99."""
    closed, opened, added = (found.percentile(99) / 1e3 for found in _histograms(**seen.wanted))
    share = seen.wanted["stall"] / seen.wanted["period"]
    return (
        f"The server stands still for {share:.0%} of the time. The closed loop reports a p99 of "
        f"**{closed:,.0f} ms**, the open loop **{opened:,.0f} ms**: while it waits, the closed loop "
        f"does not send what its users would have sent. Adding that afterwards gives **{added:,.0f} "
        "ms**; `wrk` does so."
    )


TAB = kit.Tab(
    "Omission",
    question="What does a load test leave out while the server stands still?",
    tip="Make the pause longer, and see which of the two p99 notices.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Histogram.corrected,),
    command="velvet bench 14 --filter omission",
    next_step="Race",
)
