"""What Prometheus would scrape: the text, the panels, the alert."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_queues import metrics
from velvet_queues.dashboard import tasks

PANELS = (("velvet_queue_depth", "depth"), ("velvet_queue_inflight", "under a lease"))


def controls() -> dict[str, Any]:
    """Ask how often a task fails."""
    return {"fail": kit.slider("Tasks that fail, of a hundred", 0, 100, 10, step=10)}


def figure_of(scrapes: list[dict[str, Any]]) -> go.Figure:
    """Return depth and leases over time, and outcomes as they add up."""
    figure = go.Figure()
    samples = [(one["at"], metrics.parse(one["text"])) for one in scrapes]
    for number, (name, label) in enumerate(PANELS):
        figure.add_scatter(
            x=[at for at, _ in samples],
            y=[found[name][""] for _, found in samples],
            name=label,
            mode="lines",
            line={"color": STROKES[number], "width": 2, "dash": ("solid", "dot")[number]},
        )
    outcomes = sorted(
        {key for _, one in samples for key in one.get("velvet_queue_tasks_total", {})}
    )
    for number, outcome in enumerate(outcomes):
        figure.add_scatter(
            x=[at for at, _ in samples],
            y=[found.get("velvet_queue_tasks_total", {}).get(outcome, 0) for _, found in samples],
            name=f"{outcome}, in all",
            mode="lines+markers",
            marker={"color": FILLS[number + 2], "symbol": number},
            line={"color": STROKES[number + 2], "width": 1},
        )
    plotly_layout(figure, title="The scraped samples over time", height=380)
    figure.update_xaxes(title="seconds")
    figure.update_yaxes(title="tasks", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the panels, the alerts, and the text of the latest scrape."""
    scrapes = seen.of("scrape")
    if not scrapes:
        return
    seen.chart(figure_of(scrapes), key="panels")
    with st.expander("The text of the latest scrape"):
        st.code(scrapes[-1]["text"], language="text")


def finding(seen: kit.Seen) -> str:
    """Say which alerts were up, and when."""
    scrapes = seen.of("scrape")
    if not scrapes:
        return ""
    up = [one for one in scrapes if one["alerts"]]
    if not up:
        return "No alert: no task waited for over a second (configs/alerts.yml pages after 30 s), none is dead."
    return f"Alert from {up[0]['at']:.1f} s on: {'; '.join(up[-1]['alerts'])}."


TAB = kit.Tab(
    "Metrics",
    question="Which number should wake me up at night?",
    tip="Press Measure, then let half of the tasks fail.",
    job=kit.Job(tasks.watched, label="Measure", cap_s=60, recorded="metrics.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(metrics.alerts,),
    command="velvet run 16 advanced production_stack",
    next_step="Kill it",
)
