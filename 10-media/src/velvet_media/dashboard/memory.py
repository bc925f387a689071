"""Shrink a large PNG in rows, and with all its pixels: memory while it happens."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, plotly_layout
from velvet_media import pngrows
from velvet_media.dashboard import tasks

DASHES = ("solid", "dash", "dot")


def controls() -> dict[str, Any]:
    """Ask for the side and the budget."""
    return {
        "side": int(kit.choice("Pixels a side", ["2000", "4000", "6000"], "4000")),
        "budget_kib": int(kit.slider("Budget for rows, KiB", 16, 4096, 2048, step=16)),
    }


def figure_of(samples: list[dict[str, Any]], budget_mib: float) -> go.Figure:
    """Return memory over time, a line for each way."""
    figure = go.Figure()
    for number, way in enumerate(dict.fromkeys(one["way"] for one in samples)):
        own = [one for one in samples if one["way"] == way]
        figure.add_scatter(
            x=[one["s"] for one in own],
            y=[one["mib"] for one in own],
            mode="lines",
            name=way,
            line={
                "color": STROKES[number % len(STROKES)],
                "width": 3,
                "dash": DASHES[number % len(DASHES)],
            },
            hovertemplate="%{x:.2f} s: %{y:.0f} MiB<extra>" + way + "</extra>",
        )
    figure.add_hline(y=budget_mib, line={"color": LINE, "dash": "dot"})
    plotly_layout(figure, title="Memory above the start; the dotted line is the budget", height=380)
    figure.update_xaxes(title="seconds")
    figure.update_yaxes(title="MiB", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the lines, and what was refused."""
    samples = seen.of("memory")
    if samples:
        budget = int(seen.options.get("budget_kib", 0)) / 1024
        seen.chart(figure_of(samples, budget), key="lines")
    for one in seen.of("refused"):
        kit.note(f"{one['way']}: {one['message']}")


def finding(seen: kit.Seen) -> str:
    """Compare the peaks."""
    peaks: dict[str, float] = {}
    for one in seen.of("memory"):
        peaks[one["way"]] = max(one["mib"], peaks.get(one["way"], 0.0))
    if seen.of("refused"):
        return "The budget is smaller than **one row** takes, so the work is refused at the start."
    if not {"rows", "pillow"} <= set(peaks):
        return ""
    side = int(seen.options.get("side", 0))
    raw = side * side * 3 / 2**20
    return (
        f"The picture has **{raw:.0f} MiB** of pixels. Rows took **{max(1, peaks['rows']):.0f} "
        f"MiB**, all pixels at once took **{peaks['pillow']:.0f} MiB**."
    )


TAB = kit.Tab(
    "Memory",
    question="What does a picture need that is larger than its budget?",
    tip="Press Measure, then move the budget down to 16 KiB.",
    job=kit.Job(tasks.memory, recorded="memory.jsonl", cap_s=180),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(pngrows.PngRowReader.strips,),
    command="velvet bench 10 --filter large_png",
    next_step="Hostile files",
)
