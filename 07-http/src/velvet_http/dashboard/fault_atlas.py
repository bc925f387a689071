"""The fault atlas: what each client does with each kind of misbehaviour, by running it."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, TEXT, plotly_layout
from velvet_http.body import BodyReader
from velvet_http.dashboard import tasks
from velvet_http.faults import FAULTS, Fault, fault

WAYS = ("bare libraries", "our clients")
KINDS = ("correct", "refused", "hung", "accepted")
MARKS = {"correct": "ok", "refused": "no", "hung": "HUNG", "accepted": "YES!"}
COLOURS = (FILLS[3], FILLS[4], FILLS[2], FILLS[1])


def controls() -> dict[str, Any]:
    """Ask whether the libraries are run bare."""
    return {"way": kit.choice("Run", WAYS, WAYS[0], key="way")}


def figure_of(cells: list[dict[str, Any]]) -> go.Figure:
    """Return the matrix of faults and clients."""
    clients = list(dict.fromkeys(cell["client"] for cell in cells))
    faults = list(dict.fromkeys(cell["fault"] for cell in cells))
    found = {(cell["fault"], cell["client"]): cell for cell in cells}
    levels, marks, words = [], [], []
    for name in faults:
        row = [found.get((name, client)) for client in clients]
        levels.append([KINDS.index(cell["kind"]) if cell else None for cell in row])
        marks.append([MARKS[cell["kind"]] if cell else "" for cell in row])
        words.append([cell["text"] if cell else "" for cell in row])
    steps = [(edge / 4, COLOURS[level]) for level in range(4) for edge in (level, level + 1)]
    figure = go.Figure(
        go.Heatmap(
            z=levels, x=clients, y=faults, text=marks, customdata=words, zmin=-0.5, zmax=3.5,
            colorscale=steps, showscale=False, xgap=2, ygap=2, texttemplate="%{text}",
            textfont={"color": TEXT, "size": 10},
            hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
        )
    )  # fmt: skip
    plotly_layout(
        figure,
        title="ok: the body came; no: an error; HUNG: it outlasted its timeout; YES!: accepted, not the body",
        height=110 + 24 * max(8, len(faults)),
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(tickangle=-90, automargin=True)
    return figure


def wire(chosen: Fault, limit: int = 400) -> str:
    """Return the first bytes of a fault as text, pauses and its end in brackets."""
    text = "".join(
        step.decode("ascii", "backslashreplace") if isinstance(step, bytes) else f"[{step} s]"
        for step in chosen.steps
    )
    cut = "" if len(text) <= limit else f"[{len(text) - limit} more characters]"
    return f"{text[:limit]}{cut}[{chosen.end.value}]"


def draw(seen: kit.Seen) -> None:
    """Draw the matrix, and the bytes of one fault."""
    if cells := seen.of("cell"):
        seen.chart(figure_of(cells), key="atlas")
    name = kit.choice("Look at the bytes of", FAULTS, "truncated gzip", key="fault")
    chosen = fault(name)
    st.caption(chosen.says)
    st.code(wire(chosen), language="http", wrap_lines=True)


def finding(seen: kit.Seen) -> str:
    """Count what is dangerous: bytes that are accepted and are not the body."""
    cells = seen.of("cell")
    if not cells:
        return ""
    wrong = [cell for cell in cells if cell["kind"] == "accepted"]
    hung = [cell for cell in cells if cell["kind"] == "hung"]
    gzip = {cell["client"] for cell in wrong if cell["fault"] == "truncated gzip"}
    said = f"Of {len(cells)} runs, **{len(wrong)}** accept bytes that are not the body"
    said += f" and **{len(hung)}** outlast their timeout."
    return said + (f" Half a gzip is a success for {len(gzip)} clients." if gzip else "")


TAB = kit.Tab(
    "Fault atlas",
    question="A body that stops half way: which client notices?",
    tip="Run the bare libraries, look for YES! and HUNG, then run our clients.",
    job=kit.Job(tasks.atlas, label="Run the atlas", cap_s=600, recorded="atlas.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(BodyReader.finish,),
    command="velvet run 07 basic timeouts_are_not_deadlines",
    next_step="Client race",
)
