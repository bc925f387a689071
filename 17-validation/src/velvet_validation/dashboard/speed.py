"""The tab that shows what a check costs beside hand-written code, and what an import costs."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, STROKES, pair, plotly_layout
from velvet_validation.comparisons import note
from velvet_validation.contenders import handwritten, label_of
from velvet_validation.dashboard import tasks

PATTERNS = {"checks_only": "/", "types_only": "x"}
WORDS = {"": "checks and converts", "checks_only": "checks only", "types_only": "types only"}


def controls() -> dict[str, Any]:
    """Ask for the size of the payload."""
    return {"orders": int(kit.choice("Orders in the payload", ["1", "10", "100", "1000"], "10"))}


def times_of(checks: list[dict[str, Any]], orders: int) -> go.Figure:
    """Return each library's time over the hand-written one; less work has a pattern."""
    floor = next(one["us"] for one in checks if one["name"] == "handwritten")
    figure = go.Figure()
    for number, (flag, word) in enumerate(WORDS.items()):
        mine = [one for one in checks if flag == _flag(one["name"])]
        fill, stroke = pair(number)
        figure.add_bar(
            y=[label_of(one["name"]) for one in mine],
            x=[one["us"] / floor for one in mine],
            orientation="h",
            name=word,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern_shape": PATTERNS.get(flag, ""),
            },
            text=[f"{one['us'] / orders:,.1f} \u00b5s an order" for one in mine],
            textposition="auto",
            hovertemplate="%{y}: %{x:.2f} times hand-written<extra></extra>",
        )
    figure.add_vline(x=1, line={"color": LINE, "dash": "dot"})
    plotly_layout(figure, title="Time beside hand-written checks (1 = the same)", height=430)
    figure.update_xaxes(type="log", title="times the hand-written checks")
    figure.update_yaxes(categoryorder="total descending", ticks="")
    return figure


def _flag(name: str) -> str:
    return next((flag for flag in PATTERNS if flag.replace("_", " ") in note(name)), "")


def imports_of(imports: list[dict[str, Any]]) -> go.Figure:
    """Return what a fresh process needs until the library is imported."""
    figure = go.Figure(
        go.Bar(
            y=[one["name"] for one in imports],
            x=[one["ms"] for one in imports],
            orientation="h",
            marker={"color": pair(0)[0], "line": {"color": STROKES[0], "width": 1}},
            text=[f"{one['ms']:,.0f} ms" for one in imports],
            textposition="auto",
        )
    )
    plotly_layout(figure, title="A fresh process until the import is done", height=320)
    figure.update_xaxes(title="milliseconds")
    figure.update_yaxes(categoryorder="total descending", ticks="")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the checks as soon as the floor is known, then the imports."""
    checks, imports = seen.of("check"), seen.of("import")
    if checks:
        seen.chart(times_of(checks, seen.options.get("orders", 1)), key="checks")
    if imports:
        seen.chart(imports_of(imports), key="imports")


def finding(seen: kit.Seen) -> str:
    """Say how far the fastest and the slowest full validators are apart."""
    by = {one["name"]: one["us"] for one in seen.of("check") if not _flag(one["name"])}
    if not {"handwritten", "pydantic", "msgspec", "cerberus"} <= set(by):
        return ""
    slowest = max(by, key=lambda name: by[name])
    return (
        f"msgspec is **{by['pydantic'] / by['msgspec']:.1f}x faster** than pydantic here, and "
        f"{label_of(slowest)} takes **{by[slowest] / by['pydantic']:.0f} times** pydantic's "
        "time."
    )


TAB = kit.Tab(
    "Speed",
    question="What does a check cost beside plain Python, and what does the import cost?",
    tip="Press Measure with 1 order, then with 1000: which ratios change?",
    job=kit.Job(tasks.speeds, label="Measure", cap_s=120, recorded="speeds.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(handwritten.build, tasks.microseconds),
    command="velvet bench 17 --filter validate_python",
    next_step="Evolution",
)
