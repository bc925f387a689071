"""The tasks themselves, in a file that survives crashes, full disks and other processes.

One JSON object a line, so that a broken one can be named. Every change writes a whole new file
under an advisory lock: a reader sees the state before or after. Process-safe, not thread-safe.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from velvet_cli.files import FileLock, StoreLocked, abandoned, atomic_write

__all__ = [
    "InvalidTask",
    "StoreCorrupt",
    "StoreLocked",
    "Task",
    "TaskNotFound",
    "TaskStore",
]
PRIORITIES = (1, 5)
_C0_AND_DEL = {*range(32), 127}
# What JSON that is no task of ours may raise: nested too deep, a number that no float can hold.
_NOT_A_TASK = (ValueError, RecursionError, OverflowError)


class TaskNotFound(LookupError):
    """There is no task with that number."""

    def __str__(self) -> str:
        return f"no task {self.args[0]}"


class StoreCorrupt(ValueError):
    """A line of the store is no task; nothing was overwritten; `args` are path, line, why."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(path, line, why)

    def __str__(self) -> str:
        return "{}:{}: {}".format(*self.args)


def _undecodable(path: Path, read: int, error: UnicodeDecodeError) -> StoreCorrupt:
    # A file is decoded by the block, so the error may lie some lines behind the last one read.
    line = read + 1 + error.object[: error.start].count(b"\n")
    return StoreCorrupt(path, line, f"not UTF-8 ({error.reason})")


class InvalidTask(ValueError):
    """A field of a task breaks its rule."""


class Task(NamedTuple):
    """A task: a positive number, a one-line title, priority 1 to 5, tags, state, creation time.

    `created` is in seconds since the epoch.
    """

    id: int
    title: str
    priority: int
    tags: tuple[str, ...]
    done: bool
    created: float

    def row(self) -> dict[str, Any]:
        """Return the fields as JSON knows them."""
        return {**self._asdict(), "tags": list(self.tags)}

    def checked(self) -> Task:
        """Return the task itself; InvalidTask names the field, the value and the rule it breaks."""
        for name, text in (("title", self.title), *(("tag", tag) for tag in self.tags)):
            _line(name, text)
        low, high = PRIORITIES
        if not low <= self.priority <= high:
            raise InvalidTask(f"priority must be {low} to {high}, not {self.priority}")
        if self.id < 1:
            raise InvalidTask(f"id must be positive, not {self.id}")
        return self


def to_task(raw: object) -> Task:
    """Return the task that a decoded JSON object describes; only `id` and `title` are required.

    Raises InvalidTask: no object, an unknown, missing or wrong field; or OverflowError.
    """
    if not isinstance(raw, dict):
        raise InvalidTask(f"an object is needed, not {type(raw).__name__}")
    if unknown := raw.keys() - set(Task._fields):
        raise InvalidTask(f"unknown field {min(unknown)!r}; known are {', '.join(Task._fields)}")
    tags, created = raw.get("tags", []), raw.get("created", 0.0)
    if not isinstance(tags, list):
        raise InvalidTask(f"tags must be a list, not {tags!r}")
    # NaN and infinity are no JSON, although Python reads and writes them.
    if type(created) not in (int, float) or not abs(float(created)) < float("inf"):
        raise InvalidTask(f"created must be a number, not {created!r}")
    return Task(
        _of(raw, "id", int),
        _of(raw, "title", str),
        _of({"priority": 3, **raw}, "priority", int),
        tuple(tags),
        _of({"done": False, **raw}, "done", bool),
        float(created),
    ).checked()


def _of(raw: dict[str, Any], name: str, kind: type) -> Any:
    if name not in raw:
        raise InvalidTask(f"{name} is missing")
    # True is an int in Python, and no task's number.
    if type(raw[name]) is not kind:
        raise InvalidTask(f"{name} must be {kind.__name__}, not {raw[name]!r}")
    return raw[name]


def _line(name: str, text: object) -> None:
    if not isinstance(text, str):
        raise InvalidTask(f"a {name} must be text, not {text!r}")
    if not text.strip():
        raise InvalidTask(f"a {name} must not be empty")
    if bad := next((character for character in text if ord(character) in _C0_AND_DEL), None):
        raise InvalidTask(f"a {name} must be one line without control characters, not with {bad!r}")
    # What undecodable bytes of an argument become; UTF-8 cannot hold it.
    if bad := next((character for character in text if "\ud800" <= character <= "\udfff"), None):
        raise InvalidTask(f"a {name} must be valid Unicode, not with {bad!r}")


# Inside the class below, `list` is the method.
Tasks = list[Task]


