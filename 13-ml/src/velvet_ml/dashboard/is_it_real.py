"""A score with a leak, the same without, and what shuffled labels say about both."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, pair, plotly_layout
from velvet_ml import leakage
from velvet_ml.dashboard import tasks

WHAT = {
    "selection": "accuracy on pure noise",
    "encoding": "accuracy with a category that says nothing",
    "group": "accuracy on labels that are a coin's",
    "time": "R2 of a forecast of a random walk",
}


def controls() -> dict[str, Any]:
    """Ask for the leak."""
    return {"leak": kit.choice("Leak", list(leakage.LEAKS), "selection")}


def scores_of(score: dict[str, Any]) -> go.Figure:
    """Return the two scores, a bar each."""
    figure = go.Figure()
    for number, (side, name) in enumerate((("leaky", "with the leak"), ("honest", "without"))):
        fill, stroke = pair(1 - number)
        figure.add_bar(
            x=[name],
            y=[score[side]],
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            text=[f"{score[side]:.2f}"],
            showlegend=False,
            hovertemplate="%{x}: %{y:.3f}<extra></extra>",
        )
    plotly_layout(figure, title=f"{score['leak'].capitalize()}: {WHAT[score['leak']]}", height=320)
    figure.update_yaxes(title="score")
    if score["leak"] != "time":
        chance = {"annotation_text": "chance", "annotation_position": "top right"}
        figure.add_hline(y=0.5, line={"color": LINE, "dash": "dot"}, **chance)
    return figure


def nulls_of(nulls: list[dict[str, Any]]) -> go.Figure:
    """Return the scores after the labels were shuffled, a dot each."""
    figure = go.Figure()
    for number, (side, name) in enumerate((("leaky", "with the leak"), ("honest", "without"))):
        mine = [one["score"] for one in nulls if one["side"] == side]
        fill, stroke = pair(1 - number)
        figure.add_scatter(
            x=mine,
            y=[name] * len(mine),
            mode="markers",
            marker={"color": fill, "size": 14, "line": {"color": stroke, "width": 1}},
            showlegend=False,
            hovertemplate="%{x:.2f}<extra></extra>",
        )
    figure.add_vline(x=0.5, line={"color": LINE, "dash": "dot"})
    plotly_layout(
        figure, title="Shuffled labels: nothing can be learnt, so 0.5 is the truth", height=260
    )
    figure.update_xaxes(title="accuracy", range=[0.2, 1.0])
    figure.update_yaxes(ticks="")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the scores, then the permutation test as it goes."""
    if scores := seen.of("score"):
        seen.chart(scores_of(scores[-1]), key="scores")
    if nulls := seen.of("null"):
        seen.chart(nulls_of(nulls), key="nulls")


def finding(seen: kit.Seen) -> str:
    """Say what the leak is worth."""
    if not (scores := seen.of("score")):
        return ""
    score = scores[-1]
    return (
        f"The leak shows **{score['leaky']:.2f}** where the truth is **{score['honest']:.2f}**; "
        "the code of both differs in one line."
    )


TAB = kit.Tab(
    "Is it real?",
    question="Is this score real, or did the test rows leak into the training?",
    tip="Selection: 5,000 columns of noise, and an accuracy that looks like a product.",
    job=kit.Job(tasks.leaks, label="Score", cap_s=90, recorded="leaks.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(leakage.leaky_selection, leakage.honest_selection),
    command="velvet bench 13 --filter leakage",
    next_step="Registry",
)
