"""The road map as a figure: streets, settled crossings, the route, and the shortcuts on it."""

from __future__ import annotations

import plotly.graph_objects as go

from velvet.ui.palette import LINE, STROKES, TEXT, WHITE, pair, plotly_layout
from velvet_algorithms.explorer import ALGORITHMS, Search, Town, unpacked

# The largest set of dots lies lowest and is drawn largest, so that a smaller one is seen on it.
_DOTS = {"dijkstra": 9, "bidirectional": 7.5, "astar": 6, "landmarks": 4.5, "hierarchy": 9}
_SYMBOLS = {"hierarchy": "diamond"}
_MOST_CLICKABLE = 2500


def figure(where: Town, found: list[Search], chosen: list[str]) -> go.Figure:
    """Draw the streets, what was settled, the route, and the shortcuts that the hierarchy took."""
    drawn = go.Figure()
    for main, width, colour in ((False, 0.8, "#CFC8D6"), (True, 2.2, "#A99DB5")):
        xs, ys = where.streets(main=main)
        drawn.add_scatter(
            x=xs,
            y=ys,
            mode="lines",
            line={"width": width, "color": colour},
            hoverinfo="skip",
            showlegend=False,
        )
    known = {one.name: one for one in found}
    for name in ALGORITHMS:
        if name in chosen and name in known:
            _dots(drawn, where, known[name])
    route = found[0].result.path
    xs, ys = where.lines([route])
    drawn.add_scatter(
        x=xs, y=ys, mode="lines", line={"width": 4, "color": TEXT}, name="route", hoverinfo="skip"
    )
    if "hierarchy" in chosen and where.hierarchy is not None and "hierarchy" in known:
        parts = unpacked(where.hierarchy, known["hierarchy"].result.packed)
        xs, ys = where.lines([[part[0], part[-1]] for part in parts])
        drawn.add_scatter(
            x=xs,
            y=ys,
            mode="lines",
            line={"width": 2.4, "color": STROKES[1], "dash": "dot"},
            name=f"{len(parts)} shortcuts",
            hoverinfo="skip",
        )
    _ends(drawn, where, route)
    _targets(drawn, where)
    plotly_layout(drawn, title="", height=620)
    drawn.update_layout(dragmode=False)
    drawn.update_xaxes(visible=False, range=[-1, where.side])
    drawn.update_yaxes(visible=False, range=[-1, where.side], scaleanchor="x")
    return drawn


def _dots(drawn: go.Figure, where: Town, search: Search) -> None:
    fill, stroke = pair(ALGORITHMS.index(search.name))
    xs, ys = where.dots(search.result.settled)
    shrink = min(1.0, 40 / where.side)
    drawn.add_scatter(
        x=xs,
        y=ys,
        mode="markers",
        name=f"{search.name}: {len(search.result.settled):,}",
        marker={
            "size": max(3.0, _DOTS[search.name] * shrink),
            "symbol": _SYMBOLS.get(search.name, "circle"),
            "color": fill,
            "line": {"color": stroke, "width": 0.7},
        },
        # A click selects a point, which would fade all others.
        unselected={"marker": {"opacity": 1.0}},
        hoverinfo="skip",
    )


def _ends(drawn: go.Figure, where: Town, route: list[int]) -> None:
    if not route:
        return
    xs, ys = where.dots([route[0], route[-1]])
    drawn.add_scatter(
        x=xs,
        y=ys,
        mode="markers",
        marker={"size": 15, "color": WHITE, "line": {"color": TEXT, "width": 3}},
        unselected={"marker": {"opacity": 1.0}},
        hoverinfo="skip",
        showlegend=False,
    )
    for text, x, y in zip(("source", "target"), xs, ys, strict=True):
        drawn.add_annotation(
            x=x,
            y=y,
            text=text,
            showarrow=False,
            yshift=-22,
            bgcolor=WHITE,
            bordercolor=TEXT,
            borderpad=2,
            font={"size": 13, "color": TEXT},
        )


def _targets(drawn: go.Figure, where: Town) -> None:
    """Lay something clickable over every crossing, or over every second one of a large map."""
    n = where.graph.n
    nodes = list(range(0, n, 1 if n <= _MOST_CLICKABLE else 2))
    xs, ys = where.dots(nodes)
    drawn.add_scatter(
        x=xs,
        y=ys,
        mode="markers",
        marker={"size": 11, "opacity": 0, "color": LINE},
        unselected={"marker": {"opacity": 0}},
        selected={"marker": {"opacity": 0}},
        customdata=nodes,
        hovertemplate="crossing %{customdata}<extra></extra>",
        showlegend=False,
    )


def bars(found: list[Search]) -> go.Figure:
    """Draw how many crossings each algorithm settled."""
    drawn = go.Figure()
    for one in found:
        fill, stroke = pair(ALGORITHMS.index(one.name))
        count = len(one.result.settled)
        drawn.add_bar(
            x=[count],
            y=[one.name],
            orientation="h",
            text=[f"{count:,}"],
            textposition="outside",
            cliponaxis=False,
            marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
            hovertemplate="%{y}: %{x:,} crossings<extra></extra>",
            showlegend=False,
        )
    plotly_layout(drawn, title="Crossings settled", height=250)
    most = max(len(one.result.settled) for one in found)
    drawn.update_xaxes(range=[0, 1.18 * max(1, most)])
    drawn.update_yaxes(categoryorder="array", categoryarray=[one.name for one in found][::-1])
    return drawn