class TaskStore:
    """Tasks in a JSON-lines file, which need not exist yet; its folder must.

    `lock_timeout`: seconds until `StoreLocked`; `clock`: seconds since the epoch.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lock_timeout: float = 2.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = Path(path)
        self._timeout, self._clock = lock_timeout, clock

    def __iter__(self) -> Iterator[Task]:
        """Yield the tasks in the file's order, one line in memory at a time.

        Raises StoreCorrupt: a line is no task; OSError: the file exists and cannot be read.
        """
        try:
            file = self.path.open(encoding="utf-8-sig", newline="\n")
        except FileNotFoundError:
            return
        with file:
            number = 0
            try:
                for line in file:
                    number += 1
                    yield to_task(json.loads(line))
            except UnicodeDecodeError as error:
                raise _undecodable(self.path, number, error) from None
            except _NOT_A_TASK as error:
                raise StoreCorrupt(self.path, number, f"not a task: {error}") from None

    def recover(self) -> None:
        """Remove what killed writers left behind, unless another process writes at this moment."""
        with suppress(OSError):
            if abandoned(self.path):
                with FileLock(self._lock_path, timeout=0):
                    for left in abandoned(self.path):
                        left.unlink()

    def add(self, title: str, *, priority: int = 3, tags: Iterable[str] = ()) -> Task:
        """Add one task and return it, with the next free number. O(n), as every change.

        Raises InvalidTask: a field breaks its rule; StoreLocked, StoreCorrupt, OSError.
        """
        (added,) = self._extend([Task(0, title, priority, tuple(tags), False, self._now())])
        return added

    def import_lines(self, stream: Iterable[str], *, name: str = "-") -> int:
        """Add a task for each line, a JSON object with at least a title, or a bare title; count
        them.

        All lines or none (StoreCorrupt names the first that is no task, under `name`). Blank lines
        are skipped, numbers are given anew, a byte order mark is dropped.
        """
        now, found, number = self._now(), list[Task](), 0
        try:
            for number, line in enumerate(stream, 1):
                text = (line.lstrip("\ufeff") if number == 1 else line).strip()
                if text:
                    raw = json.loads(text) if text.startswith("{") else {"title": text}
                    found.append(to_task({"created": now, **raw, "id": 1}))
        except UnicodeDecodeError as error:
            raise _undecodable(Path(name), number, error) from None
        except _NOT_A_TASK as error:
            raise StoreCorrupt(Path(name), number, f"not a task: {error}") from None
        return len(self._extend(found))

    def list(
        self,
        filter: Callable[[Task], bool] | None = None,  # noqa: A002 - the field's own word
        *,
        limit: int | None = None,
        order: str = "id",
    ) -> Tasks:
        """Return tasks that pass the filter; by priority means the most urgent first.

        Raises ValueError: the limit is negative, or no field of that name can be sorted by.
        """
        if limit is not None and limit < 0:
            raise ValueError(f"limit must be 0 or more, not {limit}")
        if order not in ("id", "priority", "title", "created"):
            raise ValueError(f"order must be id, priority, title or created, not {order!r}")
        found = [task for task in self if filter is None or filter(task)]
        found.sort(key=lambda task: -task.priority if order == "priority" else getattr(task, order))
        return found[:limit]

    def done(self, number: int) -> Task:
        """Mark one task as done and return it; TaskNotFound when there is none."""
        with self._changed() as tasks:
            for index, task in enumerate(tasks):
                if task.id == number:
                    tasks[index] = task._replace(done=True)
                    return tasks[index]
            raise TaskNotFound(number)

    def remove(self, *numbers: int) -> int:
        """Remove tasks, all of them or none (TaskNotFound); return how many."""
        with self._changed() as tasks:
            known = {task.id for task in tasks}
            for number in numbers:
                if number not in known:
                    raise TaskNotFound(number)
            tasks[:] = [task for task in tasks if task.id not in numbers]
        return len(set(numbers))

    def work(self, seconds: float, wait: Callable[[float], bool], *, linger: float = 0.0) -> bool:
        """Be busy, with a marker file while it lasts; return whether it came to its end.

        `wait`: waits so many seconds, and tells whether to stop early; `linger`: seconds that
        cleaning up takes; the marker is called ``.cleaning`` meanwhile. It is removed in any case.
        """
        marker, cleaning = Path(f"{self.path}.working"), Path(f"{self.path}.cleaning")
        marker.write_text(f"{os.getpid()}\n", encoding="utf-8")
        try:
            return not wait(seconds)
        finally:
            try:
                marker.replace(cleaning)
                time.sleep(linger)
            finally:
                marker.unlink(missing_ok=True)
                cleaning.unlink(missing_ok=True)

    def _now(self) -> float:
        return round(self._clock(), 3)

    def _extend(self, new: Iterable[Task]) -> Tasks:
        with self._changed() as tasks:
            first = max((task.id for task in tasks), default=0) + 1
            added = [task._replace(id=first + n).checked() for n, task in enumerate(new)]
            tasks.extend(added)
        return added

    @property
    def _lock_path(self) -> Path:
        return Path(f"{os.path.realpath(self.path)}.lock")

    @contextmanager
    def _changed(self) -> Iterator[Tasks]:
        """Lend the list of tasks under the lock, and write it where the block changed it."""
        with FileLock(self._lock_path, timeout=self._timeout):
            tasks = [*self]
            before = list(tasks)
            yield tasks
            if tasks != before:
                with atomic_write(self.path) as file:
                    encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False).encode
                    file.writelines(f"{encode(task.row())}\n" for task in tasks)
