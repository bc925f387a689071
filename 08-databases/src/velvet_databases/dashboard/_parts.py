"""What several tabs draw: bars, and the reason why there is no PostgreSQL."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go

from velvet import services
from velvet.bench.views import number
from velvet.ui import panels
from velvet.ui.palette import LAVENDER, pair, plotly_layout
from velvet_databases.dashboard.tasks import POSTGRES


@lru_cache(maxsize=1)
def _no_postgres(minute: float) -> str:  # noqa: ARG001 - asked anew each minute
    missing = services.probe("postgres")
    return "" if missing is None else f"This needs a PostgreSQL, and there is {missing}"


def no_server(options: Mapping[str, Any]) -> str:
    """Return why a task cannot run here; empty where it can. Starts nothing."""
    return (
        _no_postgres(time.monotonic() // 60)
        if options.get("database", POSTGRES) == POSTGRES
        else ""
    )


def bars(
    values: Mapping[str, float],
    *,
    title: str,
    unit: str,
    marked: Sequence[str] = (),
    log: bool = False,
) -> go.Figure:
    """Return one bar a name, the marked ones filled strongly and patterned."""
    figure = go.Figure()
    names = list(values)
    fill, stroke = pair(0)
    figure.add_bar(
        orientation="h",
        y=names,
        x=list(values.values()),
        text=[f"{number(value)} {unit}" for value in values.values()],
        textposition="outside",
        cliponaxis=False,
        marker={
            "color": [fill if name in marked else LAVENDER for name in names],
            "line": {"color": stroke, "width": 1.2},
            "pattern": {
                "shape": ["/" if name in marked else "" for name in names],
                "fgcolor": stroke,
                "size": 6,
            },
        },
        hovertemplate="%{y}: %{text}<extra></extra>",
        showlegend=False,
    )
    plotly_layout(figure, title=title, height=110 + 30 * max(3, len(names)))
    if log:
        logs = [math.log10(value) for value in values.values() if value > 0] or [0.0]
        # A bar on a logarithmic axis has no natural foot: the shortest one gets a third of a decade.
        span = [min(logs) - 0.35, max(logs) + 0.3 * (max(logs) - min(logs)) + 0.4]
        figure.update_xaxes(type="log", title=unit, range=span, dtick=1)
    else:
        figure.update_xaxes(range=[0, max(values.values(), default=1.0) * 1.4], title=unit)
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def log_latency(figure: go.Figure) -> None:
    """Make the vertical axis of curves logarithmic, with whole labels in ascending order."""
    known = [y for line in figure.data if line.y is not None for y in line.y if y > 0]
    if known:
        figure.update_yaxes(**panels.log_axis(min(known) / 1.3, max(known) * 1.3))
