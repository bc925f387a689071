"""The store's own promises: pages, versions, transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from velvet_web.domain import NewTask, Problem
from velvet_web.store import EXPORT_PAGE, SqliteStore, Unavailable


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(str(tmp_path / "a" / "new" / "board.db"), busy=0.05)
    yield opened
    opened.close()


def test_a_change_of_an_old_version_is_not_made(store: SqliteStore) -> None:
    task = store.create(NewTask("first"))
    store.replace(task, NewTask("second"))

    assert store.replace(task, NewTask("late")) is None
    assert store.delete(task) is False
    found = store.get(task.id)
    assert found is not None
    assert (found.title, found.version) == ("second", 2)


def test_a_key_works_once_even_for_twenty_threads(store: SqliteStore) -> None:
    patient = SqliteStore(store._path, busy=10)

    with ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(patient.create_once, NewTask("x"), "key", "same") for _ in range(20)]
        found = [call.result() for call in calls]

    patient.close()
    assert len({task.id for task, _ in found}) == 1
    assert sum(fresh for _, fresh in found) == 1


def test_another_body_with_the_same_key_is_a_conflict(store: SqliteStore) -> None:
    store.create_once(NewTask("x"), "key", "one")

    with pytest.raises(Problem, match="another body"):
        store.create_once(NewTask("y"), "key", "two")
    assert len(store.page(10)) == 1


def test_a_failure_inside_a_transaction_leaves_nothing(store: SqliteStore) -> None:
    def fails(run: object) -> None:
        run("DELETE FROM tasks", ())  # type: ignore[operator]
        raise KeyError("after the first statement")

    store.create(NewTask("kept"))
    with pytest.raises(KeyError):
        store.transact(fails, write=True)

    assert len(store.page(10)) == 1


def test_a_commit_that_fails_leaves_no_transaction_open(store: SqliteStore) -> None:
    store.transact(
        lambda run: [
            run(sql, ())
            for sql in (
                "PRAGMA foreign_keys = ON",
                "CREATE TABLE later (id REFERENCES tasks (id) DEFERRABLE INITIALLY DEFERRED)",
            )
        ]
    )

    with pytest.raises(sqlite3.IntegrityError):
        store.transact(lambda run: run("INSERT INTO later VALUES (999)", ()), write=True)

    assert store.create(NewTask("next")).title == "next"


def test_a_connection_that_cannot_be_opened_takes_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    store = SqliteStore(str(tmp_path / "board.db"), connections=2, busy=0.02)
    inside, leave = threading.Event(), threading.Event()

    def holds(_: object) -> None:
        inside.set()
        leave.wait(5)

    holder = threading.Thread(target=store.transact, args=(holds,))
    holder.start()
    inside.wait(5)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(sqlite3, "connect", fails)
            for _ in range(3):
                with pytest.raises(Unavailable, match="unable to open"):
                    store.ping()
        store.ping()
    finally:
        leave.set()
        holder.join()
        store.close()


def test_a_locked_database_is_unavailable_and_recovers(store: SqliteStore) -> None:
    other = sqlite3.connect(store._path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="locked"):
        store.create(NewTask("x"))
    other.execute("ROLLBACK")
    other.close()

    assert store.create(NewTask("x")).title == "x"


def test_an_exhausted_pool_is_unavailable(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "board.db"), connections=1, busy=0.02)
    inside, leave = threading.Event(), threading.Event()

    def holds(_: object) -> None:
        inside.set()
        leave.wait(5)

    holder = threading.Thread(target=store.transact, args=(holds,))
    holder.start()
    inside.wait(5)
    try:
        with pytest.raises(Unavailable, match="no connection left"):
            store.ping()
    finally:
        leave.set()
        holder.join()
        store.close()


def test_a_thread_that_waits_has_the_connection_that_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(str(tmp_path / "board.db"), connections=1, busy=60)
    waiting, wait_for = threading.Event(), store._returned.wait_for
    waiter = threading.Thread(target=store.ping)

    def waits(*wanted: Any) -> bool:
        waiting.set()
        return wait_for(*wanted)

    def holds(_: object) -> None:
        monkeypatch.setattr(store._returned, "wait_for", waits)
        waiter.start()
        waiting.wait(5)

    store.transact(holds)
    waiter.join(5)

    assert not waiter.is_alive()
    store.close()


def test_a_closed_store_has_closed_its_connections(store: SqliteStore) -> None:
    store.ping()
    connection = store._all[0]

    store.close()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_an_export_has_every_task_over_several_pages(store: SqliteStore) -> None:
    count = EXPORT_PAGE + 3
    store.transact(
        lambda run: [
            run(
                "INSERT INTO tasks (title, completed, created_at, version) VALUES (?, 0, '', 1)",
                (str(n),),
            )
            for n in range(count)
        ],
        write=True,
    )

    pages = list(store.export())

    assert [len(page) for page in pages] == [EXPORT_PAGE, 3]
