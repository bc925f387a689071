"""A long line thinned out: what is drawn, and what is lost."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, plotly_layout
from velvet_desktop.core import chart


def controls() -> dict[str, Any]:
    """Ask for the method and how many points are kept."""
    return {
        "method": kit.choice("Method", list(chart.METHODS), "stride"),
        "kept": int(kit.slider("Points that are kept", 20, 1_000, 200, step=20)),
        "points": int(kit.choice("Points that there are", ["10000", "100000"], "10000")),
    }


def thinned(options: Any) -> tuple[Any, Any, bool, float]:
    """Return what is kept, all of it, whether the spike is among it, and the error."""
    x, y, place = chart.spiky(int(options["points"]))
    kept = chart.METHODS[str(options["method"])](x, y, int(options["kept"]))
    return kept, (x, y), bool(y[place] in kept[1]), chart.error(x, y, kept)


def figure_of(options: Any) -> go.Figure:
    """Return the line as it is kept over the line as it is."""
    kept, (x, y), _, _ = thinned(options)
    whole = chart.minmax(x, y, 1_500)
    figure = go.Figure()
    figure.add_scatter(
        x=whole[0], y=whole[1], mode="lines", name="all points", line={"color": LINE, "width": 1}
    )
    figure.add_scatter(
        x=kept[0],
        y=kept[1],
        mode="lines",
        name=f"{options['method']}, {len(kept[0])} points",
        line={"color": STROKES[1], "width": 2},
    )
    plotly_layout(figure, title="A noisy wave with one spike of a single point", height=420)
    figure.update_xaxes(title="point")
    figure.update_yaxes(range=[-1.6, 6.6])
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw it at once."""
    seen.chart(figure_of(seen.options), key="line")


def finding(seen: kit.Seen) -> str:
    """Say whether the spike is still there."""
    kept, (x, _), spike, error = thinned(seen.options)
    return (
        f"{len(kept[0]):,} of {len(x):,} points: the spike is **{'kept' if spike else 'lost'}**, "
        f"and the line is off by **{error:.1%}** of its area."
    )


TAB = kit.Tab(
    "Chart decimation",
    question="A screen has 1,000 columns, the line 100,000 points: which ones are drawn?",
    tip="Look for the spike with stride, move the slider, then choose lttb.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(chart.lttb,),
    command="velvet bench 21 --filter chart",
    next_step="Bundle explorer",
)
