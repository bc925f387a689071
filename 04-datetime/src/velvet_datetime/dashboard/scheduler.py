"""The tab where a cron expression meets a night of a clock change, in five schedulers."""

from __future__ import annotations

import datetime as dt
import warnings
from collections import Counter
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, PAPAYA, STROKES, plotly_layout
from velvet_datetime.clock import to_wall
from velvet_datetime.cron import Cron
from velvet_datetime.dashboard.time_line import NIGHTS, change_of
from velvet_datetime.errors import CronError
from velvet_datetime.nightly import SCHEDULERS
from velvet_datetime.schedule import Schedule

DAYS = dt.timedelta(days=2)
MAX_RUNS = 600
LABELS = {"utc_plus_24h": "UTC + 24 h", "apscheduler": "APScheduler", "ours": "ours, cron's rules"}


def controls() -> dict[str, Any]:
    """Ask for the expression, the night and the two policies."""
    return {
        "cron": kit.text("Cron expression", "30 2 * * *", max_chars=60, key="cron"),
        "night": kit.choice(
            "A night on which clocks change", list(NIGHTS), list(NIGHTS)[1], key="night"
        ),
        "gap": kit.choice("Our policy in a gap", ["run_after", "shift", "skip"], key="gap"),
        "fold": kit.choice("Our policy in a fold", ["first", "last", "both"], key="fold"),
    }


def runs_of(options: dict[str, Any]) -> dict[str, list[dt.datetime]]:
    """Return each scheduler's runs from two days before the change to two days after it.

    Raises:
        CronError: the expression is wrong.
    """
    zone, change = change_of(options["night"])
    start, end = change.instant - DAYS, change.instant + DAYS
    chosen = Schedule(Cron.parse(options["cron"]), zone, options["gap"], options["fold"], False)
    found = {"ours, policies above": list(chosen.iter(start, end))[:MAX_RUNS]}
    for name, (scheduler, _) in reversed(SCHEDULERS.items()):
        label = LABELS.get(name, name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                runs: list[dt.datetime] = []
                for run in scheduler(options["cron"], zone, start):
                    if run >= end or len(runs) >= MAX_RUNS:
                        break
                    runs.append(run)
            found[label] = runs
        except ImportError:
            continue
        except Exception as error:  # noqa: BLE001 - each library refuses in its own way
            found[f"{label}: {type(error).__name__}"] = []
    return found


def doubled(runs: list[dt.datetime], zone: str) -> set[dt.datetime]:
    """Return the runs whose wall time is run twice."""
    walls = Counter(to_wall(run, zone) for run in runs)
    return {run for run in runs if walls[to_wall(run, zone)] > 1}


def figure_of(options: dict[str, Any], found: dict[str, list[dt.datetime]]) -> go.Figure:
    """Return a lane a scheduler, a mark a run; what runs twice is crossed."""
    zone, change = change_of(options["night"])
    figure = go.Figure()
    for name, symbol, fill, stroke, twice in (
        ("one run", "circle", FILLS[0], STROKES[0], False),
        ("the same wall time twice", "x", FILLS[1], STROKES[1], True),
    ):
        mine = [
            (label, run)
            for label, runs in found.items()
            for run in runs
            if (run in doubled(runs, zone)) is twice
        ]
        figure.add_scatter(
            x=[run.replace(tzinfo=None) for _, run in mine],
            y=[label for label, _ in mine],
            mode="markers",
            name=name,
            marker={
                "size": 12,
                "symbol": symbol,
                "color": fill,
                "line": {"width": 1.5, "color": stroke},
            },
            customdata=[f"{to_wall(run, zone):%d %B, %H:%M}" for _, run in mine],
            hovertemplate="%{y}<br>%{customdata} on the wall, %{x|%H:%M}Z<extra></extra>",
        )
    jump = change.instant.replace(tzinfo=None)
    width = abs(change.shift)
    figure.add_vrect(
        x0=jump - width, x1=jump + width, fillcolor=PAPAYA, line_width=0, layer="below"
    )
    plotly_layout(figure, title=f"{options['cron']} in {zone}, around the change", height=330)
    figure.update_xaxes(title="UTC", tickformat="%d %b<br>%H:%M")
    figure.update_yaxes(ticks="", categoryorder="array", categoryarray=list(reversed(found)))
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the runs, or say what is wrong with the expression."""
    options = dict(seen.wanted)
    try:
        found = runs_of(options)
    except CronError as error:
        kit.note(f"Refused: {error}")
        return
    seen.chart(figure_of(options, found), key="runs")
    zone, _ = change_of(options["night"])
    rows = []
    for label, runs in found.items():
        walls = [f"{to_wall(run, zone):%d %b %H:%M}" for run in runs]
        shown = ", ".join(walls[:6]) + (" ..." if len(walls) > 6 else "")
        rows.append({"scheduler": label, "runs": str(len(runs)), "on the wall": shown})
    seen.table(rows)


def finding(seen: kit.Seen) -> str:
    """Say which scheduler runs twice."""
    options = dict(seen.wanted)
    try:
        found = runs_of(options)
    except CronError:
        return ""
    zone, _ = change_of(options["night"])
    twice = [label for label, runs in found.items() if doubled(runs, zone)]
    if not twice:
        return "Around this change every scheduler runs each wall time **at most once**."
    return f"A wall time is run twice by **{' and '.join(twice)}**."


TAB = kit.Tab(
    "Scheduler",
    question="How often does a job at 02:30 run on the night when 02:30 comes twice?",
    tip="Change the night to March, then the policies; then try */30 * * * *.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Schedule._instants,),
    command="velvet run 04 nightly_job",
    next_step="Parsers",
)
