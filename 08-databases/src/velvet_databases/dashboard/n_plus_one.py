"""The tab that prices a page by strategy and distance: statements times the round trip, and rows.

A page's time is nearly a straight line in two counts: the statements that it sends, each of which
pays the round trip, and the rows that it turns into objects. Both prices are fitted to measured
pages, so the sliders answer at once; what was measured stands beside the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit, panels
from velvet.ui.palette import STROKES, pair
from velvet.ui.panels import Span
from velvet_databases.dashboard import tasks
from velvet_databases.dashboard._parts import log_latency, no_server

FAR_MS = 10.0
Page = dict[str, Any]


class Price(NamedTuple):
    """Milliseconds for a statement without its round trip, and for a row."""

    statement_ms: float
    row_ms: float

    def page_ms(self, strategy: str, parents: int, children: int, rtt_ms: float) -> float:
        """Return what a page of that size costs at that distance."""
        statements, rows = counts(strategy, parents, children)
        return statements * (self.statement_ms + rtt_ms) + rows * self.row_ms


def counts(strategy: str, parents: int, children: int) -> tuple[int, int]:
    """Return the statements and the rows of a page."""
    rows = parents * children
    return {
        "lazy": (1 + parents, parents + rows),
        "join": (1, rows),
        "select_in": (2, parents + rows),
    }[strategy]


def fit(pages: Sequence[Page]) -> Price:
    """Fit the two prices to measured pages by least squares of the relative error; none below zero.

    Raises:
        ValueError: there is no page.
    """
    if not pages:
        raise ValueError("a price is fitted to one measured page or more, not to none")
    ss = sr = rr = st_ = rt = 0.0
    for page in pages:
        statements, rows = counts(page["strategy"], page["parents"], page["children"])
        took = max(1e-6, page["ms"] - statements * page["rtt_ms"])
        s, r = statements / took, rows / took
        ss, sr, rr, st_, rt = ss + s * s, sr + s * r, rr + r * r, st_ + s, rt + r
    determinant = ss * rr - sr * sr
    if determinant <= 1e-9 * ss * rr:
        return Price(st_ / ss / 2, rt / rr / 2)
    statement, row = (st_ * rr - rt * sr) / determinant, (rt * ss - st_ * sr) / determinant
    if statement >= 0 and row >= 0:
        return Price(statement, row)
    # One of the two is nothing: then the other one explains all.
    return Price(0.0, rt / rr) if statement < 0 else Price(st_ / ss, 0.0)


def controls() -> dict[str, Any]:
    """Ask for the database, the mapper, the size of the page and the distance."""
    return {
        "database": kit.choice("Database", [tasks.POSTGRES, tasks.SQLITE]),
        "mapper": kit.choice("Mapper", tasks.MAPPERS),
        "parents": int(kit.slider("Orders on the page", 1, 200, 100)),
        "children": int(kit.slider("Lines of each order", 1, 50, 10)),
        "rtt_ms": float(kit.slider("Round trip, ms", 0.0, FAR_MS, 1.0, step=0.5)),
    }


def _by_strategy(seen: kit.Seen) -> dict[str, list[Page]]:
    found: dict[str, list[Page]] = {}
    for page in seen.of("page"):
        found.setdefault(page["strategy"], []).append(page)
    return found


def _setting(seen: kit.Seen) -> tuple[int, int, float]:
    wanted = seen.wanted
    return wanted["parents"], wanted["children"], wanted["rtt_ms"]


def timeline(pages: dict[str, list[Page]], setting: tuple[int, int, float]) -> go.Figure:
    """Return the statements of one page behind each other: the way there and back, and the work."""
    parents, children, rtt_ms = setting
    spans = []
    for strategy, measured in pages.items():
        price = fit(measured)
        rows = {"lazy": [parents, *[children] * parents], "join": [parents * children]}
        now = 0.0
        for of in rows.get(strategy, [parents, parents * children]):
            middle = now + rtt_ms
            end = middle + price.statement_ms + price.row_ms * of
            for kind, begin, until in (("wait", now, middle), ("run", middle, end)):
                if until > begin:
                    at = (round(begin * 1e6), round(until * 1e6))
                    spans.append(Span(strategy.replace("_", "-"), f"{of:,} rows", kind, *at))
            now = end
    figure = panels.timeline(spans, title="Statements of this page, one after the other")
    figure.update_xaxes(title="seconds from the start of the page, by the fitted prices")
    return figure


def by_distance(pages: dict[str, list[Page]], setting: tuple[int, int, float]) -> go.Figure:
    """Return the fitted price of the page by distance, with what was measured as marks."""
    parents, children, rtt_ms = setting
    steps = [FAR_MS * at / 20 for at in range(21)]
    figure = panels.lines(
        {
            name.replace("_", "-"): [
                (x, fit(own).page_ms(name, parents, children, x)) for x in steps
            ]
            for name, own in pages.items()
        },
        title="Price of this page by distance; marks are measured pages of this size",
        x="round trip, ms",
        y="ms a page",
    )
    for index, own in enumerate(pages.values()):
        figure.data[index].mode = "lines"
        here = [one for one in own if (one["parents"], one["children"]) == (parents, children)]
        fill, stroke = pair(index)
        figure.add_scatter(
            x=[one["rtt_ms"] for one in here],
            y=[one["ms"] for one in here],
            mode="markers",
            showlegend=False,
            marker={"size": 12, "color": fill, "line": {"color": stroke, "width": 2}},
        )
    figure.add_vline(x=rtt_ms, line={"color": STROKES[1], "dash": "dot", "width": 1.5})
    log_latency(figure)
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the timeline, the price by distance, and what the detector says."""
    pages, setting = _by_strategy(seen), _setting(seen)
    if not pages:
        return
    seen.chart(timeline(pages, setting), key="timeline")
    seen.chart(by_distance(pages, setting), key="price")
    for one in seen.of("refused_page"):
        st.caption(f"{one['strategy']}: {one['reason']}.")
    found = [page["finding"] for page in seen.of("page") if "finding" in page]
    if found:
        st.markdown(
            f"**The detector:** `{found[-1]['relation']}`, {found[-1]['loads']} loads at "
            f"`{found[-1]['place']}`; paste this behind the query:"
        )
        st.code(found[-1]["fix"], language="python")
    if seen.wanted["database"] == tasks.SQLITE:
        kit.note(
            "SQLite is a function call away: the slider shows what the same statements would cost "
            "at a distance."
        )


def finding(seen: kit.Seen) -> str:
    """Compare lazy loading with the cheapest strategy at the distance of the slider."""
    pages, (parents, children, rtt_ms) = _by_strategy(seen), _setting(seen)
    cost = {name: fit(own).page_ms(name, parents, children, rtt_ms) for name, own in pages.items()}
    if len(cost) < 2 or "lazy" not in cost:
        return ""
    best = min(cost, key=lambda name: cost[name])
    statements, _ = counts("lazy", parents, children)
    if best == "lazy":
        return f"At {rtt_ms:g} ms the lazy page is the cheapest here, with {statements} statements."
    return (
        f"At {rtt_ms:g} ms the lazy page sends **{statements} statements** and takes "
        f"**{cost['lazy'] / cost[best]:,.1f}x as long** as {best.replace('_', '-')}."
    )


TAB = kit.Tab(
    "N+1",
    question="What does a page cost when its rows are loaded one by one, and how far away?",
    tip="Move the round trip from 0 to 10 ms and watch only one of the lines climb.",
    job=kit.Job(tasks.pages, recorded="pages.jsonl", problem=no_server),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(counts,),
    command="velvet bench 08 --filter n_plus_one_rtt",
    next_step="Layers",
)
