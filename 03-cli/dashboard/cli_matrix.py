"""Behaviour matrix: 26 rules by four programs; a cell shows what it saw and what was run."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st
from cli_session import CHART, Session, controls, live

from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_cli.explorer.rules import FORMS, Cell, columns, read_cells, rule_of

TASK = "cells"
_OFFSETS = [step / 10 for step in range(-4, 5)]
SIGNS = {"kept": "kept", "broken": "✕ broken", "not looked at": ""}


def draw(state: Session) -> None:
    """Draw the tab."""
    form = st.segmented_control(
        "programs", FORMS, default="raw", key="cli_matrix_form",
        help="Raw: the framework's defaults. Hardened: with our runner and documented settings",
    ) or "raw"  # fmt: skip
    controls(
        state,
        TASK,
        "Look at mine",
        lambda: state.start(TASK, cap_s=300, form=form),
        hint="Runs each program some forty times with pipes, terminals and signals: about a minute",
    )
    live(state, TASK, lambda: _matrix(state, form))


def _matrix(state: Session, form: str) -> None:
    events = state.events(TASK)
    found = read_cells(events, form)
    if not found:
        st.caption(f"Nothing has been seen of the {form} programs yet.")
        return
    ids = list(dict.fromkeys(id for _, id in found))
    totals = columns(found)
    versions = {e["name"]: e["version"] for e in events if e.get("type") == "cell"}
    heads = [f"{name} {versions[name]}<br>{kept} of {len(ids)}" for name, kept in totals]
    names = [name for name, _ in totals]
    picked = st.plotly_chart(
        _heat(found, ids, names, heads),
        theme=None,
        config=CHART,
        key=f"cli_matrix_{form}",
        on_select="rerun",
        selection_mode="points",
    )
    name, id = _chosen(picked, found, ids, names)
    cell = found.get((name, id), Cell("not looked at"))
    st.markdown(f"**{name}**, `{id}`: {cell.state}. {cell.what}")
    st.caption(f"The rule: {rule_of(id)}. Click a cell for another one.")
    if cell.transcript:
        st.code(cell.transcript, language=None, wrap_lines=True)


def _heat(
    found: dict[tuple[str, str], Cell], ids: list[str], names: list[str], heads: list[str]
) -> go.Figure:
    rows = [[found.get((name, id), Cell("not looked at")) for name in names] for id in ids]
    level = {"kept": 1.0, "broken": 0.0, "not looked at": None}
    figure = go.Figure(
        go.Heatmap(
            z=[[level[cell.state] for cell in row] for row in rows],
            zmin=0,
            zmax=1,
            colorscale=[[0, FILLS[1]], [1, FILLS[3]]],
            text=[[SIGNS[cell.state] for cell in row] for row in rows],
            texttemplate="%{text}",
            textfont={"color": STROKES[3], "size": 12},
            hoverinfo="skip",
            showscale=False,
            xgap=3,
            ygap=3,
        )
    )
    # A heatmap reports no clicks: transparent markers side by side over each cell do.
    spots = [
        (column + offset, row, f"{id}, {names[column]}<br>{rows[row][column].what}")
        for row, id in enumerate(ids)
        for column in range(len(names))
        for offset in _OFFSETS
    ]
    figure.add_scatter(
        x=[x for x, _, _ in spots],
        y=[y for _, y, _ in spots],
        mode="markers",
        marker={"symbol": "square", "size": 24, "opacity": 0, "color": "#ffffff"},
        customdata=[text for _, _, text in spots],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    plotly_layout(figure, height=90 + 25 * len(ids))
    figure.update_xaxes(
        side="top",
        tickvals=list(range(len(heads))),
        ticktext=heads,
        showgrid=False,
        zeroline=False,
        range=[-0.5, len(heads) - 0.5],
    )
    figure.update_yaxes(
        tickvals=list(range(len(ids))),
        ticktext=ids,
        showgrid=False,
        zeroline=False,
        range=[len(ids) - 0.5, -0.5],
    )
    return figure


def _chosen(
    picked: Any, found: dict[tuple[str, str], Cell], ids: list[str], names: list[str]
) -> tuple[str, str]:
    """Return the clicked cell, or the first that is broken."""
    for point in picked["selection"]["points"] if picked else []:
        column, row = round(point.get("x", -1)), round(point.get("y", -1))
        if column in range(len(names)) and row in range(len(ids)):
            return names[column], ids[row]
    for id in ids:
        for name in names:
            if found.get((name, id), Cell("kept")).state == "broken":
                return name, id
    return names[0], ids[0]
