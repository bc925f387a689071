"""Caches: hit ratios over the size of the cache, against the best that any policy could have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit, panels
from velvet.ui.palette import LINE, pair, plotly_layout
from velvet_algorithms.caches import traces
from velvet_algorithms.caches.fifo import SieveCache
from velvet_algorithms.caches.traces import belady_hits, simulate
from velvet_algorithms.contenders import load

BEST = "Belady"
POLICIES = ("LRU", "LFU", "SIEVE", "S3-FIFO")
TRACES = {
    "zipf": "popularity that stays",
    "zipf_scan": "popularity that stays, with long scans through it",
    "loop": "a walk in a circle",
    "drift": "popularity that moves on",
}
# The share that a loop a tenth too long leaves is among them.
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 10 / 11, 1.0)
Curves = dict[str, list[tuple[float, float]]]


def controls() -> dict[str, Any]:
    """Ask for a trace and the size of one cache."""
    words = {text: name for name, text in TRACES.items()}
    trace = words[kit.choice("Requests", list(words))]
    keys = kit.slider("Different keys", 100, 5000, 1000, step=100)
    skew = kit.slider("Skew", 0.3, 1.5, 0.9, step=0.1, tip="Zipf's exponent: 0 is even")
    share = kit.choice("Cache, share of the keys", [f"{one:.0%}" for one in SHARES], "10%")
    requests = kit.slider("Length of the trace", 500, 20_000, 6000, step=500)
    options = {"trace": trace, "keys": keys, "skew": skew, "requests": requests}
    return {**options, "share": share}


def trace_of(name: str, n: int, keys: int, skew: float) -> list[int]:
    """Return the keys in the order in which they are asked for."""
    if name == "loop":
        return traces.loop(n, keys=keys)
    if name == "zipf_scan":
        return traces.zipf_scan(n, keys=keys, skew=skew, every=max(500, n // 6), seed=1)
    make = {"zipf": traces.zipf, "drift": traces.drift}[name]
    return make(n, keys=keys, skew=skew, seed=1)


@cache
def hit_curves(name: str, n: int, keys: int, skew: float) -> Curves:
    """Return (size, hit ratio) for Belady's optimum and each policy."""
    trace = trace_of(name, n, keys, skew)
    sizes = sorted({max(1, round(keys * share)) for share in SHARES})
    curves: Curves = {BEST: [(size, belady_hits(trace, size) / n) for size in sizes]}
    for policy in POLICIES:
        make = load("ours").caches[policy]
        curves[policy] = [(size, simulate(make(size), trace).ratio) for size in sizes]
    return curves


def at_size(curves: Curves, size: int) -> dict[str, float]:
    """Return each policy's hit ratio at the size nearest to the wanted one."""
    near = min((at for at, _ in curves[BEST]), key=lambda at: abs(at - size))
    return {name: dict(points)[near] for name, points in curves.items()}


def bars(ratios: dict[str, float], size: int) -> go.Figure:
    """Draw the hit ratios at one size, each with its share of Belady's."""
    best = ratios[BEST]
    drawn = go.Figure()
    for index, (name, ratio) in enumerate(ratios.items()):
        fill, stroke = pair(index)
        share = f" ({ratio / best:.0%} of it)" if best and name != BEST else ""
        drawn.add_bar(
            x=[ratio],
            y=[name],
            orientation="h",
            text=[f"{ratio:.1%}{share}"],
            textposition="outside",
            cliponaxis=False,
            marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
            showlegend=False,
        )
    plotly_layout(drawn, title=f"At {size:,} entries", height=280)
    drawn.update_xaxes(range=[0, max(0.1, 1.6 * best)], tickformat=".0%")
    drawn.update_yaxes(categoryorder="array", categoryarray=list(ratios)[::-1])
    return drawn


def _curves(options: Any) -> tuple[Curves, int]:
    keys = int(options["keys"])
    curves = hit_curves(options["trace"], int(options["requests"]), keys, float(options["skew"]))
    return curves, max(1, round(keys * float(options["share"].rstrip("%")) / 100))


def draw(seen: kit.Seen) -> None:
    """Draw the curves, and the ratios at the chosen size."""
    curves, size = _curves(seen.options)
    series: dict[str, Sequence[tuple[float, float]]] = dict(curves)
    drawn = panels.lines(series, title="Hit ratio by size", x="entries in the cache", y="")
    low, high = curves[BEST][0][0], curves[BEST][-1][0]
    drawn.update_xaxes(**panels.log_axis(low / 1.2, high * 1.2))
    drawn.update_yaxes(range=[-0.03, 1.03], tickformat=".0%")
    drawn.add_vline(x=size, line={"color": LINE, "dash": "dot"})
    seen.chart(drawn, key="curves")
    seen.chart(bars(at_size(curves, size), size), key="bars")


def finding(seen: kit.Seen) -> str:
    """Name winner and loser at the chosen size, and the ceiling."""
    curves, size = _curves(seen.options)
    ratios = at_size(curves, size)
    best = ratios.pop(BEST)
    winner, loser = max(ratios, key=lambda n: ratios[n]), min(ratios, key=lambda n: ratios[n])
    if ratios[winner] == ratios[loser]:
        return f"All four policies hit {ratios[winner]:.1%} here."
    return (
        f"{winner} hits {ratios[winner]:.1%}, {loser} {ratios[loser]:.1%}. Belady's rule must "
        f"know the future, so its {best:.1%} is the ceiling."
    )


TAB = kit.Tab(
    "Caches",
    question="Which eviction policy hits most often, and on which requests does it fail?",
    tip="Change the requests from popularity that stays to popularity that moves on.",
    draw=draw,
    controls=controls,
    finding=finding,
    code=(SieveCache.__setitem__,),
    command="velvet bench 22 --filter cache_hits",
    next_step="SIEVE, step by step",
)
