"""Which strategy finds which bug: a heat map, and the curve over time."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, plotly_layout
from velvet_testing import corpus, shootout
from velvet_testing.dashboard import tasks


def controls() -> dict[str, Any]:
    """Ask for the program and the seeds."""
    names = [program.name for program in corpus.programs()]
    program = kit.choice("Program", [*names, "all"], "money_split", tip="all takes minutes")
    return {"program": program, "seeds": kit.slider("Seeds", 1, 5, 2)}


def board_of(seen: kit.Seen) -> shootout.Scoreboard:
    """Return the hunts as a scoreboard."""
    names = ("strategy", "bug", "seed", "outcome", "seconds")
    hunts = [shootout.Hunt(**{name: one[name] for name in names}) for one in seen.of("hunt")]
    return shootout.Scoreboard(hunts)


def heat_map(seen: kit.Seen) -> go.Figure:
    """Return the share of seeds with which each strategy finds each bug."""
    board = board_of(seen)
    kinds = {one["bug"]: one["kind"] for one in seen.of("hunt")}
    asked = {(one["strategy"], one["bug"]) for one in seen.of("hunt")}
    rows = [
        [board.probability(name, bug) if (name, bug) in asked else None for bug in kinds]
        for name in board.names
    ]
    labels = [f"{bug}<br>{kind}" for bug, kind in kinds.items()]
    figure = go.Figure(
        go.Heatmap(
            z=rows,
            x=labels,
            y=board.names,
            zmin=0,
            zmax=1,
            colorscale=[[0, "#E6E6FA"], [1, "#3e1586"]],
            xgap=2,
            ygap=2,
            colorbar={"title": "found", "tickformat": ".0%"},
            hovertemplate="%{y}, %{x}: %{z:.0%} of the seeds<extra></extra>",
        )
    )
    plotly_layout(figure, title="Found, by share of seeds", height=470)
    figure.update_yaxes(autorange="reversed", dtick=1)
    figure.update_xaxes(showticklabels=len(labels) <= 10)
    return figure


def curves(board: shootout.Scoreboard) -> go.Figure:
    """Return the bugs found over the seconds of a hunt."""
    figure = go.Figure()
    for number, name in enumerate(board.names):
        points = board.curve(name)
        if points:
            figure.add_scatter(
                x=[max(seconds, 1e-5) for seconds, _ in points],
                y=[count for _, count in points],
                mode="lines+markers",
                line={"shape": "hv", "color": STROKES[number % len(STROKES)]},
                name=name,
            )
    plotly_layout(figure, title="Bugs found in at most so many seconds", height=420)
    figure.update_xaxes(type="log", title="seconds of one hunt")
    figure.update_yaxes(title="bugs", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the heat map and the curves."""
    if seen.of("hunt"):
        seen.chart(heat_map(seen), key="heat")
        seen.chart(curves(board_of(seen)), key="curves")


def finding(seen: kit.Seen) -> str:
    """Say what all find, and which pair comes closest."""
    board = board_of(seen)
    if seen.running or len(board.names) < 2:
        return ""
    bugs = {hunt.bug for hunt in board.hunts}
    pair, found = board.best_pair()
    lucky = len(set().union(*(board.lucky(name) for name in board.names)))
    luck = "1 bug" if lucky == 1 else f"{lucky} bugs"
    return (
        f"All strategies together find **{len(board.union())} of {len(bugs)}**, {pair[0]} and "
        f"{pair[1]} **{len(found)}**; the fewest that find as much as all: "
        f"{', '.join(board.cheapest_cover())}. With {luck} it depends on the seed."
    )


TAB = kit.Tab(
    "Scoreboard",
    question="Which strategy finds which class of bug?",
    tip="Choose ttl_lru, then ledger: what finds the one is blind for the other.",
    job=kit.Job(tasks.hunt, label="Hunt", cap_s=600, recorded="hunts.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(shootout.greedy_cover,),
    command="velvet bench 18 --filter shootout",
    next_step="Fragility",
)
