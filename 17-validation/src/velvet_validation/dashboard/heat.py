"""A grid of cells in a few kinds, each with a fill, a letter and a word: never colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from velvet.ui.palette import TEXT, plotly_layout


def grid(
    title: str,
    across: Sequence[str],
    down: Sequence[str],
    kinds: Sequence[Sequence[str]],
    hover: Sequence[Sequence[str]],
    marks: Mapping[str, tuple[str, str]],
) -> go.Figure:
    """Return a heat map with a legend.

    Args:
        kinds: the kind of each cell, row by row; ``hover`` is what pointing at it says.
        marks: each kind's fill and letter, in the order of the legend.
    """
    order, parts = list(marks), len(marks)
    steps = [(n, fill) for n, (fill, _) in enumerate(marks.values())]
    heat = go.Heatmap(
        x=list(across),
        y=list(down),
        z=[[order.index(kind) for kind in row] for row in kinds],
        text=[[marks[kind][1] for kind in row] for row in kinds],
        customdata=hover,
        texttemplate="%{text}",
        textfont={"color": TEXT},
        hovertemplate="%{y}, %{x}<br>%{customdata}<extra></extra>",
        # It ends at 1 to the last bit, or Plotly takes a scale of its own without a word.
        colorscale=[(edge / parts, fill) for n, fill in steps for edge in (n, n + 1)],
        zmin=-0.5,
        zmax=len(marks) - 0.5,
        showscale=False,
        xgap=1,
        ygap=1,
    )
    figure = go.Figure(heat)
    for kind, (fill, letter) in marks.items():
        square = {
            "color": fill,
            "size": 12,
            "symbol": "square",
            "line": {"width": 1, "color": TEXT},
        }
        name = f"{letter} {kind}".strip()
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=square, name=name)
    plotly_layout(figure, title=title, height=1080)
    figure.update_xaxes(tickangle=-90, side="top", type="category", dtick=1, tickfont={"size": 11})
    figure.update_yaxes(tickfont={"size": 10}, ticks="", type="category", autorange="reversed")
    return figure
