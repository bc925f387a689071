"""Plans & migrations: a plan before and after an index, and what a live writer feels."""

from __future__ import annotations

import html

import plotly.graph_objects as go
import streamlit as st
from databases_parts import DATABASES, bars, runner, stored
from databases_session import CHART, Session

from velvet.bench.views import number
from velvet.ui.palette import LAVENDER, STROKES, TEXT, pair, plotly_layout
from velvet_databases.explorer.changes import PHASES, Changes, Felt, read_changes
from velvet_databases.explorer.plans import Shown, ShownPlans, read_plans, sqlite_plans, tree
from velvet_databases.explorer.requests import ChangesRequest, PlansRequest

LEAST_MS = 0.05


def draw(state: Session) -> None:
    """Draw the tab."""
    st.subheader("A plan before and after an index")
    _plans(state)
    st.divider()
    st.subheader("What a live writer feels")
    _migrations(state)
    stored(
        (
            "index_effect",
            "paging",
            "paging_pages",
            "stall_type",
            "stall_add_column",
            "stall_index",
        ),
        "plans",
    )


@st.cache_data(show_spinner=False)
def _sqlite() -> ShownPlans:
    return sqlite_plans()


def _plans(state: Session) -> None:
    first, second, third = st.columns(3)
    where = first.radio(
        "database", list(DATABASES), index=1, horizontal=True, key="databases_plans_where"
    )
    found = _sqlite() if where == "SQLite" else read_plans(state.events("plans", live=False))
    indexes = list(found.by_index)
    if not indexes:
        st.caption("The child starts a server if it has to; the first plan arrives in a moment.")
    else:
        before = second.selectbox("before", indexes, key=f"databases_before_{where}")
        after = third.selectbox(
            "after",
            indexes,
            index=len(indexes) - 2 if len(indexes) > 2 else 0,
            key=f"databases_after_{where}",
        )
        _side_by_side(found, before, after)
    if where == "PostgreSQL":
        runner(
            state,
            PlansRequest(),
            "Explain on PostgreSQL",
            server=True,
            about="A table of 50,000 rows and four indexes, one after the other; some seconds.",
        )
    else:
        st.caption(
            "Asked just now, of a table in memory: SQLite says what it will do and counts nothing; "
            "PostgreSQL also counts rows and pages."
        )


def _side_by_side(found: ShownPlans, before: str, after: str) -> None:
    for column, name in zip(st.columns(2), (before, after), strict=True):
        shown = found.by_index[name]
        with column:
            made = shown.made_by or "no index beyond the primary key"
            st.markdown(f"**{name}**: `{made}`")
            st.html(tree_html(shown))
            for rule, evidence in shown.advice:
                st.warning(f"{rule}: {evidence}")
    if any(shown.plan.analyzed for shown in found.by_index.values()):
        left, right = st.columns(2)
        values = {name: float(shown.plan.buffers) for name, shown in found.by_index.items()}
        figure = bars(
            values,
            title=f"Pages of 8 kB for one customer's newest open events, of {found.rows:,}",
            unit="pages",
            marked=(before, after),
            log=True,
        )
        left.plotly_chart(figure, theme=None, config=CHART, key="databases_plan_pages")
        paging = {name: float(shown.plan.buffers) for name, shown in found.pages.items()}
        if paging:
            figure = bars(
                paging,
                title=f"Pages of 8 kB for twenty rows at row {found.depth:,}",
                unit="pages",
                marked=("keyset",),
                log=True,
            )
            right.plotly_chart(figure, theme=None, config=CHART, key="databases_plan_paging")
            right.caption("An offset reads all that it skips; a key does not.")


def tree_html(shown: Shown) -> str:
    """Return a plan as nested rows; a bar in each shows its share of the pages touched."""
    lines = []
    for row in tree(shown.plan):
        fill = pair(0)[0]
        share = f"linear-gradient(90deg, {fill}55 {row.share:.0%}, transparent {row.share:.0%})"
        lines.append(
            f"<div style='margin:3px 0 3px {22 * row.depth}px;padding:4px 9px;border:1px solid "
            f"{LAVENDER};border-left:4px solid {STROKES[0]};border-radius:8px;background:{share};"
            f"color:{TEXT};font-size:0.88rem'><b>{html.escape(row.kind)}</b> "
            f"{html.escape(row.what)}<div class='velvet-soft'>{html.escape(row.figures)}</div></div>"
        )
    return "".join(lines)


