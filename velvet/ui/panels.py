"""The four panels as functions over plain data: timeline, memory, heatmap, live benchmarks.

Each takes spans, samples or results and returns a Plotly figure, so that any `app.py` is
composition and every panel can be tested without a browser.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from velvet.bench.views import Matrix, number
from velvet.ui.palette import (
    KIND_COLOURS,
    LAVENDER,
    LINE,
    SCALE,
    TEXT,
    WHITE,
    pair,
    plotly_layout,
)

MAX_TICKS = 7
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "x")


class Span(NamedTuple):
    """One stretch of time on one lane of a timeline: who did what, and when.

    Attributes:
        lane: a thread, process or task; one row.
        kind: ``run``, ``wait``, ``queue``, ``block`` or ``gc``.
        t0_ns, t1_ns: start and end on one monotonic clock, in nanoseconds.
    """

    lane: str
    name: str
    kind: str
    t0_ns: int
    t1_ns: int

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return (self.t1_ns - self.t0_ns) / 1e9


def timeline(spans: Sequence[Span], *, title: str = "") -> go.Figure:
    """Draw lanes over time, coloured and patterned by what each was doing.

    Time begins with the first span; a kind that `KIND_COLOURS` does not know is a ValueError.
    """
    zero = min((span.t0_ns for span in spans), default=0)
    lanes = list(dict.fromkeys(span.lane for span in sorted(spans, key=lambda one: one.t0_ns)))
    figure = go.Figure()
    for kind in sorted({span.kind for span in spans}, key=list(KIND_COLOURS).index):
        chosen = [span for span in spans if span.kind == kind]
        fill, stroke, shape = KIND_COLOURS[kind]
        figure.add_bar(
            name=kind,
            orientation="h",
            y=[span.lane for span in chosen],
            x=[span.seconds for span in chosen],
            base=[(span.t0_ns - zero) / 1e9 for span in chosen],
            customdata=[(span.name, span.seconds * 1e3) for span in chosen],
            hovertemplate=f"%{{customdata[0]}}: {kind} %{{customdata[1]:.2f}} ms<extra>%{{y}}</extra>",
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern": {"shape": shape, "fgcolor": stroke, "size": 5},
            },
        )
    plotly_layout(figure, title=title, height=150 + 18 * max(4, len(lanes)))
    figure.update_layout(barmode="overlay", bargap=0.25)
    figure.update_yaxes(categoryorder="array", categoryarray=lanes[::-1], tickfont={"size": 11})
    figure.update_xaxes(title="seconds")
    return figure


def memory(
    series: Mapping[str, Sequence[tuple[float, float]]],
    *,
    title: str = "",
    floor_mb: float | None = None,
) -> go.Figure:
    """Draw memory over time, one line a series, with the import floor shaded.

    Args:
        series: name -> (seconds, MB).
        floor_mb: what a process has before it does anything.
    """
    figure = lines(series, title=title, x="seconds", y="MB")
    figure.update_traces(mode="lines", hovertemplate="%{x:.2f} s: %{y:.1f} MB")
    if floor_mb is not None:
        figure.add_hrect(
            y0=0,
            y1=floor_mb,
            fillcolor=LAVENDER,
            opacity=0.45,
            line_width=0,
            annotation_text=f"imports alone: {floor_mb:.0f} MB",
            annotation_position="bottom right",
            annotation_font_color=TEXT,
        )
    figure.update_yaxes(rangemode="tozero")
    return figure


def heatmap(table: Matrix, *, title: str = "") -> go.Figure:
    """Draw contenders by sizes; pale is the column's best, dark is many times worse.

    A cell says how many times worse than its column's best it is. Cells that were not measured
    stay blank and say so when hovered.
    """
    highest = max((cell for row in table.cells for cell in row if cell is not None), default=0.0)
    columns = [column.replace(",", "<br>") or "all" for column in table.columns]
    figure = go.Figure(
        go.Heatmap(
            z=table.cells,
            x=columns,
            y=table.rows,
            zmin=0,
            zmax=max(1, math.ceil(highest)),
            customdata=table.texts,
            hovertemplate="%{y}<br>%{x}: %{customdata}<extra></extra>",
            text=[[_times(cell) for cell in row] for row in table.cells],
            texttemplate="%{text}",
            textfont={"size": 12 if len(columns) < 6 else 10},
            xgap=2,
            ygap=2,
            colorscale=SCALE,
            showscale=False,  # the cells say what a colour means
        )
    )
    plotly_layout(figure, title=title, height=130 + 34 * max(3, len(table.rows)))
    figure.update_layout(plot_bgcolor="#F3EEF3")
    figure.update_xaxes(type="category", showgrid=False, tickangle=0 if len(columns) < 6 else None)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return figure


def _times(cell: float | None) -> str:
    if cell is None:
        return ""
    return "best" if cell < 0.014 else f"{number(2**cell)}x"


def grid(
    rows: Sequence[str],
    columns: Sequence[float],
    cells: Sequence[Sequence[float | None]],
    *,
    title: str = "",
    unit: str = "share",
) -> go.Figure:
    """Draw time bins by lanes, each cell between 0 (idle) and 1 (busy)."""
    heat = go.Heatmap(
        z=[list(row) for row in cells],
        x=list(columns),
        y=list(rows),
        zmin=0,
        zmax=1,
        xgap=1,
        ygap=2,
        colorscale=SCALE,
        hovertemplate="%{y} at %{x:.2f} s: %{z:.0%}<extra></extra>",
        colorbar={"title": {"text": unit}, "tickformat": ".0%", "thickness": 14},
    )
    figure = plotly_layout(go.Figure(heat), title=title, height=130 + 20 * max(4, len(rows)))
    figure.update_xaxes(title="seconds")
    figure.update_yaxes(type="category", autorange="reversed", tickfont={"size": 11})
    return figure


Interval = tuple[str, float, float, float]  # label, value, its two ends


def intervals(
    series: Mapping[str, Sequence[Interval]], *, title: str = "", axis: str = ""
) -> go.Figure:
    """Draw ratios with their intervals on a logarithmic axis, one series a machine.

    Args:
        series: name of the machine -> rows; the first row stands on top.
        axis: what a ratio of 2 means.
    """
    figure = go.Figure()
    symbols = ("circle", "diamond-open", "square")
    for index, (name, rows) in enumerate(series.items()):
        fill, stroke = pair(index)
        figure.add_scatter(
            x=[value for _, value, _, _ in rows],
            y=[label for label, _, _, _ in rows],
            name=name,
            mode="markers",
            marker={
                "size": 11,
                "symbol": symbols[index % 3],
                "color": fill if index % 3 != 1 else stroke,
                "line": {"color": stroke, "width": 2},
            },
            error_x={
                "type": "data",
                "array": [hi - value for _, value, _, hi in rows],
                "arrayminus": [value - lo for _, value, lo, _ in rows],
                "color": stroke,
                "thickness": 2,
                "width": 6,
            },
            hovertemplate="%{y}: %{x:.3g}x<extra>" + name + "</extra>",
            showlegend=len(series) > 1,
        )
    labels = list(dict.fromkeys(row[0] for rows in series.values() for row in rows))
    figure.add_vline(x=1, line={"color": LINE, "dash": "dash"})
    plotly_layout(figure, title=title, height=150 + 34 * max(2, len(labels)))
    ends = [1.0, *(end for rows in series.values() for row in rows for end in row[1:])]
    low, high = min(ends), max(ends)
    air = (high / low) ** 0.06 * 1.05
    figure.update_xaxes(title=axis, **log_axis(low / air, high * air, suffix="x"))
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=labels[::-1])
    return figure


def log_axis(low: float, high: float, *, suffix: str = "") -> dict[str, Any]:
    """Return a logarithmic axis with whole labels: powers of ten, and 2 and 5 where few fit."""
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1,)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= MAX_TICKS:
            break
    ticks = ticks[:: -(-len(ticks) // MAX_TICKS)] if ticks else []
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": ticks,
        "ticktext": [f"{tick:,.12g}{suffix}" for tick in ticks],
    }


def lines(
    series: Mapping[str, Sequence[tuple[float, float]]],
    *,
    title: str = "",
    x: str = "",
    y: str = "",
    log: bool = False,
) -> go.Figure:
    """Draw curves with markers and line styles of their own, for growth and latency."""
    figure = go.Figure()
    for index, (name, points) in enumerate(series.items()):
        fill, stroke = pair(index)
        figure.add_scatter(
            x=[point[0] for point in points],
            y=[point[1] for point in points],
            name=name,
            mode="lines+markers" if len(points) < 200 else "lines",
            line={"color": stroke, "width": 2, "dash": DASHES[index % len(DASHES)]},
            marker={
                "symbol": SYMBOLS[index % len(SYMBOLS)],
                "size": 9,
                "color": fill,
                "line": {"color": stroke, "width": 1.5},
            },
        )
    plotly_layout(figure, title=title, height=360)
    figure.update_xaxes(title=x, type="linear")
    figure.update_yaxes(title=y, type="linear")
    if log:
        for axis, update in ((0, figure.update_xaxes), (1, figure.update_yaxes)):
            known = [point[axis] for points in series.values() for point in points]
            known = [value for value in known if value > 0]
            if known:
                update(**log_axis(min(known) / 1.3, max(known) * 1.3))
    return figure


def state_strip(
    segments: Sequence[tuple[str, float, float]], colours: Mapping[str, str], *, title: str = ""
) -> go.Figure:
    """Draw one bar of states over time: (state, start, end); each is labelled in words."""
    figure = go.Figure()
    seen: set[str] = set()
    for state, start, end in segments:
        figure.add_bar(
            x=[end - start],
            base=[start],
            y=["state"],
            orientation="h",
            name=state,
            showlegend=state not in seen,
            legendgroup=state,
            marker={"color": colours.get(state, WHITE), "line": {"color": TEXT, "width": 1}},
            text=[state if end - start > 0.06 * (segments[-1][2] or 1) else ""],
            textposition="inside",
            insidetextanchor="middle",
            hovertemplate=f"{state}: {start:.2f} to {end:.2f} s<extra></extra>",
        )
        seen.add(state)
    plotly_layout(figure, title=title, height=180)
    figure.update_layout(barmode="overlay", bargap=0.1)
    figure.update_yaxes(visible=False)
    figure.update_xaxes(title="seconds")
    return figure
