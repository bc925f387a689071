"""The race: CPU per request of five front ends, each after it has passed the contract."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_web.comparisons.measuring import cost
from velvet_web.dashboard import tasks


def controls() -> dict[str, Any]:
    """Ask for the workload."""
    return {
        "workload": kit.choice("Workload", ("tiny", "read_one", "list_50", "create"), "list_50"),
        "requests": kit.slider("Requests of each", 200, 3000, 600, step=200),
    }


def draw(seen: kit.Seen) -> None:
    """Draw CPU and latency as bars, one a front end."""
    laps = sorted(seen.of("lap"), key=lambda one: float(one["cpu_us"]))
    for metric, title, unit in (
        ("cpu_us", "CPU of the server per request", "us"),
        ("p99", "p99 of the latency, closed loop of 4 users", "ms"),
        ("rss", "Memory of the server and its workers", "MB"),
    ):
        if not laps:
            continue
        figure = go.Figure()
        fill, stroke = pair(0)
        figure.add_bar(
            x=[one[metric] for one in laps],
            y=[one["name"] for one in laps],
            orientation="h",
            text=[f"{one[metric]:,.1f}" for one in laps],
            textposition="outside",
            cliponaxis=False,
            marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
        )
        plotly_layout(figure, title=title, height=230)
        most = max(float(one[metric]) for one in laps)
        figure.update_xaxes(title=unit, range=[0, 1.25 * most])
        figure.update_yaxes(autorange="reversed", automargin=True)
        figure.update_layout(showlegend=False)
        seen.chart(figure, key=metric)
    for one in seen.of("absent"):
        kit.note(f"{one['name']}: {one['reason']}")


def finding(seen: kit.Seen) -> str:
    """Compare the two ends."""
    laps = sorted(seen.of("lap"), key=lambda one: float(one["cpu_us"]))
    if len(laps) < 2:
        return ""
    first, last = laps[0], laps[-1]
    times = last["cpu_us"] / first["cpu_us"]
    return (
        f"**{last['name']}** takes {times:.1f} times the CPU of {first['name']} for "
        f"{seen.options.get('workload', 'list_50')}; all five had passed every check before."
    )


TAB = kit.Tab(
    "Race",
    question="What does one request cost each framework?",
    tip="Measure `tiny` first, then `list_50`: the order stays, the distances shrink.",
    job=kit.Job(tasks.race, cap_s=180, recorded="race.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(cost,),
    command="velvet bench 14 --filter workloads",
    next_step="Matrix",
)
