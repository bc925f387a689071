"""Five hundred experiments unfold: what each stopping rule makes of the same data."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, LINE, STROKES, pair, plotly_layout
from velvet_ml.dashboard import tasks
from velvet_ml.experiment import sequential

NAMES = {
    "fixed": "one look",
    "peek_100": "100 peeks",
    "peek_5": "5 peeks",
    "pocock": "Pocock",
    "obrien_fleming": "O'Brien-Fleming",
    "msprt": "mSPRT",
}


def controls() -> dict[str, Any]:
    """Ask for the true lift, the rule and the number of experiments."""
    rule = kit.choice("Stopping rule", list(sequential.RULES), "peek_100")
    lift = int(kit.slider("True lift of B, in percent", 0, 30, 0, step=5))
    runs = int(kit.choice("Experiments", ["100", "500", "2000"], "500"))
    return {"lift": lift, "rule": rule, "runs": runs}


def _bars(rule: str, n: list[int], users: int) -> list[float]:
    """Return the bar of |z| at each moment: that of the planned look which comes next."""
    if rule in ("pocock", "obrien_fleming"):
        bars = sequential.boundaries(5, rule)
        return [bars[(at * 5 - 1) // users] for at in n]
    return [1.96 for _ in n]


def paths_of(frames: list[dict[str, Any]], rule: str, lift: int) -> go.Figure:
    """Return the z scores of sixty experiments so far; each line ends where the rule stopped it."""
    figure = go.Figure()
    at = [n for frame in frames for n in frame["at"]]
    winners, users = set(frames[-1]["winners"]), frames[0]["n"] * tasks.FRAMES
    for number in range(len(frames[0]["z"])):
        line = [z for frame in frames for z in frame["z"][number]]
        stopped = number in winners
        figure.add_scatter(
            x=at,
            y=line,
            mode="lines",
            line={"color": STROKES[1] if stopped else FILLS[0], "width": 1.4 if stopped else 1},
            opacity=0.9 if stopped else 0.6,
            showlegend=False,
            hovertemplate="%{x:,} users an arm: z = %{y}<extra></extra>",
        )
    if rule != "msprt":
        bars = _bars(rule, at, users)
        for side in (1, -1):
            figure.add_scatter(
                x=at,
                y=[side * bar for bar in bars],
                mode="lines",
                line={"color": LINE, "dash": "dot", "width": 2},
                name="bar of the rule",
                showlegend=side == 1,
                hoverinfo="skip",
            )
    title = f"60 of {frames[0]['runs']} experiments; a red line was stopped for a winner"
    plotly_layout(figure, title=title, height=400)
    figure.update_xaxes(title="users an arm")
    figure.update_yaxes(title="z score of B against A", range=[-5, 5] if lift < 15 else None)
    return figure


def stopped_of(rules: list[dict[str, Any]], lift: int) -> go.Figure:
    """Return the share of experiments that each rule stopped, a bar each."""
    fill, stroke = pair(1 if lift == 0 else 3)
    figure = go.Figure(
        go.Bar(
            y=[NAMES[one["name"]] for one in rules],
            x=[100 * one["share"] for one in rules],
            orientation="h",
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            text=[f"{one['share']:.1%} after {one['users']:,.0f} users" for one in rules],
            textposition="auto",
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        )
    )
    if lift == 0:
        figure.add_vline(x=5, line={"color": LINE, "dash": "dot", "width": 2})
    what = "winners that are none" if lift == 0 else "winners that were found"
    plotly_layout(figure, title=f"The same experiments under each rule: {what}", height=340)
    figure.update_xaxes(title="% of the experiments", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", ticks="")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the paths as they unfold, then all rules on the same experiments."""
    frames, rules = seen.of("frame"), seen.of("rule")
    if not frames:
        return
    rule, lift = seen.options.get("rule", "peek_100"), int(seen.options.get("lift", 0))
    seen.chart(paths_of(frames, rule, lift), key="paths")
    if len(rules) == len(NAMES):
        seen.chart(stopped_of(rules, lift), key="stopped")


def finding(seen: kit.Seen) -> str:
    """Say what peeking did."""
    rules = {one["name"]: one for one in seen.of("rule")}
    if len(rules) < len(NAMES):
        return ""
    peeks, fixed, valid = (rules[name] for name in ("peek_100", "fixed", "msprt"))
    if int(seen.options.get("lift", 0)) == 0:
        return (
            f"A and B are the same, and a hundred peeks named a winner in **{peeks['share']:.1%}** of "
            f"the experiments; one look in {fixed['share']:.1%}, and mSPRT, which may look as often, "
            f"in {valid['share']:.1%}."
        )
    return (
        f"B is better: one look at the end found it in **{fixed['share']:.1%}** of the experiments, "
        f"mSPRT in {valid['share']:.1%} after {valid['users']:,.0f} users an arm on average."
    )


TAB = kit.Tab(
    "A/B lab",
    question="Did B beat A, and what did looking every day do to the answer?",
    tip="Unfold 500 experiments without a lift under 100 peeks, then under O'Brien-Fleming.",
    job=kit.Job(tasks.experiments, label="Unfold", cap_s=90, recorded="experiments.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(sequential.judge,),
    command="velvet bench 13 --filter stopping_rules",
    next_step="Is it real?",
)
