"""A new model in front of users, one row through two engines, and a load on a real server."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, pair, plotly_layout
from velvet_ml.dashboard import tasks
from velvet_ml.serving.rollout import Canary


def controls() -> dict[str, Any]:
    """Ask for the candidate, and whether a server is started."""
    candidate = kit.choice("The new model", ["good", "fails", "slow"], "fails")
    return {
        "candidate": candidate,
        "server": kit.toggle("Start a server and put a load on it", True),
    }


def rollout_of(rollout: dict[str, Any]) -> go.Figure:
    """Return the share of users that see the candidate, over the requests."""
    steps = [*rollout["steps"], [rollout["requests"], rollout["steps"][-1][1], "end"]]
    figure = go.Figure(
        go.Scatter(
            x=[one[0] for one in steps],
            y=[one[1] for one in steps],
            text=[one[2] for one in steps],
            mode="lines+markers",
            line={"shape": "hv", "color": STROKES[0], "width": 3},
            marker={"size": 9, "color": STROKES[1]},
            hovertemplate="request %{x:,}: %{y} % of the users (%{text})<extra></extra>",
        )
    )
    plotly_layout(figure, title="Users that see the candidate", height=340)
    figure.update_xaxes(title="requests")
    figure.update_yaxes(title="% of the users", rangemode="tozero")
    return figure


def engines_of(engines: list[dict[str, Any]]) -> go.Figure:
    """Return the time of one row by engine, on a logarithmic axis."""
    fill, stroke = pair(0)
    figure = go.Figure(
        go.Bar(
            y=[one["name"] for one in engines],
            x=[one["us"] for one in engines],
            orientation="h",
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            text=[f"{one['us']:,.0f} us" for one in engines],
            hovertemplate="%{y}: %{x:,.0f} us<extra></extra>",
        )
    )
    plotly_layout(figure, title="One row, from raw columns to a probability", height=240)
    figure.update_xaxes(title="us (logarithmic)", type="log")
    figure.update_yaxes(ticks="")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the roll-out, the engines, and what the load saw."""
    if rollouts := seen.of("rollout"):
        seen.chart(rollout_of(rollouts[-1]), key="rollout")
    if engines := seen.of("engine"):
        seen.chart(engines_of(engines), key="engines")
    for one in seen.of("http"):
        if "refused" in one:
            kit.note(f"No server here, so the engines above are all: {one['refused']}")
        else:
            seen.table(
                [
                    {
                        "requests a second": f"{one['rate']:,.0f}",
                        "p50": f"{one['p50']:.1f} ms",
                        "p99": f"{one['p99']:.1f} ms",
                    }
                ]
            )


def finding(seen: kit.Seen) -> str:
    """Say what the canary spared."""
    rollouts, engines = seen.of("rollout"), {one["name"]: one for one in seen.of("engine")}
    if not rollouts or len(engines) < 2:
        return ""
    one = rollouts[-1]
    share = engines["sklearn"]["us"] / engines["ONNX"]["us"]
    spent = (
        "reached all users"
        if one["steps"][-1][1] == 100
        else f"was rolled back at request {one['steps'][-1][0]:,}"
    )
    harmed = "1 answer" if one["harmed"] == 1 else f"{one['harmed']:,} answers"
    return f"The candidate {spent}; **{harmed}** of it failed or were slow. A graph answers one row **{share:.0f}x** as fast."


TAB = kit.Tab(
    "Serving",
    question="What does a prediction cost, and what does a bad model cost before it is gone?",
    tip="Roll out the model that fails, then the one that is good.",
    job=kit.Job(tasks.serving, label="Roll out", cap_s=240, recorded="serving.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Canary.record,),
    command="velvet bench 13 --filter roll_out",
    next_step="A/B lab",
)
