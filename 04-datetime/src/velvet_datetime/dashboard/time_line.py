"""The tab where a wall time slides through a gap and a fold, and every policy and engine answers."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from velvet.ui import kit
from velvet.ui.palette import FILLS, MISTY_ROSE, PAPAYA, STROKES, TEXT, plotly_layout
from velvet_datetime.clock import UTC, to_wall
from velvet_datetime.contender import Unsupported
from velvet_datetime.contenders import installed
from velvet_datetime.resolve import (
    POLICIES,
    LocalKind,
    classify_local,
    offsets,
    resolve_local,
    transitions,
)

MINUTE = dt.timedelta(minutes=1)
# What the menu offers: a zone and a day on which its clock changes.
NIGHTS: dict[str, tuple[str, dt.date]] = {
    "Berlin, 29 March 2026: 02:00 to 03:00": ("Europe/Berlin", dt.date(2026, 3, 29)),
    "Berlin, 25 October 2026: 03:00 back to 02:00": ("Europe/Berlin", dt.date(2026, 10, 25)),
    "New York, 9 March 2025": ("America/New_York", dt.date(2025, 3, 9)),
    "New York, 2 November 2025": ("America/New_York", dt.date(2025, 11, 2)),
    "Havana, 9 March 2025: no midnight": ("America/Havana", dt.date(2025, 3, 9)),
    "Lord Howe, 6 April 2025: half an hour twice": ("Australia/Lord_Howe", dt.date(2025, 4, 6)),
    "Troll, 30 March 2025: two hours gone": ("Antarctica/Troll", dt.date(2025, 3, 30)),
    "Pyongyang, 4 May 2018: half an hour gone": ("Asia/Pyongyang", dt.date(2018, 5, 4)),
}
REACH = 180  # minutes to each side of the change
SYMBOLS = {"compatible": "circle", "earlier": "triangle-left", "later": "triangle-right"}
COLOURS = {"compatible": STROKES[0], "earlier": STROKES[3], "later": STROKES[1]}


def controls() -> dict[str, Any]:
    """Ask for the night and for the wall time."""
    return {
        "night": kit.choice("A night on which clocks change", list(NIGHTS), key="night"),
        "minutes": kit.slider(
            "Wall time, in minutes after the clock begins to jump",
            -REACH,
            REACH,
            30,
            step=5,
            key="minutes",
            tip="Inside the shaded band the wall time exists never, or twice.",
        ),
    }


def change_of(night: str) -> tuple[str, Any]:
    """Return the zone and the change of a night."""
    zone, day = NIGHTS[night]
    noon = dt.datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    found = transitions(zone, noon - dt.timedelta(days=1), noon + dt.timedelta(days=1))
    return zone, found[0]


def wall_of(options: dict[str, Any]) -> tuple[str, Any, dt.datetime]:
    """Return zone, change and the wall time that the slider shows."""
    zone, change = change_of(options["night"])
    first = change.instant + min(change.before, change.after)
    return zone, change, first.replace(tzinfo=None) + options["minutes"] * MINUTE


def answers(zone: str, wall: dt.datetime) -> dict[str, dt.datetime | str]:
    """Return the instant of a wall time by each engine that has zones, or how it refuses."""
    found: dict[str, dt.datetime | str] = {}
    for engine in installed().values():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found[engine.label] = engine.instant(engine.from_wall(wall, zone))
        except Unsupported:
            continue  # it has no zones, so it has no answer to draw
        except Exception as error:  # noqa: BLE001 - each library has its own types
            found[engine.label] = type(error).__name__
    return found


def figure_of(zone: str, change: Any, wall: dt.datetime) -> go.Figure:
    """Return UTC against the wall with the jump, and below it each engine's answer."""
    found = answers(zone, wall)
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.56, 0.44], vertical_spacing=0.04
    )
    for part, sign in (("before", -1), ("after", 1)):
        ends = [change.instant, change.instant + sign * (REACH + 90) * MINUTE]
        walls = [one + getattr(change, part) for one in ends]
        figure.add_scatter(
            x=[_plain(one) for one in ends],
            y=[_plain(one) for one in walls],
            mode="lines",
            line={"color": TEXT, "width": 3},
            showlegend=False,
            hoverinfo="skip",
            row=1,
            col=1,
        )
    edges = sorted(_plain(change.instant + one) for one in (change.before, change.after))
    figure.add_hrect(
        y0=edges[0],
        y1=edges[1],
        line_width=0,
        layer="below",
        row=1,
        col=1,
        fillcolor=MISTY_ROSE if change.shift > dt.timedelta(0) else PAPAYA,
    )
    figure.add_hline(y=wall, line={"color": STROKES[0], "dash": "dot"}, row=1, col=1)
    for how, symbol in SYMBOLS.items():
        instant = resolve_local(wall, zone, how)  # type: ignore[arg-type]
        figure.add_scatter(
            x=[_plain(instant)],
            y=[to_wall(instant, zone)],
            mode="markers",
            name=how,
            marker={
                "symbol": symbol,
                "size": 18 if how == "compatible" else 14,
                "color": COLOURS[how],
                "line": {"width": 1, "color": TEXT},
            },
            hovertemplate=f"{how}: %{{x|%H:%M}}Z, the clock shows %{{y|%H:%M}}<extra></extra>",
            row=1,
            col=1,
        )
    right = resolve_local(wall, zone)
    rows = sorted(found, key=str.lower, reverse=True)
    for name, fill, wanted in (
        ("as RFC 5545 answers", FILLS[3], True),
        ("another instant", FILLS[1], False),
    ):
        mine = [
            one
            for one in rows
            if isinstance(found[one], dt.datetime) and (found[one] == right) is wanted
        ]
        figure.add_scatter(
            x=[_plain(found[one]) for one in mine],
            y=mine,
            mode="markers",
            name=name,
            marker={
                "size": 13,
                "color": fill,
                "symbol": "diamond" if wanted else "x",
                "line": {"width": 1.5, "color": STROKES[3] if wanted else STROKES[1]},
            },
            hovertemplate="%{y}: %{x|%H:%M:%S}Z<extra></extra>",
            row=2,
            col=1,
        )
    refused = [one for one in rows if isinstance(found[one], str)]
    figure.add_scatter(
        x=[_plain(right)] * len(refused),
        y=refused,
        mode="text",
        text=["refuses"] * len(refused),
        textfont={"color": TEXT},
        showlegend=False,
        hoverinfo="skip",
        row=2,
        col=1,
    )
    title = f"{zone}: {wall:%H:%M} on the wall, and the instants it may mean"
    plotly_layout(figure, title=title, height=620)
    figure.update_xaxes(title="UTC", tickformat="%H:%M", row=2, col=1)
    middle = _plain(change.instant)
    reach = (REACH + 75) * MINUTE
    figure.update_xaxes(range=[middle - reach, middle + reach])
    figure.update_yaxes(title="the clock on the wall", tickformat="%H:%M", row=1, col=1)
    figure.update_yaxes(categoryorder="array", categoryarray=rows, ticks="", row=2, col=1)
    return figure


