"""Projections with their faults, the outbox, the inbox and a broker that misbehaves."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from velvet_architecture.adapters.brokers import MemoryBroker
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.app.messaging import (
    InboxConsumer,
    OutboxRelay,
    TableOutbox,
    envelope,
    message_of,
    opened,
)
from velvet_architecture.app.readside import ProjectionRunner, Rows, StockLevels
from velvet_architecture.bootstrap import Shop, build, registry
from velvet_architecture.domain.orders import Money, OrderLine, PlaceOrder
from velvet_architecture.domain.stock import (
    ChangeBatchQuantity,
    Release,
    ShipAllocated,
    stock_decider,
)
from velvet_architecture.ports import (
    START,
    Cursor,
    Message,
    NewEvent,
    ProjectionPoisoned,
    StoredEvent,
    UpcastError,
    uuid7,
)

DAY_NS = 86_400 * 10**9
S = "stock-lamp"


def busy() -> Shop:
    """A shop in which everything that a projection knows has happened, over two days."""
    now = iter(range(10_000))
    shop = build(MemoryEventStore(clock_ns=lambda: next(now) * DAY_NS // 8))
    shop.receive("lamp", "b", 20)
    for number in range(6):
        shop.allocate("lamp", f"o{number}", 2)
    for command in (Release("o0"), ShipAllocated("o1"), ShipAllocated("o2")):
        shop.aggregates.execute(stock_decider, S, command)
    shop.aggregates.execute(stock_decider, S, ChangeBatchQuantity("b", 5))
    shop.place("p1", PlaceOrder((OrderLine("lamp", 1, Money(5, "EUR")),), "ada"))
    shop.place("p2", PlaceOrder((OrderLine("lamp", 99, Money(5, "EUR")),), "bob"))
    return shop


def rows(db: sqlite3.Connection, table: str) -> list[Any]:
    return sorted(db.execute(f"SELECT * FROM {table}").fetchall())


def test_projections_answer_what_the_fold_answers(read_db: sqlite3.Connection) -> None:
    shop = busy()
    runner = shop.projections(read_db)
    assert runner.lag("stock_levels").events == len(shop.store.read_all())
    runner.catch_up(3)

    assert rows(read_db, "stock_levels") == [("lamp", shop.available("lamp"))]
    assert rows(read_db, "order_board") == [
        ("p1", "ada", 1, "confirmed"),
        ("p2", "bob", 1, "cancelled"),
    ]
    assert sum(units for _, _, units in rows(read_db, "units_sold_per_day")) == 4
    promised = shop.aggregates.load(stock_decider, S).state.allocations
    assert len(rows(read_db, "waiting")) == len(promised) > 0
    assert runner.lag("stock_levels").events == 0
    assert all(runner.verify(name) for name in runner.projections)


def test_a_rebuild_never_shows_half_a_table(read_db: sqlite3.Connection) -> None:
    shop = busy()
    runner = shop.projections(read_db)
    runner.catch_up()
    read_db.execute("UPDATE stock_levels SET units = 77")
    assert not runner.verify("stock_levels")

    steps = runner.rebuilding(runner.projections["stock_levels"], 4)
    assert next(steps) == 4
    assert rows(read_db, "stock_levels") == [("lamp", 77)]
    runner.rebuild("stock_levels", limit=4)
    assert rows(read_db, "stock_levels") == [("lamp", shop.available("lamp"))]
    assert runner.verify("stock_levels")
    with pytest.raises(LookupError, match="no projection none"):
        runner.rebuild("none")
    with pytest.raises(LookupError, match="no projection none"):
        runner.verify("none")
    assert {name for name, *_ in rows(read_db, "checkpoints")} == set(runner.projections)


def test_a_rebuild_that_a_reader_blocks_leaves_the_runner_at_work(
    read_db: sqlite3.Connection,
) -> None:
    shop = busy()
    shop.receive("vase", "b", 1)
    runner = shop.projections(read_db)
    runner.catch_up()
    reader = read_db.execute("SELECT * FROM stock_levels")
    assert reader.fetchone() is not None
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        runner.rebuild("stock_levels")
    reader.close()
    assert not read_db.in_transaction
    shop.allocate("lamp", "late")
    runner.catch_up()
    assert rows(read_db, "stock_levels") == [("lamp", shop.available("lamp")), ("vase", 1)]


def test_two_programs_that_follow_into_one_database_apply_each_event_once(tmp_path: Path) -> None:
    shop = busy()
    databases = [sqlite3.connect(tmp_path / "read.db") for _ in range(2)]
    faster = shop.projections(databases[0])

    class Behind(MemoryEventStore):
        """A view of the store on which another program follows between reading and writing."""

        turns = 2

        def read_all(self, **options: Any) -> list[StoredEvent]:
            page = shop.store.read_all(**options)
            if self.turns:
                self.turns -= 1
                faster.run_once(3)
            return page

    slower = ProjectionRunner(Behind(), databases[1], shop.registry, [StockLevels()])
    slower.catch_up(5)
    assert rows(databases[1], "stock_levels") == [("lamp", shop.available("lamp"))]
    for one in databases:
        one.close()


def test_what_was_parked_is_forgotten_when_a_mended_projection_is_rebuilt(
    read_db: sqlite3.Connection,
) -> None:
    class Mended(StockLevels):
        broken = True

        def apply(self, rows: Rows, event: Any, stored: StoredEvent) -> None:
            if self.broken and stored.version == 1:
                raise ValueError("a bug")
            super().apply(rows, event, stored)

    shop, projection = build(MemoryEventStore()), Mended()
    shop.receive("lamp", "b", 20)
    runner = ProjectionRunner(shop.store, read_db, shop.registry, [projection], poison="park")
    runner.catch_up()
    runner.verify("stock_levels")
    assert [name for name, *_ in rows(read_db, "parked_events")] == ["stock_levels"]
    projection.broken = False
    runner.rebuild("stock_levels")
    assert (rows(read_db, "parked_events"), rows(read_db, "stock_levels")) == ([], [("lamp", 20)])


class NewShape(StockLevels):
    schema = 2


def test_a_new_schema_is_rebuilt_at_the_start(read_db: sqlite3.Connection) -> None:
    shop = busy()
    shop.projections(read_db).catch_up()
    read_db.execute("UPDATE stock_levels SET units = 77")
    ProjectionRunner(shop.store, read_db, shop.registry, [NewShape()])
    assert rows(read_db, "stock_levels") == [("lamp", shop.available("lamp"))]


class Picky:
    name, schema = "picky", 1
    tables = {"picky": "version INT"}  # noqa: RUF012

    def apply(self, rows: Rows, event: Any, stored: StoredEvent) -> None:
        rows.execute("INSERT INTO {picky} VALUES (?)", (stored.version,))
        if stored.version == 3:
            raise ZeroDivisionError


@pytest.mark.parametrize("poison", ["stop", "park"])
def test_poison_stops_or_is_parked_and_is_never_skipped_in_silence(
    read_db: sqlite3.Connection, poison: Any
) -> None:
    shop = busy()
    runner = ProjectionRunner(shop.store, read_db, shop.registry, [Picky()], poison=poison)
    if poison == "stop":
        for _ in range(2):  # and again at the same event
            with pytest.raises(ProjectionPoisoned, match="picky stopped at 0-3"):
                runner.catch_up()
        assert runner.checkpoint("picky") == Cursor(0, 2)
        assert rows(read_db, "picky") == [(1,), (2,)]
        return
    runner.catch_up()
    parked = rows(read_db, "parked_events")
    assert [one[1] for one in parked if one[1] == "0-3"] == ["0-3"]
    assert "ZeroDivisionError" in parked[0][2]
    assert runner.checkpoint("picky") == shop.store.head()


def test_a_damaged_event_is_poison_too(read_db: sqlite3.Connection) -> None:
    store = MemoryEventStore()
    store.append(S, [NewEvent("Allocated", b"{broken", uuid7())])
    runner = ProjectionRunner(store, read_db, registry(), [StockLevels()])
    with pytest.raises(ProjectionPoisoned, match=r"0-1.*UpcastError"):
        runner.run_once()


def test_a_message_is_a_cloud_event() -> None:
    stored, *_ = busy().store.read_all(limit=1)
    told = json.loads(envelope(message_of(stored)))
    assert told["specversion"] == "1.0"
    assert {"id", "source", "type"} <= set(told)
    assert opened(envelope(message_of(stored))) == message_of(stored)


@pytest.mark.parametrize(
    ("document", "match"),
    [
        (b"{}", "lacks specversion, id, source, type"),
        (b"[]", "lacks"),
        (b'{"specversion":"0.3","id":"1","source":"/","type":"t"}', "must be 1.0, not 0.3"),
        (b"{", "Expecting"),
        (b'{"specversion":"1.0","id":7,"source":"/","type":""}', "lacks id, type as text"),
        (b'{"specversion":"1.0","id":"7","source":"/","type":"t","data":[1]}', "data an object"),
        (b'{"specversion":"1.0","id":"7","source":"/","type":"t","time":5}', "time must be text"),
    ],
)
def test_what_is_no_cloud_event_is_refused(document: bytes, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        opened(document)


def test_an_event_that_is_no_json_stops_the_relay(read_db: sqlite3.Connection) -> None:
    store = MemoryEventStore()
    store.append(S, [NewEvent("Put", b"\xff", uuid7())])
    with pytest.raises(UpcastError, match="no JSON"):
        OutboxRelay(store, MemoryBroker(), read_db).run_once()


@pytest.mark.parametrize("data", [b"[1]", b"7", b"null"])
def test_an_event_that_is_no_object_stops_the_relay(
    read_db: sqlite3.Connection, data: bytes
) -> None:
    store = MemoryEventStore()
    store.append(S, [NewEvent("Put", data, uuid7())])
    with pytest.raises(UpcastError, match="no JSON object"):
        OutboxRelay(store, MemoryBroker(), read_db).run_once()


class Interrupted(StockLevels):
    def apply(self, rows: Rows, event: Any, stored: StoredEvent) -> None:
        super().apply(rows, event, stored)
        if stored.version == 3:
            raise KeyboardInterrupt


def test_a_projection_that_is_interrupted_leaves_no_transaction_open(
    read_db: sqlite3.Connection,
) -> None:
    shop = busy()
    with pytest.raises(KeyboardInterrupt):
        ProjectionRunner(shop.store, read_db, shop.registry, [Interrupted()]).run_once()
    assert not read_db.in_transaction
    runner = shop.projections(read_db)
    runner.catch_up()
    assert rows(read_db, "stock_levels") == [("lamp", shop.available("lamp"))]


def test_the_relay_waits_for_a_broker_and_keeps_the_order(read_db: sqlite3.Connection) -> None:
    shop, broker, waits = busy(), MemoryBroker(), list[float]()
    relay = OutboxRelay(shop.store, broker, read_db, sleep=waits.append)
    broker.down = True
    with pytest.raises(ConnectionError):
        relay.run_once()
    assert waits == [0.01, 0.02, 0.04, 0.08]
    assert (len(waits), relay.checkpoint()) == (4, START)

    with pytest.raises(ValueError, match="attempts"):
        relay.run_once(attempts=0)
    broker.down = False
    while relay.run_once(5):
        pass
    assert [one.id for one in broker.published] == [one.event_id for one in shop.store.read_all()]


def test_a_broker_without_faults_keeps_each_message_once_and_in_order() -> None:
    broker = MemoryBroker()
    told = [Message(str(number), "/", "t", "", {}) for number in range(3)]
    for one in told:
        broker.publish(one)

    assert [message for _, message in broker.receive(2)] == told[:2]
    for receipt, _ in broker.receive(2):
        broker.acknowledge(receipt)
    assert [message for _, message in broker.receive()] == told[2:]
    broker.acknowledge("none")


def test_a_broker_that_reorders_gives_every_message_in_another_order() -> None:
    broker = MemoryBroker(reorder=5, seed=1)
    told = [Message(str(number), "/", "t", "", {}) for number in range(9)]
    for one in told:
        broker.publish(one)

    found = [message for _, message in broker.receive()]
    assert found != told
    assert sorted(found, key=lambda one: one.id) == told


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_broker_does_the_effect_comes_once(seed: int) -> None:
    shop = busy()
    broker = MemoryBroker(duplicate=0.4, drop_ack=0.4, reorder=5, seed=seed)
    db = sqlite3.connect(":memory:")
    relay = OutboxRelay(shop.store, broker, sqlite3.connect(":memory:"))
    while relay.run_once():
        pass
    effects: Counter[str] = Counter()

    consumer = InboxConsumer(db, "one", lambda _, message: effects.update([message.id]))
    while broker.receive():
        consumer.run_once(broker, 7)
    assert set(effects.values()) == {1}
    assert len(effects) == len(shop.store.read_all())
    assert consumer.duplicates > 0
    db.close()
    relay._db.close()


def test_an_effect_that_fails_leaves_no_trace_in_the_inbox(read_db: sqlite3.Connection) -> None:
    told = Message("1", "/", "t", "", {})
    failing = InboxConsumer(read_db, "one", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        failing.handle(told)
    assert InboxConsumer(read_db, "one", lambda *_: None).handle(told)
    assert not InboxConsumer(read_db, "one", lambda *_: None).handle(told)


def test_a_message_within_a_transaction_of_the_caller_is_refused_and_loses_nothing(
    read_db: sqlite3.Connection,
) -> None:
    consumer = InboxConsumer(read_db, "one", lambda *_: None)
    read_db.execute("CREATE TABLE own (id)")
    read_db.execute("BEGIN")
    read_db.execute("INSERT INTO own VALUES (1)")

    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        consumer.handle(Message("1", "/", "t", "", {}))
    read_db.execute("COMMIT")

    assert read_db.execute("SELECT id FROM own").fetchall() == [(1,)]


def test_a_table_outbox_goes_with_its_transaction(read_db: sqlite3.Connection) -> None:
    outbox, broker = TableOutbox(read_db), MemoryBroker()
    for number in range(3):
        read_db.execute("BEGIN")
        TableOutbox.put(read_db, Message(str(number), "/", "t", "", {}))
        read_db.execute("ROLLBACK" if number == 1 else "COMMIT")
    assert outbox.relay(broker) == 2
    assert [one.id for one in broker.published] == ["0", "2"]
    assert outbox.relay(broker) == 0
