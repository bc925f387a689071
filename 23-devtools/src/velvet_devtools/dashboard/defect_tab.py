"""Which tool finds which defect: a heat map by class, the best tools for a budget of seconds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import SCALE, plotly_layout
from velvet_devtools import matrix
from velvet_devtools.dashboard import tasks
from velvet_devtools.lint import Status


def figure_of(rows: list[dict[str, Any]], corpus: list[dict[str, Any]]) -> go.Figure:
    """Return tools by classes; darker is more of six. A tool that did not run has no cells."""
    rows = [row for row in rows if row["status"] == "ok"]
    kinds = list(dict.fromkeys(one["kind"] for one in corpus))
    kind_of = {one["stem"]: one["kind"] for one in corpus}
    counts = [Counter(kind_of[stem] for stem in row["found"]) for row in rows]
    cells = [[count[kind] for kind in kinds] for count in counts]
    figure = go.Figure(
        go.Heatmap(
            z=cells,
            x=kinds,
            y=[row["name"] for row in rows],
            zmin=0,
            zmax=6,
            colorscale=[[n / 5, colour] for n, colour in enumerate(SCALE)],
            text=cells,
            texttemplate="%{text}",
            hovertemplate="%{y} finds %{z} of 6 of %{x}<extra></extra>",
            showscale=False,
        )
    )
    plotly_layout(figure, title="Found of six in each class", height=90 + 24 * len(rows))
    figure.update_yaxes(autorange="reversed", ticks="")
    figure.update_xaxes(tickangle=-45)
    return figure


def as_rows(rows: list[dict[str, Any]]) -> tuple[matrix.Row, ...]:
    """Return the events as the lesson's rows."""
    return tuple(
        matrix.Row(
            row["tool"], row["name"].partition(":")[2], Status(row["status"]), row["words"],
            frozenset(row["alarms"]), row["noise"], row["seconds"],
        )
        for row in rows
    )  # fmt: skip


def draw(seen: kit.Seen) -> None:
    """Draw the map, the best choice for a budget, and one defect with every tool's words."""
    known, rows = seen.of("corpus"), seen.of("row")
    if not rows:
        if known:
            st.table([{"defects": len(known[0]["defects"]), "tools": 0}])
        return
    corpus = known[0]["defects"]
    seen.chart(figure_of(rows, corpus), key="map")
    ran = [row for row in rows if row["status"] == "ok"]
    seen.table(
        [
            {
                "tool": row["name"],
                "found": len(row["found"]),
                "false alarms": len(row["alarms"]),
                "noise": row["noise"],
                "seconds": f"{row['seconds']:.2f}",
            }
            for row in sorted(ran, key=lambda one: -len(one["found"]))
        ]
    )
    absent = [f"{row['name']} ({row['status']})" for row in rows if row["status"] != "ok"]
    if absent:
        kit.note(f"Not measured: {', '.join(absent)}.")
    budget = float(kit.slider("Budget, seconds", 0.1, 20.0, 2.0, step=0.1))
    chosen = matrix.Matrix(as_rows(rows), ()).cheapest_cover(budget)
    found = frozenset().union(*(row.found for row in chosen)) if chosen else frozenset()
    names = ", ".join(row.name for row in chosen) or "nothing"
    st.markdown(f"In {budget:g} s: **{names}** find {len(found)} of {len(corpus)}.")
    stem = kit.choice("Defect", [one["stem"] for one in corpus], "logic_off_by_one")
    defect = next(one for one in corpus if one["stem"] == stem)
    st.code(defect["source"], language="python", line_numbers=True)
    words = [
        {"tool": row["name"], "says": row["words"][stem]} for row in rows if stem in row["words"]
    ]
    if words:
        st.table(words)
    else:
        kit.note("No tool says anything about this one.")


def finding(seen: kit.Seen) -> str:
    """Name the best single tool, the best pair, and what none finds."""
    rows = as_rows(seen.of("row"))
    whole = matrix.Matrix(rows, ())
    pair = whole.best_pair()
    if pair is None:
        return ""
    best = max(whole.ran, key=lambda row: len(row.found))
    together = len(pair[0].found | pair[1].found)
    union = len(frozenset().union(*(row.found for row in whole.ran)))
    return (
        f"The best single tool, {best.name}, finds {len(best.found)} of 72; **{pair[0].name} with "
        f"{pair[1].name} finds {together}**; {72 - union} are found by no tool."
    )


TAB = kit.Tab(
    "Defect matrix",
    question="Which tool finds which defect, and which pair covers most?",
    tip="Set the budget to half a second: which tools fit, and what do they miss?",
    job=kit.Job(tasks.defects, label="Run all tools", cap_s=300, recorded="defects.jsonl"),
    draw=draw,
    finding=finding,
    code=(matrix.judge,),
    command="velvet bench 23 --filter defect_matrix",
    next_step="Overhead lab",
)
