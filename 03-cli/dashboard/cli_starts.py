"""Start-up: what a start costs, what it imports, and what loading lazily saves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from cli_session import CHART, Session, controls, live

from velvet.ui.palette import FILLS, LINE, TEXT, pair, plotly_layout
from velvet_cli.explorer.starts import COMMANDS, IMPORT_MS, MODES

STARTS, LAZILY = "starts", "lazily"


def draw(state: Session) -> None:
    """Draw the tab."""
    st.subheader("One start of `tasks add x`")
    controls(
        state,
        STARTS,
        "Measure my starts",
        lambda: state.start(STARTS, cap_s=180),
        hint="About fifteen seconds: each front end several times, with and without bytecode",
    )
    live(state, STARTS, lambda: _starts(state))
    st.divider()
    st.subheader("Commands that are loaded when they are called")
    left, right = st.columns(2)
    commands = left.slider("commands", *COMMANDS, 5, key="cli_commands")
    cost = right.slider("each imports, ms", *IMPORT_MS, 50, step=10, key="cli_import_ms")
    controls(
        state,
        LAZILY,
        "Measure this program",
        lambda: state.start(LAZILY, cap_s=120, commands=commands, import_ms=cost),
        hint="A Click program with so many commands, loaded in three ways",
    )
    live(state, LAZILY, lambda: _lazily(state))


def _starts(state: Session) -> None:
    events = state.events(STARTS)
    starts = [event for event in events if event["type"] == "start"]
    trees = {event["name"]: event for event in events if event["type"] == "tree"}
    if not starts:
        st.caption("The first start is measured.")
        return
    left, right = st.columns(2)
    left.plotly_chart(_cpu(starts), theme=None, config=CHART, key="cli_starts_cpu")
    right.plotly_chart(_size(starts), theme=None, config=CHART, key="cli_starts_size")
    if trees:
        names = list(trees)
        usual = names.index("typer") if "typer" in names else 0
        chosen = st.segmented_control("imports of", names, default=names[usual], key="cli_tree")
        tree = trees[chosen or names[usual]]
        st.plotly_chart(
            _icicle(tree["boxes"], tree["name"]), theme=None, config=CHART, key="cli_icicle"
        )
        st.caption(
            "A box is as wide as its import, with all that it imports below it; click one to go in, "
            "and the top one to come back. Traced imports are slower than untraced ones."
        )


def _bar(figure: go.Figure, series: int, name: str, names: list[str], values: list[float]) -> None:
    fill, stroke = pair(series)
    figure.add_bar(
        name=name,
        x=names,
        y=values,
        text=[f"{value:.0f}" for value in values],
        textposition="outside",
        cliponaxis=False,
        marker={
            "color": fill,
            "line": {"color": stroke, "width": 1.5},
            "pattern": {"shape": "/" if series else "", "fgcolor": stroke},
        },
    )


def _cpu(starts: list[Mapping[str, Any]]) -> go.Figure:
    figure = go.Figure()
    names = [event["name"] for event in starts]
    _bar(figure, 0, "with bytecode", names, [event["cpu_ms"] for event in starts])
    _bar(figure, 1, "without .pyc files", names, [event["uncompiled_ms"] for event in starts])
    plotly_layout(figure, title="CPU time, ms", height=330)
    return figure


def _size(starts: list[Mapping[str, Any]]) -> go.Figure:
    figure = go.Figure()
    names = [event["name"] for event in starts]
    _bar(figure, 0, "peak memory, MB", names, [event["rss_mb"] for event in starts])
    _bar(figure, 1, "modules loaded", names, [event["modules"] for event in starts])
    plotly_layout(figure, title="Memory and modules", height=330)
    return figure


def _icicle(boxes: list[list[Any]], name: str) -> go.Figure:
    paths, above, labels, figures = (list(column) for column in zip(*boxes, strict=True))
    labels[0] = f"tasks in {name}"
    title = f"Imports of {name}: {figures[0]:.0f} ms traced"
    # Laid out before its trace is there: an icicle has no legend that could be asked about.
    figure = plotly_layout(go.Figure(), title=title, height=380)
    figure.add_trace(
        go.Icicle(
            ids=paths,
            parents=above,
            labels=labels,
            values=figures,
            branchvalues="total",
            tiling={"orientation": "v", "pad": 1},
            maxdepth=7,
            hovertemplate="%{id}<br>%{value:.1f} ms<extra></extra>",
            textfont={"color": TEXT},
            marker={
                "colors": [FILLS[path.count(">") % len(FILLS)] for path in paths],
                "line": {"color": LINE, "width": 0.6},
            },
        )
    )
    return figure


def _lazily(state: Session) -> None:
    events = [event for event in state.events(LAZILY) if event["type"] == "lazy"]
    if not events:
        st.caption("The first way of loading is measured.")
        return
    figure = go.Figure()
    for series, (words, label) in enumerate((("c0", "one command"), ("--help", "--help"))):
        found = {event["mode"]: event["cpu_ms"] for event in events if event["words"] == words}
        names = [mode for mode in MODES if mode in found]
        _bar(figure, series, label, names, [found[mode] for mode in names])
    first = events[0]
    title = f"{first['commands']} commands that import {first['import_ms']} ms each: CPU time, ms"
    plotly_layout(figure, title=title, height=330)
    st.plotly_chart(figure, theme=None, config=CHART, key="cli_lazily_chart")
    st.caption(
        "`lazy` imports a command when it is called, which helps every command and not `--help`: "
        "that asks each for its summary. `manifest` holds the summaries too."
    )
