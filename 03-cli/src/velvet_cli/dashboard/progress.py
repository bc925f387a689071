"""Progress lab: what a bar costs an empty loop, on a terminal and on a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet_cli.comparisons.bars import BARS
from velvet_cli.comparisons.progress import BARE, HERE
from velvet_cli.dashboard import tasks
from velvet_cli.dashboard.starts import bars
from velvet_cli.progress import Throttled

NAMES = (BARE, *(name for name in BARS if name != "null"))
WORDS = {"pty": "terminal", "pipe": "pipe"}
SIZES = ("1000", "10000", "100000", "500000")


def controls() -> dict[str, Any]:
    """Ask for bars, places and items."""
    several: dict[str, Any] = {"selection_mode": "multi", "default": NAMES, "bind": "query-params"}
    chosen = st.pills("Bars", NAMES, key="progress-lab-bars", **several)
    both = "terminal and pipe"
    place = kit.choice("Where", (both, *WORDS.values()), both if len(HERE) > 1 else WORDS["pipe"])
    items = kit.choice("Items", SIZES, "100000")
    places = [one for one in HERE if place in (both, WORDS[one])]
    return {"bars": [one for one in NAMES if one in chosen], "places": places, "items": int(items)}


def problem(options: Mapping[str, Any]) -> str:
    """Return why there is nothing to race."""
    if not options["places"]:
        return "The standard library opens no terminal on this system: choose the pipe."
    return "" if options["bars"] else "Choose at least one bar."


def draw(seen: kit.Seen) -> None:
    """Draw cost and bytes apart, and the last line of each bar."""
    found = seen.of("lap")
    if not found:
        return

    def of(metric: str) -> dict[str, dict[str, float]]:
        # A logarithmic axis has no zero: nothing written is no bar.
        series = {
            WORDS[place]: {
                e["bar"]: e[metric] for e in found if e["place"] == place and e[metric] > 0
            }
            for place in WORDS
        }
        return {name: values for name, values in series.items() if values}

    seen.chart(bars("CPU time of an item", of("cpu_ns"), unit="ns", log=True, height=420), key="ns")
    if written := of("written"):
        seen.chart(
            bars("Bytes written, in all", written, unit="bytes", log=True, height=420), key="bytes"
        )
    seen.table([_row(lap) for lap in found if lap["shown"]])
    slow = " and ".join(f"{bar} {most:,}" for bar, most in tasks.SLOW.items())
    kit.note(f"Bars that draw at every item run fewer of them on a terminal: at most {slow}.")


def _row(lap: Mapping[str, Any]) -> dict[str, str]:
    row = {"bar": lap["bar"], "where": WORDS[lap["place"]], "items": f"{lap['items']:,}"}
    return {**row, "last line": lap["shown"]}


def finding(seen: kit.Seen) -> str:
    """Say which bar is dearest."""
    place = (seen.options.get("places") or HERE)[0]
    cost = {
        e["bar"]: e["cpu_ns"] for e in seen.of("lap") if e["place"] == place and e["bar"] != BARE
    }
    if len(cost) < 2:
        return ""
    dear, cheap = max(cost, key=lambda bar: cost[bar]), min(cost, key=lambda bar: cost[bar])
    times = cost[dear] / max(cost[cheap], 1.0)
    why = ": it draws at every item" if dear in tasks.SLOW else ""
    return f"On a {WORDS[place]} **{dear}** costs {times:,.0f} times {cheap}{why}."


TAB = kit.Tab(
    "Progress lab",
    question="Which progress bar slows the loop down?",
    tip="Press Race them, then compare Click's bar on a terminal and on a pipe.",
    job=kit.Job(tasks.laps, "Race them", 180, recorded="laps.jsonl", problem=problem),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Throttled.wrap,),
    command="velvet bench 03 --filter progress",
    next_step="Live Benchmarks",
)
