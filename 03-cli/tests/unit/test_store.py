"""The store: what it keeps, what it refuses, and what it says about it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from velvet_cli.files import FileLock
from velvet_cli.store import (
    InvalidTask,
    StoreCorrupt,
    StoreLocked,
    Task,
    TaskNotFound,
    TaskStore,
    to_task,
)


@pytest.fixture
def store(tmp_path: Path) -> TaskStore:
    return TaskStore(tmp_path / "tasks.jsonl", lock_timeout=0.05, clock=lambda: 1000.0)


class Answer:
    """A token with a fixed answer that remembers how long it was asked to wait."""

    def __init__(self, stop: bool) -> None:
        self.stop, self.waited = stop, 0.0

    def wait(self, timeout: float) -> bool:
        self.waited = timeout
        return self.stop


def test_a_store_that_does_not_exist_is_empty(store: TaskStore) -> None:
    assert store.list() == []


def test_numbers_go_up_and_are_not_given_twice(store: TaskStore) -> None:
    store.add("a")
    store.add("b")
    store.remove(1)

    assert store.add("c").id == 3


def test_what_was_added_is_read_back_equal(store: TaskStore) -> None:
    added = store.add("né✓ \u2028 x", priority=5, tags=["home", "y z"])

    assert TaskStore(store.path).list() == [added]
    assert added == Task(1, "né✓ \u2028 x", 5, ("home", "y z"), False, 1000.0)


def test_done_marks_one_task_only(store: TaskStore) -> None:
    store.add("a")
    store.add("b")

    assert store.done(2).done
    assert [task.done for task in store.list()] == [False, True]


@pytest.mark.parametrize("number", [999, 0, -5])
def test_a_task_that_is_not_there_is_named(store: TaskStore, number: int) -> None:
    store.add("a")

    with pytest.raises(TaskNotFound, match=f"no task {number}"):
        store.done(number)
    with pytest.raises(TaskNotFound, match=f"no task {number}"):
        store.remove(1, number)
    assert len(store.list()) == 1


def test_filter_order_and_limit_work_together(store: TaskStore) -> None:
    for title, priority in (("c", 1), ("a", 5), ("b", 3)):
        store.add(title, priority=priority)

    assert [task.title for task in store.list(order="title")] == ["a", "b", "c"]
    assert [task.priority for task in store.list(order="priority", limit=2)] == [5, 3]
    assert [task.id for task in store.list(lambda task: task.priority < 4)] == [1, 3]
    assert store.list(limit=0) == []


@pytest.mark.parametrize(
    ("options", "wanted"), [({"limit": -1}, "limit"), ({"order": "x"}, "order")]
)
def test_a_wrong_limit_or_order_is_refused(
    store: TaskStore, options: dict[str, object], wanted: str
) -> None:
    with pytest.raises(ValueError, match=wanted):
        store.list(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("title", ["", "  ", "a\0b", "a\nb", "a\x7f", "\ud800"])
def test_a_title_that_is_no_line_is_refused_and_nothing_is_written(
    store: TaskStore, title: str
) -> None:
    with pytest.raises(InvalidTask, match="title"):
        store.add(title)
    assert not store.path.exists()


@pytest.mark.parametrize("priority", [0, 6, -1])
def test_a_priority_out_of_range_is_refused(store: TaskStore, priority: int) -> None:
    with pytest.raises(InvalidTask, match=f"1 to 5, not {priority}"):
        store.add("a", priority=priority)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([], "an object is needed, not list"),
        ({"id": 1}, "title is missing"),
        ({"title": "a"}, "id is missing"),
        ({"id": True, "title": "a"}, "id must be int"),
        ({"id": 0, "title": "a"}, "id must be positive"),
        ({"id": 1, "title": 5}, "title must be str"),
        ({"id": 1, "title": "a", "tags": "x"}, "tags must be a list"),
        ({"id": 1, "title": "a", "tags": [1]}, "a tag must be text"),
        ({"id": 1, "title": "a", "created": "now"}, "created must be a number"),
        ({"id": 1, "title": "a", "created": True}, "created must be a number"),
        ({"id": 1, "title": "a", "done": 1}, "done must be bool"),
        ({"id": 1, "title": "a", "colour": 1}, "unknown field 'colour'; known are id"),
    ],
)
def test_an_object_that_is_no_task_is_refused_with_the_reason(raw: object, says: str) -> None:
    with pytest.raises(InvalidTask, match=says):
        to_task(raw)


@pytest.mark.parametrize("bad", ["{nonsense", "[1]", '{"id": 3}', ""])
def test_a_bad_line_is_named_and_nothing_is_overwritten(store: TaskStore, bad: str) -> None:
    store.add("a")
    store.add("b")
    content = store.path.read_text(encoding="utf-8") + bad + "\n"
    store.path.write_text(content, encoding="utf-8")

    with pytest.raises(StoreCorrupt, match=r"tasks\.jsonl:3: not a task") as caught:
        store.add("c")

    assert caught.value.args[1] == 3
    assert store.path.read_text(encoding="utf-8") == content


def test_a_store_that_is_not_utf_8_is_named(store: TaskStore) -> None:
    store.path.write_bytes(b'{"id": 1, "title": "\xff"}\n')

    with pytest.raises(StoreCorrupt, match=":1: not UTF-8"):
        store.list()


def test_lines_are_imported_as_titles_or_objects_all_or_none(store: TaskStore) -> None:
    count = store.import_lines(["milk\n", "\n", '{"title": "bread", "priority": 5, "id": 77}\n'])

    assert count == 2
    assert [(task.id, task.title, task.priority) for task in store.list()] == [
        (1, "milk", 3),
        (2, "bread", 5),
    ]
    with pytest.raises(StoreCorrupt, match="list:2: not a task"):
        store.import_lines(["x", "{"], name="list")
    assert len(store.list()) == 2


def test_an_empty_import_writes_nothing(store: TaskStore) -> None:
    assert store.import_lines([]) == 0
    assert not store.path.exists()


def test_work_comes_to_its_end_or_is_stopped_and_removes_its_marker(store: TaskStore) -> None:
    marker = Path(f"{store.path}.working")
    ends, stops = Answer(False), Answer(True)

    assert store.work(3.5, ends.wait)
    assert not store.work(1.0, stops.wait)
    assert ends.waited == 3.5
    assert not marker.exists()


def test_a_failed_write_leaves_the_old_file_and_no_other(
    store: TaskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("a")
    before = store.path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.add("b")

    assert store.path.read_bytes() == before
    assert sorted(path.name for path in store.path.parent.iterdir()) == [
        "tasks.jsonl",
        "tasks.jsonl.lock",
    ]


def test_a_lock_that_is_held_is_waited_for_and_then_named(store: TaskStore) -> None:
    with (
        FileLock(Path(f"{store.path}.lock"), timeout=0),
        pytest.raises(StoreLocked, match="is held by another process"),
    ):
        store.add("a")

    assert store.add("a").id == 1


def test_a_lock_is_taken_as_soon_as_it_is_free(tmp_path: Path) -> None:
    first = FileLock(tmp_path / "lock", timeout=0)
    first.__enter__()
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            first.__exit__()

    with FileLock(tmp_path / "lock", timeout=60, sleep=nap) as lock:
        assert (len(naps), lock.path) == (2, first.path)


def test_a_negative_timeout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        FileLock(tmp_path / "lock", timeout=-1)


def test_a_lock_without_its_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "none" / "lock", timeout=0).__enter__()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX says EISDIR; Windows refuses otherwise")
def test_a_folder_in_place_of_the_store_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        TaskStore(tmp_path).list()
