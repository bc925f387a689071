"""The race: keywords, log lines, templates and HTML, at a size of the reader's choice."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_text.contenders.matchers import trie
from velvet_text.dashboard import tasks

ANSWERS_WRONGLY = {"naive_in", "re_sub"}
WRONG = {*ANSWERS_WRONGLY, "greedy"}
SIZE_MEANS = {
    "keywords": "keywords, in 20,000 characters",
    "log lines": "lines",
    "templates": "rows of ten cells",
    "HTML links": "links on the page",
}


def controls() -> dict[str, Any]:
    """Ask for a subject and a size."""
    subject = kit.choice("Race", list(tasks.SUBJECTS), "keywords", key="subject")
    size = kit.slider("Size", 10, 3000, 1000, step=10, key="size", tip=SIZE_MEANS[subject])
    return {"subject": subject, "size": size}


def figure_of(times: list[dict[str, Any]], subject: str, size: int) -> go.Figure:
    """Return a bar for each contender, the quickest on top; the wrong ones hatched."""
    ordered = sorted(times, key=lambda one: -one["ms"])
    patterns = ["/" if one["name"] in WRONG else "" for one in ordered]
    figure = go.Figure(
        go.Bar(
            x=[max(one["ms"], 1e-3) for one in ordered],
            y=[one["name"] for one in ordered],
            orientation="h",
            text=[f"{one['ms']:,.3g}" for one in ordered],
            textposition="auto",
            marker={
                "color": FILLS[0],
                "line": {"color": STROKES[0], "width": 1},
                "pattern": {"shape": patterns},
            },
        )
    )
    title = (
        f"Milliseconds, {size:,} {SIZE_MEANS[subject]}; hatched: answers wrongly or the wrong way"
    )
    plotly_layout(figure, title=title, height=140 + 34 * max(4, len(times)))
    figure.update_xaxes(type="log", title="ms", dtick=1)
    figure.update_yaxes(automargin=True)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw what is measured so far."""
    if times := seen.of("time"):
        seen.chart(figure_of(times, seen.options["subject"], seen.options["size"]), key="race")
    if absent := [one["name"] for one in seen.of("absent")]:
        kit.note(f"not installed: {', '.join(absent)}")


def finding(seen: kit.Seen) -> str:
    """Compare the ends, among those that answer right."""
    right = [one for one in seen.of("time") if one["name"] not in ANSWERS_WRONGLY]
    times = sorted((one["ms"], one["name"]) for one in right)
    if len(times) < 4:
        return ""
    (least, best), (most, worst) = times[0], times[-1]
    return f"**{best}** wins; {worst} takes **{most / max(least, 1e-3):,.0f}x** as long."


TAB = kit.Tab(
    "Race",
    question="Which tool at which size?",
    tip="Race keywords at 10, then at 3,000, and see which bars stay.",
    job=kit.Job(tasks.race, label="Race", cap_s=120, recorded="race.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(trie.TrieMatcher.find,),
    command="velvet bench 05 --filter keywords",
    next_step="Pitfalls",
)
