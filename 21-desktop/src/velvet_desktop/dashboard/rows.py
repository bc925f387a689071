"""A table with every row in the widget beside one that asks for what it shows."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, plotly_layout
from velvet_desktop.comparisons.windows import EAGER_LIMIT
from velvet_desktop.core.rows import RowWindow
from velvet_desktop.dashboard import tasks
from velvet_desktop.windows import why_not

NAMES = {"eager": "every row in the widget", "window": "a window over the rows"}


def controls() -> dict[str, Any]:
    """Ask for the toolkit and the largest table."""
    return {
        "toolkit": kit.choice("Toolkit", list(EAGER_LIMIT), "tk"),
        "upto": int(kit.choice("Rows, up to", [str(count) for count in tasks.ROWS], "100000")),
    }


def problem(options: Any) -> str:
    """Say why no table can be drawn here."""
    return why_not(str(options["toolkit"]))


def figure_of(rows: list[dict[str, Any]], field: str, title: str) -> go.Figure:
    """Return a figure of both tables against their rows."""
    figure = go.Figure()
    for number, (kind, name) in enumerate(NAMES.items()):
        mine = [row for row in rows if row["kind"] == kind]
        figure.add_scatter(
            x=[row["rows"] for row in mine],
            y=[row[field] for row in mine],
            mode="lines+markers",
            name=name,
            line={"color": STROKES[1 - number], "width": 3, "dash": ("dash", "solid")[number]},
            marker={"size": 10, "symbol": ("square", "circle")[number]},
        )
    plotly_layout(figure, title=title, height=340)
    figure.update_xaxes(type="log", title="rows", tickvals=list(tasks.ROWS))
    figure.update_yaxes(type="log", title="MB" if field == "rss" else "ms")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the time until the table is there, a leap through it, its memory."""
    rows = seen.of("table")
    if rows:
        seen.chart(figure_of(rows, "load", "Until the table is drawn"), key="load")
        seen.chart(figure_of(rows, "leap", "A leap to another part of it"), key="leap")
        seen.chart(figure_of(rows, "rss", "Memory of the process"), key="rss")


def finding(seen: kit.Seen) -> str:
    """Say what the largest table with all rows costs beside the window over as many."""
    rows = seen.of("table")
    eager = [row for row in rows if row["kind"] == "eager"]
    window = {row["rows"]: row for row in rows if row["kind"] == "window"}
    if len(eager) < 2 or eager[-1]["rows"] not in window:
        return ""
    last = eager[-1]
    other = window[last["rows"]]
    return (
        f"{last['rows']:,} rows in the widget take **{last['load']:,.0f} ms** and "
        f"**{last['rss']:.0f} MB**; a window over them **{other['load']:,.0f} ms** and "
        f"**{other['rss']:.0f} MB**."
    )


TAB = kit.Tab(
    "Million rows",
    question="What does a table cost that has every row in it?",
    tip="Press Measure, then choose 1000000: only one of the two curves has gone up.",
    job=kit.Job(tasks.rows, label="Measure", cap_s=300, recorded="rows.jsonl", problem=problem),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(RowWindow.row,),
    command="velvet bench 21 --filter rows",
    next_step="Chart decimation",
)
