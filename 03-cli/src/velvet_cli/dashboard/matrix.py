"""Behaviour matrix: 26 rules by four programs; a cell shows what was seen and what was run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_cli import runner
from velvet_cli.comparisons.behaviours import BEHAVIOURS
from velvet_cli.contenders import NAMES
from velvet_cli.dashboard import tasks

Cells = Mapping[tuple[str, str], Mapping[str, Any]]
RULES = {behaviour.id: behaviour.rule for behaviour in BEHAVIOURS}


def controls() -> dict[str, Any]:
    """Ask for a form of the programs."""
    tip = "Raw: the framework's defaults. Hardened: with the runner and documented settings."
    return {"form": kit.choice("Programs", ("raw", "hardened"), tip=tip)}


def draw(seen: kit.Seen) -> None:
    """Draw the matrix, and the chosen cell with its transcript."""
    found = {(cell["name"], cell["id"]): cell for cell in seen.of("cell")}
    if not found:
        return
    seen.chart(heat(found), key=f"matrix-{seen.options['form']}")
    broken = next((cell for cell in found.values() if not cell["passed"]), None)
    first = broken or next(iter(found.values()))
    name = kit.choice(
        "Program", [one for one in NAMES if (one, first["id"]) in found], first["name"]
    )
    rule = kit.choice("Rule", list(dict.fromkeys(id for _, id in found)), first["id"])
    if (name, rule) in found:
        cell = found[name, rule]
        state = "kept" if cell["passed"] else "broken"
        st.markdown(f"**{name}**, {RULES.get(rule, rule)}: **{state}**. {cell['what']}")
        st.code(cell["transcript"] or "(nothing)", language=None, wrap_lines=True)


def heat(found: Cells) -> go.Figure:
    """Return the matrix; each cell says in a word whether the rule is kept."""
    ids = list(dict.fromkeys(id for _, id in found))
    names = [name for name in NAMES if any(who == name for who, _ in found)]
    rows: list[Sequence[Mapping[str, Any] | None]] = [
        [found.get((name, id)) for name in names] for id in ids
    ]
    kept = {
        name: sum(bool(c["passed"]) for (n, _), c in found.items() if n == name) for name in names
    }
    version = {name: cell["version"] for (name, _), cell in found.items()}
    look = {"zmin": 0, "zmax": 1, "xgap": 3, "ygap": 3, "showscale": False}
    figure = go.Figure(
        go.Heatmap(
            texttemplate="%{text}",
            **look,
            z=[[None if cell is None else float(cell["passed"]) for cell in row] for row in rows],
            x=[f"{name}<br>{version[name]}<br>{kept[name]} of {len(ids)}" for name in names],
            y=ids,
            colorscale=[[0, FILLS[1]], [1, FILLS[3]]],
            text=[[_word(cell) for cell in row] for row in rows],
            customdata=[[RULES.get(id, id)] * len(names) for id in ids],
            textfont={"color": STROKES[4], "size": 12},
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    plotly_layout(figure, title="Which rules are kept", height=120 + 25 * len(ids))
    figure.update_xaxes(side="top", showgrid=False, automargin=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True)
    return figure


def _word(cell: Mapping[str, Any] | None) -> str:
    return "" if cell is None else "kept" if cell["passed"] else "✕ broken"


def finding(seen: kit.Seen) -> str:
    """Say how many rules each program keeps."""
    found = seen.of("cell")
    names = [name for name in NAMES if any(cell["name"] == name for cell in found)]
    kept = {name: [cell["passed"] for cell in found if cell["name"] == name] for name in names}
    if not found:
        return ""
    words = ", ".join(f"{name} keeps {sum(kept[name])} of {len(kept[name])}" for name in names)
    return f"In its {seen.options['form']} form {words}."


TAB = kit.Tab(
    "Behaviour matrix",
    question="What does a program do about Ctrl-C, a closed pipe, or a wrong word?",
    tip="Choose a broken cell and read its transcript; then look at the hardened programs.",
    job=kit.Job(tasks.cells, cap_s=300, recorded="cells.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(runner.guarded, runner.exit_code_for),
    command="pytest tests/integration/test_behaviours.py",
    next_step="Config and colour",
)
