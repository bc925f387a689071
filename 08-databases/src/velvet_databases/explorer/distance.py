"""What a page of parents with children costs at a distance: a price in two terms, and a timeline.

A page's time is nearly a straight line in two counts: the statements that it sends, each of which
pays the round trip, and the rows that it turns into objects. Both prices are fitted to measured
pages, so the sliders answer at once; what is measured at a setting stands beside the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from velvet_databases.explorer.telling import Event

STRATEGIES = ("lazy", "join", "select_in")
MEANING = {
    "lazy": "one statement for the orders, then one for the lines of each",
    "join": "one statement; each order comes again with each of its lines",
    "select_in": "two statements, the second with all keys",
}


class Key(NamedTuple):
    """Whose page: the database, the mapper and how it loads the lines."""

    backend: str
    orm: str
    strategy: str


@dataclass(frozen=True)
class Page:
    """One measured page.

    Attributes:
        ms: the best of some rounds.
        statements_us: microseconds of each statement in its order, round trip included.
    """

    key: Key
    parents: int
    children: int
    rtt_ms: float
    ms: float
    statements_us: tuple[int, ...]
    sql: tuple[str, ...] = ()


@dataclass(frozen=True)
class Price:
    """Milliseconds for a statement without its round trip, and for a row."""

    statement_ms: float
    row_ms: float

    def page_ms(self, strategy: str, parents: int, children: int, rtt_ms: float) -> float:
        """Return what a page of that size costs at that distance."""
        statements, rows = counts(strategy, parents, children)
        return statements * (self.statement_ms + rtt_ms) + rows * self.row_ms


class Bar(NamedTuple):
    """A stretch of a lane: ``wait`` for the network, or ``run``; in seconds."""

    lane: str
    name: str
    kind: str
    start_s: float
    end_s: float


@dataclass
class Pages:
    """What is known of pages, with what detectors said and why a mapper refused."""

    measured: list[Page] = field(default_factory=list)
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[Key, str] = field(default_factory=dict)

    def of(self, key: Key) -> list[Page]:
        """Return the measured pages of one mapper and strategy."""
        return [page for page in self.measured if page.key == key]

    def keys(self, backend: str, orm: str) -> list[Key]:
        """Return the strategies of a mapper that were measured."""
        known = {page.key for page in self.measured}
        return [key for s in STRATEGIES if (key := Key(backend, orm, s)) in known]

    def at(self, key: Key, parents: int, children: int, rtt_ms: float) -> Page | None:
        """Return the page that was measured at exactly this setting, the latest one."""
        wanted = (parents, children, rtt_ms)
        found = [p for p in self.of(key) if (p.parents, p.children, p.rtt_ms) == wanted]
        return found[-1] if found else None


def counts(strategy: str, parents: int, children: int) -> tuple[int, int]:
    """Return statements and rows of a page.

    Raises:
        ValueError: there is no such strategy.
    """
    rows = parents * children
    try:
        return {
            "lazy": (1 + parents, parents + rows),
            "join": (1, rows),
            "select_in": (2, parents + rows),
        }[strategy]
    except KeyError:
        raise ValueError(
            f"strategy must be one of {', '.join(STRATEGIES)}, not {strategy!r}"
        ) from None


def fit(pages: Sequence[Page]) -> Price:
    """Fit the two prices to measured pages by least squares, neither below zero; O(n).

    Pages of every size count alike: what is minimised is the relative error.

    Raises:
        ValueError: there is no page.
    """
    if not pages:
        raise ValueError("a price is fitted to one measured page or more, not to none")
    ss = sr = rr = st = rt = 0.0
    for page in pages:
        statements, rows = counts(page.key.strategy, page.parents, page.children)
        took = max(1e-6, page.ms - statements * page.rtt_ms)
        s, r = statements / took, rows / took
        ss, sr, rr, st, rt = ss + s * s, sr + s * r, rr + r * r, st + s, rt + r
    determinant = ss * rr - sr * sr
    if determinant > 1e-9 * ss * rr:
        statement = (st * rr - rt * sr) / determinant
        row = (rt * ss - st * sr) / determinant
        if statement >= 0 and row >= 0:
            return Price(statement, row)
        # One of the two is nothing: then the other one explains all.
        return Price(0.0, rt / rr) if statement < 0 else Price(st / ss, 0.0)
    return Price(st / ss / 2, rt / rr / 2)


def read_pages(events: Iterable[Event]) -> Pages:
    """Read the job's lines; O(n)."""
    found = Pages()
    for event in events:
        kind = event.get("type")
        if kind not in ("page", "refused_page"):
            continue
        key = Key(event["backend"], event["orm"], event["strategy"])
        if kind == "refused_page":
            found.refused[key] = event["reason"]
            continue
        found.measured.append(
            Page(
                key,
                event["parents"],
                event["children"],
                event["rtt_ms"],
                event["ms"],
                tuple(event["statements_us"]),
                tuple(event["sql"]),
            )
        )
        if "finding" in event:
            found.findings[key.orm] = {**event["finding"], "parents": event["parents"]}
    return found


def expected(
    price: Price, strategy: str, parents: int, children: int, rtt_ms: float
) -> tuple[float, ...]:
    """Return the milliseconds of each statement of a page: its round trip, its own, its rows."""
    _, rows = counts(strategy, parents, children)
    if strategy == "lazy":
        each = [parents, *[children] * parents]
    elif strategy == "join":
        each = [rows]
    else:
        each = [parents, parents * children]
    return tuple(price.statement_ms + rtt_ms + price.row_ms * count for count in each)


def bars(lane: str, statement_ms: Sequence[float], rtt_ms: float) -> list[Bar]:
    """Lay the statements of one page behind each other: each waits for the network, then works."""
    found, now = [], 0.0
    for number, took in enumerate(statement_ms, 1):
        name = f"statement {number} of {len(statement_ms)}"
        middle = now + min(took, rtt_ms) / 1e3
        end = now + took / 1e3
        if rtt_ms:
            found.append(Bar(lane, name, "wait", now, middle))
        found.append(Bar(lane, name, "run", middle, end))
        now = end
    return found


def break_even(slow: Price, fast: Price, parents: int, children: int) -> float | None:
    """Return the round trip in ms at which lazy loading costs twice a select-in; None if never."""
    lazy, eager = counts("lazy", parents, children), counts("select_in", parents, children)
    work = slow.statement_ms * lazy[0] + slow.row_ms * lazy[1]
    other = fast.statement_ms * eager[0] + fast.row_ms * eager[1]
    per_trip = lazy[0] - 2 * eager[0]
    if per_trip <= 0:
        return None
    return max(0.0, (2 * other - work) / per_trip)
