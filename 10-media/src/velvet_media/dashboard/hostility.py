"""Each hostile file through each library: refused, or taken."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, LAVENDER_SOFT, plotly_layout
from velvet_media import safety
from velvet_media.dashboard import tasks
from velvet_media.samples import hostile

SYSTEMS = ("pillow", "opencv", "pyvips", "skimage", "decode_safely")


def _state(outcome: str) -> int:
    if outcome in ("not installed", "returns None"):
        return 2
    return int(outcome.startswith(("accepts", "opens")))


def _mark(outcome: str) -> str:
    if outcome == "returns None":
        return "None"
    return ("refused", "TAKEN", "-")[_state(outcome)]


def figure_of(rows: list[dict[str, Any]]) -> go.Figure:
    """Return files by systems: green is refused, red is taken, pale is no picture and no error."""
    states = [[_state(row[system]) for system in SYSTEMS] for row in rows]
    figure = go.Figure(
        go.Heatmap(
            z=states,
            x=[system.replace("_", "<br>") for system in SYSTEMS],
            y=[row["name"].replace("_", " ") for row in rows],
            text=[[_mark(row[system]) for system in SYSTEMS] for row in rows],
            customdata=[[row[system] for system in SYSTEMS] for row in rows],
            texttemplate="%{text}",
            textfont={"size": 11},
            colorscale=[
                [0, FILLS[3]],
                [0.33, FILLS[3]],
                [0.34, FILLS[1]],
                [0.66, FILLS[1]],
                [0.67, LAVENDER_SOFT],
                [1, LAVENDER_SOFT],
            ],
            zmin=0,
            zmax=2,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
        )
    )
    plotly_layout(figure, title="What each library does with each file", height=90 + 27 * len(rows))
    figure.update_xaxes(side="top", ticks="")
    figure.update_yaxes(ticks="", autorange="reversed")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the matrix, then what one file is and what was said about it."""
    rows = seen.of("file")
    if not rows:
        return
    seen.chart(figure_of(rows), key="matrix")
    names = [row["name"] for row in rows]
    chosen = kit.choice("File", names, names[0], key="file")
    row = next((row for row in rows if row["name"] == chosen), rows[0])
    seen.table(
        [
            {"": "what it is", "outcome": f"{row['about']}, {row['bytes']:,} bytes"},
            *({"": system, "outcome": row[system]} for system in SYSTEMS),
            {"": "what a user reads", "outcome": row["message"]},
        ]
    )


def finding(seen: kit.Seen) -> str:
    """Count what each system took."""
    rows = seen.of("file")
    if len(rows) < len(hostile.ALL):
        return ""
    taken = {system: sum(_state(row[system]) == 1 for row in rows) for system in SYSTEMS}
    worst = max(taken, key=lambda system: taken[system])
    slow = max(row["ms"] for row in rows)
    return (
        f"{worst} takes **{taken[worst]} of {len(rows)}** without an error; our limits take "
        f"**{taken['decode_safely']}**, and the slowest refusal was **{slow:.0f} ms**."
    )


TAB = kit.Tab(
    "Hostile files",
    question="What happens to a file that is made to hurt?",
    tip="Press Measure, then choose a file to see what was said about it.",
    job=kit.Job(tasks.hostility, recorded="hostility.jsonl", cap_s=180),
    draw=draw,
    finding=finding,
    code=(safety.inspect,),
    command="velvet bench 10 --filter hostile",
    next_step="Upload desk",
)