def _migrations(state: Session) -> None:
    found = read_changes(state.events("changes"))
    groups = found.by_change()
    if groups:
        chosen = st.radio("change", list(groups), horizontal=True, key="databases_change", index=0)
        _metrics(groups[chosen])
        st.plotly_chart(strips(groups[chosen]), theme=None, config=CHART, key="databases_strips")
        st.caption(
            "Each mark is one INSERT of a writer that sends one every 4 ms, at the moment when it "
            "was sent; the ground is tinted while the change runs. Our servers run with fsync=off."
        )
    else:
        st.caption("The child starts a server if it has to; the first change arrives in a moment.")
    runner(
        state,
        ChangesRequest(),
        "Migrate on PostgreSQL",
        server=True,
        about="Three changes in two ways each, on a table of 100,000 rows; about ten seconds.",
    )
    _locks(found)


def _metrics(ways: list[Felt]) -> None:
    columns = st.columns(2 * len(ways))
    for at, felt in enumerate(ways):
        columns[2 * at].metric(f"{felt.way}: takes", f"{number(felt.seconds * 1e3)} ms")
        columns[2 * at + 1].metric("longest write", f"{number(felt.max_stall_ms)} ms")


def strips(ways: list[Felt]) -> go.Figure:
    """Draw the latency of every write over time, one strip for each way, on one axis."""
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=len(ways), cols=1, shared_xaxes=True, shared_yaxes=True, vertical_spacing=0.09
    )
    top = max((ms for felt in ways for _, ms in felt.writes), default=1.0)
    for row, felt in enumerate(ways, 1):
        fill, stroke = pair(1 if row == 1 else 3)
        figure.add_scatter(
            x=[at for at, _ in felt.writes],
            y=[max(LEAST_MS, ms) for _, ms in felt.writes],
            mode="markers",
            name=felt.way,
            marker={
                "symbol": "circle" if row == 1 else "diamond",
                "size": 6,
                "color": fill,
                "line": {"color": stroke, "width": 1},
            },
            hovertemplate="sent at %{x:.3f} s: %{y:.2f} ms<extra>" + felt.way + "</extra>",
            row=row,
            col=1,
        )
        figure.add_vrect(
            x0=felt.start_s,
            x1=max(felt.end_s, felt.start_s + 0.002),
            fillcolor=LAVENDER,
            opacity=0.75,
            line_width=0,
            layer="below",
            row=row,
            col=1,
        )
    plotly_layout(figure, title="How long each write took", height=190 + 150 * len(ways))
    figure.update_yaxes(type="log", title="ms", range=_range(top), dtick=1)
    figure.update_xaxes(rangemode="tozero")
    figure.update_xaxes(title="seconds", row=len(ways), col=1)
    return figure


def _range(top: float) -> list[float]:
    import math

    return [math.log10(LEAST_MS) - 0.1, math.log10(max(1.0, top)) + 0.25]


def _locks(found: Changes) -> None:
    yes = {True: "yes", False: "-"}
    st.markdown("**What statements lock**, found by running each and rolling it back")
    st.dataframe(
        [
            {
                "statement": one.ddl.replace("ALTER TABLE item ", ""),
                "lock": one.mode.removesuffix("Lock"),
                "stops reads": yes[one.blocks_reads],
                "stops writes": yes[one.blocks_writes],
                "reads all rows": yes[one.scans],
                "rewrites": yes[one.rewrites],
            }
            for one in found.locks
        ],
        hide_index=True,
        column_config={"statement": st.column_config.TextColumn(width="large")},
    )
    phases = "; ".join(f"*{name}*: {what}" for name, what in PHASES.items())
    st.caption(f"Expand and contract, each phase with a way back. {phases}.")
