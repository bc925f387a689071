"""The regex lab: a pattern, its audit, and how three engines' times grow on its worst text."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import STROKES, plotly_layout
from velvet_text import audit, deadline
from velvet_text.dashboard import tasks

SHAPES = {"re": "circle", "regex": "square", "re2": "diamond"}
LAWS = {"linear": "stays linear", "quadratic": "grows like n²", "cubic": "grows like n³"}
MARKS = {"linear": "●", "polynomial": "◐", "exponential": "✕", "unknown": "?"}
KNOWN = {
    "nested repeat": "^(a+)+$",
    "trailing space": r"\s+$",
    "comma list": r"(,*,)*(,+)[ \t]",
    "three in a row": "x*x*y",
    "harmless": r"^\d+(,\d+)*$",
    "my own": "",
}


def controls() -> dict[str, Any]:
    """Ask for a pattern, and for a text to repeat."""
    known = kit.choice("Pattern", list(KNOWN), "nested repeat", key="known")
    pattern = KNOWN[known] or kit.text("Type a pattern", r"^(\w+\s?)*$", key="pattern")
    with st.expander("Attack and budget"):
        pump = kit.text(
            "Repeat this text (empty: the audit finds it)", "", max_chars=20, key="pump"
        )
        budget = kit.slider("Seconds for each engine", 0.5, 5.0, 2.0, step=0.5, key="budget")
    return {"pattern": pattern, "pump": pump, "budget": budget}


def figure_of(points: list[dict[str, Any]], stops: list[dict[str, Any]]) -> go.Figure:
    """Return one curve an engine; a cross where it was killed."""
    figure = go.Figure()
    for number, (name, shape) in enumerate(SHAPES.items()):
        mine = [point for point in points if point["engine"] == name]
        figure.add_scatter(
            x=[point["n"] for point in mine],
            y=[max(point["ms"], 1e-4) for point in mine],
            name=name,
            mode="lines+markers",
            marker={"symbol": shape, "size": 9},
            line={"color": STROKES[number]},
        )
    ends = [stop for stop in stops if stop["after"]]
    if ends:
        figure.add_scatter(
            x=[stop["after"] for stop in ends],
            y=[stop["budget"] * 1e3 for stop in ends],
            name="killed at the next size",
            mode="markers",
            marker={"symbol": "x", "size": 13, "color": STROKES[1]},
        )
    plotly_layout(figure, title="CPU time of one search, by repeats of the attack")
    numbers = [point["n"] for point in points]
    wide = max(numbers, default=1) > 100
    figure.update_xaxes(type="log" if wide else "linear", title="repeats")
    figure.update_yaxes(type="log", title="milliseconds", exponentformat="power", dtick=1)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the verdict, the attack and the curves."""
    for found in seen.of("audit"):
        degree = f", degree {found['degree']}" if found["risk"] == "polynomial" else ""
        st.markdown(
            f"{MARKS[found['risk']]} **The audit says {found['risk']}{degree}**: {found['why']}."
        )
        attack = f"{found['prefix']!r} + {found['pump']!r} * n + {found['suffix']!r}"
        call = f"re.search({seen.options['pattern']!r}, {attack})"
        st.code(call, language="python", wrap_lines=True)
    for one in seen.of("unsupported"):
        kit.note(f"{one['engine']}: {one['why']}")
    if seen.of("audit"):
        seen.chart(figure_of(seen.of("point"), seen.of("stopped")), key="growth")


def finding(seen: kit.Seen) -> str:
    """Say how each engine grows, and where it stands at the end."""
    fits = {one["engine"]: one for one in seen.of("fit")}
    last = {point["engine"]: point for point in seen.of("point")}
    if len(fits) + len(seen.of("unsupported")) < len(SHAPES):
        return ""
    parts = []
    for name, one in fits.items():
        law = LAWS.get(one["fit"], "is too quick or too slow to judge")
        if one["fit"] == "exponential":
            law = f"needs **2^({one['exponent']:.1f} n)**"
        where = f" ({last[name]['ms']:,.3g} ms at {last[name]['n']:,})" if name in last else ""
        parts.append(f"{name} {law}{where}")
    return "; ".join(parts) + "."


TAB = kit.Tab(
    "Regex lab",
    question="Which pattern takes a server down, and which engine survives it?",
    tip="Start with the nested repeat and watch the curves part; then choose *my own*.",
    job=kit.Job(tasks.lab, label="Attack it", cap_s=60, recorded="lab.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(deadline.SafePattern.search, audit.Audit.attack),
    command="velvet run 05 audit_my_patterns",
    next_step="X-ray",
)
