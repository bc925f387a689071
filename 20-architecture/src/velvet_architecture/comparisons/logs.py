"""What a log costs: batches, group commit, replay against eventsourcing, snapshots, brokers."""

from __future__ import annotations

import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from velvet.bench import Outcome, Suite, growth, ratio, speedup
from velvet_architecture.adapters.brokers import MemoryBroker, RedisStreamsBroker
from velvet_architecture.adapters.group_commit import GroupCommitStore
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.app.aggregates import AggregateStore, MemorySnapshots
from velvet_architecture.app.serial import Codec, MsgspecCodec, Shape
from velvet_architecture.bootstrap import registry
from velvet_architecture.domain.stock import (
    Allocated,
    BatchReceived,
    Shipped,
    available,
    stock_decider,
)
from velvet_architecture.ports import (
    Broker,
    EventStore,
    Message,
    NewEvent,
    Snapshot,
    StreamAppend,
    uuid7,
)

STREAM, EVENTS, GROUPED, BATCHED = "stock-lamp", 1_000, 300, 100


def history(length: int) -> Iterator[Any]:
    """Yield events of a stream whose state stays small: what is promised ships at once."""
    yield BatchReceived("b", length)
    for number in range(length - 1):
        order = f"o{number // 2}"
        yield Shipped(order) if number % 2 else Allocated(order, 1, "b")


def fill(store: EventStore, length: int) -> None:
    """Append such a history."""
    known = registry()
    events = [known.encode(event, event_id=uuid7()) for event in history(length)]
    store.append(STREAM, events)


