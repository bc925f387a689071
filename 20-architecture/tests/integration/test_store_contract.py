"""One contract for every event store: memory, SQLite, group commit, PostgreSQL in three orders."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.ports import (
    START,
    ConcurrencyError,
    Cursor,
    DuplicateEventError,
    EventStore,
    Expected,
    NewEvent,
    StreamAppend,
    uuid7,
)

Maker = Callable[..., list[NewEvent]]
S = "stock-lamp"


@pytest.mark.parametrize(
    ("before", "expected", "fine"),
    [
        (0, Expected.ANY, True),
        (0, Expected.NO_STREAM, True),
        (0, Expected.EXISTS, False),
        (0, 1, False),
        (2, Expected.ANY, True),
        (2, Expected.NO_STREAM, False),
        (2, Expected.EXISTS, True),
        (2, 1, False),
        (2, 2, True),
        (2, 3, False),
    ],
)
def test_the_expected_version_decides(
    any_store: EventStore, new: Maker, before: int, expected: int, fine: bool
) -> None:
    any_store.append(S, new(before))
    if fine:
        assert any_store.append(S, new(), expected=expected).version == before + 1
        return
    with pytest.raises(ConcurrencyError, match=rf"stream {S}: expected .*, actual {before}"):
        any_store.append(S, new(), expected=expected)
    assert any_store.stream_version(S) == before


def test_a_repeated_append_is_answered_and_a_foreign_one_refused(
    any_store: EventStore, new: Maker
) -> None:
    events = new(3)
    any_store.append(S, events, expected=Expected.NO_STREAM)
    any_store.append(S, new())

    again = any_store.append(S, events, expected=Expected.NO_STREAM)
    assert (again.duplicate, again.version) == (True, 3)
    with pytest.raises(DuplicateEventError, match=rf"{events[0].event_id}.*{S}.*stock-vase"):
        any_store.append("stock-vase", events)
    with pytest.raises(DuplicateEventError):
        any_store.append(S, [events[2], events[0]])
    with pytest.raises(DuplicateEventError, match="twice"):
        any_store.append(S, new(1) * 2)
    assert any_store.stream_version(S) == 4


def test_several_streams_are_appended_together_or_not_at_all(
    any_store: EventStore, new: Maker
) -> None:
    any_store.append("a-1", new())
    batch = [StreamAppend("a-1", tuple(new(2)), 1), StreamAppend("b-1", tuple(new(2)), 0)]
    assert [one.version for one in any_store.append_many(batch)] == [3, 2]

    wrong = [StreamAppend("a-1", tuple(new(2)), 3), StreamAppend("b-1", tuple(new()), 7)]
    with pytest.raises(ConcurrencyError):
        any_store.append_many(wrong)
    assert [any_store.stream_version(name) for name in ("a-1", "b-1")] == [3, 2]
    assert len(any_store.read_all()) == 5


def test_reading_pages_bounds_types_and_directions(any_store: EventStore, new: Maker) -> None:
    assert (any_store.read(S), any_store.read_all(), any_store.head()) == ([], [], START)
    for number in range(6):
        any_store.append(S if number % 2 else "stock-vase", new(2, kind=f"K{number % 3}"))

    assert [one.version for one in any_store.read(S, after=1, upto=4)] == [2, 3, 4]
    assert [one.version for one in any_store.read(S, backwards=True, limit=2)] == [6, 5]
    assert (any_store.read(S, upto=-1), any_store.read(S, limit=0)) == ([], [])
    for wrong in (lambda: any_store.read(S, limit=-1), lambda: any_store.read_all(limit=-1)):
        with pytest.raises(ValueError, match="limit"):
            wrong()
    everything = any_store.read_all()
    assert len(everything) == 12
    assert all(one.cursor < two.cursor for one, two in pairwise(everything))
    assert any_store.head() == everything[-1].cursor
    paged, after = [], START
    while page := any_store.read_all(after=after, limit=5):
        paged += page
        after = page[-1].cursor
    assert paged == everything
    upto = everything[6].cursor
    assert any_store.read_all(after=everything[3].cursor, upto=upto) == everything[4:7]
    assert {one.type for one in any_store.read_all(types=["K1"])} == {"K1"}
    assert len(any_store.read_all(types=["K1", "K2"], limit=3)) == 3


def test_bytes_and_metadata_come_back_as_they_were(any_store: EventStore) -> None:
    data = b"\x00\xff" * 500_000
    event = NewEvent("Bytes", data, uuid7(), 3, {"who": "Zo\u00eb"})
    result = any_store.append(S, [event])
    assert any_store.append(S, []).version == 1

    (stored,) = any_store.read(S)
    assert (stored.data, stored.schema, dict(stored.metadata)) == (data, 3, {"who": "Zo\u00eb"})
    assert result.cursors == (stored.cursor,)


def test_names_and_versions_are_checked(any_store: EventStore, new: Maker) -> None:
    for name in ("", " ", "$all", "a\0b", "a\nb", "\ud800"):
        with pytest.raises(ValueError, match="stream"):
            any_store.append(name, new())
    with pytest.raises(ValueError, match="expected"):
        any_store.append(S, new(), expected=-3)


def test_a_cursor_of_another_kind_of_store_is_refused(
    store: EventStore, postgres_store: Callable[..., EventStore]
) -> None:
    for one, match in (
        (store, "epoch is not 0"),
        (MemoryEventStore(), "epoch is not 0"),
        (postgres_store("serial"), "another order"),
    ):
        with pytest.raises(ValueError, match=match):
            one.read_all(after=Cursor(7, 1))
        with pytest.raises(ValueError, match=match):
            one.read_all(upto=Cursor(7, 1))
    with pytest.raises(ValueError, match="another order"):
        postgres_store("xid").read_all(after=Cursor(0, 7))


def test_an_append_of_many_rows_is_several_statements_in_one_transaction(
    postgres_store: Callable[..., EventStore], new: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("velvet_architecture.adapters.postgres._MANY_ROWS", 3)
    result = postgres_store("xid").append(S, new(7))
    assert (result.version, len(result.cursors)) == (7, 7)
    assert list(result.cursors) == sorted(result.cursors)


def test_an_append_to_several_streams_keeps_their_order_though_another_comes_between(
    postgres_store: Callable[..., EventStore], new: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from velvet_architecture.adapters.postgres import PostgresEventStore

    store, rival, one = postgres_store("xid"), postgres_store("xid"), PostgresEventStore._one
    waiting = [True]

    def between(self: PostgresEventStore, db: Any, append: StreamAppend, *rest: Any) -> Any:
        if self is store and append.stream == "b-1" and waiting:
            waiting.clear()
            rival.append("b-1", new())
        return one(self, db, append, *rest)

    monkeypatch.setattr(PostgresEventStore, "_one", between)
    store.append_many([StreamAppend(name, tuple(new())) for name in ("a-1", "b-1")])
    seen = [event.version for event in store.read_all() if event.stream == "b-1"]
    assert (waiting, seen) == ([], [1, 2])


def test_an_append_that_expects_nothing_is_never_refused(
    postgres_store: Callable[..., EventStore], new: Maker
) -> None:
    store, writers = postgres_store("xid"), 4
    start, errors = threading.Barrier(writers), list[Exception]()

    def work() -> None:
        start.wait()
        try:
            for _ in range(10):
                store.append(S, new())
        except Exception as error:  # noqa: BLE001 - asserted below
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(writers)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (errors, store.stream_version(S)) == ([], 40)
