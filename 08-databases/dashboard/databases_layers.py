"""Layers: what each library sends for the same operation, and what a list of orders costs."""

from __future__ import annotations

import streamlit as st
from databases_parts import DATABASES, bars, chips, runner, stored
from databases_session import CHART, Session

from velvet_databases.explorer.layers import Cost, Layers, missing_libraries, read_layers
from velvet_databases.explorer.requests import LayersRequest

# This driver's hook gives the text with its values filled in, of which the shape is kept.
UNTOLD = {"sqlite3": "its trace does not tell them apart from the text"}


def draw(state: Session) -> None:
    """Draw the tab."""
    first, second, third, fourth = st.columns([1.1, 1.6, 1.2, 1.2])
    where = first.radio("database", list(DATABASES), horizontal=True, key="databases_layers_where")
    postgres = where == "PostgreSQL"
    backend = DATABASES[where]
    found = read_layers(state.events("layers")).get(backend, Layers())
    operation = second.selectbox(
        "operation", found.operations or ["-"], key="databases_layers_operation"
    )
    stores = found.stores
    usual = stores.index("sqlalchemy orm") if "sqlalchemy orm" in stores else 0
    one = third.selectbox("store", stores or ["-"], index=usual, key=f"databases_store_{where}")
    other = fourth.selectbox("beside", stores or ["-"], key=f"databases_beside_{where}")
    if stores:
        _sent(found, operation, one, other)
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    rows = left.number_input(
        "orders in the timed list", value=2_000, step=500, key="databases_layers_rows"
    )
    with right:
        runner(
            state,
            LayersRequest(rows=int(rows), postgres=postgres),
            f"Measure on {where}",
            server=postgres,
            about="Every store does every operation with its statements noted, then reads the "
            "list; about five seconds.",
            mine=backend in read_layers(state.own("layers")),
        )
    if found.costs:
        _costs(found.latest_costs(), [one, other])
    chips({**found.absent, **missing_libraries()})
    stored(("read_layers", "bulk_sqlite", "bulk_postgres", "bulk_driver", "kv_document"), "layers")


def _sent(found: Layers, operation: str, one: str, other: str) -> None:
    for column, store in zip(st.columns(2), dict.fromkeys((one, other)), strict=False):
        with column:
            sent = found.sql.get((store, operation), "it was not asked for this")
            if isinstance(sent, str):
                st.markdown(f"**{store}** refuses")
                st.info(sent)
                continue
            times = sum(statement.times for statement in sent)
            st.markdown(f"**{store}** sends {times} statement{'s' if times != 1 else ''}")
            for statement in sent:
                st.code(statement.pretty, language="sql", wrap_lines=True)
                types = ", ".join(statement.shape) or UNTOLD.get(store, "none")
                again = f"sent {statement.times} times; " if statement.times > 1 else ""
                st.caption(f"{again}values: {types}")


def _costs(costs: dict[str, Cost], marked: list[str]) -> None:
    rows = next(iter(costs.values())).rows
    left, right = st.columns(2)
    figure = bars(
        {store: cost.ms for store, cost in costs.items()},
        title=f"A list of {rows:,} orders: time",
        unit="ms",
        marked=marked,
    )
    left.plotly_chart(figure, theme=None, config=CHART, key="databases_layers_time")
    figure = bars(
        {store: cost.peak_kb for store, cost in costs.items()},
        title=f"A list of {rows:,} orders: memory at the peak",
        unit="kB",
        marked=marked,
    )
    right.plotly_chart(figure, theme=None, config=CHART, key="databases_layers_memory")
    held = min(cost.held_kb for cost in costs.values())
    st.caption(
        f"All stores give the same values, about {held:,.0f} kB of them; what is above that is "
        "the way there. Parameter values are never kept, only their types and lengths."
    )
