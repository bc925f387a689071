"""The store against a list: any sequence of changes, by two writers, keeps both equal."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from velvet_cli.comparisons.running import clean_environment
from velvet_cli.store import Task, TaskNotFound, TaskStore

TITLES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20).filter(
    str.strip
)
PLAIN = TITLES.filter(lambda title: not title.strip().startswith("{"))
# A second process that does one change a line, and answers each when it is done.
WORKER = """
import sys
from velvet_cli.store import TaskStore
store = TaskStore(sys.argv[1], lock_timeout=30)
for line in sys.stdin:
    word, _, rest = line.rstrip("\\n").partition(" ")
    if word == "add":
        store.add(rest)
    else:
        store.remove(int(rest))
    print("done", flush=True)
"""


class TwoWriters(RuleBasedStateMachine):
    """Two store objects on one file, as two processes have them, beside a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "tasks.jsonl"
        self.stores = [TaskStore(path, clock=lambda: 5.0) for _ in range(2)]
        self.model: list[Task] = []

    def teardown(self) -> None:
        self.folder.cleanup()

    def fresh(self) -> int:
        return max((task.id for task in self.model), default=0) + 1

    @rule(who=st.integers(0, 1), title=TITLES, priority=st.integers(1, 5), tags=st.lists(TITLES))
    def add(self, who: int, title: str, priority: int, tags: list[str]) -> None:
        expected = Task(self.fresh(), title, priority, tuple(tags), False, 5.0)

        assert self.stores[who].add(title, priority=priority, tags=tags) == expected
        self.model.append(expected)

    @precondition(lambda self: self.model)
    @rule(who=st.integers(0, 1), data=st.data())
    def done(self, who: int, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.model) - 1))
        self.model[index] = self.model[index]._replace(done=True)

        assert self.stores[who].done(self.model[index].id) == self.model[index]

    @precondition(lambda self: self.model)
    @rule(who=st.integers(0, 1), data=st.data())
    def remove(self, who: int, data: st.DataObject) -> None:
        gone = self.model.pop(data.draw(st.integers(0, len(self.model) - 1)))

        self.stores[who].remove(gone.id)

    @rule(who=st.integers(0, 1), titles=st.lists(PLAIN))
    def import_titles(self, who: int, titles: list[str]) -> None:
        first = self.fresh()
        wanted = [title.strip() for title in titles]
        self.model += [Task(first + n, t, 3, (), False, 5.0) for n, t in enumerate(wanted)]

        assert self.stores[who].import_lines(titles) == len(titles)

    @rule(who=st.integers(0, 1))
    def remove_what_is_not_there(self, who: int) -> None:
        with pytest.raises(TaskNotFound):
            self.stores[who].remove(*(task.id for task in self.model), self.fresh())

    @invariant()
    def both_see_the_list(self) -> None:
        for store in self.stores:
            assert [*store] == self.model


TwoWriters.TestCase.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
test_two_writers_and_a_list_agree = TwoWriters.TestCase


def test_changes_of_two_processes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    words = [sys.executable, "-c", WORKER, str(path)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [
        subprocess.Popen(words, env=clean_environment(tmp_path), encoding="utf-8", **pipes)
        for _ in range(2)
    ]

    outputs = [_told(worker, n) for n, worker in enumerate(workers)]
    answers = [finish() for finish in outputs]

    titles = sorted(task.title for task in TaskStore(path))
    assert answers == ["done\n" * 20] * 2
    assert titles == sorted(f"task {n} {i}" for n in range(2) for i in range(20))
    assert sorted(task.id for task in TaskStore(path)) == list(range(1, 41))


def _told(worker: subprocess.Popen[str], n: int) -> Callable[[], str]:
    assert worker.stdin is not None
    worker.stdin.writelines(f"add task {n} {i}\n" for i in range(20))
    worker.stdin.flush()
    return lambda: worker.communicate(timeout=60)[0]
