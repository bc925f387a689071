"""The tab that changes one thing, builds again, and shows the first field that differs."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, plotly_layout
from velvet_packaging.dashboard import tasks
from velvet_packaging.normalize import normalize_wheel
from velvet_packaging.repro import diff_artifacts

ROWS = ("as built", "normalised")


def controls() -> dict[str, Any]:
    """Ask for the backend, the epoch and the file."""
    return {
        "backend": kit.choice("Backend", tasks.ORDER, "flit_core"),
        "epoch": kit.toggle("SOURCE_DATE_EPOCH is set", False),
        "target": kit.choice("Build a", ["wheel", "sdist"]),
    }


def figure_of(events: list[dict[str, Any]]) -> go.Figure:
    """Return a grid: axes across, as built and normalised down."""
    axes = [one["axis"] for one in events]
    cells = [[one["equal"] for one in events], [one["normalized"] for one in events]]
    figure = go.Figure(
        go.Heatmap(
            x=axes,
            y=list(ROWS),
            z=[[float(cell) for cell in row] for row in cells],
            text=[["equal" if cell else "differs" for cell in row] for row in cells],
            texttemplate="%{text}",
            colorscale=[[0, "#ea9294"], [1, "#a7facd"]],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=3,
            ygap=3,
            textfont={"color": STROKES[4]},
        )
    )
    plotly_layout(figure, title="Two builds, one thing changed: equal bytes?", height=260)
    figure.update_yaxes(autorange="reversed")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the grid and the first differences."""
    events = seen.of("cell")
    if events:
        seen.chart(figure_of(events), key="cells")
        seen.table(
            [
                {
                    "axis": one["axis"],
                    "first field that differs": one["difference"].replace("__", r"\_\_"),
                }
                for one in events
                if one["difference"]
            ]
        )


def finding(seen: kit.Seen) -> str:
    """Count equal cells before and after normalising."""
    events = seen.of("cell")
    if not events:
        return ""
    equal = sum(one["equal"] for one in events)
    after = sum(one["normalized"] for one in events)
    name = seen.options.get("backend", "the backend")
    why = ": what differed was no content" if equal < after == len(events) else ""
    return (
        f"{name}: **{equal} of {len(events)}** pairs are equal as built, **{after}** after "
        f"normalising{why}."
    )


TAB = kit.Tab(
    "Reproducibility lab",
    question="Would two machines build the same bytes from this source?",
    tip="Rebuild with flit_core, set the epoch, rebuild; then try setuptools.",
    job=kit.Job(tasks.lab, label="Rebuild", recorded="lab.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(diff_artifacts, normalize_wheel),
    command="velvet bench 02 --filter reproducible",
    next_step="Publish wire",
)
