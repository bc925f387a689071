"""The arena: every tagger on the same sentences, with whiskers, and which differences are noise."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_nlp import intervals
from velvet_nlp.dashboard import tasks

TASKS = {"Parts of speech": "pos", "Entities": "ner"}


def controls() -> dict[str, Any]:
    """Ask for the task and how many sentences are labelled."""
    task = kit.choice("Task", list(TASKS), "Parts of speech")
    sentences = int(kit.choice("Labelled sentences", ["25", "50", "100", "200"], "100"))
    encoder = kit.toggle("With the pretrained encoder", True)
    return {"task": TASKS[task], "sentences": sentences, "encoder": encoder}


def label(name: str) -> str:
    """Return a tagger's name as it is shown; one that has read other text says so."""
    shown = name.replace("_", " ")
    return f"{shown} (pretrained)" if name == "frozen_encoder" else shown


def scores_of(scores: list[dict[str, Any]]) -> go.Figure:
    """Return the scores with their intervals; the pretrained one in a colour of its own."""
    figure = go.Figure()
    for number, pretrained in enumerate((False, True)):
        mine = [one for one in scores if (one["name"] == "frozen_encoder") == pretrained]
        if not mine:
            continue
        _, stroke = pair(number * 2)
        figure.add_scatter(
            x=[one["value"] for one in mine],
            y=[label(one["name"]) for one in mine],
            mode="markers",
            name="has read other text" if pretrained else "these sentences only",
            marker={"color": stroke, "size": 12, "symbol": "diamond" if pretrained else "circle"},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one["high"] - one["value"] for one in mine],
                "arrayminus": [one["value"] - one["low"] for one in mine],
                "color": stroke,
            },
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    what = "F1 of exact entities" if scores[0]["task"] == "ner" else "words labelled right"
    title = "Every word tested once, its document unseen"
    plotly_layout(figure, title=title, height=150 + 44 * len(scores))
    figure.update_xaxes(title=f"{what}, with 95 % intervals", tickformat=".0%")
    figure.update_yaxes(automargin=True)
    return figure


def rows_of(scores: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what each tagger costs."""
    rows = []
    for one in sorted(scores, key=lambda each: -each["value"]):
        row = {
            "tagger": label(one["name"]),
            "score": f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]",
            "fit, CPU s a fold": f"{one['fit_s']:.2f}",
            "words a CPU s": f"{one['per_s']:,.0f}",
        }
        if "unseen" in one:
            row["unseen names found"] = f"{one['unseen']:.0%}"
        rows.append(row)
    return rows


def said(one: dict[str, Any]) -> str:
    """Return a verdict in words."""
    if one["verdict"] == "undecided":
        return "undecided"
    return f"{label(one['a'] if one['verdict'] == 'A' else one['b'])} is better"


def verdicts_of(found: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return every pair with its difference; the surest first."""
    return [
        {
            "pair": f"{label(one['a'])} - {label(one['b'])}",
            "difference": f"{one['delta']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]",
            "p, Holm": f"{one['p']:.3f}",
            "verdict": said(one),
        }
        for one in sorted(found, key=lambda one: (one["p"], -abs(one["delta"])))
    ]


def tell_absent(seen: kit.Seen) -> None:
    """Say what is not installed, a line for each command that installs it."""
    absent: dict[str, list[str]] = {}
    for one in seen.of("absent"):
        absent.setdefault(one["reason"], []).append(label(one["name"]))
    for reason, names in absent.items():
        kit.note(f"{', '.join(names)}: {reason}")


def draw(seen: kit.Seen) -> None:
    """Draw scores, costs, verdicts."""
    if scores := seen.of("score"):
        seen.chart(scores_of(scores), key="scores")
        seen.table(rows_of(scores))
    tell_absent(seen)
    seen.table(verdicts_of(seen.of("verdict")))


def finding(seen: kit.Seen) -> str:
    """Say who leads and how many differences are noise."""
    scores, found = seen.of("score"), seen.of("verdict")
    if len(scores) < 2 or not found:
        return ""
    best = max(scores, key=lambda one: one["value"])
    noise = sum(one["verdict"] == "undecided" for one in found)
    return (
        f"With {seen.options.get('sentences', 100)} labelled sentences **{label(best['name'])}** has "
        f"the best score, **{best['value']:.3f}** [{best['low']:.3f}, {best['high']:.3f}]; "
        f"**{noise} of {len(found)}** differences are undecided."
    )


def command(options: Any) -> str:
    """Return the command that measures the same for the README."""
    return f"velvet bench 06 --filter {options.get('task', 'pos')}"


TAB = kit.Tab(
    "Arena",
    question="Which tagger do your labelled sentences pay for, and which lead is noise?",
    tip="Train with 25 sentences, then with 200; then choose entities, where most leads vanish.",
    job=kit.Job(tasks.arena, label="Train", cap_s=240, recorded="arena.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(intervals.paired_bootstrap,),
    command=command,
    next_step="Read",
)
