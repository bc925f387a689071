"""A page of the kit with a task that counts, one that stays, one that breaks, and none."""

from __future__ import annotations

from typing import Any

import demo_tasks
import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout


def controls() -> dict[str, Any]:
    return {
        "steps": kit.slider("Steps", 1, 99, 5),
        "pause_ms": kit.number("Pause in ms", 0, 1000, 0),
    }


def draw(seen: kit.Seen) -> None:
    figure = go.Figure()
    for series, name in enumerate(
        ("squares of the numbers so far", "numbers", "twice the numbers")
    ):
        fill, stroke = pair(series)
        events = seen.of("square")
        figure.add_bar(
            name=name,
            x=[f"number {event['n']} of the series" for event in events],
            y=[(event["square"], event["n"], 2 * event["n"])[series] for event in events],
            marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
        )
    title = "Squares grow faster than the numbers that they are made of, which a wide title says"
    plotly_layout(figure, title=title, height=330)
    figure.update_xaxes(title="what was squared")
    seen.chart(figure, key="squares")


def finding(seen: kit.Seen) -> str:
    squares = seen.of("square")
    return f"The largest square so far is {squares[-1]['square']}." if squares else ""


def table(seen: kit.Seen) -> None:
    kit.choice("Colour", ["red", "green", "blue"], "green")
    seen.table([{"steps": 3, "pause": 1}])
    kit.note("Not installed here: blue. Run `pip install blue` to see it.")


def blank(seen: kit.Seen) -> None:
    seen.table([{"event": str(event)} for event in seen.events])


COUNT = kit.Tab(
    "Count up",
    question="How fast do squares grow?",
    tip="Press Count, then move Steps.",
    job=kit.Job(demo_tasks.count, label="Count", cap_s=30, recorded="count.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(demo_tasks.count,),
    command="velvet bench 03 --filter startup",
    next_step="At once",
)
STAYS = kit.Tab(
    "Stays", question="Does Stop end it?", job=kit.Job(demo_tasks.stays, label="Stay"), draw=blank
)
BREAKS = kit.Tab(
    "Breaks", question="What then?", job=kit.Job(demo_tasks.breaks, label="Break"), draw=blank
)
AT_ONCE = kit.Tab("At once", question="What needs no child?", draw=table)


def main() -> None:
    kit.show(kit.Page("03-cli", title="Demonstration", tabs=(COUNT, STAYS, BREAKS, AT_ONCE)))


main()
