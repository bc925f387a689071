"""Which toolkits run on this machine, how long each takes to its first frame, how each looks."""

from __future__ import annotations

import base64
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_desktop import contenders
from velvet_desktop.dashboard import tasks


def bars_of(rows: list[dict[str, Any]], field: str, title: str, unit: str) -> go.Figure:
    """Return one figure of each toolkit, the smallest first."""
    ranked = sorted(rows, key=lambda row: row[field])
    fill, stroke = pair(0)
    figure = go.Figure(
        go.Bar(
            y=[row["toolkit"] for row in ranked],
            x=[row[field] for row in ranked],
            orientation="h",
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            text=[f"{row[field]:,.0f} {unit}" for row in ranked],
        )
    )
    plotly_layout(figure, title=title, height=130 + 36 * len(ranked))
    figure.update_yaxes(ticks="", autorange="reversed")
    figure.update_xaxes(title=unit)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw start times and memory, then the windows, then what is not here."""
    found, absent = seen.of("toolkit"), seen.of("absent")
    if found:
        seen.chart(bars_of(found, "ms", "From start to the first painted frame", "ms"), key="ms")
        seen.chart(bars_of(found, "rss", "Resident memory with 1,000 tasks", "MB"), key="rss")
    if absent:
        seen.table([{"toolkit": one["toolkit"], "reason": one["why"]} for one in absent])
    for one in found:
        st.markdown(f"**{one['toolkit']}** {one['version']}: {', '.join(one['can'])}")
        for column, picture, theme in zip(
            st.columns(2), one["pictures"], ("light", "dark"), strict=False
        ):
            column.image(base64.b64decode(picture), caption=f"{one['toolkit']}, {theme}")


def finding(seen: kit.Seen) -> str:
    """Say which starts first and which takes least."""
    found = seen.of("toolkit")
    if len(found) < 2:
        return ""
    first, last = min(found, key=lambda one: one["ms"]), max(found, key=lambda one: one["ms"])
    small = min(found, key=lambda one: one["rss"])
    return (
        f"{first['toolkit']} paints first, **{last['ms'] / first['ms']:.1f}x** sooner than "
        f"{last['toolkit']}; {small['toolkit']} takes least memory, **{small['rss']:.0f} MB**."
    )


TAB = kit.Tab(
    "Toolkits here",
    question="Which toolkits run here, and how does the same board look in each?",
    tip="Press Start them: each window opens on a virtual screen and is photographed twice.",
    job=kit.Job(tasks.toolkits, label="Start them", cap_s=300, recorded="toolkits.jsonl"),
    draw=draw,
    finding=finding,
    code=(contenders.bind,),
    command="velvet bench 21 --filter window",
    next_step="Million rows",
)
