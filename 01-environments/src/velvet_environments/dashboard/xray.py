"""The tab with every HTTP request of every tool on one time axis."""

from __future__ import annotations

from collections import Counter
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from velvet.ui import kit
from velvet.ui.palette import STROKES, plotly_layout
from velvet_environments.dashboard import tasks
from velvet_environments.indexserver import IndexServer
from velvet_environments.resolve import BacktrackingResolver

KINDS = {
    "index": ("page of a project", STROKES[0]),
    "metadata": ("metadata", STROKES[1]),
    "wheel": ("wheel", STROKES[2]),
    "range": ("part of a wheel", STROKES[3]),
    "other": ("not found", STROKES[4]),
}
ROW = 130


def controls() -> dict[str, Any]:
    """Ask for the size of the graph, the latency and the index's feature."""
    return {
        "projects": kit.slider("Projects in the index", 6, tasks.MAX_PROJECTS, 61, step=5),
        "latency_ms": kit.slider(
            "Latency of each request, ms", 0, tasks.MAX_LATENCY_MS, 20, step=10
        ),
        "metadata": kit.toggle(
            "The index serves metadata apart (PEP 658)",
            True,
            tip="Without it, a tool reads metadata out of the wheels, or out of parts of them.",
        ),
    }


def figure_of(events: list[dict[str, Any]]) -> go.Figure:
    """Return one row a tool, the requests as lines from start to end, all on one time axis."""
    titles = [f"{one['name']}: {one['seconds']:.2f} s" for one in events]
    figure = make_subplots(
        rows=len(events),
        cols=1,
        shared_xaxes=True,
        subplot_titles=titles,
        vertical_spacing=0.3 / max(len(events), 2),
    )
    named = set()
    for row, event in enumerate(events, start=1):
        for kind, (label, colour) in KINDS.items():
            x: list[float | None] = []
            y: list[int | None] = []
            for number, (start, end, what, _) in enumerate(event["requests"]):
                if what == kind:
                    x += [start, max(end, start + 0.002), None]
                    y += [number, number, None]
            if not x:
                continue
            figure.add_scatter(
                x=x,
                y=y,
                mode="lines",
                line={"color": colour, "width": 3},
                name=label,
                legendgroup=kind,
                showlegend=kind not in named,
                hovertemplate=f"{label} %{{y}}: %{{x:.3f}} s<extra></extra>",
                row=row,
                col=1,
            )
            named.add(kind)
        figure.update_yaxes(autorange="reversed", showticklabels=False, row=row, col=1)
    # Inside the plot: above the first one, the page's own title would cover it.
    figure.update_annotations(x=1, xanchor="right", yanchor="top")
    plotly_layout(figure, title="Requests over time", height=130 + ROW * len(events))
    figure.update_xaxes(title="seconds after the tool's first request", row=len(events), col=1)
    return figure


def rows_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return counts as rows of a table."""
    rows = []
    for one in events:
        kinds = Counter(kind for _, _, kind, _ in one["requests"])
        rows.append(
            {
                "tool": one["name"],
                "seconds": f"{one['seconds']:.2f}",
                "requests": str(len(one["requests"])),
                "pages, metadata, wheels": f"{kinds['index']}, {kinds['metadata']}, "
                f"{kinds['wheel'] + kinds['range']}",
                "connections": str(len({port for *_, port in one["requests"]})),
                "at once": str(at_once(one["requests"])),
                "kB": f"{one['kb']:.0f}",
            }
        )
    return rows


def at_once(requests: list[list[Any]]) -> int:
    """Return the largest number of requests that were open at one moment."""
    edges = sorted([(start, 1) for start, *_ in requests] + [(end, -1) for _, end, *_ in requests])
    open_now = most = 0
    for _, change in edges:
        open_now += change
        most = max(most, open_now)
    return most


def draw(seen: kit.Seen) -> None:
    """Draw the requests and their counts."""
    events = seen.of("tool")
    if events:
        seen.chart(figure_of(events), key="requests")
        seen.table(rows_of(events))
    if absent := [f"{one['name']} ({one['reason']})" for one in seen.of("absent")]:
        kit.note(f"not installed: {', '.join(absent)}")


def finding(seen: kit.Seen) -> str:
    """Compare pip's staircase with uv's burst."""
    told = {one["name"]: one for one in seen.of("tool")}
    if not {"pip lock", "uv"} <= told.keys():
        return ""
    pip, uv = told["pip lock"]["requests"], told["uv"]["requests"]
    last = [max((end for _, end, *_ in some), default=0.0) for some in (pip, uv)]
    return (
        f"pip asks **{len(pip)}** times, at most {at_once(pip)} at once, and is done after "
        f"{last[0]:.1f} s; uv asks **{len(uv)}** times, up to {at_once(uv)} at once, and is done "
        f"after {last[1]:.1f} s. The questions are the same: what differs is the waiting."
    )


TAB = kit.Tab(
    "Request X-ray",
    question="What does a resolver ask an index, and when?",
    tip="Raise the latency to 50 ms and press Lock; then switch PEP 658 off and look at the kB.",
    job=kit.Job(tasks.xray, label="Lock", recorded="xray.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(IndexServer.answer, BacktrackingResolver.resolve),
    command="velvet run 01 request_staircase",
    next_step="Race",
)
