"""How fast: enqueue, drain, idle latency, footprint, threads, offered load beyond capacity."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from velvet.bench import Metric, Outcome, Suite, across, ratio
from velvet.bench.model import mode
from velvet_queues.comparisons import PAIRS, needs, producer, tier
from velvet_queues.contenders import Client
from velvet_queues.envelope import Envelope
from velvet_queues.fleet import Fleet
from velvet_queues.ledger import Ledger
from velvet_queues.load import Histogram, arrivals, open_loop

PATIENCE_S = 90.0
TASKS = 300
PROBES = 100


def _wait(ledger: Ledger, finished: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while ledger.count("finished") < finished:
        if time.monotonic() > until:
            raise TimeoutError(f"{ledger.count('finished')} of {finished} were finished")
        time.sleep(0.02)


def _between(ledger: Ledger, ids: set[str]) -> float:
    """Return the seconds from the first start to the last finish of some tasks."""
    told = [one for one in ledger.entries() if one.id in ids]
    starts = [one.at for one in told if one.event == "started"]
    return max(one.at for one in told if one.event == "finished") - min(starts)


def _send(client: Client, count: int, task: str, payload: object = None) -> set[str]:
    tasks = [Envelope(task, payload) for _ in range(count)]
    for one in tasks:
        client.send(one)
    return {one.id for one in tasks}


def _unlocked(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as probe:
        try:
            probe.execute("BEGIN IMMEDIATE")
            probe.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True


@contextmanager
def standing(fleet: Fleet) -> Iterator[None]:
    """Pause a fleet between two transactions: a worker that stands in one keeps SQLite's lock."""
    while True:
        with fleet.paused():
            if all(map(_unlocked, Path(fleet.place.folder).glob("*.db"))):
                yield
                return


def _enqueue(row: str, size: int) -> Iterator[Callable[[], Outcome]]:
    with producer(row) as (_, client, _ledger):
        client.send(Envelope("echo", ""))  # connections and imports

        def run() -> Outcome:
            count = TASKS if mode() == "quick" else 1000
            tasks = [Envelope("echo", "x" * size) for _ in range(count)]
            begun = time.perf_counter()
            for one in tasks:
                client.send(one)
            return Outcome({"rate": count / (time.perf_counter() - begun)}, result=size)

        yield run


def _race(row: str) -> Iterator[Callable[[], Outcome]]:
    with producer(row) as (place, client, ledger), Fleet(place) as fleet:
        fleet.wait_ready(client, ledger)

        def run() -> Outcome:
            time.sleep(1)
            rss, processes = fleet.rss_mb()
            waits = Histogram()
            tasks = [Envelope("noop") for _ in range(PROBES)]
            sent = {}

            def probe(number: int, intended: float) -> None:
                sent[tasks[number].id] = intended
                client.send(tasks[number])

            open_loop(probe, [0.02 * number for number in range(PROBES)])
            _wait(ledger, PROBES + 1)
            for one in ledger.entries():
                if one.event == "started" and one.id in sent:
                    waits.add(one.at - sent[one.id])
            # Loaded before the clock starts: the workers stand still meanwhile.
            with standing(fleet):
                ids = _send(client, TASKS, "noop")
            _wait(ledger, PROBES + 1 + TASKS)
            ms = waits.as_ms()
            told = {"rate": TASKS / _between(ledger, ids), "boot": fleet.boot_s, "rss": rss}
            told |= {"processes": float(processes), "p50": ms["p50"], "p95": ms["p95"]}
            return Outcome(told | {"p99": ms["p99"]}, result=ledger.count("finished"))

        yield run


def _threads(row: str, threads: int) -> Iterator[Callable[[], Outcome]]:
    with producer(row, concurrency=threads) as (place, client, ledger), Fleet(place) as fleet:
        fleet.wait_ready(client, ledger)

        def run() -> Outcome:
            with standing(fleet):
                ids = _send(client, 120, "sleep", 20)
            _wait(ledger, 121)
            return Outcome({"rate": 120 / _between(ledger, ids)}, result=ledger.count("finished"))

        yield run


