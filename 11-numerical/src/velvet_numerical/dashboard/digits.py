"""The tab about digits: what a condition number takes, and what a sum loses."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, pair, plotly_layout
from velvet_numerical import linalg, sums

LARGEST = 14
RACERS = 100_000
COLUMN = 1 << 22
FULL_DIGITS = 16.0


def controls() -> dict[str, Any]:
    """Ask for the size of the system."""
    tip = "of a Hilbert matrix, whose condition grows 30 times with each step"
    return {"n": int(kit.slider("Unknowns", 2, LARGEST, 8, tip=tip))}


@lru_cache(maxsize=LARGEST)
def solved(n: int) -> tuple[float, int, float]:
    """Return condition, promised digits and right digits of a Hilbert system."""
    i = np.arange(n)
    matrix = 1.0 / (i[:, None] + i + 1)
    cond = linalg.condition(matrix)
    found = np.linalg.solve(matrix, matrix @ np.ones(n))
    error = max(float(np.abs(found - 1).max()), 10**-FULL_DIGITS)
    return cond, linalg.digits_left(matrix), max(0.0, -float(np.log10(error)))


@lru_cache(maxsize=1)
def race() -> dict[str, float]:
    """Return the error of each sum in units of the last place, over 16 decades."""
    values = sums.spread_values(RACERS)
    truth = sum(map(Fraction, values.tolist()), Fraction(0))
    errors = {name: sums.ulp_error(way(values), truth) for name, way in sums.SUMS.items()}
    return errors | {"np.sum": sums.ulp_error(float(values.sum()), truth)}


@lru_cache(maxsize=1)
def column() -> tuple[float, float]:
    """Return the relative error of a float32 column by `sum()` and by `sum(axis=0)`."""
    table = np.full((COLUMN, 2), 0.1, np.float32)
    truth = COLUMN * float(np.float32(0.1))
    return (
        abs(float(table.sum()) / 2 / truth - 1),
        abs(float(table.sum(axis=0)[0]) / truth - 1),
    )


def figure_of(chosen: int) -> go.Figure:
    """Return promised and right digits over the size, the chosen one marked."""
    sizes = list(range(2, LARGEST + 1))
    figure = go.Figure()
    for number, (place, name) in enumerate(((1, "digits promised"), (2, "digits right"))):
        figure.add_scatter(
            x=sizes,
            y=[solved(n)[place] for n in sizes],
            mode="lines+markers",
            name=name,
            line={"color": STROKES[number], "width": 3, "dash": ("solid", "dot")[number]},
            marker={"size": 8, "symbol": ("circle", "diamond")[number]},
        )
    figure.add_vline(x=chosen, line={"color": LINE, "dash": "dash"})
    plotly_layout(figure, title="Digits of the answer to a Hilbert system, in float64", height=340)
    figure.update_xaxes(title="unknowns", dtick=2)
    figure.update_yaxes(title="decimal digits", range=[-0.5, FULL_DIGITS + 1])
    return figure


def race_of(errors: dict[str, float]) -> go.Figure:
    """Return the errors of the sums as bars."""
    order = sorted(errors, key=lambda name: -errors[name])
    fill, stroke = pair(1)
    figure = go.Figure(
        go.Bar(
            y=order,
            x=[max(errors[name], 0.1) for name in order],
            orientation="h",
            marker={"color": fill, "line": {"color": stroke, "width": 1}},
            text=[f"{errors[name]:,.{0 if errors[name] > 9 else 2}f}" for name in order],
            textposition="auto",
        )
    )
    title = f"Error of a sum of {RACERS:,} credits and debits, in units of the last place"
    plotly_layout(figure, title=title, height=300)
    figure.update_xaxes(type="log", title="units of the last place", dtick=1)
    figure.update_yaxes(ticks="")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the digits, then the sums."""
    seen.chart(figure_of(seen.options["n"]), key="digits")
    seen.chart(race_of(race()), key="sums")
    whole, axis = column()
    kit.note(
        f"A float32 column of {COLUMN:,} times 0.1: sum() is off by {whole:.1e}, "
        f"sum(axis=0) by {axis:.1%}, because it adds each row to one float32."
    )


def finding(seen: kit.Seen) -> str:
    """Say what the chosen condition leaves."""
    n = seen.options["n"]
    cond, promised, right = solved(n)
    if promised == 0:
        return f"With {n} unknowns the condition is {cond:.0e}: **no digit can be promised**."
    return (
        f"With {n} unknowns the condition is {cond:.0e}: of 16 digits **{promised} can be "
        f"believed**, and {right:.1f} are right."
    )


TAB = kit.Tab(
    "Digits",
    question="How many digits of this answer may I believe?",
    tip="Move to 12 unknowns: the solver raises nothing, and the answer is noise.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(linalg.digits_left,),
    command="velvet run 11 believe_the_digits",
    next_step="Bigger than memory",
)
