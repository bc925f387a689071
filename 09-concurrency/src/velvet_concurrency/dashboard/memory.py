"""Memory Profiler: what a waiting task, a held connection and a remembered call cost."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.bench.views import number
from velvet.ui import kit, panels
from velvet.ui.palette import pair, plotly_layout
from velvet_concurrency.connections import hold_connections
from velvet_concurrency.dashboard import tasks
from velvet_concurrency.limiters import TokenBucketLimiter

SUBJECTS = ("limiters", "connections", "waiting tasks")
KB = 1024


def controls() -> dict[str, Any]:
    """Ask for the subject; how many matters for all but the limiters."""
    what = kit.choice("What remembers", SUBJECTS, key="what")
    count = kit.slider("How many connections or tasks", 100, 2_000, 500, step=100, key="number")
    return {"what": what, "number": count if what != "limiters" else 500}


def connection_bars(found: list[dict[str, Any]]) -> go.Figure:
    """Draw what one held connection costs each kind of server."""
    fill, stroke = pair(0)
    bars = go.Bar(
        x=[one["variant"] for one in found],
        y=[one["bytes_each"] / KB for one in found],
        text=[f"{number(one['bytes_each'] / KB)} KB" for one in found],
        textposition="outside",
        cliponaxis=False,
        marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
    )
    title = f"Server memory per connection, {max(one['held'] for one in found)} held"
    figure = plotly_layout(go.Figure(bars), title=title, height=330)
    figure.update_yaxes(title="KB")
    return figure


def series(events: list[dict[str, Any]], name: str, x: str, y: str) -> dict[str, Any]:
    """Return points by the value of a key, in the order in which they came."""
    found: dict[str, list[tuple[float, float]]] = {}
    for event in events:
        found.setdefault(event[name], []).append((event[x], event[y]))
    return found


def draw(seen: kit.Seen) -> None:
    """Draw whichever of the three was measured."""
    growth, held, rss = seen.of("growth"), seen.of("connection"), seen.of("rss")
    if growth:
        curves = series(growth, "limiter", "calls", "bytes")
        title = "A limiter's memory grows with its calls, or does not"
        axes = {"x": "calls in one window", "y": "bytes held"}
        seen.chart(panels.lines(curves, title=title, log=True, **axes), key="growth")
    for snapshot in seen.of("snapshot")[:1]:
        rows = [
            {"line of code": where, "KB": f"{size / KB:.1f}", "blocks": f"{blocks:,}"}
            for where, size, blocks in snapshot["lines"]
        ]
        kit.note(
            f"The ten lines of code that hold most after {tasks.STEPS[-1]:,} calls of the naive list:"
        )
        seen.table(rows)
    if held:
        seen.chart(connection_bars(held), key="connections")
        for note in dict.fromkeys(one["note"] for one in held if one["note"]):
            kit.note(note)
    if rss:
        curves = series(rss, "model", "t", "rss_mb")
        floor = min(points[0][1] for points in curves.values())
        figure = panels.memory(curves, title="Resident memory of a process", floor_mb=floor)
        seen.chart(figure, key="rss")


def finding(seen: kit.Seen) -> str:
    """Say what each one costs."""
    growth = {one["limiter"]: one["bytes"] for one in seen.of("growth")}
    if {"naive list", "token bucket"} <= set(growth):
        times = growth["naive list"] / max(1, growth["token bucket"])
        return (
            f"After {tasks.STEPS[-1]:,} calls the naive list holds **{growth['naive list'] / KB:,.0f} KB**, "
            f"{times:,.0f} times as much as the token bucket, which holds two numbers whatever passed."
        )
    held = {one["variant"]: one["bytes_each"] for one in seen.of("connection")}
    if len(held) > 1:
        words = ", ".join(f"{name} {number(size / KB)} KB" for name, size in held.items())
        return f"One open connection costs the server: **{words}**."
    curves = series(seen.of("rss"), "model", "t", "rss_mb")
    grown = {name: max(mb for _, mb in points) - points[0][1] for name, points in curves.items()}
    words = ", ".join(f"{name} {mb:.1f} MB" for name, mb in grown.items())
    count = seen.options.get("number", 0)
    return f"{count} waiting tasks add: **{words}**." if len(grown) > 1 else ""


TAB = kit.Tab(
    "Memory Profiler",
    question="What does waiting cost in memory, and what does remembering?",
    tip="Measure the limiters, then choose connections: a thread has a stack, a task is an object.",
    controls=controls,
    job=kit.Job(tasks.memory, recorded="memory.jsonl"),
    draw=draw,
    finding=finding,
    code=(TokenBucketLimiter.allow, hold_connections),
    command=lambda options: (
        "velvet bench 09 --filter "
        + {"limiters": "limiter_memory", "connections": "c10k"}.get(options["what"], "io_growth")
    ),
    next_step="Limiter lab",
)
