"""The timeline of calls: attempts, pauses between them, and hedges that overtake."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_http.dashboard import tasks
from velvet_http.policy import Backoff, classify

SERVICES = ("fails now and then", "slow now and then")
SORTS = {"answered": (FILLS[3], ""), "failed": (FILLS[1], "x"), "hedge": (FILLS[0], "/")}


def controls() -> dict[str, Any]:
    """Ask for the service and for hedging."""
    return {
        "service": kit.choice("The service", SERVICES, SERVICES[0], key="service"),
        "hedge": kit.toggle("Hedge slow requests", key="hedge"),
    }


def sort_of(attempt: dict[str, Any]) -> str:
    """Return what an attempt was."""
    return "hedge" if attempt["hedge"] else "answered" if attempt["outcome"] == "200" else "failed"


def figure_of(attempts: list[dict[str, Any]]) -> go.Figure:
    """Return a row a call, a bar an attempt."""
    figure = go.Figure()
    visible = max((one["ended"] for one in attempts), default=0.0) * 1000 / 60  # of a short failure
    for sort, (colour, pattern) in SORTS.items():
        mine = [one for one in attempts if sort_of(one) == sort]
        figure.add_bar(
            y=[f"call {one['call']}" for one in mine], base=[one["began"] * 1000 for one in mine],
            x=[max(visible, (one["ended"] - one["began"]) * 1000) for one in mine],
            orientation="h", name=sort,
            marker={
                "color": colour, "pattern": {"shape": pattern, "fgcolor": STROKES[1]},
                "line": {"color": STROKES[0], "width": 1},
            },
            customdata=[(one["outcome"], (one["ended"] - one["began"]) * 1000) for one in mine],
            hovertemplate="%{y}: %{customdata[0]}, %{customdata[1]:.1f} ms<extra></extra>",
        )  # fmt: skip
    plotly_layout(figure, title="Twelve calls and their attempts", height=430)
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(title="milliseconds since the call began")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the calls of the run."""
    if attempts := seen.of("attempt"):
        seen.chart(figure_of(attempts), key="calls")


def finding(seen: kit.Seen) -> str:
    """Say what the attempts bought."""
    attempts = seen.of("attempt")
    if not attempts:
        return ""
    sorts = [sort_of(one) for one in attempts]
    calls = len({one["call"] for one in attempts})
    slowest = max(one["ended"] for one in attempts) * 1000
    said = f"{calls} calls, all answered, with {len(attempts)} requests: "
    said += f"**{sorts.count('failed')} failed and were repeated**"
    if "hedge" in sorts:
        said += f", **{sorts.count('hedge')} were hedges that overtook**"
    return f"{said}. The slowest call took {slowest:.0f} ms."


TAB = kit.Tab(
    "Timeline",
    question="Where does the time of one call go when attempts fail or dawdle?",
    tip="Choose the slow service, press Call, switch the hedge on and press again.",
    job=kit.Job(tasks.calls, label="Call", cap_s=60, recorded="calls.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Backoff.delay, classify),
    command="velvet run 07 advanced hedge_the_tail",
    next_step="Cache & transfer",
)
