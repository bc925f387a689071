"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from velvet_desktop.core import chart, work
from velvet_desktop.core.dispatch import Dispatcher
from velvet_desktop.core.jobs import JobRunner
from velvet_desktop.core.model import MAX_ESTIMATE, MAX_TITLE, InvalidTask, Task
from velvet_desktop.core.rows import RowWindow
from velvet_desktop.core.settings import replace_file
from velvet_desktop.core.undo import UndoStack
from velvet_desktop.errors import ChildFailed

LINE = np.arange(4.0)


def numbers(offset: int, limit: int) -> list[int]:
    return list(range(offset, offset + limit))


def window(count: int = 3, **settings: int) -> Any:
    return RowWindow(numbers, count, **settings)


def kept(capacity: int) -> list[float]:
    ring = chart.RingBuffer(capacity)
    for value in (1.0, 2.0, 3.0):
        ring.append(value)
    return list(ring.values())


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: kept(1), [3.0]),
        (lambda: kept(2), [2.0, 3.0]),
        (lambda: kept(3), [1.0, 2.0, 3.0]),
        (lambda: kept(4), [1.0, 2.0, 3.0]),
        (lambda: len(chart.stride(LINE, LINE, 3)[0]), 3),
        (lambda: len(chart.stride(LINE * 0, LINE, 4)[0]), 4),
        (lambda: Task(1, "x" * MAX_TITLE).priority, 2),
        (lambda: Task(1, "x", priority=1, estimate=0).estimate, 0),
        (lambda: Task(1, "x", priority=3, estimate=MAX_ESTIMATE).priority, 3),
        (lambda: window(1, page=1, max_pages=2).row(0), 0),
        (lambda: [window().row(index) for index in (0, 2)], [0, 2]),
        (lambda: work.sized("sleep", 0.002, 1), 2),
        (lambda: JobRunner(Dispatcher(), grace_s=0) is None, False),
        (lambda: JobRunner(Dispatcher(), grace_s=threading.TIMEOUT_MAX) is None, False),
        (lambda: UndoStack(1) is None, False),
        (lambda: ChildFailed("ended", 3).code, 3),
        (lambda: ChildFailed("silent").code, None),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: chart.RingBuffer(0), "capacity is 0"),
        (lambda: chart.stride(LINE, LINE, 2), "n is 2"),
        (lambda: chart.stride(LINE, LINE[1:], 3), "4 places and 3 values"),
        (lambda: chart.stride(LINE[::-1], LINE, 3), "not sorted"),
        (lambda: Task(1, " "), "needs a title"),
        (lambda: Task(1, "x" * (MAX_TITLE + 1)), "at most"),
        (lambda: Task(1, "x", priority=0), "priority is 0"),
        (lambda: Task(1, "x", priority=4), "priority is 4"),
        (lambda: Task(1, "x", estimate=-0.1), "estimate is -0.1"),
        (lambda: Task(1, "x", estimate=MAX_ESTIMATE + 1), "choose 0 to"),
        (lambda: window(-1), "and a count"),
        (lambda: window(page=0), "1 row a page"),
        (lambda: window(max_pages=1), "at least 2 pages"),
        (lambda: window().row(-1), "row -1 of 3"),
        (lambda: window().row(3), "row 3 of 3"),
        (lambda: work.sized("sleep", 0), "0 s from size"),
        (lambda: work.sized("sleep", 1, 0), "size of at least 1"),
        (lambda: JobRunner(Dispatcher(), grace_s=-0.1), "grace_s is -0.1"),
        (lambda: JobRunner(Dispatcher(), grace_s=threading.TIMEOUT_MAX * 2), "that end"),
        (lambda: UndoStack(0), "limit is 0"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with pytest.raises((ValueError, IndexError, InvalidTask), match=words):
        call()


def test_a_new_text_is_on_the_disk_before_it_takes_the_place_of_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))

    replace_file(tmp_path / "x", "new")

    assert synced == [3]
    assert [one.name for one in tmp_path.iterdir()] == ["x"]
