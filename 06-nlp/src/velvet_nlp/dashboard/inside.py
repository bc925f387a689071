"""Inside: which piece of a sentence looks at which, in each layer of the encoder."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import plotly_layout
from velvet_nlp.dashboard import tasks
from velvet_nlp.numpy_bert import NumpyBert
from velvet_nlp.tiers import HINTS, missing

SAMPLE = "The bank by the river raised its rate."


def controls() -> dict[str, Any]:
    """Ask for the sentence."""
    return {"text": kit.text("Sentence", SAMPLE, max_chars=tasks.MAX_TEXT)}


def problem(_options: Any) -> str:
    """Return why it cannot run here."""
    return f"MiniLM's weights are not installed: {HINTS['minilm']}" if missing("minilm") else ""


def heat_of(one: dict[str, Any]) -> go.Figure:
    """Return one layer's attention; rows look at columns."""
    pieces = [f"{at} {piece}" for at, piece in enumerate(one["pieces"])]
    figure = go.Figure(
        go.Heatmap(
            z=one["rows"],
            x=pieces,
            y=pieces,
            colorscale=[[0, "#FFFFFF"], [0.4, "#E6E6FA"], [1, "#3e1586"]],
            hovertemplate="%{y} looks at %{x}: %{z:.2f}<extra></extra>",
            colorbar={"title": "share"},
        )
    )
    size = 190 + 22 * len(pieces)
    plotly_layout(
        figure, title=f"Attention in layer {one['layer']}, mean of the heads", height=size
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(automargin=True, tickangle=-60)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the chosen layer."""
    layers = seen.of("layer")
    if layers:
        wanted = int(kit.choice("Layer", [str(one["layer"]) for one in layers], "1"))
        seen.chart(heat_of(layers[min(wanted, len(layers)) - 1]), key="heat")


def finding(seen: kit.Seen) -> str:
    """Say how much of the attention goes to the two special pieces."""
    layers = seen.of("layer")
    if not layers:
        return ""
    shares = []
    for one in layers:
        rows = one["rows"][1:-1]
        shares.append(sum(row[0] + row[-1] for row in rows) / max(1, len(rows)))
    return (
        f"The words give **{shares[0]:.0%}** of their attention to [CLS] and [SEP] in the first "
        f"layer and **{shares[-1]:.0%}** in the last."
    )


TAB = kit.Tab(
    "Inside",
    question="What does a Transformer compute between the words and the vector?",
    tip="Step through the layers: the first looks most at neighbours, the middle ones at [CLS] and [SEP].",
    job=kit.Job(
        tasks.attention, label="Look inside", cap_s=60, recorded="inside.jsonl", problem=problem
    ),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(NumpyBert._attend,),
    command="velvet run 06 advanced bert_in_numpy",
    next_step="Live Benchmarks",
)
