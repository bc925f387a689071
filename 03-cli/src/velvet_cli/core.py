"""The tasks themselves, in a file that survives crashes, full disks and other processes.

One JSON object a line, so that `grep` works and a broken line can be named. Every change
writes a whole new file beside the old one and renames it (atomic on POSIX and NTFS), under
an advisory lock on a file of its own: a reader sees the state before or after, never between.
Knows nothing of any command line; process-safe, not thread-safe.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from velvet_cli.atomic import replaced
from velvet_cli.locking import FileLock, StoreLocked
from velvet_cli.task import InvalidTask, Task, to_task

__all__ = ["Stats", "StoreCorrupt", "StoreLocked", "Task", "TaskNotFound", "TaskStore", "Token"]


class TaskNotFound(LookupError):
    """There is no task with that number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"no task {number}")
        self.number = number


class StoreCorrupt(ValueError):
    """A line of the store is no task; nothing has been overwritten."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}")
        self.path, self.line, self.why = path, line, why


class Stats(NamedTuple):
    """Counts of tasks."""

    total: int
    open: int
    done: int
    by_priority: dict[int, int]
    by_tag: dict[str, int]


# Inside the class below, `list` is the method.
Tasks = list[Task]


class Token(Protocol):
    """What `TaskStore.work` asks whether it should stop; see `signals.CancelToken`."""

    def wait(self, timeout: float) -> bool:
        """Wait, and return whether to stop."""


class TaskStore:
    """Tasks in a JSON-lines file.

    Args:
        path: the file; it need not exist yet, its folder must.
        lock_timeout: seconds to wait for another process before `StoreLocked`.
        clock: seconds since the epoch, for `Task.created`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lock_timeout: float = 2.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = Path(path)
        self._lock = FileLock(Path(f"{self.path}.lock"), timeout=lock_timeout)
        self._clock = clock

    def __iter__(self) -> Iterator[Task]:
        """Yield the tasks in the file's order, one line in memory at a time.

        Raises:
            StoreCorrupt: a line is no task.
            OSError: the file exists and cannot be read.
        """
        try:
            file = self.path.open(encoding="utf-8", newline="\n")
        except FileNotFoundError:
            return
        with file:
            number = 0
            try:
                for line in file:
                    number += 1
                    yield to_task(json.loads(line))
            except UnicodeDecodeError as error:
                raise StoreCorrupt(self.path, number + 1, f"not UTF-8 ({error.reason})") from None
            except (ValueError, InvalidTask) as error:
                raise StoreCorrupt(self.path, number, f"not a task: {error}") from None

    def add(self, title: str, *, priority: int = 3, tags: Iterable[str] = ()) -> Task:
        """Add one task and return it, with the next free number. O(n), as every change.

        Raises:
            InvalidTask: title, priority or a tag breaks its rule.
            StoreLocked, StoreCorrupt, OSError: see `__iter__` and the class.
        """
        (added,) = self._extend([Task(0, title, priority, tuple(tags), False, self._now())])
        return added

    def import_lines(self, stream: Iterable[str], *, name: str = "-") -> int:
        """Add a task for each line: a JSON object with at least a title, or a bare title.

        All lines or none: the first invalid one stops it. Blank lines are skipped; numbers
        are given anew. Returns how many were added.

        Raises:
            StoreCorrupt: a line of the input is no task; says which, under `name`.
        """
        now, found = self._now(), []
        for number, line in enumerate(stream, 1):
            text = line.strip()
            if not text:
                continue
            try:
                raw = json.loads(text) if text.startswith("{") else {"title": text}
                found.append(to_task({"created": now, **raw, "id": 1}))
            except (ValueError, InvalidTask) as error:
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

        Raises:
            ValueError: the limit is negative, or no field of that name can be sorted by.
        """
        if limit is not None and limit < 0:
            raise ValueError(f"limit must be 0 or more, not {limit}")
        if order not in ("id", "priority", "title", "created"):
            raise ValueError(f"order must be id, priority, title or created, not {order!r}")
        found = [task for task in self if filter is None or filter(task)]
        found.sort(key=lambda task: -task.priority if order == "priority" else getattr(task, order))
        return found[:limit]

    def done(self, number: int) -> Task:
        """Mark one task as done and return it.

        Raises:
            TaskNotFound: there is none with that number.
        """
        with self._lock:
            tasks: Tasks = [*self]
            for index, task in enumerate(tasks):
                if task.id == number:
                    tasks[index] = task._replace(done=True)
                    self._replace(tasks)
                    return tasks[index]
        raise TaskNotFound(number)

    def remove(self, *numbers: int) -> int:
        """Remove tasks, all of them or none; return how many.

        Raises:
            TaskNotFound: one of them is not there.
        """
        with self._lock:
            tasks = [*self]
            known = {task.id for task in tasks}
            for number in numbers:
                if number not in known:
                    raise TaskNotFound(number)
            self._replace(task for task in tasks if task.id not in numbers)
        return len(set(numbers))

    def export(self, format: str) -> Iterator[str]:  # noqa: A002 - the field's own word
        """Yield the tasks as text in one of `formats.FORMATS`; lazy except for tables.

        Raises:
            ValueError: there is no such format.
        """
        from velvet_cli.formats import render_rows

        return render_rows((task.row() for task in self), Task._fields, format)

    def stats(self) -> Stats:
        """Count the tasks. O(n)."""
        by_priority: dict[int, int] = {}
        by_tag: dict[str, int] = {}
        total = done = 0
        for task in self:
            total += 1
            done += task.done
            by_priority[task.priority] = by_priority.get(task.priority, 0) + 1
            for tag in task.tags:
                by_tag[tag] = by_tag.get(tag, 0) + 1
        return Stats(
            total,
            total - done,
            done,
            dict(sorted(by_priority.items())),
            dict(sorted(by_tag.items())),
        )

    def work(self, seconds: float, token: Token, *, linger: float = 0.0) -> bool:
        """Be busy, with a marker file while it lasts; return whether it came to its end.

        Args:
            seconds: how long to work.
            token: asked all the time; when it is set, work stops early.
            linger: seconds that cleaning up takes; the marker is called ``.cleaning`` meanwhile.
                It is removed in any case.
        """
        marker, cleaning = Path(f"{self.path}.working"), Path(f"{self.path}.cleaning")
        marker.write_text(f"{os.getpid()}\n", encoding="utf-8")
        try:
            return not token.wait(seconds)
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
        with self._lock:
            tasks = [*self]
            first = max((task.id for task in tasks), default=0) + 1
            added = [task._replace(id=first + n).checked() for n, task in enumerate(new)]
            if added:
                self._replace([*tasks, *added])
        return added

    def _replace(self, tasks: Iterable[Task]) -> None:
        with replaced(self.path) as file:
            encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False).encode
            file.writelines(f"{encode(task.row())}\n" for task in tasks)
