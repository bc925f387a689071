"""Search: two sets of queries, by words and by meaning, and the map of the vectors."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, pair, plotly_layout
from velvet_nlp import search
from velvet_nlp.contenders.searchers import hybrid_scores
from velvet_nlp.dashboard import tasks
from velvet_nlp.dashboard.arena import tell_absent

KINDS = {"Paraphrases": "paraphrase", "Codes and names": "lexical"}
PRETRAINED = ("minilm", "static_mean", "hybrid_ranks", "hybrid_scores")


def controls() -> dict[str, Any]:
    """Ask for the set of queries."""
    return {"kind": KINDS[kit.choice("Queries", list(KINDS), "Paraphrases")]}


def ranks_of(found: list[dict[str, Any]]) -> go.Figure:
    """Return each searcher's mean reciprocal rank with its interval."""
    ordered = sorted(found, key=lambda one: one["mrr"])
    figure = go.Figure()
    for number, pretrained in enumerate((False, True)):
        mine = [one for one in ordered if (one["name"] in PRETRAINED) == pretrained]
        if not mine:
            continue
        fill, stroke = pair(number * 2)
        figure.add_bar(
            x=[one["mrr"] for one in mine],
            y=[one["name"].replace("_", " ") for one in mine],
            orientation="h",
            name="with a pretrained encoder" if pretrained else "these texts only",
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one["high"] - one["mrr"] for one in mine],
                "arrayminus": [one["mrr"] - one["low"] for one in mine],
                "color": stroke,
            },
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    plotly_layout(figure, title="Mean reciprocal rank of the right text of 120", height=400)
    figure.update_xaxes(range=[0, 1.05])
    figure.update_yaxes(automargin=True)
    return figure


def map_of(points: list[dict[str, Any]]) -> go.Figure:
    """Return queries and texts on two axes, each query joined to its text."""
    figure = go.Figure()
    for one in points:
        x, y = zip(one["from"], one["to"], strict=True)
        figure.add_scatter(
            x=x, y=y, mode="lines", line={"color": LINE}, showlegend=False, hoverinfo="skip"
        )
    for number, (field, name) in enumerate((("from", "query"), ("to", "text"))):
        key = "query" if field == "from" else "text"
        figure.add_scatter(
            x=[one[field][0] for one in points],
            y=[one[field][1] for one in points],
            mode="markers",
            name=name,
            text=[one[key] for one in points],
            marker={"color": pair(number * 2)[1], "size": 9, "symbol": "circle" if number else "x"},
            hovertemplate="%{text}<extra></extra>",
        )
    plotly_layout(figure, title="MiniLM's vectors on their two main axes", height=420)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw ranks, then the map."""
    if found := seen.of("found"):
        seen.chart(ranks_of(found), key="ranks")
    if points := seen.of("point"):
        seen.chart(map_of(points), key="map")
    tell_absent(seen)


def finding(seen: kit.Seen) -> str:
    """Say which searcher answers these queries."""
    found = seen.of("found")
    if len(found) < 3:
        return ""
    best = max(found, key=lambda one: one["mrr"])
    words = next(one for one in found if one["name"] == "tfidf_words")
    return (
        f"**{best['overlap']:.0%}** of a query's words stand in its answer. "
        f"**{best['name'].replace('_', ' ')}** is right at once for **{best['first']:.0%}** of the "
        f"queries, words alone for **{words['first']:.0%}**."
    )


TAB = kit.Tab(
    "Search",
    question="When does meaning find what words do not, and when is it the other way round?",
    tip="Search paraphrases, then codes: MiniLM reads E-4471 and E-4417 almost alike.",
    job=kit.Job(tasks.search, label="Search", cap_s=240, recorded="search.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(hybrid_scores.HybridScores.scores, search.search),
    command="velvet bench 06 --filter retrieval",
    next_step="Memory",
)
