"""What reading costs: fold, sum and read model; rebuilding one; and how far it lags."""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from velvet.bench import Outcome, Suite, ratio, speedup
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.app.readside import ProjectionRunner, StockLevels
from velvet_architecture.bootstrap import build, registry
from velvet_architecture.comparisons.logs import STREAM, fill
from velvet_architecture.ports import START, EventStore, NewEvent, uuid7

REBUILT, APPENDS = 3_000, 15


def _question(way: str, events: int) -> Iterator[Callable[[], int]]:
    shop = build(MemoryEventStore())
    fill(shop.store, events)
    database = sqlite3.connect(":memory:", isolation_level=None)
    shop.projections(database).catch_up()
    summed = (
        "SELECT (SELECT sum(qty) FROM counted WHERE sku = 'lamp')"
        " - coalesce((SELECT sum(qty) FROM promises WHERE sku = 'lamp'), 0)"
    )
    kept = "SELECT units FROM stock_levels WHERE sku = 'lamp'"
    if way == "fold":
        yield lambda: shop.available("lamp")
    else:
        sql = kept if way == "read_model" else summed
        yield lambda: int(database.execute(sql).fetchone()[0])
    database.close()


def _rebuild(every: int) -> Callable[[], Outcome]:
    store = MemoryEventStore()
    fill(store, REBUILT)

    def run() -> Outcome:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            database = sqlite3.connect(Path(folder) / "read.db", isolation_level=None)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = normal")
            runner = ProjectionRunner(store, database, registry(), [StockLevels()])
            begun = time.perf_counter()
            runner.rebuild("stock_levels", limit=every)
            spent = time.perf_counter() - begun
            units = database.execute("SELECT units FROM stock_levels").fetchone()[0]
            database.close()
        return Outcome(seconds=spent / REBUILT, result=units)

    return run


def _lag(way: str) -> Callable[[], Outcome]:
    poll_s = {"poll_100_ms": 0.1, "poll_10_ms": 0.01}.get(way, 0.0)

    def run() -> Outcome:
        store: EventStore = MemoryEventStore()
        if way == "listen_notify":
            from velvet_architecture.adapters.postgres import PostgresEventStore

            name = f"v_{uuid.uuid4().hex[:12]}"
            store = PostgresEventStore(os.environ["VELVET_POSTGRES_URL"], schema=name)
        else:
            name = ""
        try:
            lags, looks = _followed(store, poll_s, name)
        finally:
            if way == "listen_notify":
                store.drop()  # type: ignore[attr-defined]
            store.close()
        lags.sort()
        metrics = {
            "p50": statistics.median(lags) * 1e3,
            "worst": lags[-1] * 1e3,
            "looks": looks / APPENDS,
        }
        return Outcome(metrics, seconds=statistics.median(lags), result=len(lags))

    return run


def _followed(store: EventStore, poll_s: float, channel: str) -> tuple[list[float], float]:
    """Append at odd moments and note how long a follower takes to see each event."""
    appended, lags, told = dict[str, float](), list[float](), threading.Event()
    ready, looks = threading.Event(), [0]

    def follow() -> None:
        after, connection = START, None
        if channel:
            import psycopg

            url = os.environ["VELVET_POSTGRES_URL"]
            connection = psycopg.connect(url, autocommit=True)
            connection.execute(f"LISTEN {channel}".encode())
        ready.set()
        while len(lags) < APPENDS:
            looks[0] += 1
            for event in store.read_all(after=after):
                lags.append(time.perf_counter() - appended[event.event_id])
                after = event.cursor
            if connection is not None:
                for _ in connection.notifies(timeout=0.5, stop_after=1):
                    pass
            elif poll_s:
                time.sleep(poll_s)
            else:
                told.wait(0.5)
                told.clear()
        if connection is not None:
            connection.close()

    follower = threading.Thread(target=follow)
    follower.start()
    ready.wait()
    for number in range(APPENDS):
        event = NewEvent("T", b"{}", uuid7())
        appended[event.event_id] = time.perf_counter()
        store.append(STREAM, [event])
        told.set()
        time.sleep(0.011 + 0.007 * (number % 5))
    follower.join()
    return lags, looks[0]


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    question = suite.comparison(
        "question",
        title="How many lamps are free? n events ago the shop opened",
        unit="us",
        sizes={"events": [100, 1_000]},
        quick=lambda events: events == 1_000,
    )
    for way in ("fold", "sql_sum", "read_model"):
        question.add(way, partial(_question, way))
    question.same_result()

    rebuild = suite.comparison(
        "rebuild",
        title=f"Rebuild a projection from {REBUILT:,} events: time an event",
        kind="run",
        unit="us",
        rounds={"quick": 3, "default": 7},
    )
    for every in (1, 100, 1_000):
        rebuild.add(f"every_{every}", partial(_rebuild, every))
    rebuild.same_result()

    lag = suite.comparison(
        "lag",
        title="From the append to the eyes of a follower",
        kind="run",
        unit="ms",
        metrics={"p50": "ms", "worst": "ms", "looks": "looks"},
        rounds={"quick": 3, "default": 7},
    )
    for way in ("poll_100_ms", "poll_10_ms", "in_process"):
        lag.add(way, partial(_lag, way))
    lag.add("listen_notify", partial(_lag, "listen_notify"), needs="postgres")
    lag.same_result()

    suite.claim(
        "after 1,000 events a read model answers at least 10x faster than a fold",
        speedup("question", "read_model", "fold", events=1_000) >= 10,
    )
    suite.claim(
        "a commit every 1,000 events rebuilds at least 1.5x faster than one for each",
        speedup("rebuild", "every_1000", "every_1") >= 1.5,
    )
    for way, told in (("in_process", "in the process"), ("listen_notify", "by PostgreSQL")):
        suite.claim(
            f"polling every 100 ms lags at least 4x as long as being told {told}",
            ratio("lag", "poll_100_ms", way) >= 4,
        )
