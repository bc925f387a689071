"""The retry storm lab: a service, an outage, a policy, and whether it ever comes back."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, PAPAYA, STROKES, plotly_layout
from velvet_http.policy import JITTERS, Backoff, NoBudget, RatioBudget, RetryPolicy
from velvet_http.simulate import QueueServer, Scenario, SimResult, simulate


def controls() -> dict[str, Any]:
    """Ask for the budget first: it is the control that matters."""
    return {
        "budget": kit.slider(
            "Retry budget in % of calls (0: no budget)", 0, 10, 0, key="budget",
            tip="At 0 every failure is retried; at 10, ten retries per hundred calls are allowed.",
        ),
        "offered": kit.slider("Offered load in % of capacity", 40, 95, 80, step=5, key="load"),
        "outage": kit.slider("Outage in seconds", 0, 30, 10, key="outage"),
        "attempts": kit.slider("Attempts of one call", 1, 6, 4, key="attempts"),
        "jitter": kit.choice("Jitter", JITTERS, "full", key="jitter"),
    }  # fmt: skip


def result_of(options: dict[str, Any]) -> SimResult:
    """Simulate what the controls ask for."""
    budget = RatioBudget(options["budget"] / 100) if options["budget"] else NoBudget()
    backoff = Backoff(jitter=options["jitter"])
    policy = RetryPolicy(attempts=options["attempts"], backoff=backoff, budget=budget)
    outage = (10.0, 10.0 + options["outage"])
    return simulate(Scenario(policy, offered=float(options["offered"]), outage=outage))


def figure_of(result: SimResult) -> go.Figure:
    """Return requests sent and calls answered, second by second."""
    scenario = result.scenario
    seconds = list(range(int(scenario.duration)))
    figure = go.Figure()
    figure.add_scatter(
        x=seconds, y=[result.load[s] for s in seconds], name="requests sent",
        line={"color": STROKES[1], "dash": "dot"},
    )  # fmt: skip
    figure.add_scatter(
        x=seconds, y=[result.goodput[s] for s in seconds], name="calls answered in time",
        fill="tozeroy", fillcolor=FILLS[0], line={"color": STROKES[0], "width": 3},
    )  # fmt: skip
    figure.add_hline(y=scenario.capacity, line={"color": STROKES[3], "dash": "dash"})
    figure.add_annotation(
        x=seconds[-1], y=scenario.capacity, xanchor="right", yanchor="bottom", showarrow=False,
        text="capacity", font={"color": STROKES[3]},
    )  # fmt: skip
    if scenario.outage[1] > scenario.outage[0]:
        figure.add_vrect(
            x0=scenario.outage[0], x1=scenario.outage[1], fillcolor=PAPAYA, opacity=0.9,
            layer="below", line_width=0, annotation_text="outage", annotation_position="top left",
        )  # fmt: skip
    plotly_layout(figure, title="What the service is asked and what it answers in time", height=420)
    figure.update_xaxes(title="seconds")
    figure.update_yaxes(title="per second", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Simulate and draw."""
    seen.chart(figure_of(result_of(dict(seen.wanted))), key="storm")


def finding(seen: kit.Seen) -> str:
    """Say whether it came back, and what the retries cost."""
    result = result_of(dict(seen.wanted))
    back, budget = result.recovered_after, seen.wanted["budget"]
    rule = f"With a budget of {budget} %" if budget else "Without a budget"
    load = f"**{result.amplification:.2f} requests per call**"
    if back is None:
        return (
            f"{rule} the service **never comes back**: {load}, and "
            f"{result.goodput_after:.0%} of the calls after the outage are answered in time."
        )
    return (
        f"{rule} the service is back **{back:.0f} s** after the outage: {load}, and "
        f"{min(1.0, result.goodput_after):.0%} of the calls after it are answered in time."
    )


TAB = kit.Tab(
    "Retry storm",
    question="The outage is over. Why is the service still down, and what brings it back?",
    tip="Drag the retry budget from 0 to 10 %, and watch the violet curve come back from the dead.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(QueueServer.arrive, RatioBudget.try_spend),
    command="velvet bench 07 --filter storm",
    next_step="Fault atlas",
)
