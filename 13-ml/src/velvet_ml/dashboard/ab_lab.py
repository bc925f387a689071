"""Five hundred experiments unfold: what stopping rules, CUPED and a broken split make of them."""

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
DOTTED = {"color": LINE, "dash": "dot", "width": 2}


def controls() -> dict[str, Any]:
    """Ask for the true lift, the rule and the experiments; for the past and the split."""
    rule = kit.choice("Stopping rule", list(sequential.RULES), "peek_100")
    lift = int(kit.slider("True lift of B, in percent", 0, 30, 0, step=5))
    runs = int(kit.choice("Experiments", ["100", "500", "2000"], "500"))
    past = float(kit.choice("CUPED: correlation with the past", ["0", "0.5", "0.7", "0.9"], "0.7"))
    split = float(kit.choice("Users that reach A, in %", ["50", "50.5", "51", "52"], "51"))
    return {"lift": lift, "rule": rule, "runs": runs, "past": past, "split": split}


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
                line=DOTTED,
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
        figure.add_vline(x=5, line=DOTTED)
    what = "winners that are none" if lift == 0 else "winners that were found"
    plotly_layout(figure, title=f"The same experiments under each rule: {what}", height=340)
    figure.update_xaxes(title="% of the experiments", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", ticks="")
    return figure


def effects_of(effects: list[dict[str, Any]], lift: int) -> go.Figure:
    """Return one experiment's difference with its interval, without CUPED and with it."""
    figure = go.Figure()
    for number, one in enumerate(effects):
        fill, stroke = pair(number)
        figure.add_scatter(
            x=[one["lift"]],
            y=[f"{one['name']} CUPED"],
            error_x={"array": [one["reach"]], "color": stroke, "thickness": 3, "width": 9},
            mode="markers",
            marker={"size": 13, "color": fill, "line": {"color": stroke, "width": 2}},
            showlegend=False,
            hovertemplate=f"%{{x:.1f}} ± {one['reach']:.1f} %<extra></extra>",
        )
    figure.add_vline(x=lift, line=DOTTED, annotation_text=f"the truth: {lift} %")
    figure.update_yaxes(range=[1.5, -1.2], ticks="")  # room above for what the line says
    figure.update_xaxes(title="B against A, in %")
    return plotly_layout(figure, title="One experiment, its 95 % interval twice", height=240)


def cuped_says(effects: list[dict[str, Any]], correlation: float) -> str:
    """Say what the past was worth."""
    width = effects[1]["reach"] / effects[0]["reach"]
    worth = f"as {width**-2:.1f} times the users would" if width < 0.99 else "so nothing is gained"
    return (
        f"Where the past correlates with the outcome by {correlation:g}, CUPED leaves the interval "
        f"{width:.0%} of its width, {worth}; the effect stays what it is."
    )


def split_of(split: dict[str, Any]) -> go.Figure:
    """Return how many users reached A in each experiment, and which of them the check refused."""
    figure, alarms = go.Figure(), set(split["alarms"])
    for number, (name, refused) in enumerate((("passed", False), ("alarm, p below 0.001", True))):
        fill, stroke = pair(number)
        figure.add_histogram(
            x=[n for at, n in enumerate(split["first"]) if (at in alarms) == refused],
            name=name,
            bingroup="users",
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            marker_pattern_shape="/" if refused else "",
            hovertemplate="%{x} users: %{y} experiments<extra></extra>",
        )
    figure.add_vline(x=split["users"] / 2, line=DOTTED, annotation_text="the plan")
    figure.update_layout(barmode="stack", xaxis_title="users in A", yaxis_title="experiments")
    return plotly_layout(
        figure, title=f"Users that reached A in each experiment, of {split['users']:,}", height=320
    )


def split_says(split: dict[str, Any], percent: float) -> str:
    """Say what the sample ratio check found."""
    found = f"the sample ratio check refused {len(split['alarms'])} of {len(split['first'])}"
    if percent == 50:
        return f"The split is as planned: {found}; each refusal is a false alarm."
    return f"{percent:g} % reach A where half were planned: {found}, and none can be trusted."


def draw(seen: kit.Seen) -> None:
    """Draw the paths as they unfold, all rules on the same experiments, CUPED and the split."""
    frames, rules = seen.of("frame"), seen.of("rule")
    if not frames:
        return
    rule, lift = seen.options.get("rule", "peek_100"), int(seen.options.get("lift", 0))
    seen.chart(paths_of(frames, rule, lift), key="paths")
    if len(rules) == len(NAMES):
        seen.chart(stopped_of(rules, lift), key="stopped")
    if len(effects := seen.of("effect")) == 2:
        seen.chart(effects_of(effects, lift), key="effects")
        kit.note(cuped_says(effects, seen.options.get("past", 0.7)))
    for split in seen.of("split"):
        seen.chart(split_of(split), key="split")
        kit.note(split_says(split, seen.options.get("split", 51.0)))


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
