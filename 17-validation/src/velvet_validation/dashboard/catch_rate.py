"""The tab that sets the catch rate beside the cost, and shows every fault by library."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, LAVENDER, STROKES, plotly_layout
from velvet_validation.contenders import label_of
from velvet_validation.dashboard import tasks
from velvet_validation.dashboard.heat import grid
from velvet_validation.errors import Outcome, score
from velvet_validation.samples.cases import FAULTS

MARKS = {
    Outcome.CAUGHT.value: (FILLS[3], ""),
    Outcome.CHANGED.value: (FILLS[1], "\u2248"),
    Outcome.PASSED.value: (FILLS[2], "\u2192"),
    Outcome.CRASHED.value: (FILLS[0], "!"),
}


def caught(event: dict[str, Any]) -> int:
    """Return how many faults an event's library caught."""
    return list(event["outcomes"].values()).count(Outcome.CAUGHT.value)


def beside_cost(scores: list[dict[str, Any]]) -> go.Figure:
    """Return the faults that each library catches in both modes, with its time beside its name."""
    strict = {one["name"]: one for one in scores if one["mode"] == "strict"}
    default = {one["name"]: one for one in scores if one["mode"] == "default"}
    names = sorted(strict, key=lambda name: (caught(strict[name]), -strict[name]["us"]))
    rows = {n: f"{label_of(n)} \u00b7 {strict[n]['us']:,.1f} \u00b5s " for n in names}
    figure = go.Figure()
    figure.add_bar(
        y=list(rows.values()),
        x=[caught(strict[name]) - caught(default[name]) for name in names],
        base=[caught(default[name]) for name in names],
        orientation="h",
        width=0.25,
        marker={"color": LAVENDER},
        showlegend=False,
        hoverinfo="skip",
    )
    for number, (mode, symbol) in enumerate((("default", "circle-open"), ("strict", "diamond"))):
        shown = strict if number else default
        figure.add_scatter(
            x=[caught(shown[name]) for name in names],
            y=list(rows.values()),
            mode="markers",
            name=mode,
            marker={"symbol": symbol, "size": 12, "color": STROKES[number], "line": {"width": 2}},
            hovertemplate="%{y}: %{x} faults<extra>" + mode + "</extra>",
        )
    title = f"Faults caught of {len(FAULTS)}; beside the name, the time of one valid order (strict)"
    plotly_layout(figure, title=title, height=440)
    figure.update_xaxes(title="faults caught", range=[0, len(FAULTS) + 3])
    figure.update_yaxes(ticks="", type="category")
    return figure


def every_fault(scores: list[dict[str, Any]], mode: str) -> go.Figure:
    """Return a cell for each fault and library: caught, changed, let through, crashed."""
    mine = sorted((one for one in scores if one["mode"] == mode), key=caught)
    kinds = {fault.id: [one["outcomes"][fault.id] for one in mine] for fault in FAULTS}
    faults = sorted(kinds, key=lambda id: kinds[id].count(Outcome.CAUGHT.value))
    rows = [kinds[id] for id in faults]
    labels = [label_of(one["name"]) for one in mine]
    return grid(f"Every fault, {mode} mode; hardest at the top", labels, faults, rows, rows, MARKS)


def draw(seen: kit.Seen) -> None:
    """Draw the scatter, then the matrix of the chosen mode."""
    scores = seen.of("score")
    whole = [one for one in scores if sum(o["name"] == one["name"] for o in scores) == 2]
    if whole:
        seen.chart(beside_cost(whole), key="cost")
    mode = kit.choice("Mode of the matrix", ["default", "strict"])
    if any(one["mode"] == mode for one in scores):
        seen.chart(every_fault(scores, mode), key="faults")


def finding(seen: kit.Seen) -> str:
    """Say what strictness adds, and which default is the most careful."""
    by = {(one["name"], one["mode"]): caught(one) for one in seen.of("score")}
    if ("pydantic", "strict") not in by or ("msgspec", "default") not in by:
        return ""
    skipped = ("nothing", "handwritten")
    best = max((n for n, m in by if m == "default" and n not in skipped), key=lambda n: by[n, "default"])  # fmt: skip
    return (
        f"By default {label_of(best)} catches most: **{by[best, 'default']} of "
        f"{len(FAULTS)}**. Strict mode lifts pydantic from {by['pydantic', 'default']} to "
        f"**{by['pydantic', 'strict']}**."
    )


TAB = kit.Tab(
    "Catch rate",
    question="How much bad data does each library catch, and what does that cost?",
    tip="Follow one library from its circle (default) to its diamond (strict).",
    job=kit.Job(tasks.catch, label="Measure", cap_s=120, recorded="catch.jsonl"),
    draw=draw,
    finding=finding,
    code=(score,),
    command="velvet bench 17 --filter catch_rate",
    next_step="Coercions",
)