def _batch(every: int, synchronous: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            store = SqliteEventStore(
                Path(folder) / "log.db", synchronous="full" if synchronous == "full" else "normal"
            )
            events = [NewEvent("Put", b"x" * 120, uuid7()) for _ in range(BATCHED)]
            begun = time.perf_counter()
            for first in range(0, BATCHED, every):
                store.append("s-1", events[first : first + every])
            spent = time.perf_counter() - begun
            version = store.stream_version("s-1")
            store.close()
        return Outcome(seconds=spent / BATCHED, result=version)

    return run


def _group(size: int) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            inner = SqliteEventStore(Path(folder) / "log.db")
            store = GroupCommitStore(inner, max_batch=size, max_wait_ms=5)
            asked = [
                StreamAppend(f"s-{n}", (NewEvent("Put", b"x" * 120, uuid7()),))
                for n in range(GROUPED)
            ]
            begun = time.perf_counter()
            answers = [store.submit(one) for one in asked]
            stored = sum(one.result().version for one in answers)
            spent = time.perf_counter() - begun
            groups = store.groups
            store.close()
        return Outcome({"commits": groups}, seconds=spent / GROUPED, result=stored)

    return run


def _replay(codec: Codec | None) -> Iterator[Callable[[], int]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = SqliteEventStore(Path(folder) / "log.db", synchronous="normal")
        fill(store, EVENTS)
        ours = AggregateStore(store, registry(codec))
        yield lambda: available(ours.load(stock_decider, STREAM).state)
        store.close()


def _dicts() -> Iterator[Callable[[], int]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = SqliteEventStore(Path(folder) / "log.db", synchronous="normal")
        fill(store, EVENTS)

        def load() -> int:
            units = 0
            for event in store.read(STREAM):
                fields = json.loads(event.data)
                units += {"BatchReceived": 1, "Allocated": -1}.get(event.type, 0) * fields.get(
                    "qty", 0
                )
            return units

        yield load
        store.close()


@cache  # the library knows an aggregate by its name, and takes one of each
def _lamp() -> Any:
    from eventsourcing.domain import Aggregate, event

    class Lamp(Aggregate):
        @event("Received")
        def __init__(self, qty: int) -> None:
            self.qty, self.promised = qty, dict[str, int]()

        @event("Allocated")
        def allocate(self, order_id: str, qty: int) -> None:
            self.promised[order_id] = qty

        @event("Shipped")
        def ship(self, order_id: str) -> None:
            self.qty -= self.promised.pop(order_id)

    return Lamp


def _peer() -> Iterator[Callable[[], int]]:
    from eventsourcing.application import Application

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(Path(folder) / "log.db"),
        }
        app: Any = Application(settings)
        lamp = _lamp()(EVENTS)
        for number in range(EVENTS - 1):
            order_id = f"o{number // 2}"
            lamp.ship(order_id) if number % 2 else lamp.allocate(order_id, 1)
        app.save(lamp)

        def load() -> int:
            found: Any = app.repository.get(lamp.id)
            return int(found.qty - sum(found.promised.values()))

        yield load
        app.close()


def _snapshots(every: int, length: int) -> Callable[[], int]:
    store, snapshots = MemoryEventStore(), MemorySnapshots()
    fill(store, length)
    ours = AggregateStore(store, registry(), snapshots=snapshots if every else None)
    if every and (place := (length - 1) // every * every):
        state = ours.load(stock_decider, STREAM, upto=place).state
        packed = ours.registry.codec.dumps(Shape(type(state)).pack(state))
        snapshots.save(Snapshot(STREAM, place, stock_decider.schema, packed))
    return lambda: available(ours.load(stock_decider, STREAM).state)


def _broker(kind: str) -> Iterator[Callable[[], int]]:
    redis = kind != "memory"
    broker: Broker = MemoryBroker()
    if redis:
        name = f"velvet-{uuid.uuid4().hex}"
        broker = RedisStreamsBroker(os.environ["VELVET_REDIS_URL"], stream=name)
    told = [Message(str(n), "/", "t", "", {"note": "x" * 60}) for n in range(100)]

    def carry() -> int:
        if kind == "redis_pipelined" and isinstance(broker, RedisStreamsBroker):
            broker.publish_many(told)
        else:
            for message in told:
                broker.publish(message)
        taken = broker.receive(100)
        for receipt, _ in taken:
            broker.acknowledge(receipt)
        return len(taken)

    yield carry
    if isinstance(broker, RedisStreamsBroker):
        broker.close(drop=True)


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    batch = suite.comparison(
        "append_batch",
        title=f"{BATCHED} events in commits of one, ten, a hundred: time an event",
        kind="run",
        unit="us",
        sizes={"synchronous": ["full", "normal"]},
        rounds={"quick": 3, "default": 7},
    )
    for every in (1, 10, 100):
        batch.add(f"commit_{every}", partial(_batch, every))
    batch.same_result()

    group = suite.comparison(
        "group_commit",
        title=f"{GROUPED} independent durable appends",
        kind="run",
        unit="us",
        metrics={"commits": "commits"},
        rounds={"quick": 3, "default": 7},
    )
    for size in (1, 8, 64):
        group.add(f"group_{size}", partial(_group, size))
    group.same_result()

    replay = suite.comparison(
        "replay",
        title=f"Load an aggregate of {EVENTS:,} events from SQLite: time an event",
        unit="us",
        items=EVENTS,
    )
    replay.add("dicts", _dicts, note="no objects, no decider")
    replay.add("ours_json", lambda: _replay(None), baseline=True)
    replay.add("ours_msgspec", lambda: _replay(MsgspecCodec()), needs="msgspec")
    replay.add("eventsourcing", _peer, needs="eventsourcing")
    replay.same_result()

    snapshots = suite.comparison(
        "snapshots",
        title="Load a stream of n events",
        unit="us",
        sizes={"length": [100, 400, 1_600]},
    )
    for every in (0, 100):
        name = f"every_{every}" if every else "none"
        snapshots.add(name, partial(_snapshots, every))
    snapshots.same_result()

    brokers = suite.comparison(
        "brokers",
        title="Publish, receive and acknowledge: time a message",
        unit="us",
        items=100,
        clock="wall",
        rounds={"quick": 8, "default": 15},
    )
    brokers.add("memory", partial(_broker, "memory"), note="a stand-in")
    for kind in ("redis_single", "redis_pipelined"):
        brokers.add(kind, partial(_broker, kind), needs="redis")
    brokers.same_result()

    for mode, factor in (("full", 10), ("normal", 2)):
        suite.claim(
            f"synchronous={mode}: a hundred events in one commit are at least {factor}x faster",
            speedup("append_batch", "commit_100", "commit_1", synchronous=mode) >= factor,
            needs="linux" if mode == "full" else (),
        )
    suite.claim(
        "groups of 64 are at least 5x faster than commits one by one",
        speedup("group_commit", "group_64", "group_1") >= 5,
        needs="linux",
    )
    suite.claim(
        "our replay is at least 1.25x faster than that of eventsourcing",
        speedup("replay", "ours_json", "eventsourcing") >= 1.25,
    )
    suite.claim(
        "a full replay grows with the events",
        growth("snapshots", "none", over="length").between(0.8, 1.2),
    )
    suite.claim(
        "at 1,600 events loading with a snapshot is at least 5x faster",
        speedup("snapshots", "every_100", "none", length=1_600) >= 5,
    )
    suite.claim(
        "sending to Redis in one trip is at least 1.25x faster",
        ratio("brokers", "redis_single", "redis_pipelined") >= 1.25,
    )
