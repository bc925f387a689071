"""What happens inside a process: middleware layers, slow subscribers, and the way to the database."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Metric, Outcome, Suite, growth, ratio, value
from velvet_web.comparisons.measuring import LATENCY, cost, on_server, scaled
from velvet_web.domain import NewTask
from velvet_web.events import Broadcaster, Policy
from velvet_web.histogram import Histogram
from velvet_web.loadplan import Shot
from velvet_web.store import SqliteStore, TaskStore

READS = 2000


def _layers(kind: str, layers: int) -> Iterator[Callable[[], Outcome]]:
    work = partial(cost, shot=Shot("/healthz"), requests=scaled(700, 2500))
    yield from on_server(f"lab_{kind}_{layers}", "uvicorn", work)


def _fanout(slow: Policy, share: float, subscribers: int) -> Callable[[], Outcome]:
    """Publish to many, of which a share never reads; measure what the others see."""
    events = max(200, 30_000 // subscribers)  # more than the queue of 64 holds

    async def publishes() -> Outcome:
        board = Broadcaster(capacity=64, slow=slow)
        delays, sent = Histogram(), [0.0] * (events + 1)
        stalled = [board.subscribe() for _ in range(int(subscribers * share))]
        reading = [board.subscribe() for _ in range(subscribers - len(stalled))]

        async def reads(subscription: Any) -> None:
            async for event in subscription:
                delays.record(int((time.perf_counter() - sent[event.id]) * 1e6))

        readers = [asyncio.ensure_future(reads(one)) for one in reading]
        began = time.perf_counter()
        for n in range(1, events + 1):
            sent[n] = time.perf_counter()
            board.publish("changed", b"{}", key=str(n % 10))
            await asyncio.sleep(0)
        for one in (*reading, *stalled):
            board.unsubscribe(one)
        await asyncio.gather(*readers)
        took = time.perf_counter() - began
        waiting = max((len(one) for one in stalled), default=0)
        dropped = sum(one.dropped for one in stalled)
        found = {"p99": delays.percentile(99) / 1e3, "dropped": dropped, "waiting": waiting}
        return Outcome({k: float(v) for k, v in found.items()}, seconds=took / events)

    return lambda: asyncio.run(publishes())


def _store(dsn: str = "") -> Iterator[tuple[TaskStore, int]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if dsn:
            from velvet_web.postgres import PgStore

            store: TaskStore = PgStore(dsn, busy=5)
        else:
            store = SqliteStore(str(Path(folder) / "board.db"), busy=5)
        task = store.create(NewTask("read me"))
        try:
            yield store, task.id
        finally:
            store.close()


def _reads(threads: bool, dsn: str = "") -> Iterator[Callable[[], Outcome]]:
    for store, task_id in _store(dsn):
        yield partial(_timed, partial(_in_thread if threads else _inline, store, task_id))


async def _inline(store: TaskStore, task_id: int) -> None:
    assert store.get(task_id)


async def _in_thread(store: TaskStore, task_id: int) -> None:
    assert await asyncio.to_thread(store.get, task_id)


async def _nothing() -> None:
    """Neither open nor close."""


def _timed(
    one: Callable[[], Any],
    opening: Callable[[], Any] = _nothing,
    closing: Callable[[], Any] = _nothing,
) -> Outcome:
    async def run() -> Outcome:
        await opening()
        latencies, began, cpu = Histogram(), time.perf_counter(), time.process_time()
        for _ in range(READS // 8):  # eight requests at once
            asked = time.perf_counter()
            await asyncio.gather(*(one() for _ in range(8)))
            latencies.record(int((time.perf_counter() - asked) * 1e6))
        took = time.perf_counter() - began
        used = (time.process_time() - cpu) / READS * 1e6
        await closing()
        found = {"cpu_us": used, "p99": latencies.percentile(99) / 1e3}
        return Outcome(found, seconds=took / READS)

    return asyncio.run(run())


def _postgres(kind: str) -> Iterator[Callable[[], Outcome]]:
    from velvet.services import postgres

    with postgres() as server:
        if kind == "sync_pool":
            yield from _reads(threads=True, dsn=server.url)
            return
        from velvet_web.samples.async_reader import AsyncPgReader

        for _, task_id in _store(server.url):
            reader = AsyncPgReader(server.url)
            yield partial(_timed, partial(reader.get, task_id), reader.open, reader.close)


def add_to(suite: Suite) -> None:
    """Declare the comparisons of what happens inside."""
    layers = suite.comparison(
        "middleware",
        title="CPU per request with layers that do nothing (closed loop of 4 users)",
        kind="run",
        unit="us",
        sizes={"layers": [0, 1, 2, 4, 5, 8]},
        quick=lambda layers: layers in (0, 5),
        default=lambda layers: layers in (0, 5, 8),
        metrics=LATENCY,
        rounds={"quick": 1, "default": 2, "full": 7},
    )
    layers.add("pure_asgi", partial(_layers, "pure"), baseline=True)
    layers.add("base_http", partial(_layers, "base"), note="starlette's BaseHTTPMiddleware")
    suite.claim(
        "five BaseHTTPMiddleware cost several times five plain layers",
        ratio("middleware", "base_http", "pure_asgi", layers=5) >= 4,
    )
    fanout = suite.comparison(
        "fanout",
        title="Publishing to subscribers, of which one in twenty never reads",
        kind="run",
        unit="us",
        sizes={"subscribers": [20, 100, 500]},
        quick=lambda subscribers: subscribers == 100,
        metrics={"p99": Metric("ms"), "dropped": Metric("events"), "waiting": Metric("events")},
        rounds={"quick": 1, "default": 2, "full": 7},
    )
    fanout.add("all_read", partial(_fanout, "drop_oldest", 0.0), baseline=True)
    for policy in ("drop_oldest", "coalesce", "disconnect", "unbounded"):
        fanout.add(policy, partial(_fanout, policy, 0.05))
    suite.claim(
        "one in twenty that never reads does not slow down publishing",
        ratio("fanout", "drop_oldest", "all_read", subscribers=100) <= 2,
    )
    suite.claim(
        "the cost of an event grows with its subscribers",
        growth("fanout", "drop_oldest", over="subscribers").between(0.6, 1.4),
        tier="default",
    )
    suite.claim(
        "a bounded queue holds no more than its bound",
        value("fanout", "drop_oldest", "waiting", subscribers=100) <= 64,
    )
    database = suite.comparison(
        "database",
        title="A point read from a coroutine, eight at once",
        kind="run",
        unit="us",
        metrics={"cpu_us": Metric("us"), "p99": Metric("ms")},
        rounds={"quick": 1, "default": 2, "full": 7},
    )
    database.add("sqlite_inline", partial(_reads, False), baseline=True)
    database.add("sqlite_threads", partial(_reads, True))
    for kind in ("sync_pool", "async_pool"):
        database.add(
            f"postgres_{kind}",
            partial(_postgres, kind),
            needs=("postgres", "psycopg", "psycopg-pool"),
            tier="default",
        )
    suite.claim(
        "for a tiny local query the hop to a thread costs more than the query",
        ratio("database", "sqlite_threads", "sqlite_inline") >= 1.5,
    )
