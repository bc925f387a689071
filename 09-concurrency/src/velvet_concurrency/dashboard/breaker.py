"""Breaker lab: a dependency dies and comes back, seen by a circuit breaker, in virtual time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit, panels
from velvet.ui.palette import STROKES
from velvet_concurrency.breaker import CircuitBreaker
from velvet_concurrency.breaker.core import Core
from velvet_concurrency.simulate import BreakerStory, failing_dependency

SECONDS = 60.0
DIES = 10.0
COLOURS = {"closed": "#a7facd", "open": "#ea9294", "half-open": "#edca84"}


def controls() -> dict[str, Any]:
    """Ask for the pause first: it trades spared calls for lost ones."""
    return {
        "open_for": kit.slider("Stays open for, seconds", 1, 20, 5, key="open"),
        "outage": kit.slider("Outage, seconds", 0, 40, 20, key="outage"),
        "rate": kit.slider("Opens at a failure rate of", 0.1, 1.0, 0.5, key="rate"),
    }


@lru_cache(maxsize=32)
def story(open_for: float, outage: float, rate: float) -> BreakerStory:
    """Call the dependency ten times a second, through the breaker that the controls describe."""
    return failing_dependency(
        lambda clock: CircuitBreaker(rate, 20, min_calls=10, open_for=open_for, clock=clock),
        seconds=SECONDS,
        down=(DIES, DIES + outage),
    )


def segments(found: BreakerStory) -> list[tuple[str, float, float]]:
    """Return the strip as (state, from, to) in seconds, neighbours of one state joined."""
    joined: list[tuple[str, float, float]] = []
    for index, (moment, state, _) in enumerate(found.strip):
        end = found.strip[index + 1][0] if index + 1 < len(found.strip) else SECONDS
        name = state.value.replace("_", "-")
        if joined and joined[-1][0] == name:
            joined[-1] = (name, joined[-1][1], end)
        else:
            joined.append((name, moment, end))
    return joined


def figure_of(found: BreakerStory, outage: float) -> go.Figure:
    """Draw the states, and the outage as a dotted frame."""
    title = "Ten calls a second through the breaker; dotted: the outage"
    figure = panels.state_strip(segments(found), COLOURS, title=title)
    frame = {"color": STROKES[1], "dash": "dot", "width": 2}
    figure.add_vrect(x0=DIES, x1=DIES + outage, line=frame)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the strip and what it cost."""
    found = story(**seen.wanted)
    seen.chart(figure_of(found, seen.wanted["outage"]), key="strip")
    rows = {
        "answered": found.ok,
        "failed, after a wait of a second each": found.failed,
        "spared: refused while it was down": found.spared,
        "lost: refused although it was up again": found.lost,
        "probes that reached it": found.probes,
    }
    seen.table([{"calls": name, "number": count} for name, count in rows.items()])


def finding(seen: kit.Seen) -> str:
    """Weigh what was spared against what was lost."""
    found = story(**seen.wanted)
    return (
        f"Callers wait **{found.waited:.0f} s** in total instead of {found.waited_without:.0f} s; "
        f"the price is **{found.lost}** calls refused although the dependency was back."
    )


TAB = kit.Tab(
    "Breaker lab",
    question="What does a circuit breaker spare, and what does it cost?",
    tip="Drag the pause from 1 to 20 seconds: fewer probes, more calls lost after the recovery.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Core.try_enter, CircuitBreaker.call),
    command="velvet run 09 intermediate breaker_story",
    next_step="Overload lab",
)
