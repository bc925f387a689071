"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet_architecture.adapters.group_commit import GroupCommitStore
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.bootstrap import CardPayments
from velvet_architecture.domain import whole
from velvet_architecture.domain.orders import (
    ConfirmOrder,
    MarkReserved,
    Money,
    OrderLine,
    PlaceOrder,
)
from velvet_architecture.lab.gap import interleave
from velvet_architecture.lab.shapes import EventSourcedShop, NaiveShop
from velvet_architecture.ports import Expected, NewEvent, StoreUnavailable, StreamAppend

EURO = Money(1, "EUR")
LINE = OrderLine("a", 1, EURO)


def event(schema: Any) -> NewEvent:
    return NewEvent("Put", b"", "id", schema)


def last(**numbers: Any) -> Any:
    return list(interleave("naive", **numbers))[-1]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: whole("n", 1), None),
        (lambda: whole("n", 2**53 - 1), None),
        (lambda: whole("n", -3, least=-3), None),
        (lambda: OrderLine("a", 1, Money(0, "EUR")).price.minor, 0),
        (lambda: PlaceOrder((LINE, LINE), "Ann").lines, (LINE, LINE)),
        (lambda: event(1).schema, 1),
        (lambda: event(2**31 - 1).schema, 2**31 - 1),
        (lambda: StreamAppend("s", (), Expected.EXISTS).expected, Expected.EXISTS),
        (lambda: CardPayments(limit=3).authorise("k", Money(3, "EUR")), "k"),
        (lambda: last(writers=1, each=1).events, 1),
        (lambda: last(writers=2, each=1, rollbacks=1).events, 0),
        (lambda: Expected.word(Expected.EXISTS), "an existing stream"),
        (lambda: Expected.word(Expected.ANY), "any"),
        (lambda: Expected.word(2), "2"),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], object], answer: object) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: whole("n", 0), "from 1 to"),
        (lambda: whole("n", 2**53), "from 1 to"),
        (lambda: whole("n", True), "not True"),
        (lambda: whole("n", 1.0), "not 1.0"),
        (lambda: whole("n", -4, least=-3), "from -3"),
        (lambda: OrderLine("a", 0, EURO), "qty"),
        (lambda: OrderLine("a", 1, Money(-1, "EUR")), "must not be negative, not -1"),
        (lambda: PlaceOrder((), "Ann"), "at least one line"),
        (lambda: PlaceOrder((LINE, OrderLine("b", 1, Money(1, "USD"))), "Ann"), "one currency"),
        (lambda: event(0), "not 0"),
        (lambda: event(2**31), "not 2147483648"),
        (lambda: event(True), "not True"),
        (lambda: StreamAppend("s", (), Expected.EXISTS - 1), "one of Expected"),
        (lambda: last(writers=0), "at least 1"),
        (lambda: last(each=0), "at least 1"),
        (lambda: last(rollbacks=-0.01), "from 0 to 1"),
        (lambda: last(rollbacks=1.01), "from 0 to 1"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(("wait_ms", "timeout_s"), [(0, 0), (60_000, 86_400)])
def test_a_store_waits_as_long_as_it_may(tmp_path: Path, wait_ms: float, timeout_s: float) -> None:
    store = SqliteEventStore(tmp_path / "a.db", busy_timeout_s=timeout_s)
    group = GroupCommitStore(store, max_wait_ms=wait_ms)
    waiting = group.submit(StreamAppend("s", (event(1),), Expected.NO_STREAM))
    group.close()

    assert waiting.done()
    assert store._opened == []
    assert waiting.result(timeout=60).version == 1


@pytest.mark.parametrize(("wait_ms", "timeout_s"), [(-1, -1), (60_001, 86_401)])
def test_a_store_waits_no_longer(tmp_path: Path, wait_ms: float, timeout_s: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 86,400"):
        SqliteEventStore(tmp_path / "a.db", busy_timeout_s=timeout_s)
    with pytest.raises(ValueError, match="from 0 to 60,000"):
        GroupCommitStore(MemoryEventStore(), max_wait_ms=wait_ms)  # type: ignore[arg-type]


def test_a_store_whose_append_failed_takes_the_next_one(tmp_path: Path) -> None:
    errors = [sqlite3.OperationalError("disk I/O error")]

    def clock() -> int:
        if errors:
            raise errors.pop()
        return 1

    store = SqliteEventStore(tmp_path / "a.db", clock_ns=clock)
    with pytest.raises(StoreUnavailable, match="took no append: disk I/O error"):
        store.append("s", [event(1)])
    assert store.append("s", [event(1)]).version == 1
    store.close()


def test_commands_without_a_field_are_values() -> None:
    assert MarkReserved() == MarkReserved() != ConfirmOrder() == ConfirmOrder()


@pytest.mark.parametrize(
    ("make", "connection_of"),
    [(NaiveShop, lambda shop: shop.db), (EventSourcedShop, lambda shop: shop.store._db())],
)
def test_a_closed_shop_has_released_its_file(
    tmp_path: Path, make: Any, connection_of: Callable[[Any], sqlite3.Connection]
) -> None:
    shop = make(tmp_path / "shop.db", 1)
    connection = connection_of(shop)
    assert shop.retries == 0

    shop.close()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
