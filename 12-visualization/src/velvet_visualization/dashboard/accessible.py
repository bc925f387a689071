"""The tab with a palette as others see it, judged by numbers."""

from __future__ import annotations

from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import html
from velvet.ui.palette import LAVENDER, TEXT, WHITE
from velvet_visualization.contrast import VISIONS, audit, contrast, simulate
from velvet_visualization.describe import alt_text
from velvet_visualization.samples import example
from velvet_visualization.samples.palettes import STOCK
from velvet_visualization.scene import prepare
from velvet_visualization.theme import LIGHT

PALETTES = {"velvet strokes": LIGHT.strokes, "velvet fills": LIGHT.fills, **STOCK}
WORDS = {
    "normal": "normal vision",
    "protan": "no red cones",
    "deutan": "no green cones",
    "tritan": "no blue cones",
}


def controls() -> dict[str, Any]:
    """Ask for a palette, and for six colours of one's own."""
    name = kit.choice("Palette", list(PALETTES), "brewer_pastel1")
    own = kit.text("Or six colours of your own", "", max_chars=60, tip="#112233 #445566 ...")
    return {"name": name, "own": own}


def chosen(options: dict[str, Any]) -> tuple[str, ...]:
    """Return the colours that are judged; ValueError for what are none."""
    own = tuple(options.get("own", "").split())
    for color in own:
        contrast(color, "#ffffff")
    return own if len(own) > 1 else PALETTES[options["name"]]


def strip(colors: tuple[str, ...]) -> str:
    """Return the colours as each vision sees them, on white, where charts are read."""
    rows = []
    for vision in VISIONS:
        seen = [simulate(color, vision) for color in colors]
        dots = "".join(
            f"<span role='img' aria-label='{color}' style='display:inline-block;width:34px;"
            f"height:34px;margin:.25rem;border-radius:50%;background:{color}'></span>"
            for color in seen
        )
        rows.append(
            f"<div style='display:flex;flex-wrap:wrap;align-items:center;gap:.2rem'>"
            f"<span style='width:8.5rem;color:{TEXT}'>{WORDS[vision]}</span>"
            f"<span style='background:#fefefe;border-radius:12px;padding:.1rem .4rem'>{dots}</span>"
            "</div>"
        )
    return (
        f"<div class='velvet-figure' style='border:1px solid {LAVENDER};border-radius:12px;"
        f"padding:.6rem .8rem;background:{WHITE}'>{''.join(rows)}</div>"
    )


def draw(seen: kit.Seen) -> None:
    """Draw the simulation, the contrast of each colour and the sentence of a chart."""
    try:
        colors = chosen(dict(seen.options))
    except ValueError as error:
        st.warning(f"{error}.")
        return
    html(strip(colors))
    seen.table(
        [
            {
                "colour": color,
                "contrast with white": f"{contrast(color, '#ffffff'):.2f}",
                "as a mark (3.0)": "yes" if contrast(color, "#ffffff") >= 3 else "no",
                "as text (4.5)": "yes" if contrast(color, "#ffffff") >= 4.5 else "no",
            }
            for color in colors
        ]
    )
    kit.note(f"And without any picture: {alt_text(prepare(example('line')))}")


def finding(seen: kit.Seen) -> str:
    """Say whether the palette may carry meaning."""
    try:
        report = audit(chosen(dict(seen.options)))
    except ValueError:
        return ""
    if report.ok:
        return "This palette passes: its colours may carry meaning on white."
    return f"This palette fails: {'; '.join(report.problems)}."


TAB = kit.Tab(
    "Accessibility",
    question="Who can tell these six colours apart?",
    tip="Compare brewer_pastel1 with the velvet strokes, then type six colours of your own.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(audit, simulate),
    command="velvet bench 12 --filter palettes",
    next_step="Seven bugs",
)
