"""Settings of five formats on one picture: bytes against likeness."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_media import quality
from velvet_media.dashboard import tasks

SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")


def controls() -> dict[str, Any]:
    """Ask for the picture."""
    return {"picture": kit.choice("Picture", list(tasks.PICTURES), "photo")}


def figure_of(rows: list[dict[str, Any]]) -> go.Figure:
    """Return bytes against SSIM, a colour and a symbol for each format."""
    figure = go.Figure()
    for number, fmt in enumerate(dict.fromkeys(row["format"] for row in rows)):
        own = [row for row in rows if row["format"] == fmt]
        fill, stroke = pair(number)
        figure.add_scatter(
            x=[row["bytes"] / 1000 for row in own],
            y=[row["ssim"] for row in own],
            text=[row["name"] for row in own],
            mode="markers",
            name=fmt,
            marker={
                "size": 13,
                "color": fill,
                "line": {"color": stroke, "width": 1.5},
                "symbol": SYMBOLS[number % len(SYMBOLS)],
            },
            hovertemplate="%{text}: %{x:.1f} kB, SSIM %{y:.3f}<extra></extra>",
        )
    plotly_layout(figure, title="Likeness (SSIM) for its bytes: up and left is better", height=430)
    figure.update_xaxes(type="log", title="kB")
    figure.update_yaxes(title="SSIM")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the scatter, then a table of the smallest."""
    rows = seen.of("setting")
    if not rows:
        return
    seen.chart(figure_of(rows), key="scatter")
    seen.table(
        [
            {
                "setting": row["name"],
                "bytes": f"{row['bytes']:,}",
                "SSIM": f"{row['ssim']:.3f}",
                "PSNR, dB": "lossless" if row["psnr"] > 98 else f"{row['psnr']:.1f}",
                "encode, ms": f"{row['ms']:.1f}",
            }
            for row in sorted(rows, key=lambda row: int(row["bytes"]))
        ]
    )


def finding(seen: kit.Seen) -> str:
    """Name the smallest setting that keeps the likeness, and what it costs to encode."""
    rows = [row for row in seen.of("setting") if row["ssim"] >= tasks.KEPT]
    plain = next((row for row in rows if row["name"] == "jpeg 90"), None)
    if plain is None or len(rows) < 2:
        return ""
    best = min(rows, key=lambda row: int(row["bytes"]))
    if best is plain:
        return f"Of those with an SSIM of {tasks.KEPT}, **jpeg 90** is the smallest."
    return (
        f"**{best['name']}** keeps an SSIM of {best['ssim']:.3f} in "
        f"**{plain['bytes'] / best['bytes']:.1f}x** fewer bytes than jpeg 90, and takes "
        f"**{best['ms'] / plain['ms']:.0f}x** its time to encode."
    )


TAB = kit.Tab(
    "Formats",
    question="Which format keeps the most for its bytes?",
    tip="Measure the photo, then the drawing: what wins on one loses on the other.",
    job=kit.Job(tasks.encodings, recorded="encodings.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(quality.ssim,),
    command="velvet bench 10 --filter formats",
    next_step="Memory",
)
