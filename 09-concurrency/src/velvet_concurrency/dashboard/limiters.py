"""Limiter lab: one promise, six limiters, in virtual time, so every control answers at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, TEXT, pair, plotly_layout
from velvet_concurrency import limiters
from velvet_concurrency.clock import Clock
from velvet_concurrency.simulate import Admissions, edge_attack, on_off, poisson, replay

SECONDS = 6.0
EDGE = "edge attack"
PATTERNS = (EDGE, "random", "on and off")
MAKERS: dict[str, Callable[[int, Clock], limiters.RateLimiter]] = {
    "fixed window": lambda n, clock: limiters.FixedWindowLimiter(n, 1.0, clock=clock),
    "sliding counter": lambda n, clock: limiters.SlidingWindowCounter(n, 1.0, clock=clock),
    "sliding log": lambda n, clock: limiters.SlidingLogLimiter(n, 1.0, clock=clock),
    "token bucket": lambda n, clock: limiters.TokenBucketLimiter(n, n, clock=clock),
    "bucket, capacity / 10": lambda n, clock: limiters.TokenBucketLimiter(
        n, max(1, n // 10), clock=clock
    ),
    "GCRA": lambda n, clock: limiters.GCRALimiter(n, n, clock=clock),
}


def controls() -> dict[str, Any]:
    """Ask for the arrivals first: they decide which limiter breaks the promise."""
    pattern = kit.choice("Arrivals", PATTERNS, EDGE, key="pattern")
    return {
        "pattern": pattern,
        "limit": kit.slider("Limit per second", 5, 50, 20, key="limit"),
        "load": kit.slider("Offered load, times the limit", 0.5, 4.0, 2.0, step=0.5, key="load"),
    }


@lru_cache(maxsize=32)
def replays(pattern: str, limit: int, load: float) -> Mapping[str, Admissions]:
    """Send one arrival sequence to every limiter; the edge attack brings its own load."""
    if pattern == EDGE:
        arrivals = edge_attack(limit, 1.0, edges=int(SECONDS / 2))
    elif pattern == "random":
        arrivals = poisson(load * limit, SECONDS, seed=1)
    else:
        arrivals = on_off(load * limit, SECONDS, seed=1)

    def admissions(make: Callable[[int, Clock], limiters.RateLimiter]) -> Admissions:
        return replay(lambda clock: make(limit, clock), arrivals, 1.0)

    return {name: admissions(make) for name, make in MAKERS.items()}


def marks(found: Mapping[str, Admissions], title: str) -> go.Figure:
    """Draw one row of marks per limiter; admitted and refused differ in shape and height."""
    figure = go.Figure()
    for name, wanted, symbol, series, shift in (
        ("admitted", True, "line-ns-open", 3, -0.12),
        ("refused", False, "x-thin-open", 1, 0.2),
    ):
        points = [
            (time, row + shift)
            for row, one in enumerate(found.values())
            for time, mark in zip(one.times, one.marks, strict=True)
            if mark is wanted
        ]
        figure.add_scatter(
            x=[x for x, _ in points],
            y=[y for _, y in points],
            mode="markers",
            name=name,
            marker={
                "symbol": symbol,
                "size": 14 if wanted else 6,
                "color": STROKES[series],
                "line": {"width": 1.4},
            },
            hovertemplate="%{x:.3f} s: " + name + "<extra></extra>",
        )
    plotly_layout(figure, title=title, height=380)
    words = [f"{name}: {one.admitted}" for name, one in found.items()]
    figure.update_yaxes(tickvals=list(range(len(found))), ticktext=words, zeroline=False)
    figure.update_yaxes(range=[len(found) - 0.5, -0.5])
    figure.update_xaxes(title="virtual seconds", range=[0, SECONDS])
    return figure


def worst(found: Mapping[str, Admissions], limit: int) -> go.Figure:
    """Draw each limiter's worst second against the promise."""
    figure = go.Figure()
    ratios = {name: one.worst / limit for name, one in found.items()}
    for kept, index, shape in ((True, 3, ""), (False, 1, "/")):
        fill, stroke = pair(index)
        chosen = {name: ratio for name, ratio in ratios.items() if (ratio <= 1.0) is kept}
        figure.add_bar(
            x=list(chosen.values()),
            y=list(chosen),
            orientation="h",
            name="keeps the promise" if kept else "breaks it",
            text=[f"{ratio:.2f}x" for ratio in chosen.values()],
            textposition="inside",
            insidetextanchor="end",
            textfont={"color": TEXT},
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1.5},
                "pattern": {"shape": shape, "fgcolor": stroke, "size": 6, "solidity": 0.12},
            },
        )
    figure.add_vline(x=1.0, line={"color": LINE, "dash": "dash"})
    plotly_layout(figure, title="Most admitted in any second, over the limit", height=320)
    figure.update_xaxes(range=[0, max(1.2, max(ratios.values()) * 1.08)])
    figure.update_yaxes(categoryorder="array", categoryarray=list(ratios)[::-1])
    return figure


def draw(seen: kit.Seen) -> None:
    """Replay and draw."""
    found = replays(**seen.wanted)
    seen.chart(worst(found, seen.wanted["limit"]), key="worst")
    title = "Arrivals, and how many each limiter admitted"
    seen.chart(marks(found, title), key="marks")


def finding(seen: kit.Seen) -> str:
    """Say which limiters break the promise."""
    limit = seen.wanted["limit"]
    found = replays(**seen.wanted)
    broken = [name for name, one in found.items() if one.worst > limit]
    verdict = f"broken by **{', '.join(broken)}**" if broken else "**kept by all six**"
    return f"The promise is never more than {limit} in any second; here it is {verdict}."


TAB = kit.Tab(
    "Limiter lab",
    question="Which limiter keeps the promise 'never more than N in any second'?",
    tip="Start with the edge attack, then choose random arrivals: only one limiter is exact on both.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(limiters.TokenBucketLimiter.allow,),
    command="velvet bench 09 --filter limiter_accuracy",
    next_step="Breaker lab",
)
