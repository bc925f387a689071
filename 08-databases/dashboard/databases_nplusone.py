"""N+1: what a page costs by strategy and distance, as a timeline and as a price."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st
from databases_parts import DATABASES, runner, stored
from databases_session import CHART, Session

from velvet.bench.views import number
from velvet.trace import Span
from velvet.ui import panels
from velvet.ui.palette import STROKES, pair
from velvet_databases.explorer.distance import (
    MEANING,
    Key,
    Page,
    Pages,
    Price,
    bars,
    counts,
    expected,
    fit,
    read_pages,
)
from velvet_databases.explorer.requests import PagesRequest

MAPPERS = ("sqlalchemy orm", "django", "peewee")
FAR_MS = 10.0


def draw(state: Session) -> None:
    """Draw the tab."""
    first, second = st.columns(2)
    where = first.radio("database", list(DATABASES), index=1, horizontal=True, key="databases_n1")
    orm = second.radio("mapper", MAPPERS, horizontal=True, key="databases_n1_orm")
    first, second, third = st.columns(3)
    parents = first.slider("parents: orders on the page", 1, 200, 100, key="databases_parents")
    children = second.slider("children: lines of each", 1, 50, 10, key="databases_children")
    rtt_ms = third.slider("round trip, ms", 0.0, 10.0, 1.0, step=0.5, key="databases_rtt")
    # Half of a run would be half of a picture: it takes its place when it has ended.
    pages = read_pages(state.events("pages", live=False))
    keys = pages.keys(DATABASES[where], orm)
    if not keys:
        st.caption("The child starts; its first page arrives in a moment.")
    else:
        prices = {key.strategy: fit(pages.of(key)) for key in keys}
        _metrics(prices, parents, children, rtt_ms)
        _timeline(prices, pages, keys, (parents, children, rtt_ms))
        left, right = st.columns([1.3, 1])
        with left:
            _price(prices, pages, keys, parents, children, rtt_ms)
        with right:
            _fix(pages, orm, where, parents, rtt_ms)
    distance = rtt_ms if where == "PostgreSQL" else 0.0
    runner(
        state,
        PagesRequest(parents, children, distance, postgres=where == "PostgreSQL", orm=orm),
        f"Measure this page on {where}",
        server=where == "PostgreSQL",
        about="The mapper reads it in each way, and smaller pages for the prices; on PostgreSQL "
        "through a proxy that adds the round trip. Some seconds.",
        mine=bool(read_pages(state.own("pages", live=False)).keys(DATABASES[where], orm)),
    )
    stored(("n_plus_one_rtt", "detector_overhead"), "n1")


def _metrics(prices: dict[str, Price], parents: int, children: int, rtt_ms: float) -> None:
    cost = {name: one.page_ms(name, parents, children, rtt_ms) for name, one in prices.items()}
    best = min(cost.values())
    for column, (name, ms) in zip(st.columns(len(cost)), cost.items(), strict=True):
        statements, rows = counts(name, parents, children)
        label = f"{name.replace('_', '-')}: {statements} statements, {rows:,} rows"
        column.metric(label, f"{number(ms)} ms", help=MEANING[name])
        column.caption("the cheapest here" if ms == best else f"{number(ms / best)}x the cheapest")


def _span(lane: str, name: str, kind: str, start: float, end: float) -> Span:
    return Span(lane, name, kind, round(start * 1e9), round(end * 1e9), 0, 0)


def _timeline(
    prices: dict[str, Price], pages: Pages, keys: list[Key], setting: tuple[int, int, float]
) -> None:
    parents, children, rtt_ms = setting
    spans, measured = [], 0
    for key in keys:
        page = pages.at(key, parents, children, rtt_ms)
        measured += page is not None
        spans += _lane(key, page, prices[key.strategy], setting)
    figure = panels.timeline(spans, title="Statements of one page, one after the other")
    figure.update_xaxes(title="seconds from the start of the page")
    st.plotly_chart(figure, theme=None, config=CHART, key="databases_n1_timeline")
    whose = "as measured" if measured == len(keys) else "from the fitted prices"
    st.caption(
        f"Pale is the way to the server and back, strong is everything else; {whose}. "
        "The price of a page is its statements times the round trip, and its rows."
    )


def _lane(key: Key, page: Page | None, price: Price, setting: tuple[int, int, float]) -> list[Span]:
    parents, children, rtt_ms = setting
    if page is None:
        each = expected(price, key.strategy, parents, children, rtt_ms)
    else:
        # What the statements do not explain is Python between them, spread evenly.
        told = [one / 1e3 for one in page.statements_us]
        between = max(0.0, page.ms - sum(told)) / max(1, len(told))
        each = tuple(one + between for one in told)
    lane = key.strategy.replace("_", "-")
    return [_span(*bar) for bar in bars(lane, each, rtt_ms)]


def _price(
    prices: dict[str, Price],
    pages: Pages,
    keys: list[Key],
    parents: int,
    children: int,
    rtt_ms: float,
) -> None:
    steps = [FAR_MS * at / 20 for at in range(21)]
    series = {
        name.replace("_", "-"): [(x, price.page_ms(name, parents, children, x)) for x in steps]
        for name, price in prices.items()
    }
    figure = panels.lines(
        series, title="Price of the page by distance", x="round trip, ms", y="ms a page"
    )
    for index, key in enumerate(keys):
        figure.data[index].mode = "lines"
        points = [p for p in pages.of(key) if (p.parents, p.children) == (parents, children)]
        fill, stroke = pair(index)
        figure.add_scatter(
            x=[page.rtt_ms for page in points],
            y=[page.ms for page in points],
            mode="markers",
            showlegend=False,
            marker={"size": 12, "color": fill, "line": {"color": stroke, "width": 2}},
            hovertemplate="measured: %{y:.1f} ms at %{x} ms<extra>" + key.strategy + "</extra>",
        )
    _here(figure, rtt_ms)
    figure.update_yaxes(type="log", dtick="D2")
    st.plotly_chart(figure, theme=None, config=CHART, key="databases_n1_price")
    st.caption("Lines are fitted to measured pages, marks are pages measured at this size.")


def _here(figure: go.Figure, rtt_ms: float) -> None:
    figure.add_vline(x=rtt_ms, line={"color": STROKES[1], "dash": "dot", "width": 1.5})


def _fix(pages: Pages, orm: str, where: str, parents: int, rtt_ms: float) -> None:
    st.markdown("**What the detector says**")
    finding = pages.findings.get(orm)
    if finding is None:
        st.caption("Nothing yet: the lazy page was not watched.")
    else:
        st.markdown(
            f"`{finding['relation']}`: {finding['loads']} loads at `{finding['place']}`; paste "
            "this behind the query:"
        )
        st.code(finding["fix"], language="python")
        saved = max(0, parents - 1) * rtt_ms
        st.markdown(
            f"At {rtt_ms:g} ms it saves at least **{number(saved)} ms** a page of {parents}: one "
            "statement stays of those that were sent one by one."
        )
    for key, reason in pages.refused.items():
        if key.orm == orm and key.backend == DATABASES[where]:
            st.caption(f"{key.strategy}: {reason}.")
    if where == "SQLite":
        st.caption(
            "SQLite is a function call away, so it has no round trip: the slider shows what the "
            "same statements would cost at a distance."
        )
    st.caption("In a test: the fixture `no_n_plus_one`, or `@pytest.mark.max_queries(2)`.")
