"""Memory: what import and load cost, a process each."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_nlp import footprint
from velvet_nlp.dashboard import tasks
from velvet_nlp.dashboard.arena import tell_absent


def bars_of(steps: list[dict[str, Any]]) -> go.Figure:
    """Return the memory of import and load of each approach."""
    figure = go.Figure()
    for number, part in enumerate(("import", "load")):
        mine = [one for one in steps if one["step"] == part]
        fill, stroke = pair(number * 2)
        figure.add_bar(
            x=[one["mib"] for one in mine],
            y=[one["name"].replace("_", " ") for one in mine],
            orientation="h",
            name="import" if number == 0 else "load and first answer",
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern_shape": "/" if number else "",
            },
            hovertemplate="%{y}: %{x:.0f} MiB<extra></extra>",
        )
    plotly_layout(figure, title="Resident memory before the first token", height=340)
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="MiB")
    figure.update_yaxes(automargin=True)
    return figure


def sums_of(steps: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """Return MiB and CPU seconds of each approach."""
    sums: dict[str, tuple[float, float]] = {}
    for one in steps:
        mib, cpu = sums.get(one["name"], (0.0, 0.0))
        sums[one["name"]] = (mib + one["mib"], cpu + one["cpu"])
    return sums


def draw(seen: kit.Seen) -> None:
    """Draw the bars, then the seconds."""
    if steps := seen.of("step"):
        seen.chart(bars_of(steps), key="bars")
        seen.table(
            [
                {"approach": name.replace("_", " "), "MiB": f"{mib:.0f}", "CPU s": f"{cpu:.1f}"}
                for name, (mib, cpu) in sums_of(steps).items()
            ]
        )
    tell_absent(seen)


def finding(seen: kit.Seen) -> str:
    """Say what the cheapest and the dearest cost."""
    sums = sums_of(seen.of("step"))
    if len(sums) < 2:
        return ""
    low, high = (pick(sums, key=lambda name: sums[name][0]) for pick in (min, max))
    return (
        f"**{low.replace('_', ' ')}** is ready in **{sums[low][0]:.0f} MiB**, "
        f"**{high.replace('_', ' ')}** in **{sums[high][0]:.0f} MiB**. NLTK takes scikit-learn along "
        "when it is installed, and needs nothing of it here."
    )


TAB = kit.Tab(
    "Memory",
    question="What does a library cost before its first token?",
    tip="Measure here: what is installed beside a library changes what importing it costs.",
    job=kit.Job(tasks.bills, label="Measure", cap_s=240, recorded="memory.jsonl"),
    draw=draw,
    finding=finding,
    code=(footprint.total,),
    command="velvet bench 06 --filter memory",
    next_step="Inside",
)
