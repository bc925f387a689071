"""The tab that steps through an upload and through what an installer sees afterwards."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_packaging.dashboard import tasks
from velvet_packaging.publish import send
from velvet_packaging.registry import StrictRegistry

MISTAKES = ["none", "duplicate", "bad digest", "wrong password", "hostile wheel", "yank"]


def controls() -> dict[str, Any]:
    """Ask for the mistake."""
    return {"mistake": kit.choice("Make a mistake", MISTAKES, "bad digest")}


def figure_of(events: list[dict[str, Any]]) -> go.Figure:
    """Return the steps in their order, each with its status."""
    colours = [3 if one["status"] in (0, 200) else 1 for one in events]
    figure = go.Figure(
        go.Bar(
            y=[f"{number}. {one['step']}" for number, one in enumerate(events, 1)],
            x=[1] * len(events),
            orientation="h",
            text=[str(one["status"] or "done") for one in events],
            textposition="inside",
            marker={
                "color": [FILLS[one] for one in colours],
                "line": {"color": [STROKES[one] for one in colours], "width": 1.5},
            },
        )
    )
    plotly_layout(figure, title="What the index answered", height=150 + 45 * len(events))
    figure.update_xaxes(visible=False)
    figure.update_yaxes(autorange="reversed")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the answers, and the form as it goes over the wire."""
    events = seen.of("answer")
    if events:
        seen.chart(figure_of(events), key="answers")
        seen.table([{"step": one["step"], "the index says": one["said"]} for one in events])
    for one in seen.of("form")[:1]:
        with st.expander("The form, byte for byte (the wheel itself is left out)"):
            st.code(one["text"], language="text")


def finding(seen: kit.Seen) -> str:
    """Say what came of the mistake."""
    events = seen.of("answer")
    if len(events) < 3:
        return ""
    upload = next((one for one in reversed(events) if "GET" not in one["step"]), events[0])
    visible = events[-1]["status"] == 200
    state = "an installer sees the file" if visible else "the index shows nothing of it"
    return f"**{upload['status'] or 'yanked'}**: {upload['said']}. Afterwards {state}."


TAB = kit.Tab(
    "Publish wire",
    question="What goes over the wire when a file is published, and what does an index refuse?",
    tip="Send it without a mistake, then with each of them.",
    job=kit.Job(tasks.wire, label="Send", recorded="wire.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(send, StrictRegistry.accept),
    command="velvet run 02 publish_and_install",
    next_step="Versions",
)
