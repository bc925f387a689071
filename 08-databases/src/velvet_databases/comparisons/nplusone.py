"""What an N+1 costs at which distance from the database, and what it costs to look for one.

The page is the same for all: the first orders with ten lines each, as plain objects. `lazy` asks
for the lines of each order, `join` repeats each order for each of its lines, `select_in` fetches all
lines with a second statement. Distance comes from a proxy on the loopback; without any, the
connection is direct. Statements and bytes are counted once, beside the timed rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

from velvet.bench import Metric, Suite, Timed, ratio, speedup, value
from velvet.bench.model import Tier
from velvet_databases.comparisons._shop_data import opened, postgres_database, sqlite_database

ORMS = {"sa": "sqlalchemy orm", "django": "django", "peewee": "peewee"}
# Django and Peewee join from the many to the one only: their stores refuse the other way.
STRATEGIES = {
    "sa": ("lazy", "join", "select_in"),
    "django": ("lazy", "select_in"),
    "peewee": ("lazy", "select_in"),
}
NEEDS = ("postgres", "psycopg")
PARENTS, LINES = 100, 10
WATCHED = 50
# The further away the database, the dearer each statement: milliseconds, times, who judges it.
_FURTHER: tuple[tuple[int, float, Tier], ...] = (
    (0, 1.5, "quick"),
    (1, 5, "default"),
    (2, 4, "quick"),
    (5, 6, "default"),
)
SIZES = [
    *({"parents": PARENTS, "rtt_ms": rtt_ms} for rtt_ms in (0, 1, 2, 5)),
    *({"parents": parents, "rtt_ms": 1} for parents in (10, 500)),
]


class _Shop:
    """One filled database for all contenders of a process; dropped after the last of them."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._users = 0
        self._url = ""

    @contextmanager
    def address(self) -> Iterator[str]:
        if self._users == 0:
            self._url = self._stack.enter_context(postgres_database())
            self._fill()
        self._users += 1
        try:
            yield self._url
        finally:
            self._users -= 1
            if self._users == 0:
                self._stack.close()

    def _fill(self) -> None:
        from velvet_databases.domain import generate

        data = generate(max(size["parents"] for size in SIZES), lines_per_order=LINES)
        with opened("psycopg", self._url) as store:
            store.create_schema()
            store.insert_reference(data)
            store.insert_orders(data, "copy")


_shop = _Shop()


def _page(store: Any, strategy: str, parents: int) -> Callable[[], Any]:
    from velvet_databases.stores.base import Loading

    return partial(store.orders_with_lines, Loading[strategy.upper()], parents)


def _counted(orm: str, strategy: str, parents: int, url: str) -> dict[str, float]:
    """Read the page once more, through a proxy that counts."""
    from velvet_databases.latency import LatencyProxy

    with LatencyProxy(url, 0) as proxy, opened(orm, proxy.url) as store:
        page = _page(store, strategy, parents)
        page()
        before = proxy.stats
        with store.capture() as log:
            page()
        moved = proxy.stats - before
    return {
        "statements": float(len(log)),
        "bytes": float(moved.bytes_up + moved.bytes_down),
    }


def _taken(short: str, parents: int, rtt_ms: int) -> bool:
    """One mapper shows how the distance counts; the others are compared near and at 1 ms."""
    return short == "sa" or (parents == PARENTS and rtt_ms <= 1)


def _at_a_distance(orm: str, strategy: str, parents: int, rtt_ms: int) -> Iterator[Timed]:
    from velvet_databases.latency import LatencyProxy

    with ExitStack() as stack:
        url = stack.enter_context(_shop.address())
        near = url
        if rtt_ms:
            url = stack.enter_context(LatencyProxy(url, rtt_ms)).url
        store = stack.enter_context(opened(orm, url))
        yield Timed(
            _page(store, strategy, parents),
            metrics=partial(_counted, orm, strategy, parents, near),
        )


def _add_distance(suite: Suite) -> None:
    bench = suite.comparison(
        "n_plus_one_rtt",
        title="A page of orders with ten lines each, by strategy and distance",
        unit="ms",
        clock="wall",
        sizes=SIZES,
        quick=lambda parents, rtt_ms: parents == PARENTS and rtt_ms in (0, 2),
        default=lambda **size: size["parents"] == PARENTS,
        rounds={"quick": 2, "default": 2, "full": 10},
        metrics={"statements": Metric("statements"), "bytes": Metric("B")},
    )
    for short, orm in ORMS.items():
        for strategy in STRATEGIES[short]:
            bench.add(
                f"{short}_{strategy}",
                partial(_at_a_distance, orm, strategy),
                baseline=(short, strategy) == ("sa", "select_in"),
                needs=NEEDS,
                when=partial(_taken, short),
            )
    bench.same_result()
    near = {"parents": PARENTS, "rtt_ms": 0}
    for rtt_ms, bound, tier in _FURTHER:
        suite.claim(
            f"lazy loading costs {bound:g} times a select-in or more, {rtt_ms} ms away (SQLAlchemy)",
            speedup("n_plus_one_rtt", "sa_select_in", "sa_lazy", parents=PARENTS, rtt_ms=rtt_ms)
            >= bound,
            needs="postgres",
            tier=tier,
        )
    for short in ORMS:
        suite.claim(
            f"a lazy page is a statement per order and one, a select-in page two ({short})",
            value("n_plus_one_rtt", f"{short}_lazy", "statements", **near).equals(PARENTS + 1)
            & value("n_plus_one_rtt", f"{short}_select_in", "statements", **near).equals(2),
            needs="postgres",
        )
    suite.claim(
        "a join repeats each order for each line: more bytes than a select-in (SQLAlchemy)",
        ratio("n_plus_one_rtt", "sa_join", "sa_select_in", "bytes", **near) >= 1.25,
        needs="postgres",
    )


def _watched(orm: str, watch: str) -> Iterator[Callable[[], Any]]:
    from velvet_databases.domain import generate
    from velvet_databases.nplusone import Detector

    data = generate(WATCHED, lines_per_order=3)
    with sqlite_database() as url, opened(orm, url) as store:
        store.create_schema()
        store.insert_reference(data)
        store.insert_orders(data, store.bulk_methods()[-1])
        page = _page(store, "lazy", WATCHED)
        contexts: dict[str, Callable[[], Any]] = {
            "off": nullcontext,
            "capture": store.capture,
            "detector": Detector,
        }

        def call() -> Any:
            with contexts[watch]():
                return page()

        yield call


def _add_overhead(suite: Suite) -> None:
    bench = suite.comparison(
        "detector_overhead",
        title=f"A lazy page of {WATCHED + 1} statements on SQLite, for one statement",
        unit="us",
        items=WATCHED + 1,
        rounds={"quick": 6, "default": 15, "full": 30},
    )
    for short, orm in ORMS.items():
        for watch in ("off", "capture", "detector"):
            bench.add(
                f"{short}_{watch}",
                partial(_watched, orm, watch),
                baseline=(short, watch) == ("sa", "off"),
            )
    bench.same_result()
    for short in ORMS:
        suite.claim(
            f"watching for N+1 costs at most half of the time of the page ({short})",
            ratio("detector_overhead", f"{short}_detector", f"{short}_off") <= 1.5,
        )


def add_to(suite: Suite) -> None:
    """Add the comparisons of N+1 queries."""
    _add_distance(suite)
    _add_overhead(suite)
