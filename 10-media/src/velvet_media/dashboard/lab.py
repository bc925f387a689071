"""The quality lab: a zone plate, a filter, a size, and what the filter added beside it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, WHITE, plotly_layout
from velvet_media import contenders, quality
from velvet_media.samples import media

SIDE = 512
FACTORS = ("2", "4", "8", "16")
# A photograph has no dark theme: pure white would be turned into a dark ground with it.
GREYS = [[0, "#000000"], [1, "#fffffe"]]
SIGNED = [[0, STROKES[0]], [0.5, WHITE], [1, STROKES[1]]]
FIRST = "opencv lanczos4"


@lru_cache(maxsize=1)
def filters() -> dict[str, Any]:
    """Return every resize call that is installed, by library and name."""
    return {
        f"{name} {method}": call
        for name in contenders.available("images")
        for method, call in contenders.load("images", name).RAW.items()
    }


@lru_cache(maxsize=64)
def shrunk(name: str, factor: int) -> np.ndarray:
    """Return the zone plate, smaller by a factor."""
    size = SIDE // factor
    return np.asarray(filters()[name](media.zone_plate(SIDE), (size, size)))


def ideal(factor: int) -> np.ndarray:
    """Return what a perfect filter leaves: the plate up to Nyquist, and grey beyond."""
    size = SIDE // factor
    axis = (np.arange(size) + 0.5) * factor - SIDE / 2
    frequency = np.hypot(axis, axis[:, None]) / SIDE * factor
    return np.where(frequency <= 0.5, quality.exact_plate(SIDE, size), quality.GREY)


@lru_cache(maxsize=8)
def scores(factor: int) -> list[tuple[str, float, float]]:
    """Return (filter, added, lost) of every filter, the best first."""
    found = []
    for name in filters():
        small = shrunk(name, factor)
        added = quality.alias_energy(small, SIDE, factor)
        found.append((name, added, quality.passband_error(small, SIDE, factor)))
    return sorted(found, key=lambda one: one[1] + one[2])


def controls() -> dict[str, Any]:
    """Ask for the filter and the size."""
    names = list(filters())
    first = FIRST if FIRST in names else names[0]
    return {
        "filter": kit.choice("Filter", names, first),
        "factor": int(kit.choice("Smaller by", FACTORS, "4")),
    }


def picture(values: np.ndarray, title: str, *, signed: bool = False) -> go.Figure:
    """Return a plane as a square heat map without axes."""
    limits = {"zmin": -128, "zmax": 128} if signed else {"zmin": 0, "zmax": 255}
    figure = go.Figure(
        go.Heatmap(
            z=values,
            colorscale=SIGNED if signed else GREYS,
            showscale=False,
            hovertemplate="%{z:.0f}<extra></extra>",
            **limits,
        )
    )
    plotly_layout(figure, title=title, height=380)
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x", autorange="reversed", constrain="domain")
    return figure


def bars(factor: int, chosen: str) -> go.Figure:
    """Return what each filter adds and loses; the chosen one is marked."""
    rows = scores(factor)
    names = [f"<b>{name}</b>" if name == chosen else name for name, *_ in rows]
    figure = go.Figure()
    for index, (title, pattern) in enumerate((("added by aliasing", ""), ("sharpness lost", "/"))):
        figure.add_bar(
            y=names,
            x=[row[1 + index] for row in rows],
            name=title,
            orientation="h",
            marker={
                "color": FILLS[index * 2],
                "line": {"color": STROKES[index * 2], "width": 1},
                "pattern_shape": pattern,
            },
            hovertemplate="%{y}: %{x:.1f}<extra>" + title + "</extra>",
        )
    plotly_layout(figure, title="RMS in levels of 255, the best filter first", height=470)
    figure.update_xaxes(title="levels")
    figure.update_yaxes(ticks="", autorange="reversed")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the small plate, the difference from the ideal one, and all filters."""
    name, factor = str(seen.options["filter"]), int(seen.options["factor"])
    small = quality.luma(shrunk(name, factor))
    left, right = st.columns(2)
    with left:
        title = f"{SIDE} to {SIDE // factor} pixels by {name}"
        seen.chart(picture(small, title), key="small")
    with right:
        apart = picture(small - ideal(factor), "What should not be there", signed=True)
        seen.chart(apart, key="difference")
    seen.chart(bars(factor, name), key="all")
    kit.note(
        "Rings in the corners are frequencies that the small picture cannot hold; a good filter "
        "leaves plain grey there. Nyquist lies on the circle at half of the side divided by the "
        "factor."
    )


def finding(seen: kit.Seen) -> str:
    """Compare the chosen filter with the best one."""
    name, factor = str(seen.options["filter"]), int(seen.options["factor"])
    rows = {row[0]: row for row in scores(factor)}
    best = min(rows.values(), key=lambda row: row[1])
    if name == best[0]:
        return f"{name} adds **{best[1]:.1f}** levels, the least of {len(rows)} filters."
    times = rows[name][1] / max(best[1], 0.1)
    return (
        f"{name} adds **{rows[name][1]:.1f}** levels of patterns that are not in the plate, "
        f"**{times:.0f}x** as many as {best[0]}."
    )


TAB = kit.Tab(
    "Quality lab",
    question="What does a filter add to a picture that it shrinks?",
    tip="Take opencv area, then opencv lanczos4: the famous name is one of the worst.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(quality.alias_energy,),
    command="velvet bench 10 --filter aliasing",
    next_step="Formats",
)
