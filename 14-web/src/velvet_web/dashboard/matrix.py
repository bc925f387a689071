"""The matrix: what each server answers to bytes that no well-behaved client sends."""

from __future__ import annotations

import textwrap
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import TEXT, WHITE, plotly_layout
from velvet_web.comparisons.attacks import outcome
from velvet_web.dashboard import tasks

SUBJECTS = ("attacks on servers", "checks of front ends")
GOOD, BAD = "#a7facd", "#ea9294"


def controls() -> dict[str, Any]:
    """Ask for the subject."""
    return {"judged": kit.choice("What is judged", SUBJECTS)}


def draw(seen: kit.Seen) -> None:
    """Draw a cell for each outcome, with its status, and explain one row."""
    cells = seen.of("cell")
    if not cells:
        return
    rows = list(dict.fromkeys(cell["row"] for cell in cells))
    columns = list(dict.fromkeys(cell["column"] for cell in cells))
    at = {(cell["row"], cell["column"]): cell for cell in cells}

    def grid(name: str) -> list[list[Any]]:
        return [[at.get((row, column), {}).get(name) for column in columns] for row in rows]

    # Narrow labels, so that the columns keep their room on a phone.
    width = 19 if len(columns) > 5 else 36
    labels = ["<br>".join(textwrap.wrap(row, width)) for row in rows]
    figure = go.Figure(
        go.Heatmap(
            z=[[None if good is None else int(good) for good in line] for line in grid("good")],
            x=columns,
            y=labels,
            text=[[text or "" for text in line] for line in grid("found")],
            texttemplate="%{text}",
            textfont={"color": TEXT, "size": 10},
            colorscale=[[0, BAD], [1, GOOD]],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    title = "Outcome; red: the attack got further than it should, or a check fails"
    plotly_layout(figure, title=title, height=120 + 32 * len(rows))
    figure.update_yaxes(autorange="reversed", automargin=True, tickfont={"size": 10})
    figure.update_xaxes(side="top", tickangle=-90)
    figure.update_layout(showlegend=False, plot_bgcolor=WHITE)
    seen.chart(figure, key="cells")
    bad = [row for row in rows if any(at.get((row, c), {}).get("good") is False for c in columns)]
    chosen = kit.choice("Explain", [*bad, *(row for row in rows if row not in bad)], key="explain")
    why = next((cell["why"] for cell in cells if cell["row"] == chosen and cell["why"]), "")
    kit.note(f"{chosen}: {why}")


def finding(seen: kit.Seen) -> str:
    """Count what went wrong."""
    cells = seen.of("cell")
    bad = [cell for cell in cells if not cell["good"]]
    if not cells:
        return ""
    if not bad:
        return f"All {len(cells)} outcomes are as the contract says, from five front ends."
    worst: dict[str, int] = {}
    for cell in bad:
        worst[cell["column"]] = worst.get(cell["column"], 0) + 1
    name = max(worst, key=lambda one: worst[one])
    return (
        f"{len(bad)} of {len(cells)} outcomes are unsafe, most of them on **{name}** "
        f"({worst[name]}). The application is the same behind all: the parser decides."
    )


TAB = kit.Tab(
    "Matrix",
    question="What does each server answer to bytes that no client should send?",
    tip="Measure, then choose a red row under Explain; or judge the front ends instead.",
    job=kit.Job(tasks.matrix, cap_s=180, recorded="matrix.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(outcome,),
    command="velvet bench 14 --filter attacks",
    next_step="Production",
)
