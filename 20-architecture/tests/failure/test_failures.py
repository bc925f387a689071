"""Writers at once, killed programs, torn logs, full disks, held locks, servers that die."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet.services import Server
from velvet_architecture.adapters.group_commit import GroupCommitStore
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.bootstrap import build
from velvet_architecture.domain.stock import OutOfStock
from velvet_architecture.lab import crash
from velvet_architecture.ports import (
    START,
    AppendResult,
    ConcurrencyError,
    DuplicateEventError,
    EventStore,
    NewEvent,
    Snapshot,
    StoreUnavailable,
    StreamAppend,
    uuid7,
)
from velvet_architecture.samples import victim

Maker = Callable[..., list[NewEvent]]


def together(work: Callable[[int], None], writers: int = 4) -> None:
    start, errors = threading.Barrier(writers), list[BaseException]()

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(writers)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert errors == []


def test_writers_of_one_stream_leave_no_gap_and_lose_nothing(any_store: EventStore) -> None:
    shop = build(any_store)
    shop.receive("lamp", "b", 20)
    sold: list[str] = []

    def work(number: int) -> None:
        for turn in range(8):
            done = shop.allocate("lamp", f"{number}-{turn}", retries=10_000)
            if not any(isinstance(event, OutOfStock) for event in done.events):
                sold.append(f"{number}-{turn}")

    together(work)
    assert (len(sold), shop.available("lamp")) == (20, 0)
    versions = [event.version for event in any_store.read("stock-lamp")]
    assert versions == list(range(1, len(versions) + 1))


def test_a_follower_under_load_sees_each_event_once_and_in_order(any_store: EventStore) -> None:
    done, seen, after = threading.Event(), list[Any](), START
    wanted = 80

    def follow() -> None:
        nonlocal after
        while True:
            ended = done.is_set()
            page = any_store.read_all(after=after, limit=50)
            seen.extend(event.event_id for event in page)
            after = page[-1].cursor if page else after
            if len(seen) >= wanted or (ended and time.monotonic() > until):
                return

    until = time.monotonic() + 60  # only where something is lost
    follower = threading.Thread(target=follow)
    follower.start()
    ids = [[uuid7() for _ in range(20)] for _ in range(4)]

    def work(number: int) -> None:
        for one in ids[number]:
            any_store.append(f"s-{number}", [NewEvent("T", b"", one)])

    together(work)
    done.set()
    follower.join()
    assert sorted(seen) == sorted(one for some in ids for one in some)


@pytest.mark.parametrize("synchronous", ["normal", "full"])
def test_what_was_acknowledged_survives_a_kill(synchronous: str, tmp_path: Path) -> None:
    for acks in (1, 7):
        folder = tmp_path / str(acks)
        folder.mkdir()
        left = crash.kill_after(folder, acks, synchronous=synchronous)
        assert left.acknowledged >= acks
        assert (left.lost, left.partial) == (0, 0)


def test_programs_that_append_to_one_file_leave_no_gap_when_they_are_killed(tmp_path: Path) -> None:
    shared, kept = tmp_path / "shared", list[crash.Killed]()
    shared.mkdir()
    together(lambda _: kept.append(crash.kill_after(shared, 8)), writers=3)
    assert [(one.lost, one.partial) for one in kept] == [(0, 0)] * 3
    store = SqliteEventStore(shared / "log.db")
    for number in range(7):
        versions = [event.version for event in store.read(f"s-{number}")]
        assert versions == list(range(1, len(versions) + 1))
        assert len(versions) >= 6
    store.close()


def test_a_victim_that_fails_by_itself_is_no_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crash, "VICTIM", "velvet_architecture.samples.nothing")
    with pytest.raises(RuntimeError, match="after 0 of 3"):
        crash.kill_after(tmp_path, 3)
    with pytest.raises(RuntimeError, match="ended with 1 in round 0"):
        crash.deliver(tmp_path, "direct", rounds=1)


@pytest.mark.parametrize("content", [b"this is no database, it is a text" * 100, None])
def test_what_is_no_event_store_is_store_unavailable(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / ("no.db" if content else "no/such/folder.db")
    if content:
        path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match="is no event store"):
        SqliteEventStore(path)


def test_a_row_that_cannot_be_read_is_store_unavailable(
    store: SqliteEventStore, tmp_path: Path, new: Maker
) -> None:
    store.append("s-1", new())
    with sqlite3.connect(tmp_path / "events.db") as db:
        db.execute("UPDATE events SET type = CAST(x'ff' AS TEXT)")
    db.close()
    for read in (lambda: store.read("s-1"), store.read_all):
        with pytest.raises(StoreUnavailable, match="cannot be read"):
            read()


@pytest.mark.parametrize("wait", [float("inf"), float("nan"), -1.0])
def test_a_wait_that_would_end_the_writer_of_groups_is_refused(
    wait: float, store: SqliteEventStore
) -> None:
    with pytest.raises(ValueError, match="max_wait_ms"):
        GroupCommitStore(store, max_wait_ms=wait)
    with pytest.raises(ValueError, match="busy_timeout_s"):
        SqliteEventStore(":memory:", busy_timeout_s=wait)


def test_an_inbox_makes_one_effect_of_whatever_is_delivered(tmp_path: Path) -> None:
    told = crash.deliver(tmp_path, "outbox_inbox", rounds=3, total=16)
    assert told.kills == 3
    assert (told.orders, told.lost, told.wrong_effects) == (16, 0, 0)
    assert told.duplicate_sends > 0
    with pytest.raises(ValueError, match="mode"):
        crash.deliver(tmp_path, "hope")


def test_publishing_after_the_commit_loses_messages(tmp_path: Path) -> None:
    assert crash.deliver(tmp_path, "direct", rounds=1, total=12).lost == 1


@pytest.mark.parametrize("flip", [False, True])
def test_a_torn_log_holds_whole_transactions_only(flip: bool, tmp_path: Path) -> None:
    found = crash.tear(tmp_path, places=12, flip=flip)
    assert [one for one in found if not one.prefix] == []
    assert {one.events for one in found} != {60}
    (tmp_path / "no.db").write_bytes(b"this is no database, it is a text" * 100)
    assert not crash._look(tmp_path / "no.db", 0, flip, []).prefix


def test_a_victim_runs_in_this_process_too(tmp_path: Path) -> None:
    for mode in crash.MODES:
        folder = tmp_path / mode
        folder.mkdir()
        victim.main(["shop", str(folder), mode, "5"])
        told = crash.counted(folder, 0)
        assert (told.orders, told.lost, told.wrong_effects) == (5, 0, 0)


def test_a_full_disk_stores_nothing_of_an_append(tmp_path: Path, new: Maker) -> None:
    store = SqliteEventStore(tmp_path / "log.db", synchronous="normal", max_pages=30)
    stored = 0

    def until_full() -> None:
        nonlocal stored
        for _ in range(1_000):
            store.append("s-1", new(3, data=b"x" * 2000))
            stored += 3

    with pytest.raises(StoreUnavailable, match="full"):
        until_full()
    assert store.stream_version("s-1") == stored > 0
    store.close()


def test_a_rival_that_holds_the_lock_is_an_error_and_no_hang(tmp_path: Path, new: Maker) -> None:
    store = SqliteEventStore(tmp_path / "log.db", busy_timeout_s=0.05)
    rival = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.append("s-1", new())
    with pytest.raises(StoreUnavailable, match="locked"):
        store.save(Snapshot("s-1", 1, 1, b"{}"))
    rival.execute("ROLLBACK")
    rival.close()
    assert store.append("s-1", new()).version == 1
    store.close()
    with pytest.raises(ValueError, match="synchronous"):
        SqliteEventStore(tmp_path / "log.db", synchronous="off")  # type: ignore[arg-type]


def test_snapshots_in_the_file_never_go_back(store: SqliteEventStore) -> None:
    assert store.load("s-1") is None
    for version in (5, 3):
        store.save(Snapshot("s-1", version, 1, b"%d" % version))
    assert store.load("s-1") == Snapshot("s-1", 5, 1, b"5")


def test_a_refused_append_does_not_poison_its_group(tmp_path: Path, new: Maker) -> None:
    inner = SqliteEventStore(tmp_path / "log.db", synchronous="normal")
    store = GroupCommitStore(inner, max_batch=64, max_wait_ms=500)
    twice = new(1)
    asked = [
        StreamAppend("a-1", tuple(new(2)), 0),
        StreamAppend("b-1", tuple(new()), 7),
        StreamAppend("c-1", tuple(twice)),
        StreamAppend("d-1", tuple(twice)),
        StreamAppend("a-1", tuple(new()), 2),
    ]
    answers = [store.submit(one) for one in asked]
    kinds = [type(one.exception(60) or one.result()) for one in answers]
    wanted = [AppendResult, ConcurrencyError, AppendResult, DuplicateEventError, AppendResult]
    assert kinds == wanted
    assert [store.stream_version(name) for name in ("a-1", "b-1", "c-1", "d-1")] == [3, 0, 1, 0]
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.append("a-1", new())
    store.close()


def test_an_append_that_was_called_off_does_not_end_the_writer(tmp_path: Path, new: Maker) -> None:
    store = GroupCommitStore(SqliteEventStore(tmp_path / "log.db"), max_wait_ms=60_000)
    answers = [store.submit(StreamAppend("a-1", tuple(new()))) for _ in range(3)]
    assert answers[1].cancel()
    store.close()
    assert [answers[n].result(60).version for n in (0, 2)] == [1, 2]


def test_closing_a_group_store_commits_what_waits(tmp_path: Path, new: Maker) -> None:
    store = GroupCommitStore(SqliteEventStore(tmp_path / "log.db"), max_wait_ms=60_000)
    answers = [store.submit(StreamAppend("a-1", tuple(new()))) for _ in range(5)]
    store.close()
    assert [one.result(60).version for one in answers] == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="max_batch"):
        GroupCommitStore(SqliteEventStore(tmp_path / "other.db"), max_batch=0)


def test_a_group_whose_commit_fails_tells_every_caller(tmp_path: Path, new: Maker) -> None:
    inner = SqliteEventStore(tmp_path / "log.db", busy_timeout_s=0.05)
    rival = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    store = GroupCommitStore(inner)
    answers = [store.submit(StreamAppend("a-1", tuple(new()))) for _ in range(3)]
    assert {type(one.exception(60)) for one in answers} == {StoreUnavailable}
    rival.close()
    store.close()


def test_a_postgres_that_dies_is_store_unavailable_and_keeps_what_it_acknowledged(
    private_postgres: Server, new: Maker
) -> None:
    from velvet_architecture.adapters.postgres import PostgresEventStore

    store = PostgresEventStore(private_postgres.url)
    store.append("s-1", new(3))
    private_postgres.kill()
    with pytest.raises(StoreUnavailable, match="PostgreSQL took no request"):
        store.append("s-1", new())
    private_postgres.restart()
    assert store.stream_version("s-1") == 3
    assert store.append("s-1", new(), expected=3).version == 4
    store.close()
