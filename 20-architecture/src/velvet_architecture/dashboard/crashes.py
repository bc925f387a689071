"""Kill -9, a log cut in pieces, and messages that come twice or never."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, pair, plotly_layout
from velvet_architecture.app.messaging import InboxConsumer
from velvet_architecture.dashboard import tasks


def controls() -> dict[str, Any]:
    """Ask for the rounds."""
    return {"rounds": int(kit.choice("Kills of each kind", ["3", "9", "18"], "3"))}


def kills_of(kills: list[dict[str, Any]]) -> go.Figure:
    """Return acknowledged and stored transactions of each killed program."""
    figure = go.Figure()
    for number, field in enumerate(("acknowledged", "stored")):
        fill, stroke = pair(number * 4)
        figure.add_bar(
            x=[f"kill {one['number']}" for one in kills],
            y=[one[field] for one in kills],
            name=field,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern_shape": "/" if number else "",
            },
        )
    plotly_layout(figure, title="Transactions acknowledged before the kill, and stored", height=320)
    figure.update_yaxes(title="transactions", rangemode="tozero")
    return figure


def torn_of(places: list[list[Any]]) -> go.Figure:
    """Return how many events a log still has when it is cut at an offset."""
    figure = go.Figure(
        go.Scatter(
            x=[offset / 1024 for offset, _, _ in places],
            y=[events for _, events, _ in places],
            mode="lines+markers",
            line={"shape": "hv", "color": STROKES[0]},
            marker={"size": 9, "color": FILLS[0], "line": {"color": STROKES[0], "width": 1}},
            hovertemplate="cut at %{x:.0f} KiB: %{y} events<extra></extra>",
        )
    )
    plotly_layout(figure, title="Events left when the log is cut, three a transaction", height=300)
    figure.update_xaxes(title="cut at, KiB")
    figure.update_yaxes(title="events", dtick=12)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the kills, the torn log and the deliveries."""
    if kills := seen.of("kill"):
        seen.chart(kills_of(kills), key="kills")
    for torn in seen.of("torn"):
        seen.chart(torn_of(torn["places"]), key="torn")
    seen.table(
        [
            {
                "messages by": one["mode"].replace("_", " + "),
                "kills": one["kills"],
                "orders": one["orders"],
                "lost": one["lost"],
                "sent twice": one["duplicate_sends"],
                "wrong effects": one["wrong_effects"],
            }
            for one in seen.of("delivered")
        ]
    )


def finding(seen: kit.Seen) -> str:
    """Say what was lost and what came twice."""
    told = {one["mode"]: one for one in seen.of("delivered")}
    if len(told) < 3:
        return ""
    lost = sum(one["lost"] for one in seen.of("kill"))
    direct, both = told["direct"], told["outbox_inbox"]
    return (
        f"**{lost}** acknowledged transactions are lost. Publishing after the commit loses "
        f"**{direct['lost']}** of {direct['orders']} messages; outbox and inbox lose "
        f"**{both['lost']}**, send {both['duplicate_sends']} twice and have "
        f"**{both['wrong_effects']}** wrong effects."
    )


TAB = kit.Tab(
    "Crash lab",
    question="What is left of a promise after kill -9?",
    tip="Press Kill: programs die while they append, and at each step of a delivery.",
    job=kit.Job(tasks.crashes, label="Kill", cap_s=180, recorded="crashes.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(InboxConsumer.handle,),
    command="velvet bench 20 --filter exactly_once",
    next_step="Price of change",
)
