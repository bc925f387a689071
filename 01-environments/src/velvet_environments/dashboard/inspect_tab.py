"""The tab that reads any environment without running it, and audits any lock file."""

from __future__ import annotations

import sys
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_environments.depgraph import DependencyGraph
from velvet_environments.errors import EnvToolError
from velvet_environments.inspector import Environment
from velvet_environments.lockfiles import load
from velvet_environments.locks import audit, platforms

SHOWN = 12


def controls() -> dict[str, Any]:
    """Ask for an environment, a package and a lock."""
    return {
        "path": kit.text("Environment", "", key="path", tip="Empty: the one that runs this page."),
        "name": kit.text("Why is this here?", "packaging", key="name"),
        "lock": kit.text("Lock file to audit", "", key="lock", tip="uv.lock, pylock.toml, ..."),
        "disk": kit.toggle("Count its bytes (reads every file's entry)", False),
    }


def figure_of(graph: DependencyGraph) -> go.Figure:
    """Return the packages that most others ask for."""
    asked = dict.fromkeys(graph.edges, 0)
    for others in graph.edges.values():
        for other in others:
            asked[other] += 1
    most = sorted(asked, key=lambda name: asked[name])[-SHOWN:]
    figure = go.Figure(
        go.Bar(
            y=most,
            x=[asked[name] for name in most],
            orientation="h",
            marker={"color": FILLS[0], "line": {"color": STROKES[0], "width": 1.5}},
        )
    )
    plotly_layout(figure, title="Asked for by so many packages", height=420)
    return figure


def audited(path: str) -> str:
    """Return what an audit says about a lock, as a line."""
    try:
        lock = load(path)
        told = ", ".join(sorted({one.kind for one in audit(lock)})) or "nothing to object to"
        return f"{lock.format}: {told}; packages for four targets: {platforms(lock)}"
    except (EnvToolError, OSError, ValueError) as error:
        return str(error)


def draw(seen: kit.Seen) -> None:
    """Draw the graph's most wanted, the paths, the problems."""
    options = seen.wanted
    if options["lock"].strip():
        kit.note(audited(options["lock"].strip()))
    try:
        made = Environment.read(options["path"].strip() or sys.prefix)
    except (EnvToolError, OSError) as error:
        seen.table([{"environment": "cannot be read", "because": str(error)}])
        return
    graph = DependencyGraph.from_environment(made)
    seen.chart(figure_of(graph), key="asked")
    paths = [
        " → ".join(path) for path, _ in zip(graph.why(options["name"]), range(5), strict=False)
    ]
    seen.table([{"paths to it": path} for path in paths])
    if not paths:
        kit.note(f"{options['name']} is not installed there")
    problems = made.check()
    seen.table(
        [{"problem": one.kind, "of": one.subject, "words": one.words} for one in problems[:6]]
    )
    if options["disk"]:
        room = made.disk()
        kit.note(
            f"{room.apparent / 1e6:,.0f} MB of files; {room.unique / 1e6:,.0f} MB are freed when "
            "it goes, the rest belongs to a cache as well"
        )


def finding(seen: kit.Seen) -> str:
    """Count what is there."""
    try:
        made = Environment.read(seen.wanted["path"].strip() or sys.prefix)
    except (EnvToolError, OSError):
        return ""
    graph = DependencyGraph.from_environment(made)
    wanted = len(graph.roots())
    kinds = sorted({dist.installer for dist in made.installed} - {""})
    return (
        f"{len(made.installed)} distributions, **{wanted}** that nothing asks for, "
        f"{len(graph.cycles())} cycles, {len(made.check())} problems; "
        f"installed by {', '.join(kinds) or 'an unknown installer'}."
    )


TAB = kit.Tab(
    "Inspect",
    question="What is in this environment, and who brought it?",
    tip="Ask why a package is here; then give the path of another environment, or of a lock.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Environment.check, DependencyGraph.why),
    command="velvet run 01 who_brought_this",
    next_step="Request X-ray",
)
