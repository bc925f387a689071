"""Aggregates and bus: the use cases on stores in memory."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import Any

import pytest

from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.app.aggregates import AggregateStore, MemorySnapshots
from velvet_architecture.app.bus import (
    Context,
    EventHandlersFailed,
    MessageBus,
    idempotent,
    logged,
    timed,
)
from velvet_architecture.app.process import FulfilmentProcess
from velvet_architecture.bootstrap import CardPayments, build, registry
from velvet_architecture.domain.stock import (
    Allocate,
    BatchQuantityChanged,
    ChangeBatchQuantity,
    Deallocated,
    ReceiveBatch,
    Release,
    available,
    stock_decider,
)
from velvet_architecture.ports import (
    ConcurrencyError,
    DuplicateEventError,
    Snapshot,
    uuid7,
)

S = "stock-lamp"


def aggregates(**options: Any) -> AggregateStore:
    return AggregateStore(MemoryEventStore(), registry(), sleep=lambda _: None, **options)


class Rival(MemoryEventStore):
    """A store on which another writer is faster a number of times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times, self.shop = times, build(self)

    def append(self, stream: str, events: Any, *, expected: int = -1) -> Any:
        if expected > 0 and self.times:
            self.times -= 1
            super().append(
                stream, [self.shop.registry.encode(Deallocated("x", 1), event_id=uuid7())]
            )
        return super().append(stream, events, expected=expected)


def test_a_command_is_decided_again_when_another_was_faster() -> None:
    store = Rival(times=0)
    store.shop.receive("lamp", "b", 10)
    store.times = 3
    done = store.shop.allocate("lamp", "o1", 2)
    assert (done.attempts, store.shop.available("lamp")) == (4, 8)

    store.times = 3
    with pytest.raises(ConcurrencyError):
        store.shop.allocate("lamp", "o2", 2, retries=1)


def test_a_command_with_an_id_is_answered_not_repeated() -> None:
    ours = aggregates()
    ours.execute(stock_decider, S, ReceiveBatch("b", 10))
    first = ours.execute(stock_decider, S, Allocate("o", 1), command_id="c1")
    again = ours.execute(stock_decider, S, Allocate("o", 1), command_id="c1")

    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.events == first.events
    assert ours.execute(stock_decider, S, Allocate("o", 1)).events == ()


@pytest.mark.parametrize("cache", [0, 2])
def test_snapshots_shorten_loading_and_another_schema_does_not_use_them(cache: int) -> None:
    snapshots = MemorySnapshots()
    ours = aggregates(snapshots=snapshots, every=5, cache_size=cache)
    ours.execute(stock_decider, S, ReceiveBatch("b", 100))
    for number in range(11):
        ours.execute(stock_decider, S, Allocate(f"o{number}", 1))

    kept = snapshots.load(S)
    assert kept is not None
    assert kept.version == 10
    fresh = AggregateStore(ours.store, registry(), snapshots=snapshots)
    loaded = fresh.load(stock_decider, S)
    assert (loaded.version, loaded.events_read) == (12, 2)
    changed = fresh.load(replace(stock_decider, schema=2), S)
    assert (changed.state, changed.events_read) == (loaded.state, 12)
    assert ours.load(stock_decider, S, upto=1).version == 1
    assert ours.load(stock_decider, S).events_read == (0 if cache else 2)


def test_a_cache_keeps_the_streams_that_were_used_last_and_sees_other_writers() -> None:
    ours = aggregates(cache_size=2)
    for name in "abc":
        ours.execute(stock_decider, f"stock-{name}", ReceiveBatch("b", 10))
    assert ours.load(stock_decider, "stock-a").events_read == 1
    other = AggregateStore(ours.store, registry())
    other.execute(stock_decider, "stock-a", Allocate("o", 1))
    assert ours.load(stock_decider, "stock-a").version == 2


def test_a_bus_calls_one_handler_a_command_and_every_handler_of_its_events() -> None:
    seen: list[Any] = []
    bus = MessageBus()

    def handler(message: str, context: Context) -> int:
        context.events.extend([1, 2.5])
        return len(message)

    bus.command(str, handler)
    bus.event(int, lambda event, _: seen.append(event))
    bus.event(int, lambda event, context: seen.append(context.correlation_id))

    assert bus.handle("four", Context("c1")) == 4
    assert seen == [1, "c1"]
    with pytest.raises(ValueError, match="str has a handler already"):
        bus.command(str, handler)
    with pytest.raises(LookupError, match="no handler for the command bytes"):
        bus.handle(b"")


@pytest.mark.parametrize(("policy", "reached"), [("raise", 0), ("collect", 1), ("park", 1)])
def test_an_event_handler_that_fails_is_never_swallowed(policy: Any, reached: int) -> None:
    seen: list[Any] = []
    bus = MessageBus(on_event_error=policy)
    bus.command(str, lambda _, context: context.events.append(7))
    bus.event(int, lambda *_: 1 / 0)
    bus.event(int, lambda event, _: seen.append(event))

    if policy == "park":
        bus.handle("x")
        assert [type(error) for _, error in bus.parked] == [ZeroDivisionError]
    else:
        wanted = {"raise": ZeroDivisionError, "collect": EventHandlersFailed}[policy]
        with pytest.raises(wanted, match="division"):
            bus.handle("x")
    assert len(seen) == reached


