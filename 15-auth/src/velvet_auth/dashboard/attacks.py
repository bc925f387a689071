"""The attack lab: what won against which build, what went over the line, which lines differ."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, LAVENDER_SOFT, TEXT, WHITE, plotly_layout
from velvet_auth.dashboard import tasks
from velvet_auth.samples import lab
from velvet_auth.samples.lab import Target

COLUMNS = ("vulnerable", "library default", "fixed")
SCALE = [[0, LAVENDER_SOFT], [0.5, FILLS[3]], [1, FILLS[1]]]


def controls() -> dict[str, Any]:
    """Ask for the topic."""
    return {"topic": kit.choice("Topic", [*tasks.TOPICS, "all"], "tokens")}


def figure_of(rows: list[dict[str, Any]]) -> go.Figure:
    """Return a cell for each attack and build; red has won, green was refused, pale has no call."""
    ids = list(dict.fromkeys(row["id"] for row in rows))
    at = {(row["id"], row["target"]): row for row in rows}
    targets = [target.value for target in Target]

    def cell(id: str, target: str) -> dict[str, Any]:
        return at.get((id, target), {"present": False, "exploited": False, "outcome": ""})

    level = [
        [
            1.0 if cell(id, target)["exploited"] else 0.5 if cell(id, target)["present"] else 0.0
            for target in targets
        ]
        for id in ids
    ]
    # A library's own name of its error is too long for a phone; it stands in the transcript.
    own = Target.LIBRARY_DEFAULT.value
    said = [
        [
            (
                "refused"
                if target == own and level[row][column] == 0.5
                else cell(id, target)["outcome"]
            )
            for column, target in enumerate(targets)
        ]
        for row, id in enumerate(ids)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=level,
            x=list(COLUMNS),
            y=ids,
            text=said,
            texttemplate="%{text}",
            textfont={"color": TEXT, "size": 11},
            colorscale=SCALE,
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        )
    )
    title = "Red: the attack won. Green: refused, by this rule"
    plotly_layout(figure, title=title, height=130 + 26 * len(ids))
    figure.update_yaxes(autorange="reversed", automargin=True, tickfont={"size": 11})
    figure.update_xaxes(side="top")
    figure.update_layout(showlegend=False, plot_bgcolor=WHITE)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the matrix, then one attack: both transcripts and both builds, side by side."""
    rows = seen.of("row")
    if not rows:
        return
    seen.chart(figure_of(rows), key="matrix")
    ids = list(dict.fromkeys(row["id"] for row in rows))
    chosen = kit.choice("Look at", ids, key="attack")
    one = lab.load_attacks()[chosen if chosen in ids else ids[0]]
    kit.note(next(row["title"] for row in rows if row["id"] == one.id))
    for place, target in zip(st.columns(2), (Target.VULNERABLE, Target.FIXED), strict=True):
        found = [row for row in rows if row["id"] == one.id and row["target"] == target.value]
        with place, lab.lab_mode():
            st.markdown(f"**{target.value}**")
            st.code(
                "\n".join(found[0]["transcript"]) if found else "...",
                language="text",
                wrap_lines=True,
            )
            st.code(lab.source(one.builder(target)), language="python", wrap_lines=True)
    st.code("\n".join(one.difference()), language="diff", wrap_lines=True)


def finding(seen: kit.Seen) -> str:
    """Count what won against each build."""
    rows = seen.of("row")
    if not rows:
        return ""
    won = {
        target: sum(row["exploited"] for row in rows if row["target"] == target.value)
        for target in Target
    }
    ran = len({row["id"] for row in rows})
    calls = sum(row["present"] for row in rows if row["target"] == Target.LIBRARY_DEFAULT.value)
    honest = all(row["control"] for row in rows if row["target"] != "library_default")
    told = "honest users got in on both" if honest else "an honest user was refused"
    return (
        f"**{won[Target.VULNERABLE]} of {ran}** attacks win as tutorials build it, "
        f"**{won[Target.LIBRARY_DEFAULT]} of {calls}** against the libraries' defaults, "
        f"**{won[Target.FIXED]}** against the fixed build; {told}."
    )


TAB = kit.Tab(
    "Attack lab",
    question="Which attack wins against which build, and which lines make the difference?",
    tip="Attack, then choose a red row under Look at: transcript, code and difference.",
    job=kit.Job(tasks.attack, label="Attack", recorded="attacks.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(lab.run_one,),
    command="velvet bench 15 --filter lab",
    next_step="Token inspector",
)
