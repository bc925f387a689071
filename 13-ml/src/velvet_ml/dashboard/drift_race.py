"""An error rate rises: how soon does each detector see it, and how often is it wrong?"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, pair, plotly_layout
from velvet_ml.dashboard import tasks
from velvet_ml.drift import stream

NAMES = {"cusum": "CUSUM", "page_hinkley": "Page-Hinkley", "adwin": "ADWIN"}
DASHES = ("solid", "dash", "dot")


def controls() -> dict[str, Any]:
    """Ask for the change and for the run length that all are calibrated to."""
    change = int(kit.slider("The error rate rises by (points)", 5, 50, 20, step=5))
    arl = int(kit.choice("Values between false alarms", ["200", "500", "1000"], "500"))
    return {"change": change, "arl": arl}


def stream_of(mean: list[float], detectors: list[dict[str, Any]]) -> go.Figure:
    """Return the error rate over time, with the change and the first alarm of each detector."""
    figure = go.Figure(
        go.Scatter(
            x=[30 + 6 * number for number in range(len(mean))],
            y=[100 * one for one in mean],
            mode="lines",
            line={"color": STROKES[0], "width": 2},
            name="mean of the last 30",
            hovertemplate="value %{x}: %{y:.0f} % wrong<extra></extra>",
        )
    )
    figure.add_vline(x=200, line={"color": LINE, "width": 3}, annotation_text="the change")
    top = 100 * max(mean)
    for number, one in enumerate(detectors):
        if one["alarm"]:
            figure.add_scatter(
                x=[one["alarm"]] * 2,
                y=[0, top],
                mode="lines",
                line={"color": STROKES[number + 1], "dash": DASHES[number], "width": 2},
                name=f"{NAMES[one['name']]}: alarm",
                hovertemplate="value %{x}<extra></extra>",
            )
    plotly_layout(figure, title="One stream of predictions, right or wrong", height=360)
    figure.update_xaxes(title="values")
    figure.update_yaxes(title="% wrong", rangemode="tozero")
    return figure


def delays_of(detectors: list[dict[str, Any]]) -> go.Figure:
    """Return the median delay of each detector over many streams."""
    fill, stroke = pair(2)
    figure = go.Figure(
        go.Bar(
            x=[NAMES[one["name"]] for one in detectors],
            y=[one["delay"] for one in detectors],
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            text=[
                (
                    f"1 false alarm in {one['run_length']:,.0f}"
                    if one["run_length"]
                    else "no false alarm"
                )
                for one in detectors
            ],
            hovertemplate="%{x}: %{y:.0f} values<extra></extra>",
        )
    )
    plotly_layout(
        figure,
        title="Values until the alarm (median); each bar says how often it is false",
        height=340,
    )
    figure.update_yaxes(title="values after the change", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the stream with its alarms, then the delays."""
    if not (streams := seen.of("stream")):
        return
    detectors = seen.of("detector")
    seen.chart(stream_of(streams[-1]["mean"], detectors), key="stream")
    if detectors:
        seen.chart(delays_of(detectors), key="delays")


def finding(seen: kit.Seen) -> str:
    """Say what the quick and the quiet detector cost."""
    found = {one["name"]: one for one in seen.of("detector")}
    if len(found) < 3 or not found["cusum"]["delay"] or not found["adwin"]["delay"]:
        return ""
    quick, quiet = found["cusum"], found["adwin"]
    often = f"once in {quick['run_length']:,.0f} values" if quick["run_length"] else "never"
    return (
        f"CUSUM saw the change after **{quick['delay']:.0f}** values and cries for nothing {often}; "
        f"ADWIN took **{quiet['delay']:.0f}** and needs neither a target nor a threshold."
    )


TAB = kit.Tab(
    "Drift race",
    question="How soon is a change seen, and how often is the alarm false?",
    tip="Let them cry rarely (1,000 values), then often (200): the delay is what you buy.",
    job=kit.Job(tasks.race, label="Race", cap_s=120, recorded="race.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(stream.Cusum.update, stream.PageHinkley.update),
    command="velvet bench 13 --filter stream_delay",
    next_step="Serving",
)
