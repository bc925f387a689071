"""Style beside patch: where a suite is red, and should not be; where it is green, and should not."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import plotly_layout
from velvet_testing import fragility
from velvet_testing.dashboard import tasks

WORDS = {"refactoring": "Refactorings: a false alarm is red", "bug": "Bugs: a missed one is red"}


def grid(seen: kit.Seen, kind: str) -> go.Figure:
    """Return the cells of one kind; what is wrong is dark."""
    cells = [one for one in seen.of("cell") if one["kind"] == kind]
    styles = list(dict.fromkeys(one["style"] for one in cells))
    patches = list(dict.fromkeys(one["patch"] for one in cells))
    found = {(one["style"], one["patch"]): one for one in cells}
    wrong, told = [], []
    for patch in patches:
        row = [found.get((style, patch)) for style in styles]
        wrong.append([None if one is None else int(one["red"] == (kind != "bug")) for one in row])
        told.append(["" if one is None else (one["why"][:80] or "green") for one in row])
    figure = go.Figure(
        go.Heatmap(
            z=wrong,
            x=styles,
            y=patches,
            text=told,
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
            colorscale=[[0, "#E6E6FA"], [1, "#c52666"]],
            hovertemplate="%{y}<br>%{x}: %{text}<extra></extra>",
        )
    )
    plotly_layout(figure, title=WORDS[kind], height=110 + 26 * max(4, len(patches)))
    figure.update_yaxes(autorange="reversed", dtick=1)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw both grids, then why the strict mocks are red."""
    for kind in ("refactoring", "bug"):
        if any(one["kind"] == kind for one in seen.of("cell")):
            seen.chart(grid(seen, kind), key=kind)
    reds = [one for one in seen.of("cell") if one["kind"] == "refactoring" and one["red"]]
    if reds:
        kit.note("Red is wrong: a test that fails where nothing changed, or passes where a bug is.")
        rows = [
            {"style": one["style"], "refactoring": one["patch"], "why": one["why"]} for one in reds
        ]
        st.dataframe(rows, hide_index=True)


def finding(seen: kit.Seen) -> str:
    """Say both figures of the two ends."""
    if seen.running or not seen.of("cell"):
        return ""

    def wrong(style: str) -> tuple[int, int]:
        mine = [one for one in seen.of("cell") if one["style"] == style]
        reds = sum(one["red"] for one in mine if one["kind"] == "refactoring")
        return reds, sum(not one["red"] for one in mine if one["kind"] == "bug")

    (reds, missed), (few, none) = wrong("strict_mock"), wrong("fake_with_contract")
    return (
        f"Strict mocks: **{reds} false alarms and {missed} missed bugs**. Fakes with a contract: "
        f"**{few} and {none}**."
    )


TAB = kit.Tab(
    "Fragility",
    question="Which test style breaks on a refactoring, and which misses a bug?",
    tip="Press Run, and read the red column of strict_mock from top to bottom.",
    job=kit.Job(tasks.styles, label="Run", cap_s=120, recorded="styles.jsonl"),
    draw=draw,
    finding=finding,
    code=(fragility.battery,),
    command="velvet bench 18 --filter fragility",
    next_step="Race explorer",
)
