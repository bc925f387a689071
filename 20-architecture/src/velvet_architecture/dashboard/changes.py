"""Eight changes, three architectures: lines, files, tests, and questions about the past."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_architecture.dashboard import tasks
from velvet_architecture.lab import evolution
from velvet_architecture.samples.acceptance import CHANGES

PATTERNS = ("", "/", "x")


def figure_of(changes: list[dict[str, Any]]) -> go.Figure:
    """Return lines by change and architecture, a bar each; hovering tells how many were old."""
    figure = go.Figure()
    for number, name in enumerate(evolution.ARCHITECTURES):
        mine = [one for one in changes if one["architecture"] == name]
        fill, stroke = pair(number)
        figure.add_bar(
            x=[one["step"] for one in mine],
            y=[one["lines_added"] + one["changed_in_old"] for one in mine],
            name=name,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern_shape": PATTERNS[number],
            },
            customdata=[
                [one["files_touched"], one["changed_in_old"], one["own_tests_broken"]]
                for one in mine
            ],
            hovertemplate="%{x}: %{y} lines in %{customdata[0]} files, %{customdata[1]} of them "
            "old; %{customdata[2]} tests broke<extra>" + name + "</extra>",
        )
    plotly_layout(figure, title="Lines of code that a change touches", height=380)
    figure.update_yaxes(title="lines added, removed, replaced", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the bars, then one change file by file."""
    changes = seen.of("change")
    if not changes:
        return
    seen.chart(figure_of(changes), key="lines")
    labels = [f"c0{number} {text}" for number, text in enumerate(CHANGES) if number]
    chosen = kit.choice("One change", labels, labels[6], key="one")
    seen.table(
        [
            {
                "architecture": one["architecture"],
                "files": ", ".join(name for name in one["files"] if name[:5] != "test_"),
                "lines": one["lines_added"] + one["changed_in_old"],
                "tests broken": one["own_tests_broken"],
                "old data": "opens" if one["old_data_opens"] else "lost",
                "the past": "known" if one["history_answer"] else "unknown",
            }
            for one in changes
            if one["step"] == chosen[:3]
        ]
    )
    st.caption("Each number is counted from the files in samples/evolution.")


def finding(seen: kit.Seen) -> str:
    """Say where layers cost and where they pay."""
    at = {(one["architecture"], one["step"]): one for one in seen.of("change")}
    if ("eventsourced", "c08") not in at:
        return ""
    files = [at[name, "c03"]["files_touched"] for name in ("hexagonal", "naive")]
    old = [at[name, "c07"]["changed_in_old"] for name in ("naive", "hexagonal")]
    knows = [name for name in evolution.ARCHITECTURES if at[name, "c08"]["history_answer"]]
    return (
        f"A currency (c03) touches **{files[0]} files** with layers and **{files[1]}** without. "
        f"Another store (c07) rewrites **{old[0]} lines** of the script and **{old[1]}** of the "
        f"layered shop. The whole past (c08) is known to: {', '.join(knows) or 'none'}."
    )


TAB = kit.Tab(
    "Price of change",
    question="How much does the next requirement cost in each architecture?",
    tip="Press Count, then choose c03, c07 and c08.",
    job=kit.Job(tasks.changes, label="Count", cap_s=300, recorded="changes.jsonl"),
    draw=draw,
    finding=finding,
    code=(evolution.code_lines,),
    command="velvet bench 20 --filter change",
    next_step="Live Benchmarks",
)
