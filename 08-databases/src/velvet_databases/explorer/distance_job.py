"""One page of orders with their lines, by mapper, strategy and distance: the child's part."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import Any

from velvet_databases.domain import generate
from velvet_databases.explorer.layers_job import fill, sqlite_file
from velvet_databases.explorer.telling import Budget, Tell, postgres, steps
from velvet_databases.latency import LatencyProxy
from velvet_databases.nplusone import Detector, NPlusOne
from velvet_databases.sqlcapture import QueryLog
from velvet_databases.stores import Loading, StoreUnavailable, Unsupported, make

ORMS = ("sqlalchemy orm", "django", "peewee")
STRATEGIES = (Loading.LAZY, Loading.JOIN, Loading.SELECT_IN)
ROUNDS = 3
# From here on one round tells enough, and more would not fit the budget.
SLOW_SECONDS = 0.2


def pages(
    tell: Tell,
    budget: Budget,
    *,
    parents: Sequence[int],
    children: Sequence[int],
    rtt_ms: float,
    use_postgres: bool,
    orm: str = "",
) -> None:
    """Tell of each mapper and strategy what a page sends and takes, for each size of the page.

    Args:
        orm: only this mapper; an empty text for all.

    Raises:
        ValueError: there is no such mapper.
    """
    if orm and orm not in ORMS:
        raise ValueError(f"orm must be one of {', '.join(ORMS)}, not {orm!r}")
    mappers = (orm,) if orm else ORMS
    with ExitStack() as stack:
        if use_postgres:
            server = stack.enter_context(postgres(tell, budget))
        else:
            server = ""
            budget.start()
        next_one = steps(tell, len(mappers) * len(children))
        for each in children:
            with ExitStack() as shop:
                near = server or shop.enter_context(sqlite_file())
                fill(near, generate(max(parents), lines_per_order=each))
                # Without a distance the connection is direct; SQLite has none to add to.
                proxy = (
                    shop.enter_context(LatencyProxy(near, rtt_ms)) if server and rtt_ms else None
                )
                for mapper in mappers:
                    next_one(f"{mapper}, {each} lines an order")
                    told = {
                        "orm": mapper,
                        "children": each,
                        "backend": "postgresql" if server else "sqlite",
                        "rtt_ms": rtt_ms if proxy else 0.0,
                    }
                    _of_one(tell, budget, told, proxy.url if proxy else near, mapper, parents)
                if server:
                    _empty(server)


def _empty(url: str) -> None:
    store = make("psycopg")
    store.open(url)
    with closing(store):
        store.drop_schema()


def _of_one(
    tell: Tell,
    budget: Budget,
    told: dict[str, Any],
    url: str,
    orm: str,
    parents: Sequence[int],
) -> None:
    try:
        store = make(orm)
        store.open(url)
    except StoreUnavailable as error:
        tell({"type": "absent", **told, "reason": str(error)})
        return
    with closing(store):
        for strategy in STRATEGIES:
            for count in parents:
                if budget.over():
                    return
                found = {**told, "strategy": strategy.name.lower(), "parents": count}
                try:
                    tell({"type": "page", **found, **_page(store, strategy, count)})
                except Unsupported as error:
                    tell({"type": "refused_page", **found, "reason": str(error)})
                    break


def _page(store: Any, strategy: Loading, parents: int) -> dict[str, Any]:
    """Read the page: once for caches, some times for the clock, then with its statements noted."""
    rounds = ROUNDS if _timed(store, strategy, parents) < SLOW_SECONDS else 1
    took = min(_timed(store, strategy, parents) for _ in range(rounds))
    watched = [_watched(store, strategy, parents) for _ in range(rounds)]
    log, findings = min(watched, key=lambda one: float(one[0].total_s))
    found: dict[str, Any] = {
        "ms": round(took * 1e3, 4),
        "statements_us": [round((one.seconds or 0.0) * 1e6) for one in log],
        "sql": list(log.by_fingerprint()),
    }
    for finding in findings:
        found["finding"] = {
            "relation": finding.relation,
            "loads": finding.loads,
            "place": str(finding.origin),
            "fix": finding.fix,
        }
    return found


def _timed(store: Any, strategy: Loading, parents: int) -> float:
    began = time.perf_counter()
    store.orders_with_lines(strategy, parents)
    return time.perf_counter() - began


def _watched(store: Any, strategy: Loading, parents: int) -> tuple[QueryLog, list[NPlusOne]]:
    with Detector() as detector, store.capture() as log:
        store.orders_with_lines(strategy, parents)
    return log, detector.findings
