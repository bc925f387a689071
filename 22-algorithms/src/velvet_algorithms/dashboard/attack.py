"""Attack: a victim, the input that kills it, and what the defence makes of the same input."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.bench.views import number, quantity
from velvet.ui import kit, panels
from velvet_algorithms.adversary import ATTACKS, colliding_ints
from velvet_algorithms.dashboard import tasks
from velvet_algorithms.growth import fit_power

UNITS = {"comparisons and visits, counted": "operations", "seconds, measured": "seconds"}
SIDES = {"ordinary": "ordinary keys", "hostile": "hostile keys", "defended": "hostile, defended"}
STORIES = {
    "hash flood": "The victim is a dictionary. Multiples of 2^61 - 1 all have the hash 0, so each "
    "new key is compared with all before it. The defence stores keys as text, whose hash is "
    "salted anew in every process.",
    "quicksort killer": "The victim is a quicksort with the median of three as pivot. McIlroy's "
    "adversary decides values only while they are compared, so that each pivot is nearly the "
    "smallest. The defence is introsort: a part that was split too often goes to a heap.",
    "sorted inserts": "The victim is a search tree without balancing; keys in order make a list "
    "of it. The defence shuffles with a seed that only the defender knows.",
}
Series = dict[str, list[tuple[float, float]]]


def controls() -> dict[str, Any]:
    """Ask for the attack and the number of keys."""
    name = kit.choice("Attack", list(ATTACKS))
    largest = int(kit.choice("Keys, at most", ["256", "512", "1024", "2048", "4000"], "2048"))
    st.markdown(STORIES[name])
    return {"name": name, "largest": largest}


def series_of(seen: kit.Seen, unit: str) -> Series:
    """Return (keys, cost) of each side; operations are comparisons and one visit a key."""
    visits = unit == "operations"
    return {
        side: [(one["n"], one[f"{side}_{unit}"] + visits * one["n"]) for one in seen.of("point")]
        for side in SIDES
    }


def figure(series: Series, title: str, unit: str) -> go.Figure:
    """Draw the cost of each side over the number of keys, with its exponent in the legend."""
    named = {}
    for side, points in series.items():
        fit = fit_power(*zip(*points, strict=True)) if len(points) > 2 else None
        named[SIDES[side] + (f": {fit}".replace("+-", "\u00b1") if fit else "")] = points
    drawn = panels.lines(named, title=title, x="keys", y=unit, log=True)
    drawn.update_layout(height=400)
    return drawn


def draw(seen: kit.Seen) -> None:
    """Draw what the attack costs, in the unit that is chosen."""
    chosen = kit.choice("Cost in", list(UNITS))
    defended = kit.toggle("Show the defence", True)
    if not seen.of("point"):
        return
    unit = UNITS[chosen]
    series = series_of(seen, unit)
    if not defended:
        series.pop("defended")
    seen.chart(figure(series, f"{seen.options['name']}: {chosen}", unit), key="cost")


def finding(seen: kit.Seen) -> str:
    """Say what the largest attack costs, and what is left of it with the defence."""
    if not seen.of("point"):
        return ""
    last = seen.of("point")[-1]
    took = {side: last[f"{side}_seconds"] for side in SIDES}
    return (
        f"{last['n']:,} hostile keys take {quantity(took['hostile'], 's')}, "
        f"**{number(took['hostile'] / took['ordinary'])} times** as long as ordinary ones; "
        f"the defence brings that to {quantity(took['defended'], 's')}."
    )


TAB = kit.Tab(
    "Attack",
    question="What can a caller who chooses the keys do to a fast structure?",
    tip="Press Measure, then compare the exponents of hostile and defended keys.",
    draw=draw,
    job=kit.Job(tasks.attack, cap_s=15, recorded="attack.jsonl"),
    controls=controls,
    finding=finding,
    code=(colliding_ints,),
    command="velvet run 22 advanced under_attack",
    next_step="Live Benchmarks",
)