def _plain(moment: Any) -> dt.datetime:
    plain: dt.datetime = moment.replace(tzinfo=None)
    return plain


def rows_of(zone: str, wall: dt.datetime) -> list[dict[str, str]]:
    """Return the four policies' answers as rows of a table."""
    rows = []
    for how in POLICIES:
        try:
            instant = resolve_local(wall, zone, how)
        except ValueError as error:
            rows.append(
                {"policy": how, "instant": type(error).__name__, "the clock shows": "nothing"}
            )
            continue
        shown = to_wall(instant, zone)
        rows.append(
            {
                "policy": how,
                "instant": f"{instant:%Y-%m-%d %H:%M}Z",
                "the clock shows": f"{shown:%H:%M}" + (", moved" if shown != wall else ""),
            }
        )
    return rows


def draw(seen: kit.Seen) -> None:
    """Draw the line, the engines and the policies."""
    zone, change, wall = wall_of(dict(seen.wanted))
    seen.chart(figure_of(zone, change, wall), key="line")
    seen.table(rows_of(zone, wall))


def finding(seen: kit.Seen) -> str:
    """Say what the wall time is, and what each engine answers."""
    zone, _, wall = wall_of(dict(seen.wanted))
    kind = classify_local(wall, zone).kind
    found = answers(zone, wall)
    right = resolve_local(wall, zone)
    refused = sum(isinstance(one, str) for one in found.values())
    other = sum(isinstance(one, dt.datetime) and one != right for one in found.values())
    words = {
        LocalKind.UNIQUE: f"{wall:%H:%M} exists once, so all policies agree",
        LocalKind.GAP: f"**{wall:%H:%M} never existed**: two policies move it on, one moves it back",
        LocalKind.FOLD: f"**{wall:%H:%M} existed twice**: the policies choose one of the two",
    }[kind]
    same = len(found) - refused - other
    told = f"{same} answer as RFC 5545 does, **{other} otherwise**, {refused} with an error"
    return f"{words}. Of {len(found)} engines, {told}."


TAB = kit.Tab(
    "Time line",
    question="Which instant does this wall time mean?",
    tip="Slide the wall time through the shaded band; then choose the night in October.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(offsets, resolve_local),
    command="velvet run 04 the_hour_that_never_was",
    next_step="Matrix",
)
