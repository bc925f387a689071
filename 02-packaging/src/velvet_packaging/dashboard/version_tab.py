"""The tab that sorts versions and explains why a specifier takes one or not."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_packaging import versions
from velvet_packaging.errors import BadSpec

DEFAULT = "1.0 1.0.post1 1.0rc1 1.0.dev0 1.0+local 1!0.1 1.10 1.9"


def controls() -> dict[str, Any]:
    """Ask for versions and a specifier."""
    return {
        "texts": kit.text("Versions", DEFAULT, max_chars=300),
        "specifier": kit.text("Specifier", ">=1.0", max_chars=40),
    }


def sorted_rows(texts: str, specifier: str) -> tuple[list[str], list[dict[str, str]], str]:
    """Return versions in their order, a row on each, and what is wrong with the input."""
    words = texts.split()
    try:
        order = versions.release_order(words)
        told = [versions.explain_match(specifier, one) for one in order]
    except BadSpec as error:
        return [], [], str(error)
    rows = [
        {
            "version": text,
            f"for {specifier}": said,
            "parts": "; ".join(f"{k} {v}" for k, v in list(versions.explain(text).items())[2:]),
        }
        for text, said in zip(order, told, strict=True)
    ]
    return order, rows, ""


def figure_of(order: list[str], rows: list[dict[str, str]], specifier: str) -> go.Figure:
    """Return the versions on a line, those that match filled."""
    taken = [row[f"for {specifier}"].startswith("yes") for row in rows]
    figure = go.Figure(
        go.Scatter(
            x=list(range(len(order))),
            y=[0] * len(order),
            mode="lines+markers+text",
            text=order,
            textposition=["top center", "bottom center"] * (len(order) // 2 + 1),
            line={"color": STROKES[0], "width": 1},
            marker={
                "size": 18,
                "color": [FILLS[3] if one else FILLS[5] for one in taken],
                "line": {"color": [STROKES[3] if one else STROKES[1] for one in taken], "width": 2},
            },
        )
    )
    plotly_layout(figure, title=f"Oldest to newest; green is taken by {specifier}", height=240)
    figure.update_xaxes(visible=False, range=[-0.6, len(order) - 0.4])
    figure.update_yaxes(visible=False, range=[-1, 1])
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the line and the reasons."""
    specifier = seen.wanted["specifier"].strip()
    order, rows, problem = sorted_rows(seen.wanted["texts"], specifier)
    if problem:
        seen.table([{"cannot be read": problem}])
        return
    seen.chart(figure_of(order, rows, specifier), key="order")
    seen.table(rows)


def finding(seen: kit.Seen) -> str:
    """Say which one an installer takes."""
    specifier = seen.wanted["specifier"].strip()
    order, rows, _ = sorted_rows(seen.wanted["texts"], specifier)
    taken = [row["version"] for row in rows if row[f"for {specifier}"].startswith("yes")]
    if not order:
        return ""
    last = f"the newest that it takes is **{taken[-1]}**" if taken else "it takes **none** of them"
    return f"{len(taken)} of {len(order)} match {specifier}; {last}."


TAB = kit.Tab(
    "Versions",
    question="Which of these releases would an installer take?",
    tip="Write ~=1.0, ==1.0, >1.0; then add a version of your own.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(versions.explain_match,),
    command="velvet run 02 versions_tour",
    next_step="Wheel X-ray",
)
