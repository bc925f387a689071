"""The tab that draws a thinned line over the whole one and counts the pixels that changed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_visualization.downsample import METHODS, m4
from velvet_visualization.raster import Fidelity, fidelity, line_pixels
from velvet_visualization.samples import walk

ROWS = 100_000
WIDTH, HEIGHT = 400, 150
LABELS = {"every_nth": "every n-th", "minmax": "min-max", "lttb": "LTTB", "m4": "M4"}


def controls() -> dict[str, Any]:
    """Ask for the way and the number of points."""
    names = list(LABELS.values())
    way = kit.choice("Way", names, names[0])
    points = int(kit.choice("Points kept", ["100", "400", "800", "1600"], "1600"))
    return {"way": next(name for name, label in LABELS.items() if label == way), "points": points}


@lru_cache(maxsize=16)
def thinned(way: str, points: int) -> tuple[Any, Any, Any, Fidelity]:
    """Return the line, the kept indices and how well they do."""
    x, y = walk(ROWS)
    kept = METHODS[way](x, y, points)
    return x, y, kept, fidelity(x, y, kept, WIDTH, HEIGHT)


def overlay(way: str, points: int) -> go.Figure:
    """Return the pixels: same in both, lost, and invented."""
    x, y, kept, _ = thinned(way, points)
    frame = (WIDTH, HEIGHT, (x[0], x[-1]), (y.min(), y.max()))
    whole, thin = line_pixels(x, y, *frame), line_pixels(x[kept], y[kept], *frame)
    state = np.where(whole & thin, 1, np.where(whole, 2, np.where(thin, 3, 0))).astype(float)
    colors = ("rgba(0,0,0,0)", FILLS[0], STROKES[1], STROKES[2])
    scale = [[(n + e) / 4, colors[n]] for n in range(4) for e in (0, 1)]
    words = np.array(["", "in both", "lost", "invented"])[state.astype(int)]
    figure = go.Figure(
        go.Heatmap(
            z=state,
            text=words,
            colorscale=scale,
            zmin=0,
            zmax=4,
            showscale=False,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    for word, color in zip(("in both", "lost", "invented"), colors[1:], strict=True):
        square = {"color": color, "size": 12, "symbol": "square"}
        figure.add_scatter(x=[None], y=[None], mode="markers", name=word, marker=square)
    plotly_layout(figure, title=f"{LABELS[way]} beside the whole line, by pixel", height=380)
    figure.update_xaxes(title="pixel columns", showgrid=False)
    figure.update_yaxes(title="pixel rows", showgrid=False)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the overlay and all four ways beside each other."""
    way, points = seen.options["way"], seen.options["points"]
    seen.chart(overlay(way, points), key="overlay")
    rows = []
    for name, label in LABELS.items():
        _, y, kept, found = thinned(name, points)
        rows.append(
            {
                "way": label,
                "points kept": f"{found.points:,}",
                "pixels changed": f"{found.changed / found.drawn:.1%}",
                "spike": "kept" if int(np.argmax(y)) in kept else "lost",
            }
        )
    seen.table(rows)


def finding(seen: kit.Seen) -> str:
    """Say what the chosen way changes and whether the spike is there."""
    way, points = seen.options["way"], seen.options["points"]
    _, y, kept, found = thinned(way, points)
    spike = "keeps" if int(np.argmax(y)) in kept else "**loses**"
    return (
        f"{LABELS[way]} with {found.points:,} of {ROWS:,} points changes "
        f"**{found.changed:,} of {found.drawn:,}** pixels and {spike} the spike."
    )


TAB = kit.Tab(
    "Fidelity lab",
    question="A line of 100,000 points on 400 pixels: which thinning lies?",
    tip="Switch from every n-th to M4 with 1600 points, then go down to 400.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(m4,),
    command="velvet bench 12 --filter thin_fidelity",
    next_step="Accessibility",
)
