"""The tab where a resolver can be stepped through, on graphs that the reader changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_environments.conflicts import minimal_core, verify
from velvet_environments.errors import BadSpec, EnvToolError
from velvet_environments.resolve import (
    BacktrackingResolver,
    Conflict,
    GreedyResolver,
    Source,
    Step,
)
from velvet_environments.samples import graphs
from velvet_environments.target import Target
from velvet_environments.wheelsmith import PackageSpec

GRAPHS: dict[str, Callable[[], graphs.Scenario]] = {
    "diamond": graphs.diamond,
    "staircase": lambda: graphs.staircase(12),
    "generations": lambda: graphs.generations(6, 4),
    "random": lambda: graphs.random_constrained(12, tightness=0.4, seed=7),
    "extras and a cycle": graphs.extras_cycle,
    "yanked": graphs.yanked,
}
KINDS = {"pin": ("chosen", 3, "circle"), "reject": ("rejected", 1, "x")}


def controls() -> dict[str, Any]:
    """Ask for a graph and for what the reader changes about it."""
    return {
        "graph": kit.choice("Graph", list(GRAPHS), key="graph"),
        "also": kit.text(
            "One more release: name version: requirement, requirement",
            "",
            key="also",
            tip="To solve the diamond: d-left 2.0: d-base>=2",
        ),
        "greedy": kit.toggle("First wins (greedy), as pip did until 2020", False, key="greedy"),
    }


def added(text: str) -> tuple[PackageSpec, ...]:
    """Read a release that the reader wrote; nothing from an empty line.

    Raises:
        BadSpec: the line is no release.
    """
    if not text.strip():
        return ()
    head, _, needs = text.partition(":")
    parts = head.split()
    if len(parts) != 2:
        raise BadSpec(f"write name version: requirements, not {text!r}")
    wanted = tuple(one.strip() for one in needs.split(",") if one.strip())
    return (PackageSpec(parts[0], parts[1], wanted, files=0),)


def solved(options: dict[str, Any]) -> tuple[tuple[Step, ...], str, list[dict[str, str]]]:
    """Return the steps, what came of them in a sentence, and rows of the answer."""
    graph = GRAPHS[options["graph"]]()
    packages = (*graph.packages, *added(options["also"]))
    source = Source(packages, Target.here())
    resolver = GreedyResolver() if options["greedy"] else BacktrackingResolver()
    try:
        found = resolver.resolve(graph.root_requires, source)
    except Conflict as conflict:
        core = minimal_core(graph.root_requires, packages)
        rows = [{"requirement": one, "in the core": "yes" if one in core else "no"}
                for one in graph.root_requires]  # fmt: skip
        return conflict.steps, f"**No solution.** {conflict}", rows
    broken = verify(found, graphs.Scenario("shown", packages, graph.root_requires))
    told = f"{len(found.pins)} projects, {found.metadata_reads} releases read, "
    told += f"**{found.backtracks}** rejected."
    if broken:
        told = f"**Broken:** {broken[0]}; {len(broken)} violations in all."
    rows = [{"project": name, "version": version} for name, version in found.pins.items()]
    return found.steps, told, rows


def figure_of(steps: tuple[Step, ...], upto: int) -> go.Figure:
    """Return the steps so far: which project, chosen or rejected, in order."""
    figure = go.Figure()
    shown = steps[:upto]
    names = list(dict.fromkeys(step.name for step in steps))
    for kind, (label, colour, symbol) in KINDS.items():
        mine = [(n, step) for n, step in enumerate(shown, 1) if step.kind == kind]
        figure.add_scatter(
            x=[n for n, _ in mine],
            y=[step.name for _, step in mine],
            text=[step.version for _, step in mine],
            mode="markers+text" if len(steps) <= 30 else "markers",
            textposition="top center",
            customdata=[step.words for _, step in mine],
            hovertemplate="%{y} %{text}<br>%{customdata}<extra></extra>",
            name=label,
            marker={
                "size": 13,
                "symbol": symbol,
                "color": FILLS[colour],
                "line": {"color": STROKES[colour], "width": 1.5},
            },
        )
    plotly_layout(figure, title="What was tried", height=230 + 26 * len(names))
    figure.update_xaxes(title="step", range=[0.3, max(len(steps), 3) + 0.7])
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    return figure


def _answer(seen: kit.Seen) -> tuple[tuple[Step, ...], str, list[dict[str, str]]]:
    try:
        return solved(dict(seen.wanted))
    except EnvToolError as error:
        return (), str(error), []


def draw(seen: kit.Seen) -> None:
    """Draw the steps up to the slider, and the answer."""
    steps, _, rows = _answer(seen)
    upto = len(steps)
    if len(steps) > 1:
        upto = kit.slider("Steps shown", 1, len(steps), len(steps), key=f"upto-{len(steps)}")
    seen.chart(figure_of(steps, upto), key="steps")
    seen.table(rows[:14])


def finding(seen: kit.Seen) -> str:
    """Say what came of it."""
    return _answer(seen)[1]


TAB = kit.Tab(
    "Resolver playground",
    question="Why did the resolver refuse my requirements?",
    tip="Add the release 'd-left 2.0: d-base>=2' to the diamond; then step through the staircase.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Conflict.explain, minimal_core),
    command="velvet run 01 conflict_clinic",
    next_step="Same or different",
)