def test_middleware_logs_times_and_answers_repeats(caplog: pytest.LogCaptureFixture) -> None:
    spent: dict[str, int] = {}
    ticks = iter(range(0, 1000, 10))
    calls: list[str] = []
    log = logging.getLogger("velvet.test")
    bus = MessageBus(
        (
            logged(log),
            timed(spent, lambda: next(ticks)),
            idempotent(lambda message: message if message != "free" else None),
        )
    )
    bus.command(str, lambda message, _: calls.append(message) or len(calls))
    bus.command(int, lambda number, _: 1 // number)

    with caplog.at_level(logging.DEBUG, "velvet.test"):
        assert [bus.handle("a"), bus.handle("a"), bus.handle("free"), bus.handle("free")] == [
            *(1, 1),
            *(2, 3),
        ]
        with pytest.raises(ZeroDivisionError):
            bus.handle(0)
    assert spent == {"str": 40, "int": 10}
    told = [one.getMessage().rpartition(" ") for one in caplog.records]
    assert [(before.split()[0], last) for before, _, last in told][-1] == ("int", "failed")
    assert [one.levelname for one in caplog.records] == ["DEBUG"] * 5 + ["WARNING"]


def test_a_bus_is_shared_by_threads() -> None:
    bus, seen = MessageBus(), list[int]()
    bus.command(str, lambda message, context: context.events.append(int(message)))
    bus.event(int, lambda event, _: seen.append(event))
    threads = [
        threading.Thread(target=lambda n=n: [bus.handle(str(n)) for _ in range(50)])
        for n in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(seen) == sorted(list(range(4)) * 50)


def test_a_command_that_ran_elsewhere_meanwhile_leaves_no_state_of_ours_in_the_cache() -> None:
    class Twice(MemoryEventStore):
        """A store on which our command is answered for a twin, behind a stranger's event."""

        twin: AggregateStore | None = None

        def append(self, stream: str, events: Any, *, expected: int = -1) -> Any:
            if (twin := self.twin) is not None:
                self.twin = None
                twin.execute(stock_decider, stream, Allocate("stranger", 5))
                twin.execute(stock_decider, stream, Allocate("o", 2), command_id="c1")
            return super().append(stream, events, expected=expected)

    store = Twice()
    ours = AggregateStore(store, registry(), cache_size=4)
    ours.execute(stock_decider, S, ReceiveBatch("b", 10))
    store.twin = AggregateStore(store, registry())
    done = ours.execute(stock_decider, S, Allocate("o", 2), command_id="c1")

    assert (done.duplicate, done.version) == (True, 3)
    assert available(ours.load(stock_decider, S).state) == 3


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b"7", b'{"batches":[7],"allocations":[]}'])
def test_a_damaged_snapshot_costs_a_replay_and_no_crash(damaged: bytes) -> None:
    snapshots = MemorySnapshots()
    ours = aggregates(snapshots=snapshots)
    ours.execute(stock_decider, S, ReceiveBatch("b", 10))
    snapshots.save(Snapshot(S, 1, stock_decider.schema, damaged))
    loaded = ours.load(stock_decider, S)
    assert (available(loaded.state), loaded.events_read) == (10, 1)


def test_a_policy_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="raise, collect or park"):
        MessageBus(on_event_error="ignore")  # type: ignore[arg-type]


def test_the_wait_between_two_attempts_stays_short_however_many_there_are() -> None:
    store, waits = Rival(times=0), list[float]()
    store.shop.receive("lamp", "b", 10)
    store.times = 40
    ours = AggregateStore(store, registry(), sleep=waits.append)
    assert ours.execute(stock_decider, S, Allocate("o1", 2), retries=50).attempts == 41
    assert len(waits) == 40
    assert max(waits) <= 0.256


def test_a_command_that_led_to_other_events_elsewhere_is_answered_all_the_same() -> None:
    class Twin(MemoryEventStore):
        """A store on which our command runs elsewhere first, after what it would undo was undone."""

        other: AggregateStore | None = None

        def append(self, stream: str, events: Any, *, expected: int = -1) -> Any:
            if (other := self.other) is not None:
                self.other = None
                other.execute(stock_decider, stream, Release("o"))
                other.execute(stock_decider, stream, ChangeBatchQuantity("b", 2), command_id="c1")
            return super().append(stream, events, expected=expected)

    store = Twin()
    ours = AggregateStore(store, registry())
    ours.execute(stock_decider, S, ReceiveBatch("b", 10))
    ours.execute(stock_decider, S, Allocate("o", 4))
    store.other = AggregateStore(store, registry())
    done = ours.execute(stock_decider, S, ChangeBatchQuantity("b", 2), command_id="c1")

    assert (done.duplicate, done.version) == (True, 4)
    assert done.events == (BatchQuantityChanged("b", 2),)
    with pytest.raises(DuplicateEventError):
        ours.execute(stock_decider, "stock-vase", ReceiveBatch("b", 1), command_id="c1")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: aggregates(every=0), "every"),
        (lambda: aggregates(cache_size=-1), "cache_size"),
        (
            lambda: aggregates().execute(stock_decider, S, ReceiveBatch("b", 1), retries=-1),
            "retries",
        ),
        (
            lambda: FulfilmentProcess(aggregates(), CardPayments(), timeout_s=float("nan")),
            "timeout_s",
        ),
    ],
)
def test_a_number_out_of_its_range_is_refused_by_name(wrong: Any, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        wrong()


def test_times_of_threads_are_added_up_and_none_is_lost() -> None:
    meet, seen = threading.Barrier(2), threading.local()

    def clock() -> int:
        """Return 0, then 10 to both threads at once."""
        seen.calls = getattr(seen, "calls", 0) + 1
        if seen.calls == 2:
            meet.wait(60)
        return 10 * (seen.calls - 1)

    spent: dict[str, int] = {}
    bus = MessageBus((timed(spent, clock),))
    bus.command(str, lambda *_: None)
    threads = [threading.Thread(target=bus.handle, args=("x",)) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert spent == {"str": 20}
