"""Writers at once: lost updates, retries, and events that a follower never sees."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import LINE, pair, plotly_layout
from velvet_architecture.dashboard import tasks
from velvet_architecture.lab import gap, shapes


def controls() -> dict[str, Any]:
    """Ask for the writers and their think time."""
    return {
        "writers": int(kit.choice("Writers", ["1", "2", "4", "8", "16"], "8")),
        "think_ms": int(kit.choice("Think time, ms", ["0", "1", "5"], "1")),
    }


def sold_of(races: list[dict[str, Any]]) -> go.Figure:
    """Return what each shop sold beside what it had."""
    names = [one["name"].replace("_", "-") for one in races]
    figure = go.Figure()
    for number, (field, name) in enumerate((("sold", "sold"), ("retries", "tried again"))):
        fill, stroke = pair(number)
        figure.add_bar(
            x=names,
            y=[one[field] for one in races],
            name=name,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern_shape": "/" if number else "",
            },
            hovertemplate="%{x}: %{y} " + name + "<extra></extra>",
        )
    figure.add_hline(
        y=races[0]["units"],
        line={"color": LINE, "dash": "dot"},
        annotation_text="in stock",
        annotation_position="top right",
    )
    plotly_layout(figure, title="Lamps sold of those in stock", height=360)
    figure.update_yaxes(title="lamps, retries", rangemode="tozero")
    return figure


def missed_of(gaps: list[dict[str, Any]]) -> go.Figure:
    """Return the share of events that a follower never sees."""
    figure = go.Figure()
    for number, rollbacks in enumerate((0.0, 0.05)):
        mine = [one for one in gaps if one["rollbacks"] == rollbacks]
        fill, stroke = pair(number * 2)
        figure.add_bar(
            x=[one["name"].replace("_", " ") for one in mine],
            y=[one["missed"] / one["events"] * 100 for one in mine],
            name="5 % rolled back" if rollbacks else "all commit",
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1},
                "pattern_shape": "/" if number else "",
            },
            hovertemplate="%{x}: %{y:.1f} % missed<extra></extra>",
        )
    plotly_layout(figure, title="Events that a follower never sees, simulated", height=340)
    figure.update_yaxes(title="% of the events", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the race, then the gap."""
    if races := seen.of("race"):
        seen.chart(sold_of(races), key="sold")
    if gaps := seen.of("gap"):
        seen.chart(missed_of(gaps), key="missed")


def finding(seen: kit.Seen) -> str:
    """Say what was oversold and what was missed."""
    races = {one["name"]: one for one in seen.of("race")}
    gaps = {(one["name"], one["rollbacks"]): one for one in seen.of("gap")}
    if len(races) < 3 or ("xid", 0.05) not in gaps:
        return ""
    naive, missed = races["naive"], gaps["naive", 0.0]
    return (
        f"The script sold **{naive['sold']} of {naive['units']}** lamps, the other two "
        f"{races['hexagonal']['sold']} and {races['event_sourced']['sold']}. A follower of a plain sequence misses "
        f"**{missed['missed'] / missed['events']:.0%}** of the events."
    )


TAB = kit.Tab(
    "Race and gap",
    question="What is lost when eight writers come at once?",
    tip="Race with 8 writers, then with 1: every architecture is right alone.",
    job=kit.Job(tasks.race, label="Race", cap_s=120, recorded="race.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(shapes.NaiveShop.sell, gap._readable),
    command="velvet bench 20 --filter race",
    next_step="Crash lab",
)
