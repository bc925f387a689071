"""Tasks as bars on the lanes of their workers, and a kill in the middle."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_queues import chaos
from velvet_queues.dashboard import tasks

KINDS = (("done", 0), ("cut off", 1), ("started again", 2), ("running", 4))
LINE_AT = 1.5


def controls() -> dict[str, Any]:
    """Ask for the queue, its settings and the attack."""
    return {
        "queue": kit.choice("Queue", list(tasks.QUEUES)),
        "profile": kit.choice("Settings", list(tasks.PROFILES)),
        "attack": kit.choice("Attack", list(tasks.ATTACKS)),
    }


def kind_of(bar: dict[str, Any], state: dict[str, Any]) -> str:
    """Return what a bar shows: cut off is what began before the strike and never ended."""
    if bar["to"] is None:
        struck = state.get("struck", 0)
        over = state.get("phase") == "over"
        return "cut off" if over or (struck and bar["from"] < struck) else "running"
    return "started again" if bar["again"] else "done"


def figure_of(state: dict[str, Any]) -> go.Figure:
    """Return a bar for each start of a task, a lane for each thread or process that worked."""
    figure = go.Figure()
    now, struck = state.get("now", 0.0), state.get("struck", 0.0)
    for name, colour in KINDS:
        mine = [bar for bar in state["bars"] if kind_of(bar, state) == name]
        if not mine:
            continue
        until = struck if name == "cut off" and struck else now
        figure.add_bar(
            y=[f"worker {bar['lane']}" for bar in mine],
            x=[max(0.04, (bar["to"] or max(until, bar["from"])) - bar["from"]) for bar in mine],
            base=[bar["from"] for bar in mine],
            orientation="h",
            name=name,
            width=0.7,
            text=["✕" if name == "cut off" else "" for _ in mine],
            customdata=[bar["id"] for bar in mine],
            hovertemplate="task %{customdata}<extra>" + name + "</extra>",
            marker={
                "color": FILLS[colour],
                "line": {"color": STROKES[colour], "width": LINE_AT},
                "pattern_shape": "/" if name == "started again" else "",
            },
        )
    lanes = max((bar["lane"] for bar in state["bars"]), default=1)
    plotly_layout(figure, title="Which worker ran which task, and when", height=220 + 46 * lanes)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(title="seconds since the first task was sent", range=[0, max(2.0, now)])
    order = [f"worker {number}" for number in range(lanes, 0, -1)]
    figure.update_yaxes(categoryorder="array", categoryarray=order)
    if struck:
        figure.add_vline(x=struck, line={"color": STROKES[1], "width": 2, "dash": "dot"})
        figure.add_annotation(
            x=struck,
            y=1,
            yref="y domain",
            text="the attack",
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            xshift=4,
        )
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the counters and the lanes of the latest look at the ledger."""
    states = seen.of("state")
    if not states:
        return
    last = states[-1]
    words = {"sent": "sent", "finished": "finished", "missing": "missing", "twice": "started twice"}
    for column, (name, label) in zip(st.columns(len(words)), words.items(), strict=True):
        column.metric(label, last[name])
    seen.chart(figure_of(last), key="lanes")


def finding(seen: kit.Seen) -> str:
    """Say what was lost and what ran twice."""
    states = seen.of("state")
    if not states or states[-1]["phase"] != "over":
        return ""
    last = states[-1]
    are = "is" if last["missing"] == 1 else "are"
    lost = f"**{last['missing']} {are} lost**" if last["missing"] else "Nothing is lost"
    paid = last["paid_twice"]
    effects = f", and {paid} made their effect twice" if paid else ", and no effect was made twice"
    twice = f"{last['twice']} started twice{effects}" if last["twice"] else "none started twice"
    return f"{lost} of {last['sent']} tasks; {twice}. All of it is counted by the ledger."


TAB = kit.Tab(
    "Kill it",
    question="What happens to my tasks when a worker is killed?",
    tip="Press Kill it, then choose huey on sqlite, which takes a task before it has done it.",
    job=kit.Job(tasks.kill, label="Kill it", cap_s=180, recorded="kill.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(chaos.worker_kill,),
    command="velvet bench 16 --filter kill9",
    next_step="Lease lab",
)
