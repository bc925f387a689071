"""Start-up: what a start costs in time, in memory, and in imports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, LINE, TEXT, pair, plotly_layout
from velvet_cli.comparisons.probe import startup
from velvet_cli.contenders import NAMES
from velvet_cli.dashboard import tasks

Bars = Mapping[str, Mapping[str, float]]


def controls() -> dict[str, Any]:
    """Ask for the runs of each start."""
    return {"rounds": kit.slider("Runs of each start", 1, 9, 3)}


def bars(title: str, series: Bars, *, unit: str, log: bool = False, height: int = 330) -> go.Figure:
    """Return grouped bars: name of a series -> name of a bar -> value."""
    figure = go.Figure()
    for number, (name, values) in enumerate(series.items()):
        fill, stroke = pair(number)
        pattern = {"shape": "/" if number else "", "fgcolor": stroke}
        look = {"color": fill, "line": {"color": stroke, "width": 1.5}, "pattern": pattern}
        texts = [f"{value:,.0f}" for value in values.values()]
        figure.add_bar(name=name, x=list(values.values()), y=list(values), orientation="h")
        figure.update_traces(
            {"text": texts, "marker": look, "textposition": "outside", "cliponaxis": False},
            selector={"name": name},
        )
    plotly_layout(figure, title=title, height=height)
    most = max((value for values in series.values() for value in values.values()), default=1.0)
    # Room for the figures at the ends of the bars.
    room = [0, math.log10(most) + 0.5] if log else [0, 1.2 * most]
    figure.update_xaxes(title=unit, range=room, **({"type": "log", "dtick": 1} if log else {}))
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_layout(showlegend=len(series) > 1)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw time, memory and modules apart, and the chosen tree of imports."""
    found = seen.of("start")
    if not found:
        return

    def of(metric: str) -> dict[str, float]:
        return {one["name"]: one[metric] for one in found}

    times = {"with bytecode": of("cpu_ms"), "without .pyc files": of("uncompiled_ms")}
    seen.chart(bars("CPU time of one start: tasks add x", times, unit="ms"), key="cpu")
    for metric, title, unit in (
        ("rss_mb", "Peak memory of that start", "MB"),
        ("modules", "Modules it loads", "modules"),
    ):
        seen.chart(bars(title, {unit: of(metric)}, unit=unit, height=260), key=metric)
    trees = {one["name"]: one["boxes"] for one in seen.of("tree")}
    chosen = kit.choice("Imports of", NAMES, "typer")
    if chosen in trees:
        seen.chart(icicle(trees[chosen], chosen), key="icicle")


def icicle(boxes: Sequence[Sequence[Any]], name: str) -> go.Figure:
    """Return the tree of imports; a box is as wide as its import, with all that it imports below."""
    paths, above, labels, figures = (list(column) for column in zip(*boxes, strict=True))
    labels[0] = f"tasks in {name}"
    title = f"Imports of {name}: {figures[0]:.0f} ms traced; click a box to go in"
    # Laid out before its trace is there: an icicle has no legend that could be asked about.
    figure = plotly_layout(go.Figure(), title=title, height=380)
    figure.add_trace(
        go.Icicle(
            ids=paths,
            parents=above,
            labels=labels,
            values=figures,
            branchvalues="total",
            tiling={"orientation": "v", "pad": 1},
            maxdepth=7,
            hovertemplate="%{id}<br>%{value:.1f} ms<extra></extra>",
            textfont={"color": TEXT},
            marker={
                "colors": [FILLS[path.count(">") % len(FILLS)] for path in paths],
                "line": {"color": LINE, "width": 0.6},
            },
        )
    )
    return figure


def finding(seen: kit.Seen) -> str:
    """Say what the dearest start costs."""
    found = sorted(seen.of("start"), key=lambda one: float(one["cpu_ms"]))
    if len(found) < 2 or found[0]["cpu_ms"] <= 0:
        return ""
    first, last = found[0], found[-1]
    times = last["cpu_ms"] / first["cpu_ms"]
    bare = max(found, key=lambda one: one["uncompiled_ms"] / one["cpu_ms"])
    again = bare["uncompiled_ms"] / bare["cpu_ms"]
    return (
        f"A start of **{last['name']}** costs {times:.1f} times that of {first['name']}; without "
        f"bytecode {bare['name']} takes {again:.1f} times as long."
    )


TAB = kit.Tab(
    "Start-up",
    question="What does one start of each framework cost?",
    tip="Press Measure, then open the import tree of the dearest.",
    job=kit.Job(tasks.starts, cap_s=180, recorded="starts.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(startup,),
    command="velvet bench 03 --filter startup",
    next_step="Lazy loading",
)
