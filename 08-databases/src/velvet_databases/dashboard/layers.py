"""The tab that shows what each library sends for the same operation, and what a list costs."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet_databases.dashboard import tasks
from velvet_databases.dashboard._parts import bars, no_server

# This driver's hook gives the text with its values filled in, of which the shape is kept.
UNTOLD = {"sqlite3": "its trace does not tell them apart from the text"}
_BREAKS = re.compile(
    r"(?<!LEFT)(?<!INNER)(?<!OUTER)\s+(?=(?:FROM|WHERE|ORDER BY|GROUP BY|LIMIT|OFFSET|VALUES|SET"
    r"|RETURNING|ON CONFLICT|FOR UPDATE|(?:(?:LEFT|INNER|OUTER) )*JOIN)\b)"
)


def controls() -> dict[str, Any]:
    """Ask for the database and the length of the timed list."""
    return {
        "database": kit.choice("Database", [tasks.SQLITE, tasks.POSTGRES]),
        "rows": int(kit.number("Orders in the timed list", 100, 10_000, 2_000, step=500)),
    }


def pretty(sql: str) -> str:
    """Return a statement with a line for each clause; nothing else of it is changed."""
    return _BREAKS.sub("\n", sql)


def draw(seen: kit.Seen) -> None:
    """Draw what a list costs by store, then what two stores send for one operation."""
    stores = {event["store"]: event for event in seen.of("store")}
    if stores:
        marked = [name for name in ("sqlalchemy orm", "django", "peewee") if name in stores]
        rows = next(iter(stores.values()))["rows"]
        title = f"A list of {rows:,} orders: time (object mappers are hatched)"
        costs = {name: event["ms"] for name, event in stores.items()}
        seen.chart(bars(costs, title=title, unit="ms", marked=marked), key="time")
        peaks = {name: event["peak_kb"] for name, event in stores.items()}
        title = f"A list of {rows:,} orders: memory at the peak"
        seen.chart(bars(peaks, title=title, unit="kB", marked=marked), key="memory")
        operation = kit.choice("Operation", list(next(iter(stores.values()))["sent"]))
        for name in (
            kit.choice("Store", list(stores), marked[0] if marked else None),
            kit.choice("Beside it", list(stores), key="beside"),
        ):
            _statements(name, stores[name]["sent"].get(operation, "it was not asked for this"))
    absent = "; ".join(f"{one['store']}: {one['reason']}" for one in seen.of("absent"))
    if absent:
        kit.note(f"Not measured here: {absent}")


def _statements(store: str, sent: list[list[Any]] | str) -> None:
    if isinstance(sent, str):
        st.markdown(f"**{store}** refuses: {sent}")
        return
    times = sum(one[0] for one in sent)
    st.markdown(f"**{store}** sends {times} statement{'s' if times != 1 else ''}")
    for again, sql, shape in sent:
        st.code(pretty(sql), language="sql", wrap_lines=True)
        types = ", ".join(shape) or UNTOLD.get(store, "none")
        st.caption(f"{f'sent {again} times; ' if again > 1 else ''}values: {types}")


def finding(seen: kit.Seen) -> str:
    """Compare the fastest store with the slowest."""
    costs = {event["store"]: event for event in seen.of("store")}
    if len(costs) < 3:
        return ""
    fast = min(costs, key=lambda name: float(costs[name]["ms"]))
    slow = max(costs, key=lambda name: float(costs[name]["ms"]))
    factor = costs[slow]["ms"] / costs[fast]["ms"]
    return (
        f"The same {costs[fast]['rows']:,} orders: {slow} takes **{factor:,.1f}x as long** as "
        f"{fast}, although both hold about {costs[slow]['held_kb']:,.0f} kB afterwards."
    )


TAB = kit.Tab(
    "Layers",
    question="What does each layer between Python and the table send, and what does it cost?",
    tip="Measure, then put the ORM of your project beside the bare driver.",
    job=kit.Job(tasks.layers, recorded="layers.jsonl", problem=no_server),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(tasks._sent,),
    command="velvet bench 08 --filter read_layers",
    next_step="Isolation",
)