def _sweep(row: str, percent: int) -> Iterator[Callable[[], Outcome]]:
    with producer(row) as (place, client, ledger), Fleet(place) as fleet:
        fleet.wait_ready(client, ledger)

        def run() -> Outcome:
            # A task of 20 ms keeps the queue's own cost small against the machine's noise.
            ids = _send(client, 100, "sleep", 20)
            _wait(ledger, 101)
            capacity = 100 / _between(ledger, ids)
            plan = arrivals(capacity * percent / 100, 4.0, seed=7)
            sent: dict[str, float] = {}

            def offer(_: int, intended: float) -> None:
                task = Envelope("sleep", 20)
                sent[task.id] = intended
                client.send(task)

            open_loop(offer, plan)
            ended, told = time.time(), ledger.entries()
            depth = len(sent.keys() - {one.id for one in told if one.event == "finished"})
            waiting = sent.keys() - {one.id for one in told if one.event == "started"}
            oldest = ended - min((sent[id] for id in waiting), default=ended)
            _wait(ledger, 101 + len(plan))
            waits = Histogram()
            for one in ledger.entries():
                if one.event == "started" and one.id in sent:
                    waits.add(one.at - sent[one.id])
            figures = {"depth": float(depth), "oldest": oldest, "capacity": capacity}
            return Outcome(waits.as_ms() | figures, result=waits.count == len(plan))

        yield run


def _add_enqueue(suite: Suite) -> None:
    enqueue = suite.comparison(
        "enqueue_rate",
        title="Messages a second from one producer, confirmed one by one",
        kind="run",
        unit="msg/s",
        metrics={"rate": "msg/s"},
        sizes={"size": [100, 10_000]},
        quick=lambda size: size == 100,
        default=lambda size: size == 100,
        rounds={"quick": 1, "default": 3},
    )
    for row in PAIRS:
        enqueue.add(row, partial(_enqueue, row), needs=needs(row), tier=tier(row))
    enqueue.same_result()
    suite.claim(
        "Dramatiq enqueues on Redis at least 1.3x as fast as Celery does",
        ratio("enqueue_rate", "dramatiq_redis", "celery_redis", "rate", size=100) >= 1.3,
        tier="default",
    )


def _add_race(suite: Suite) -> None:
    race = suite.comparison(
        "race",
        title=f"Production workers: {TASKS} loaded tasks that do nothing; 50 idle probes a second",
        kind="run",
        unit="tasks/s",
        metrics={
            "rate": "tasks/s",
            "p50": "ms",
            "p95": "ms",
            "p99": "ms",
            "boot": "s",
            "rss": "MB",
            "processes": "processes",
        },
        rounds={"quick": 1, "default": 1},
        limit=240,
    )
    for row in PAIRS:
        due = "quick" if row in ("lease_sqlite", "huey_redis") else "default"
        race.add(row, partial(_race, row), needs=needs(row), tier=due)
    race.same_result()
    suite.claim(
        "a fork for every job costs RQ at least 3x of the rate that Huey's threads reach",
        ratio("race", "huey_redis", "rq_redis", "rate") >= 3,
        tier="default",
    )
    suite.claim(
        "Dramatiq does at least 1.5x as many tasks on RabbitMQ as on Redis, and at 0.6x the wait",
        (ratio("race", "dramatiq_rabbitmq", "dramatiq_redis", "rate") >= 1.5)
        & (ratio("race", "dramatiq_redis", "dramatiq_rabbitmq", "p50") >= 1.67),
        tier="default",
    )


def _add_loads(suite: Suite) -> None:
    rows = ("lease_sqlite", "huey_redis", "dramatiq_redis")
    threads = suite.comparison(
        "concurrency",
        title="120 tasks that sleep for 20 ms, by threads of one worker",
        kind="run",
        unit="tasks/s",
        metrics={"rate": "tasks/s"},
        sizes={"threads": [1, 16]},
        rounds={"quick": 1, "default": 1},
        tier="default",
        limit=200,
    )
    sweep = suite.comparison(
        "load_sweep",
        title="Wait in an open loop, offered as a share of the measured capacity",
        kind="run",
        unit="ms",
        metrics=dict.fromkeys(("p50", "p95", "p99", "p999"), "ms")
        | {"depth": "tasks", "oldest": "s", "capacity": Metric("tasks/s", "higher")},
        sizes={"percent": [20, 50, 80, 95, 130]},
        rounds={"quick": 1, "default": 1},
        tier="default",
        limit=240,
    )
    for row in rows:
        threads.add(row, partial(_threads, row), needs=needs(row))
        sweep.add(row, partial(_sweep, row), needs=needs(row))
    threads.same_result()
    sweep.same_result()
    for row in rows:
        suite.claim(
            f"{row}: 16 threads do at least 4x what one does, on tasks that wait",
            across("concurrency", row, "rate", first={"threads": 16}, second={"threads": 1}) >= 4,
            tier="default",
        )
        suite.claim(
            f"{row}: offered 130 % of its capacity, the median wait is 10x that at 50 %",
            across("load_sweep", row, "p50", first={"percent": 130}, second={"percent": 50}) >= 10,
            tier="default",
        )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    for declare in (_add_enqueue, _add_race, _add_loads):
        declare(suite)
