"""The time machine: click commands, slide through versions, see state, events and a read model."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, LINE, STROKES, plotly_layout
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.app.readside import ProjectionRunner, StockLevels
from velvet_architecture.bootstrap import build
from velvet_architecture.domain import ArchitectureError
from velvet_architecture.domain.stock import (
    Allocate,
    ChangeBatchQuantity,
    ReceiveBatch,
    Release,
    ShipAllocated,
    available,
    decide,
    evolve,
    stock_decider,
)

SCRIPT = "receive 10; allocate 3; allocate 4; allocate 2; release 1; ship 2; count 1; allocate 5"
BUTTONS = ("receive 5", "allocate 2", "allocate 9", "ship last", "release last", "count 3")
KEY, STREAM, MAX_COMMANDS, MAX_DIGITS = "time-machine-commands", "stock-lamp", 40, 6


@dataclass(frozen=True)
class Played:
    """What a script of commands led to."""

    events: list[dict[str, Any]]
    refused: list[str]
    model: int
    behind: int


def _command(verb: str, number: int, orders: int, batches: int) -> Any:
    match verb:
        case "receive":
            return ReceiveBatch(f"batch-{batches}", number)
        case "allocate":
            return Allocate(f"order-{orders}", number)
        case "release":
            return Release(f"order-{number}")
        case "ship":
            return ShipAllocated(f"order-{number}")
        case "count":
            return ChangeBatchQuantity("batch-1", number)
    raise ValueError("it is no command")


def play(script: str, read: int | None = None) -> Played:
    """Run a script; the read model reads only so many events, all without a number."""
    shop, refused = build(MemoryEventStore()), list[str]()
    words = [word.strip() for word in script.split(";") if word.strip()][:MAX_COMMANDS]
    orders = batches = 0
    for word in words:
        verb, _, about = word.partition(" ")
        fine = about.isdecimal() and len(about) <= MAX_DIGITS
        number = orders if about == "last" else int(about) if fine else -1
        if verb in ("receive", "allocate"):
            orders, batches = orders + (verb == "allocate"), batches + (verb == "receive")
        try:
            command = _command(verb, number, orders, batches)
            shop.aggregates.execute(stock_decider, STREAM, command)
        except (ArchitectureError, ValueError) as error:
            refused.append(f"{word}: {error}")
    events, state = [], stock_decider.initial
    for stored in shop.store.read(STREAM):
        state = evolve(state, shop.registry.decode(stored))
        promised = sum(one.qty for one in state.allocations)
        told = {"version": stored.version, "event": stored.type, "data": stored.data.decode()}
        events.append(told | {"free": available(state), "promised": promised})
    database = sqlite3.connect(":memory:", isolation_level=None)
    runner = ProjectionRunner(shop.store, database, shop.registry, [StockLevels()])
    if read is None or read > 0:
        runner.run_once(len(events) if read is None else read)
    row = database.execute("SELECT units FROM stock_levels").fetchone()
    behind = runner.lag("stock_levels").events
    database.close()
    return Played(events, refused, row[0] if row else 0, behind)


def _add(word: str) -> None:
    before = st.session_state.get(KEY, SCRIPT).rstrip("; ")
    st.session_state[KEY] = f"{before}; {word}" if before else word


def controls() -> dict[str, Any]:
    """Draw buttons that add commands, the script, and two sliders over the versions."""
    for column, word in zip(st.columns(3) * 2, BUTTONS, strict=False):
        column.button(word, key=f"add-{word}", on_click=_add, args=(word,), width="stretch")
    script = kit.text("Commands", SCRIPT, max_chars=600)
    last = max(2, len(play(script).events))
    version = kit.slider("Look at version", 1, last, last)
    read = kit.slider("The read model has read", 0, last, max(1, last - 3))
    return {"script": script, "version": version, "read": read}


def figure_of(events: list[dict[str, Any]], version: int, read: int) -> go.Figure:
    """Return free and promised units by version, with the two places that are looked at."""
    figure = go.Figure()
    for number, (field, name) in enumerate((("promised", "promised"), ("free", "free"))):
        figure.add_scatter(
            x=[one["version"] for one in events],
            y=[max(0, one[field]) for one in events],
            name=name,
            mode="lines+markers",
            stackgroup="units",
            line={"shape": "hv", "color": STROKES[number], "width": 2},
            fillcolor=FILLS[number],
            customdata=[one["event"] for one in events],
            hovertemplate="version %{x}, %{customdata}: %{y} " + name + "<extra></extra>",
        )
    for place, text, side in (
        (version, "you look here", "top"),
        (read, "the read model", "bottom"),
    ):
        figure.add_vline(
            x=place,
            line={"color": LINE, "dash": "dot", "width": 2},
            annotation_text=text,
            annotation_position=f"{side} left",
        )
    plotly_layout(figure, title="Lamps by version of the stream", height=340)
    figure.update_xaxes(title="version", dtick=1)
    figure.update_yaxes(title="lamps", rangemode="tozero")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the stream, the events up to the version, and what was refused."""
    asked = {"script": SCRIPT, "version": 99, "read": 5, **(seen.wanted or seen.options)}
    played = play(asked["script"], asked["read"])
    if not played.events:
        kit.note("No event yet: press a command.")
        st.table([{"version": 0, "event": "nothing has happened"}])
        return
    version = min(asked["version"], len(played.events))
    seen.chart(figure_of(played.events, version, asked["read"]), key="stream")
    st.markdown(sentence(played, version))
    shown = [
        {"version": one["version"], "event": one["event"], "data": one["data"], "free": one["free"]}
        for one in played.events[:version]
    ]
    seen.table(shown)
    for reason in played.refused:
        kit.note(f"Refused: {reason}.")


def sentence(played: Played, version: int) -> str:
    """Say what the state was and how stale the read model is."""
    then, now = played.events[version - 1], played.events[-1]
    late = "1 event" if played.behind == 1 else f"{played.behind} events"
    fresh = "up to date" if not played.behind else f"{late} behind, so it answers from the past"
    return (
        f"At version {version}, after **{then['event']}**, the free lamps were **{then['free']}**; "
        f"now they are {now['free']}. The read model says **{played.model}**: it is {fresh}."
    )


TAB = kit.Tab(
    "Time machine",
    question="What was true at any moment, and what does a read model say?",
    tip="Press allocate 9: a refusal is an event, too. Then slide back to before it.",
    draw=draw,
    controls=controls,
    code=(decide, evolve),
    command="velvet run 20 basic event_sourced_stock",
    next_step="Cost of layers",
)
