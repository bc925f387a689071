"""How many reruns catch a flaky test: the formula, and a simulation inside its band."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, plotly_layout
from velvet_testing import flaky
from velvet_testing.dashboard import tasks


def controls() -> dict[str, Any]:
    """Ask for the rate of failure."""
    percent = kit.slider("The test fails in so many percent of its runs", 1, 60, 10)
    return {"percent": percent, "trials": 200}


def figure_of(seen: kit.Seen) -> go.Figure:
    """Return the share of flaky tests that were caught, by reruns."""
    rows = seen.of("runs")
    x = [one["runs"] for one in rows]
    figure = go.Figure()
    band = [one["high"] for one in rows] + [one["low"] for one in rows][::-1]
    figure.add_scatter(
        x=x + x[::-1],
        y=band,
        fill="toself",
        mode="lines",
        line={"width": 0},
        name="99 % band",
        fillcolor="rgba(140,110,210,.25)",
        hoverinfo="skip",
    )
    for name, words, dash in (("theory", "formula", "dash"), ("seen", "200 trials", "solid")):
        figure.add_scatter(
            x=x,
            y=[one[name] for one in rows],
            mode="lines",
            name=words,
            line={"color": STROKES[name == "seen"], "dash": dash, "width": 3},
        )
    figure.add_vline(x=rows[-1]["needed"], line={"color": LINE, "dash": "dot"})
    plotly_layout(figure, title="Caught after so many reruns", height=420)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    figure.update_xaxes(title="reruns")
    return figure


def bisected(polluter: int = 4, tests: int = 40) -> list[dict[str, str]]:
    """Return the runs that name the test which makes the last one fail, a row each."""
    names, rows = [f"test_{number:02}" for number in range(tests)], list[dict[str, str]]()

    def passes(before: list[str]) -> bool:
        green = names[polluter] not in before
        ran = f"{before[0]} to {before[-1]}" if len(before) > 1 else "".join(before) or "nothing"
        rows.append({"before it": ran, names[-1]: "passes" if green else "fails"})
        return green

    report = flaky.find_polluters(names, names[-1], runner=passes)
    assert report.polluters == [names[polluter]]
    return rows


def draw(seen: kit.Seen) -> None:
    """Draw the curve, and the bisection of a test that fails by the order alone."""
    if seen.of("runs"):
        seen.chart(figure_of(seen), key="reruns")
    kit.note(
        "No number of reruns explains a test that fails by the order alone: of forty tests one "
        "pollutes the last. Halve what runs before it until one test is left."
    )
    kit.Seen().table(bisected())  # computed here and now, whoever ran the simulation


def finding(seen: kit.Seen) -> str:
    """Say the reruns that are needed, and what they detected."""
    rows = seen.of("runs")
    if seen.running or not rows:
        return ""
    needed = rows[-1]["needed"]
    at = next(one for one in rows if one["runs"] == needed)
    rate = seen.options.get("percent", 10) / 100
    return (
        f"A test that fails {rate:.0%} of the time needs **{needed} reruns** to be caught with "
        f"95 % confidence; {at['seen']:.0%} of the trials were. {needed} passes in a row only say "
        f"that the rate is below {flaky.upper_bound(needed):.1%}."
    )


TAB = kit.Tab(
    "Flaky lab",
    question="How many green reruns prove that a test is not flaky?",
    tip="Move the rate to 2 %: three reruns, as most teams do, prove next to nothing.",
    job=kit.Job(tasks.rerun, label="Simulate", cap_s=60, recorded="reruns.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(flaky.reruns_needed, flaky.find_polluters),
    command="velvet run 18 advanced flaky_detective",
    next_step="Mutation microscope",
)
