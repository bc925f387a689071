"""The overload lab: a surge that is over, and a server that does not come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import chart
from velvet.ui.palette import PAPAYA, STROKES, TEXT, plotly_layout
from velvet_web.dashboard import tasks
from velvet_web.dashboard.virtual import Overload, goodput, simulate
from velvet_web.middleware_asgi import LoadShed

SURGE = (5.0, 8.0)
SECONDS = 20.0
DASHES = ("solid", "dash", "dot")
Line = tuple[Sequence[float], Sequence[float]]


def controls() -> dict[str, Any]:
    """Ask for the load, the surge, and what clients do when they wait in vain."""
    left, middle, right = st.columns(3)
    with left:
        load = kit.slider("Usual load, % of capacity", 30, 100, 70, step=5)
    with middle:
        surge = kit.slider("Surge, times the usual load", 1, 4, 3)
    with right:
        retries = kit.slider("Tries again of a client that waited 250 ms", 0, 5, 3)
    return {"load": load, "surge": surge, "retries": retries}


def scenarios(options: Mapping[str, Any]) -> dict[str, Overload]:
    """Return each policy under the same surge."""
    common: dict[str, Any] = {
        "rate": options["load"] / 100 * tasks.CAPACITY,
        "retries": options["retries"],
        "surge": (*SURGE, float(options["surge"])),
        "seconds": SECONDS,
    }
    return {
        "no limit": Overload(**common),
        "queue of 10": Overload(**common, queue=10),
        "deadline of 100 ms": Overload(**common, max_wait=0.1),
    }


def lines(title: str, drawn: Mapping[str, Line], surge: tuple[float, float]) -> go.Figure:
    """Return useful answers per second over time, one line a policy."""
    figure = go.Figure()
    for number, (name, (at, values)) in enumerate(drawn.items()):
        figure.add_scatter(
            x=list(at),
            y=list(values),
            name=name,
            mode="lines",
            line={"color": STROKES[(1, 0, 3)[number]], "dash": DASHES[number], "width": 2.5},
        )
    plotly_layout(figure, title=title, height=330)
    figure.add_vrect(x0=surge[0], x1=surge[1], fillcolor=PAPAYA, line_width=0, layer="below")
    figure.add_hline(y=tasks.CAPACITY, line={"color": TEXT, "dash": "dot", "width": 1})
    figure.update_xaxes(title="seconds; the band is the surge")
    figure.update_yaxes(title="useful answers a second", rangemode="tozero")
    figure.update_layout(showlegend=True)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the model at once, and below it what a real server did."""
    options = dict(seen.wanted)
    modelled: dict[str, Line] = {}
    for name, scenario in scenarios(options).items():
        windows = simulate(scenario, slice_seconds=0.5)
        modelled[name] = ([one.at for one in windows], [one.good / 0.5 for one in windows])
    chart(
        lines("In virtual time: what still comes within 250 ms", modelled, SURGE),
        key="overload-model",
        whose="a model with ten places of 50 ms, computed now",
    )
    windows_of: dict[str, list[dict[str, Any]]] = {}
    for event in seen.of("window"):
        windows_of.setdefault(event["policy"], []).append(event)
    measured: dict[str, Line] = {
        name: ([one["at"] for one in found], [one["goodput"] for one in found])
        for name, found in windows_of.items()
    }
    if measured:
        title = "Measured: uvicorn with and without LoadShed, clients that try again"
        seen.chart(lines(title, measured, (3.0, 5.0)), key="measured")


def finding(seen: kit.Seen) -> str:
    """Say what each policy gives after the surge is over."""
    late = {
        name: goodput(simulate(scenario), since=14.0)
        for name, scenario in scenarios(dict(seen.wanted)).items()
    }
    usual = seen.wanted["load"] / 100 * tasks.CAPACITY
    if late["no limit"] < 0.5 * usual:
        state = (
            f"In the model, six seconds after the surge the server without a limit gives "
            f"**{late['no limit']:.0f}** of {usual:.0f} useful answers a second: it is busy with "
            f"answers that nothing waits for any more. With a queue of 10 it gives "
            f"{late['queue of 10']:.0f}."
        )
    else:
        state = (
            f"In the model all three recover: {late['no limit']:.0f} useful answers a second "
            f"without a limit, {late['queue of 10']:.0f} with a queue of 10. Try more retries, or "
            f"a larger surge."
        )
    return state + measured_finding(seen)


def measured_finding(seen: kit.Seen) -> str:
    """Say what the real server gave at the end, or that its load generator was late."""
    lags = [one["lag_ms"] for one in seen.of("generator") if not one["valid"]]
    if lags:
        return (
            f" The load generator was up to {max(lags):.0f} ms late: the machine is too busy, and "
            "the measured lines show that, not the policies."
        )
    ends: dict[str, list[float]] = {}
    for one in seen.of("window"):
        if one["at"] >= tasks.SECONDS - 3:
            ends.setdefault(one["policy"], []).append(one["goodput"])
    if not {"no limit", "queue of 10"} <= set(ends):
        return ""
    mean = {name: sum(values) / len(values) for name, values in ends.items()}
    return (
        f" Measured in the last three seconds: {mean['no limit']:.0f} without a limit, "
        f"{mean['queue of 10']:.0f} with a queue of 10."
    )


TAB = kit.Tab(
    "Overload",
    question="The surge is over. Why does the server not come back?",
    tip="Set the tries to 0 and to 1: the model follows at once; Measure asks a real server.",
    job=kit.Job(tasks.overload, label="Measure", cap_s=120, recorded="overload.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(LoadShed._enter,),
    command="velvet bench 14 --filter overload",
    next_step="Omission",
)
