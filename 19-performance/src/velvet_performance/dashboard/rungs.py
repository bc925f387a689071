"""A ladder measured rung by rung, beside what Amdahl's law predicted."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, pair, plotly_layout
from velvet_performance import scaling
from velvet_performance.dashboard import tasks

SIZES = ("200", "1000", "5000")


def controls() -> dict[str, Any]:
    """Ask for the ladder and the size."""
    name = kit.choice("Ladder", ["access_log", "service"], "access_log")
    if name == "service":
        return {"name": name, "size": int(kit.choice("Requests", ["60", "120"], "60"))}
    return {"name": name, "size": int(kit.choice("Lines", SIZES, "1000"))}


def figure_of(rows: list[dict[str, Any]]) -> go.Figure:
    """Return measured and predicted gain of each rung, with the line where nothing is gained."""
    steps = [row for row in rows if "gain" in row]
    names = [row["step"].replace("_", " ") for row in steps]
    figure = go.Figure()
    for number, (field, name, pattern) in enumerate(
        (("gain", "measured", ""), ("predicted", "predicted by Amdahl", "/"))
    ):
        fill, stroke = pair(number * 2)
        errors = None
        if field == "gain":
            errors = {
                "type": "data",
                "symmetric": False,
                "array": [row["hi"] - row["gain"] for row in steps],
                "arrayminus": [row["gain"] - row["lo"] for row in steps],
                "color": stroke,
            }
        figure.add_bar(
            y=names,
            x=[row[field] for row in steps],
            error_x=errors,
            orientation="h",
            name=name,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern_shape": pattern,
            },
            hovertemplate="%{y}: %{x:.2f}x<extra>" + name + "</extra>",
        )
    figure.add_vline(x=1, line={"color": LINE, "dash": "dot"})
    plotly_layout(figure, title="Each rung over the one below", height=130 + 48 * len(steps))
    figure.update_xaxes(type="log", title="times faster", tickvals=[1, 1.5, 2, 3, 5, 10, 20])
    figure.update_yaxes(ticks="", autorange="reversed")
    return figure


def total_of(rows: list[dict[str, Any]]) -> go.Figure:
    """Return the time that is left after each rung."""
    figure = go.Figure(
        go.Scatter(
            x=[row["step"].replace("_", " ") for row in rows],
            y=[row["ms"] for row in rows],
            mode="lines+markers",
            line={"color": STROKES[0], "width": 3, "shape": "hv"},
            marker={"size": 9},
            hovertemplate="%{x}: %{y:.2f} ms<extra></extra>",
        )
    )
    plotly_layout(figure, title="Time that is left", height=320)
    figure.update_yaxes(type="log", title="ms of CPU")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw what is left, then gain beside prediction."""
    rows = seen.of("rung")
    if not rows:
        return
    seen.chart(total_of(rows), key="left")
    if len(rows) > 1:
        seen.chart(figure_of(rows), key="gains")
    if seen.options.get("name") == "service":
        kit.note(
            "The prediction for the service is a ceiling: as if the named function went away whole."
        )


def finding(seen: kit.Seen) -> str:
    """Say the total gain and how good the predictions were."""
    rows = [row for row in seen.of("rung") if "gain" in row]
    if len(rows) < 2:
        return ""
    off = max(abs(row["predicted"] / row["gain"] - 1) for row in rows if row["predicted"])
    idle = sum(row["verdict"] == "no effect" for row in rows)
    still = f" {idle} rungs have no effect." if idle else ""
    return (
        f"**{rows[-1]['total']:.0f}x** in {len(rows)} rungs; the worst prediction is off by "
        f"**{off:.0%}**.{still}"
    )


TAB = kit.Tab(
    "Optimisation ladder",
    question="How much does each fix give, and did Amdahl's law predict it?",
    tip="Measure 1,000 lines, then 5,000: the second rung gains, the first one loses.",
    job=kit.Job(tasks.climb, label="Measure", cap_s=180, recorded="climb.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(scaling.amdahl,),
    command="velvet bench 19 --filter log_ladder",
    next_step="Memory and GC",
)
