"""The tab to be proud of: scrub through a run and see every variable's history."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import html
from velvet.ui.palette import LINE, PAPAYA, STROKES, plotly_layout
from velvet_devtools.dashboard import tasks
from velvet_devtools.debug.trace import Trace
from velvet_devtools.samples.programs import PROGRAMS

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
AROUND = 8
OTHER = {"account": "account, another seed", "account, another seed": "account"}


def controls() -> dict[str, Any]:
    """Ask for the program; an account is compared with another seed's."""
    program = kit.choice("Program", list(PROGRAMS), "account")
    return {"program": program, "against": OTHER.get(program, "")}


def histories(steps: list[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Return name -> (step, value) of what is a number, in all calls."""
    found: dict[str, list[tuple[int, float]]] = {}
    for one in steps:
        for name, text in one["changes"].items():
            if re.fullmatch(r"-?\d+(\.\d+)?", text):
                found.setdefault(name, []).append((one["step"], float(text)))
    return found


def figure_of(steps: list[dict[str, Any]], at: int, parted: int) -> go.Figure:
    """Return every number's history over the steps, with a line at the step that is looked at."""
    figure = go.Figure()
    for number, (name, points) in enumerate(histories(steps).items()):
        figure.add_scatter(
            x=[step for step, _ in points],
            y=[value for _, value in points],
            name=name,
            mode="lines+markers",
            line={
                "shape": "hv",
                "color": STROKES[number % 6],
                "dash": DASHES[number % 6],
                "width": 2,
            },
            marker={"size": 6},
            hovertemplate="step %{x}: " + name + " = %{y}<extra></extra>",
        )
    figure.add_vline(x=at, line={"color": STROKES[1], "width": 3})
    if parted >= 0:
        figure.add_vline(x=parted, line={"color": LINE, "width": 2, "dash": "dot"})
        figure.add_annotation(
            x=parted, y=1, yref="paper", text="runs part here", showarrow=False, xanchor="left"
        )
    plotly_layout(figure, title="Every number's history; the line is now", height=360)
    figure.update_xaxes(title="step")
    figure.update_yaxes(title="value")
    return figure


def state_at(steps: list[dict[str, Any]], at: int) -> dict[str, str]:
    """Return the variables of the call that runs at a step."""
    here = steps[at]
    found: dict[str, str] = {}
    for one in steps[: at + 1]:
        if one["call"] == here["call"]:
            found.update(one["changes"])
    return found


def listing(sources: list[dict[str, Any]], step: dict[str, Any]) -> str:
    """Return the source around a step as HTML, its line marked."""
    for source in sources:
        if source["function"] == step["function"]:
            rows = []
            for number, line in enumerate(source["lines"], source["first"]):
                if abs(number - step["line"]) > AROUND:
                    continue
                mark = f"background:{PAPAYA};" if number == step["line"] else ""
                arrow = "▶" if mark else " "
                rows.append(f"<div style='{mark}'>{arrow}{number:4}  {escape(line)}</div>")
            return f"<pre class='velvet-figure' style='overflow-x:auto'>{''.join(rows)}</pre>"
    return ""


def draw(seen: kit.Seen) -> None:
    """Draw the slider, the histories, the source with its line, the variables."""
    steps, sources = seen.of("step"), seen.of("source")
    if not steps:
        if sources:
            html(f"<pre class='velvet-figure'>{escape(chr(10).join(sources[0]['lines']))}</pre>")
        return
    ends = seen.of("end")
    program = str(seen.options.get("program", ""))
    last = len(steps) - 1
    at = last
    if ends and last:
        start = ends[0]["parted"] if ends[0]["parted"] >= 0 else last // 2
        at = int(kit.slider("Step", 0, last, start, key=f"step {program}"))
    here = steps[at]
    seen.chart(figure_of(steps, at, ends[0]["parted"] if ends else -1), key="history")
    kind = "" if here["kind"] == "line" else f" ({here['kind']})"
    st.markdown(f"**Step {at}**: `{here['function']}`, line {here['line']}{kind}")
    left, right = st.columns([3, 2])
    with left:
        html(listing(sources, here))
    with right:
        seen.table(
            [
                {"name": name, "value": value, "now": "changed" if name in here["changes"] else ""}
                for name, value in state_at(steps, at).items()
            ]
        )


def finding(seen: kit.Seen) -> str:
    """Say how many steps there are, and where two runs part."""
    ends = seen.of("end")
    if not ends:
        return ""
    end, changes = ends[0], sum(len(one["changes"]) for one in seen.of("step"))
    if end["parted"] >= 0:
        return f"Two runs part at **step {end['parted']}**: {end['reason']}."
    return f"**{end['steps']} steps** hold {changes} changes: the state at any step is read from these."


TAB = kit.Tab(
    "Time machine",
    question="What was every variable, at every step of the run?",
    tip="Press Record, then drag the step back and forth: the source line and the variables follow.",
    job=kit.Job(tasks.travel, label="Record", recorded="travel.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Trace.last_write,),
    command="velvet run 23 time_travel",
    next_step="Defect matrix",
)
