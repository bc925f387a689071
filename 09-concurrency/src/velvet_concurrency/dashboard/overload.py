"""Overload lab: more work than the server can do, through one queue policy after the other."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from velvet.ui import kit, panels
from velvet_concurrency.pressure import AdmissionQueue, CoDel
from velvet_concurrency.simulate import POLICIES, Load, OverloadResult, overload

WORDS = {
    "unbounded": "no bound",
    "bounded1000": "at most 1,000 wait",
    "bounded100": "at most 100 wait",
    "bounded20": "at most 20 wait",
    "reject": "one waits",
    "drop_oldest": "20 wait, the oldest is dropped",
    "codel": "CoDel: by waiting time",
    "codel+lifo": "CoDel, newest first",
}
# A logarithmic axis has no zero: an empty queue is drawn, and labelled, below one.
DEPTHS = (0.4, 1, 10, 100, 1000)
SHOWN = ("unbounded", "bounded20", "codel", "codel+lifo")
MAX_POINTS = 400


def controls() -> dict[str, Any]:
    """Ask for the load first."""
    return {
        "offered": kit.slider("Requests a second; the server can do 100", 50, 400, 200, step=50),
        "deadline": kit.slider("Too late after, seconds", 0.1, 3.0, 1.0, step=0.1, key="deadline"),
    }


@lru_cache(maxsize=32)
def results(offered: float, deadline: float) -> list[OverloadResult]:
    """Send the same load through every policy."""
    load = Load(offered=offered, deadline=deadline)
    return [overload(policy, load) for policy in POLICIES]


def curves(found: list[OverloadResult]) -> dict[str, list[tuple[float, float]]]:
    """Return requests waiting over time, thinned to what a figure can show."""
    shown = {}
    for one in found:
        if one.policy in SHOWN:
            points = [(t, max(DEPTHS[0], depth)) for t, depth in one.depth if t <= 40.0]
            shown[WORDS[one.policy]] = points[:: max(1, len(points) // MAX_POINTS)]
    return shown


def draw(seen: kit.Seen) -> None:
    """Draw the queues and what each policy answered."""
    found = results(**seen.wanted)
    title = "Requests waiting: 20 s of load, then recovery"
    figure = panels.lines(curves(found), title=title, x="virtual seconds", y="waiting")
    figure.update_traces(mode="lines")
    figure.update_yaxes(type="log", tickvals=DEPTHS, ticktext=["0", "1", "10", "100", "1000"])
    seen.chart(figure, key="depth")
    seen.table(
        [
            {
                "policy": WORDS[one.policy],
                "in time": f"{one.goodput:.0f} %",
                "median": f"{one.p50 * 1e3:,.0f} ms",
                "99th percentile": f"{one.p99 * 1e3:,.0f} ms",
                "longest queue": f"{one.max_queue:,}",
            }
            for one in found
        ]
    )


def finding(seen: kit.Seen) -> str:
    """Compare no bound with the best policy."""
    found = {one.policy: one for one in results(**seen.wanted)}
    endless, best = found["unbounded"], max(found.values(), key=lambda one: one.goodput)
    return (
        f"Without a bound **{endless.goodput:.0f} %** of the requests are answered in time, with the best "
        f"policy ({WORDS[best.policy]}) **{best.goodput:.0f} %**; no policy can exceed {endless.ceiling:.0f} %."
    )


TAB = kit.Tab(
    "Overload lab",
    question="The server gets twice what it can do. Which queue still answers in time?",
    tip="Raise the load from 50 to 400 requests a second: the endless queue falls off a cliff at 100.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(AdmissionQueue.get_nowait, CoDel.dequeue),
    command="velvet run 09 advanced overload_lab",
    next_step="Live Benchmarks",
)
