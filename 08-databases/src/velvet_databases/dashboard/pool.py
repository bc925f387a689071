"""The tab that asks how large a pool should be: in virtual time at once, measured by the button."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit, panels
from velvet.ui.palette import LINE
from velvet_databases.dashboard import tasks
from velvet_databases.dashboard._parts import log_latency, no_server
from velvet_databases.pool_curve import SimulatedPoint, knee, little_size, little_tps, simulate

SIZES = (1, 2, 4, 8, 16, 32, 64)
CORES = 2


@lru_cache(maxsize=60)
def _simulated(threads: int, wait_ms: float, compute_ms: float) -> list[SimulatedPoint]:
    return [
        simulate(size, threads=threads, wait_ms=wait_ms, compute_ms=compute_ms, cores=CORES)
        for size in SIZES
    ]


def controls() -> dict[str, Any]:
    """Ask for the load: callers, and how long each holds a connection."""
    return {
        "threads": int(kit.slider("Callers", 1, 64, 32)),
        "wait_ms": float(kit.slider("Hold: waiting, ms", 0.0, 20.0, 2.0, step=0.5)),
        "compute_ms": float(kit.slider("Hold: computing, ms", 0.5, 10.0, 0.5, step=0.5)),
    }


def _curves(series: dict[str, list[tuple[float, float]]], title: str, y: str) -> go.Figure:
    figure = panels.lines(series, title=title, x="connections in the pool", y=y)
    figure.update_xaxes(type="log", tickvals=list(SIZES), ticktext=[str(size) for size in SIZES])
    return figure


def served(
    measured: dict[str, list[dict[str, Any]]], points: list[SimulatedPoint], hold_ms: float
) -> go.Figure:
    """Return what is served by size of the pool: simulated, measured, and Little's law above both."""
    series = {"simulated": [(float(p.size), p.tps) for p in points]}
    for pool, own in measured.items():
        series[pool] = [(float(one["size"]), float(one["tps"])) for one in own]
    title = f"Served a second ({CORES} cores in the simulation)"
    figure = _curves(series, title, "a second")
    top = max(tps for line in series.values() for _, tps in line)
    law = [(size, little_tps(size, hold_ms)) for size in SIZES]
    figure.add_scatter(
        x=[x for x, y in law if y <= 1.6 * top],
        y=[y for _, y in law if y <= 1.6 * top],
        name="Little's law: size / hold",
        mode="lines",
        line={"color": LINE, "dash": "dot", "width": 2},
    )
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw throughput and the tail by size of the pool."""
    wanted = {name: seen.wanted[name] for name in ("threads", "wait_ms", "compute_ms")}
    points = _simulated(**wanted)
    same = dict(seen.options) == wanted
    measured: dict[str, list[dict[str, Any]]] = {}
    for event in seen.of("point") if same else ():
        measured.setdefault(event["pool"], []).append(event)
    hold_ms = wanted["wait_ms"] + wanted["compute_ms"]
    seen.chart(served(measured, points, hold_ms), key="served")
    tails = {"simulated": [(float(p.size), p.p99_ms) for p in points]}
    for pool, own in measured.items():
        if found := [(float(one["size"]), float(one["p99_ms"])) for one in own if "p99_ms" in one]:
            tails[pool] = found
    figure = _curves(tails, "p99 from asking to giving back", "ms")
    log_latency(figure)
    seen.chart(figure, key="tail")
    waits = {
        pool: one["worst_wait_ms"]
        for pool, own in measured.items()
        for one in own
        if one["size"] == 8 and "worst_wait_ms" in one
    }
    if waits:
        words = ", ".join(f"{pool} {ms:,.0f} ms" for pool, ms in waits.items())
        kit.note(
            f"The longest that one caller waited for one of 8 connections: {words}. A pool without "
            "a queue has a fine p99 while some callers starve: percentiles count only callers that "
            "were served."
        )
    if absent := "; ".join(f"{one['pool']}: {one['reason']}" for one in seen.of("absent")):
        kit.note(f"Not measured here: {absent}")


def finding(seen: kit.Seen) -> str:
    """Name the knee, and what Little's law asks for at the most that is served."""
    wanted = seen.wanted
    points = _simulated(wanted["threads"], wanted["wait_ms"], wanted["compute_ms"])
    most = max(point.tps for point in points)
    hold_s = (wanted["wait_ms"] + wanted["compute_ms"]) / 1e3
    return (
        f"The knee is at **{knee(points)} connections**; Little's law asks for "
        f"{little_size(most, hold_s)} to serve {most:,.0f} a second. A larger pool only moves the "
        "waiting into the server."
    )


TAB = kit.Tab(
    "Pool",
    question="How many connections are enough?",
    tip="Raise the computing part of a hold and watch the knee move left, then measure.",
    job=kit.Job(tasks.pools, recorded="pools.jsonl", problem=no_server),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(knee, little_tps),
    command="velvet bench 08 --filter pool_curve",
    next_step="Plans",
)
