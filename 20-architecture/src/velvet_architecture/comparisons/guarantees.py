"""Guarantees that are broken on purpose: races, gaps, kills, torn logs, duplicates."""

from __future__ import annotations

import os
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Metric, Outcome, Suite, mode, value
from velvet_architecture.lab import crash, gap, shapes
from velvet_architecture.ports import START, NewEvent, uuid7

WRITERS, EACH, PATIENCE_S = 8, 40, 1.0
SEEDS, PLACES = range(20), 60
CURES = ("table", "serial", "xid")


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def _race(name: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        with _folder() as folder:
            told = shapes.race(name, Path(folder), units=200, writers=8)
        return {"lost": told["lost_updates"], "sold": told["sold"], "retries": told["retries"]}

    return run


def _played(strategy: str, rollbacks: float) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        results = [gap.play(strategy, seed=seed, rollbacks=rollbacks) for seed in SEEDS]
        events = sum(one.events for one in results)
        return {
            "missed": sum(one.missed for one in results) / events * 100,
            "waited": sum(one.waited for one in results) / len(results),
            "lag": sum(one.lag for one in results) / len(results),
        }

    return run


def _order(order: Any) -> Callable[[], Outcome]:
    from velvet_architecture.adapters.postgres import PostgresEventStore

    def run() -> Outcome:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            store = PostgresEventStore(
                os.environ["VELVET_POSTGRES_URL"], schema=f"v_{uuid.uuid4().hex[:12]}", order=order
            )
        start, done, seen = threading.Barrier(WRITERS + 1), threading.Event(), set[str]()

        def write(number: int) -> None:
            store.stream_version("warm")
            start.wait()
            for _ in range(EACH):
                store.append(f"s-{number}", [NewEvent("T", b"{}", uuid7())])

        def follow() -> None:
            after, until = START, float("inf")
            while len(seen) < WRITERS * EACH and time.monotonic() < until:
                if done.is_set():  # what is not lost may still be hidden by another transaction
                    until = min(until, time.monotonic() + PATIENCE_S)
                page = store.read_all(after=after, limit=1_000)
                seen.update(event.event_id for event in page)
                after = page[-1].cursor if page else after

        writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
        follower = threading.Thread(target=follow)
        for one in (*writers, follower):
            one.start()
        start.wait()
        begun = time.perf_counter()
        for one in writers:
            one.join()
        spent = time.perf_counter() - begun
        done.set()
        follower.join()
        total = sum(store.stream_version(f"s-{number}") for number in range(WRITERS))
        store.drop()
        store.close()
        return Outcome({"missed": total - len(seen)}, seconds=spent / total, result=total)

    return run


def _kills(synchronous: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        rounds = 10 if mode() == "quick" else 100
        left = []
        for number in range(rounds):
            with _folder() as folder:
                acks = 1 + number * 7 % 60
                left.append(crash.kill_after(Path(folder), acks, synchronous=synchronous))
        return {
            "lost": sum(one.lost for one in left),
            "torn": sum(one.partial for one in left),
            "acknowledged": sum(one.acknowledged for one in left),
            "kills": rounds,
        }

    return run


def _torn(flip: bool) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        with _folder() as folder:
            found = crash.tear(Path(folder), places=PLACES, flip=flip)
        kept = sum(one.events for one in found) / len(found)
        broken = sum(not one.prefix for one in found)
        return {"broken": broken, "damaged": len(found), "kept": kept}

    return run


def _delivered(how: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        rounds = 6 if mode() == "quick" else 24
        with _folder() as folder:
            told = crash.deliver(Path(folder), how, rounds=rounds, total=rounds * 8)
        return {
            "lost": told.lost,
            "sent_twice": told.duplicate_sends,
            "wrong": told.wrong_effects,
            "orders": told.orders,
            "kills": told.kills,
        }

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    for declare in (_races, _gaps, _orders, _killed, _damaged, _deliveries):
        declare(suite)


def _races(suite: Suite) -> None:
    race = suite.comparison(
        "race",
        title="Eight threads sell 200 lamps",
        kind="value",
        unit="lamps",
        metrics={"lost": "lamps", "sold": "lamps", "retries": "retries"},
    )
    for name in shapes.SHAPES:
        race.add(name, partial(_race, name))
    for name in ("hexagonal", "event_sourced"):
        suite.claim(f"{name}: no update is lost", value("race", name, "lost").equals(0))
    suite.claim("naive: updates are lost", value("race", "naive", "lost") >= 1)


def _gaps(suite: Suite) -> None:
    played = suite.comparison(
        "gap",
        title="A follower of eight writers, simulated: events that it never sees",
        kind="value",
        unit="%",
        sizes={"rollbacks": [0.0, 0.05]},
        metrics={"missed": Metric("%"), "waited": "waits", "lag": "events"},
    )
    for strategy in gap.STRATEGIES:
        played.add(strategy, partial(_played, strategy))
    suite.claim(
        "simulated: lock and xid miss nothing, the sequence does",
        value("gap", "lock", "missed", rollbacks=0.05).equals(0)
        & value("gap", "xid", "missed", rollbacks=0.05).equals(0)
        & (value("gap", "naive", "missed", rollbacks=0.0) >= 10),
    )
    suite.claim(
        "simulated: waiting for gaps is fine until a transaction is rolled back",
        value("gap", "wait_for_gaps", "missed", rollbacks=0.0).equals(0)
        & (value("gap", "wait_for_gaps", "missed", rollbacks=0.05) >= 10),
    )


def _orders(suite: Suite) -> None:
    ordered = suite.comparison(
        "global_order",
        title=f"PostgreSQL, {WRITERS} writers and a follower: time an append",
        kind="run",
        unit="us",
        metrics={"missed": "events"},
        rounds={"quick": 3, "default": 7},
    )
    for order in ("naive", *CURES):
        ordered.add(order, partial(_order, order), needs="postgres")
    ordered.same_result()
    for cure in CURES:
        suite.claim(
            f"PostgreSQL, {cure}: the follower misses nothing",
            value("global_order", cure, "missed").equals(0),
        )


def _killed(suite: Suite) -> None:
    kills = suite.comparison(
        "kills",
        title="Appenders killed with kill -9",
        kind="value",
        unit="transactions",
        limit=300,
        metrics={
            "lost": "transactions",
            "torn": "transactions",
            "acknowledged": Metric("transactions", "higher"),
            "kills": Metric("kills", "higher"),
        },
    )
    for synchronous in ("normal", "full"):
        kills.add(synchronous, partial(_kills, synchronous))
        suite.claim(
            f"kill -9, {synchronous}: nothing acknowledged is lost, no transaction is torn",
            value("kills", synchronous, "lost").equals(0)
            & value("kills", synchronous, "torn").equals(0),
        )


def _damaged(suite: Suite) -> None:
    torn = suite.comparison(
        "torn_log",
        title=f"A write-ahead log damaged at {PLACES} places: files with half a transaction",
        kind="value",
        unit="files",
        metrics={
            "broken": "files",
            "damaged": Metric("files", "higher"),
            "kept": Metric("events", "higher"),
        },
    )
    torn.add("cut", lambda: _torn(False))
    torn.add("flipped_byte", lambda: _torn(True))
    for name in ("cut", "flipped_byte"):
        suite.claim(
            f"a damaged log opens as whole transactions: {name.replace('_', ' ')}",
            value("torn_log", name, "broken").equals(0) & (value("torn_log", name, "kept") >= 1),
        )


def _deliveries(suite: Suite) -> None:
    delivered = suite.comparison(
        "exactly_once",
        title="A shop and a receiver, killed at every step",
        kind="value",
        unit="messages",
        limit=300,
        metrics={
            "lost": "messages",
            "sent_twice": "messages",
            "wrong": "effects",
            "orders": Metric("orders", "higher"),
            "kills": Metric("kills", "higher"),
        },
    )
    for how in crash.MODES:
        delivered.add(how, partial(_delivered, how))
    suite.claim(
        "outbox and inbox lose nothing and have each effect once, though messages come twice",
        value("exactly_once", "outbox_inbox", "lost").equals(0)
        & value("exactly_once", "outbox_inbox", "wrong").equals(0)
        & (value("exactly_once", "outbox_inbox", "sent_twice") >= 1),
    )
    suite.claim(
        "publishing after the commit loses messages", value("exactly_once", "direct", "lost") >= 1
    )
