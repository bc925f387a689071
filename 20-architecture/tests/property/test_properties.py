"""Whatever happens, in whatever order: stores, domain, snapshots, projections, processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.app.aggregates import AggregateStore, MemorySnapshots
from velvet_architecture.app.readside import ProjectionRunner, StockLevels, UnitsSoldPerDay
from velvet_architecture.bootstrap import build, registry
from velvet_architecture.domain import ArchitectureError, CommandRejected
from velvet_architecture.domain.orders import Money, OrderLine, PlaceOrder
from velvet_architecture.domain.stock import (
    Allocate,
    ChangeBatchQuantity,
    ReceiveBatch,
    Release,
    ShipAllocated,
    available,
    stock_decider,
)
from velvet_architecture.ports import (
    Cursor,
    EventStore,
    Expected,
    NewEvent,
    StreamAppend,
)

REFS, ORDERS = st.sampled_from("abc"), st.sampled_from(["o1", "o2", "o3", "o4"])
QTY = st.integers(1, 9)
COMMANDS = st.one_of(
    st.builds(ReceiveBatch, REFS, QTY, st.sampled_from([None, date(2030, 1, 1)])),
    st.builds(Allocate, ORDERS, QTY),
    st.builds(Release, ORDERS),
    st.builds(ShipAllocated, ORDERS),
    st.builds(ChangeBatchQuantity, REFS, st.integers(0, 12)),
)


def played(commands: list[Any], **options: Any) -> tuple[AggregateStore, Any]:
    ours = AggregateStore(MemoryEventStore(), registry(), **options)
    state: Any = stock_decider.initial
    for command in commands:
        try:
            done = ours.execute(stock_decider, "stock-lamp", command)
        except CommandRejected:
            continue
        state = stock_decider.fold(done.events, state)
    return ours, state


@settings(max_examples=60, deadline=None)
@given(st.lists(COMMANDS, max_size=25), st.integers(1, 6))
def test_replay_snapshot_and_projection_tell_the_same(commands: list[Any], every: int) -> None:
    snapshots = MemorySnapshots()
    ours, state = played(commands, snapshots=snapshots, every=every)
    fresh = AggregateStore(ours.store, registry())
    short = AggregateStore(ours.store, registry(), snapshots=snapshots)

    assert all(available(state, batch.ref) >= 0 for batch in state.batches)
    assert fresh.load(stock_decider, "stock-lamp").state == state
    assert short.load(stock_decider, "stock-lamp").state == state
    db = sqlite3.connect(":memory:", isolation_level=None)
    runner = ProjectionRunner(ours.store, db, registry(), [StockLevels(), UnitsSoldPerDay()])
    runner.catch_up(every)
    found = db.execute("SELECT units FROM stock_levels").fetchall()
    assert (found[0][0] if found else 0) == available(state)
    assert all(runner.verify(name) for name in runner.projections)
    db.close()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["lamp", "vase"]), QTY), min_size=1, max_size=4),
    st.integers(1, 2_000),
)
def test_a_process_ends_with_all_or_nothing(lines: list[tuple[str, int]], limit: int) -> None:
    shop = build(MemoryEventStore(), payment_limit=limit)
    for sku in ("lamp", "vase"):
        shop.receive(sku, "b", 12)
    command = PlaceOrder(tuple(OrderLine(s, q, Money(50, "EUR")) for s, q in lines), "ada")
    progress = shop.place("o1", command)

    taken = {sku: 12 - shop.available(sku) for sku in ("lamp", "vase")}
    wanted = {sku: sum(q for s, q in lines if s == sku) for sku in ("lamp", "vase")}
    paid = len(shop.payments.authorised) - len(shop.payments.refunded)
    if progress.result == "confirmed":
        assert (taken, paid) == (wanted, 1)
    else:
        assert (progress.result, taken, paid) == ("cancelled", {"lamp": 0, "vase": 0}, 0)


@given(
    st.tuples(st.integers(0, 9), st.integers(0, 9)), st.tuples(st.integers(0, 9), st.integers(0, 9))
)
def test_a_cursor_keeps_its_order_in_text(one: tuple[int, int], two: tuple[int, int]) -> None:
    a, b = Cursor(*one), Cursor(*two)
    assert (Cursor.parse(str(a)) < Cursor.parse(str(b))) is (one < two)


class StoreAgainstLists(RuleBasedStateMachine):
    """A store beside a dict of lists."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.model, self.order = self.make(), dict[str, list[str]](), list[str]()
        self.number = 0

    make: ClassVar[Callable[[], EventStore]] = MemoryEventStore

    def teardown(self) -> None:
        self.store.close()

    @rule(stream=st.sampled_from("abc"), count=st.integers(0, 3), expected=st.integers(-2, 4))
    def append(self, stream: str, count: int, expected: int) -> None:
        ids = [f"e{self.number + n}" for n in range(count)]
        self.number += count
        self._both(stream, ids, expected)

    @rule(stream=st.sampled_from("abc"), first=st.integers(0, 9), count=st.integers(1, 2))
    def again(self, stream: str, first: int, count: int) -> None:
        self._both(stream, [f"e{first + n}" for n in range(count)], Expected.ANY)

    def _both(self, stream: str, ids: list[str], expected: int) -> None:
        have = self.model.get(stream, [])
        known = {one for kept in self.model.values() for one in kept}
        wrong = not have if expected == Expected.EXISTS else expected not in (-1, len(have))
        repeated = any(ids == have[n : n + len(ids)] for n in range(len(have)))
        try:
            answer = self.store.append(
                stream, [NewEvent("T", b"", one) for one in ids], expected=expected
            )
        except ArchitectureError:
            assert ids
            assert (known & set(ids)) or wrong
            return
        if ids and not repeated:
            assert not wrong
            self.model[stream] = have + ids
            self.order += ids
        assert answer.duplicate is bool(ids and repeated)

    @rule(first=st.sampled_from("abc"), second=st.sampled_from("abc"))
    def two_streams_of_which_the_second_fails(self, first: str, second: str) -> None:
        self.number += 2
        batch = [
            StreamAppend(first, (NewEvent("T", b"", f"x{self.number - 2}"),)),
            StreamAppend(second, (NewEvent("T", b"", f"x{self.number - 1}"),), 999),
        ]
        try:
            self.store.append_many(batch)
        except ArchitectureError:
            return
        raise AssertionError("version 999 was not expected")

    @invariant()
    def they_are_equal(self) -> None:
        for stream in "abc":
            events = self.store.read(stream)
            assert [one.event_id for one in events] == self.model.get(stream, [])
            assert [one.version for one in events] == list(range(1, len(events) + 1))
        assert [one.event_id for one in self.store.read_all(limit=999)] == self.order


StoreAgainstLists.TestCase.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None
)


class FileAgainstLists(StoreAgainstLists):
    """The same for SQLite."""

    make = staticmethod(partial(SqliteEventStore, ":memory:"))


FileAgainstLists.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None
)
TestFileAgainstLists = FileAgainstLists.TestCase
TestStoreAgainstLists = StoreAgainstLists.TestCase
