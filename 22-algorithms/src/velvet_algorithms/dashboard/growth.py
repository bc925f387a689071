"""Growth lab: contenders over size, with fitted exponents and where the lead changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations
from typing import Any, NamedTuple

import plotly.graph_objects as go
import streamlit as st

from velvet.bench.views import quantity
from velvet.needs import all_unmet
from velvet.ui import kit, panels
from velvet.ui.palette import TEXT, WHITE
from velvet_algorithms.dashboard import tasks
from velvet_algorithms.growth import PowerFit, crossover, fit_power

FIRST = "sorted_containers"
MAX_CURVES = 6  # as many as can be told apart
CLEAR_LEAD = 1.15  # a lead below it changes hands by noise
Curves = dict[str, dict[int, float]]


class Offer(NamedTuple):
    """A comparison as the lab offers it."""

    title: str
    sizes: list[int]
    able: list[str]
    absent: list[str]


@cache
def offers() -> dict[str, Offer]:
    """Return the comparisons that have sizes enough to show growth."""
    found = {}
    for name, one in tasks.suite().comparisons.items():
        if sizes := tasks.sizes_of(one):
            unmet = {each.name: all_unmet(each.needs) for each in one.contenders.values()}
            absent = [f"{each}: {problems[0]}" for each, problems in unmet.items() if problems]
            able = [each for each, problems in unmet.items() if not problems]
            found[name] = Offer(one.title, sizes, able, absent)
    return found


def controls() -> dict[str, Any]:
    """Ask for a comparison, how far to go, and for whom."""
    known = offers()
    name = kit.choice("Comparison", list(known), FIRST)
    offer = known[name]
    st.markdown(offer.title)
    sizes = [f"{n:,}" for n in offer.sizes[2:]]
    default = f"{offer.sizes[-2]:,}"
    largest = kit.choice("Up to n", sizes, default, key=f"largest-{name}")
    first = offer.able[:MAX_CURVES]
    several: dict[str, Any] = {"selection_mode": "multi", "default": first, "bind": "query-params"}
    chosen = st.pills("Contenders", offer.able, key=f"growth-lab-who-{name}", **several)
    if offer.absent:
        kit.note("Not measured here: " + "; ".join(offer.absent))
    wanted = [one for one in offer.able if one in chosen][:MAX_CURVES]
    return {"comparison": name, "largest": int(largest.replace(",", "")), "contenders": wanted}


def curves_of(seen: kit.Seen) -> Curves:
    """Return the seconds of each contender by size."""
    found: Curves = {}
    for point in seen.of("point"):
        found.setdefault(point["name"], {})[point["n"]] = point["seconds"]
    return found


def fit_of(curve: dict[int, float]) -> PowerFit | None:
    """Fit all sizes but the smallest, where fixed costs sit; None with too few of them."""
    sizes = sorted(curve)[1:] if len(curve) > 3 else sorted(curve)
    return fit_power(sizes, [curve[n] for n in sizes]) if len(sizes) >= 3 else None


def crossings(curves: Curves) -> list[tuple[float, str, str]]:
    """Return (size, slower, faster) where one curve leaves another behind for good."""
    found = []
    for slower, faster in permutations(curves, 2):
        sizes = sorted(curves[slower].keys() & curves[faster].keys())
        a, b = ([curves[name][n] for n in sizes] for name in (slower, faster))
        at = crossover(sizes, a, b) if len(sizes) > 1 else None
        if at is not None and a[-1] >= CLEAR_LEAD * b[-1] and b[0] >= CLEAR_LEAD * a[0]:
            found.append((at, slower, faster))
    return sorted(found)


def figure(curves: Curves, found: Sequence[tuple[float, str, str]], title: str) -> go.Figure:
    """Draw seconds over size, both logarithmic, with a star wherever the lead changes."""
    series = {name: sorted(curve.items()) for name, curve in curves.items()}
    drawn = panels.lines(series, title=title, x="n", y="seconds a call", log=True)
    drawn.update_layout(height=430)
    if found:
        drawn.add_scatter(
            x=[at for at, _, _ in found],
            y=[_between(curves[faster], at) for at, _, faster in found],
            mode="markers",
            name="the lead changes",
            marker={"symbol": "star", "size": 16, "color": WHITE, "line_color": TEXT},
            marker_line_width=1.6,
            customdata=[f"{faster} passes {slower}" for _, slower, faster in found],
            hovertemplate="%{customdata} at n = %{x:,.0f}<extra></extra>",
        )
    return drawn


def _between(curve: dict[int, float], at: float) -> float:
    low = max(n for n in curve if n <= at)
    high = min(n for n in curve if n >= at)
    share = 0.0 if high == low else (at - low) / (high - low)
    return float(curve[low] ** (1 - share) * curve[high] ** share)


def draw(seen: kit.Seen) -> None:
    """Draw the curves, their exponents, and what could not be measured."""
    problems = dict.fromkeys(event["sentence"] for event in seen.of("problem"))
    if problems:
        kit.note("Not measured: " + "; ".join(problems))
    curves = curves_of(seen)
    if not curves:
        return
    offer = offers().get(str(seen.options.get("comparison")))
    seen.chart(figure(curves, crossings(curves), offer.title if offer else ""), key="growth")
    rows = []
    for name, curve in sorted(curves.items(), key=lambda item: item[1][max(item[1])]):
        fit, last = fit_of(curve), max(curve)
        power = f"{fit.exponent:.2f} \u00b1 {fit.ci95:.2f}" if fit else ""
        rows.append(
            {
                "Contender": name,
                "At its largest n": quantity(curve[last], "s"),
                "Exponent": power,
                "Grows as": fit.verdict if fit else "",
            }
        )
    seen.table(rows)


def finding(seen: kit.Seen) -> str:
    """Say where the lead changes, and how good the fits are."""
    curves = curves_of(seen)
    if len(curves) < 2 or seen.running:
        return ""
    found = crossings(curves)
    lead = (
        "; ".join(
            f"{faster} passes {slower} at n \u2248 {at:,.0f}" for at, slower, faster in found[:3]
        )
        if found
        else "No lead changes between these sizes"
    )
    sizes = sorted({n for curve in curves.values() for n in curve})
    weak = len(sizes) < 5 or sizes[-1] < 30 * sizes[0]
    care = " Fewer than five sizes, or a span under 30: read exponents with care." if weak else ""
    return f"{lead}.{care}"


TAB = kit.Tab(
    "Growth lab",
    question="From which size on does the better algorithm win?",
    tip="Measure sorted_containers: the plain list leads while small and loses when large.",
    job=kit.Job(tasks.growth, cap_s=60, recorded="growth.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(fit_power,),
    command=lambda options: f"velvet bench 22 --filter {options['comparison']}",
    next_step="Route map",
)
