"""The tab with the matrix: every engine on every case, and the wrong values in words."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, LAVENDER_SOFT, TEXT, plotly_layout
from velvet_datetime.dashboard import tasks
from velvet_datetime.matrix import Case, Verdict, cases, judge
from velvet_datetime.samples.cases import categories

MARKS = {
    Verdict.RIGHT: (FILLS[3], ""),
    Verdict.REFUSED: (FILLS[2], "r"),
    Verdict.SILENTLY_WRONG: (FILLS[1], "\u2715"),
    Verdict.UNSUPPORTED: (LAVENDER_SOFT, "\u00b7"),  # near the ground in both themes
}
ORDER = list(MARKS)


FIRST = "exact time over a change"
LABEL_CHARACTERS = 20


def picked(events: list[dict[str, Any]], category: str) -> list[tuple[Case, dict[str, list[str]]]]:
    """Return the cases of a category with each engine's verdict and value."""
    found = []
    for number, case in enumerate(cases()):
        if case.category == category:
            found.append((case, {one["name"]: one["cells"][number] for one in events}))
    return found


def figure_of(events: list[dict[str, Any]], category: str) -> go.Figure:
    """Return the heat map of a category: cases down, engines across."""
    rows = picked(events, category)
    engines = [one["name"] for one in events]
    share = 1 / len(ORDER)
    scale = [
        (n * share + edge * share, MARKS[v][0]) for n, v in enumerate(ORDER) for edge in (0, 1)
    ]
    kinds = [[Verdict(cells[name][0]) for name in engines] for _, cells in rows]
    heat = go.Heatmap(
        x=engines,
        y=["<br>".join(wrap(case.question, LABEL_CHARACTERS)) for case, _ in rows],
        z=[[ORDER.index(kind) for kind in row] for row in kinds],
        text=[[MARKS[kind][1] for kind in row] for row in kinds],
        customdata=[[f"{cells[n][0]}: {cells[n][1]}" for n in engines] for _, cells in rows],
        texttemplate="%{text}",
        textfont={"color": TEXT},
        colorscale=scale,
        hovertemplate="%{y}<br>%{x}<br>%{customdata}<extra></extra>",
        zmin=-0.5,
        zmax=len(ORDER) - 0.5,
        showscale=False,
        xgap=2,
        ygap=2,
    )
    figure = go.Figure(heat)
    for kind, (fill, mark) in MARKS.items():
        square = {
            "color": fill,
            "size": 12,
            "symbol": "square",
            "line": {"width": 1, "color": TEXT},
        }
        name = f"{mark} {kind.value}".strip()
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=square, name=name)
    plotly_layout(figure, title=f"{category}: {len(rows)} cases", height=220 + 40 * len(rows))
    figure.update_xaxes(tickangle=-60, side="top", ticks="")
    figure.update_yaxes(autorange="reversed", ticks="", tickfont={"size": 10})
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the chosen category and its wrong answers in words."""
    events = seen.of("engine")
    if not events:
        return
    category = kit.choice("Category", list(categories()), FIRST, key="category")
    seen.chart(figure_of(events, category), key="matrix")
    wrong = [
        {
            "case": case.question,
            "engine": name,
            "got": got,
            "right": str(case.expected),
            "by": case.source,
        }
        for case, cells in picked(events, category)
        for name, (verdict, got) in cells.items()
        if verdict == Verdict.SILENTLY_WRONG.value
    ]
    seen.table(wrong[:8])
    if len(wrong) > 8:
        kit.note(f"and {len(wrong) - 8} more: point at a cell")
    if absent := [one["name"] for one in seen.of("absent")]:
        kit.note(f"not installed: {', '.join(absent)}")


def finding(seen: kit.Seen) -> str:
    """Say which library is silently wrong most often, and which least."""
    wrong = {
        one["name"]: sum(verdict == Verdict.SILENTLY_WRONG.value for verdict, _ in one["cells"])
        for one in seen.of("engine")
    }
    if len(wrong) < 2:
        return ""
    most, least = max(wrong, key=lambda n: wrong[n]), min(wrong, key=lambda n: wrong[n])
    times = {1: "once"}.get(wrong[least], f"{wrong[least]} times")
    return (
        f"Over all {len(cases())} cases {most} is silently wrong **{wrong[most]} times**, "
        f"{least} **{times}**; none of these answers raised an error."
    )


TAB = kit.Tab(
    "Matrix",
    question="Which library is right, which refuses, and which is wrong without a word?",
    tip="Choose 'equality in a fold', then 'after 2037'; point at a red cell for its value.",
    job=kit.Job(tasks.matrix, label="Run all cases", recorded="matrix.jsonl"),
    draw=draw,
    finding=finding,
    code=(judge,),
    command="velvet run 04 who_is_silently_wrong",
    next_step="Scheduler",
)
