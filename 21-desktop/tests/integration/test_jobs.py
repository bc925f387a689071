"""Jobs in threads and processes, imports, and the remote control of a window that nothing draws."""

from __future__ import annotations

import io
import json
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from velvet_desktop import probe
from velvet_desktop.core import work
from velvet_desktop.core.dispatch import Dispatcher
from velvet_desktop.core.importing import ImportReport, import_csv, parse
from velvet_desktop.core.jobs import Job, JobRunner, Mode, State
from velvet_desktop.core.model import BATCH, TaskStore
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.errors import ChildFailed, JobLost
from velvet_desktop.windows import Window

Maker = Callable[..., Window]
MODES: tuple[Mode, ...] = ("ui", "thread", "process")
A_MINUTE_MS = 60_000


class Desk:
    """A runner with its dispatcher, and what it delivered."""

    def __init__(self, grace_s: float = 0.2) -> None:
        self.dispatcher = Dispatcher()
        self.runner = JobRunner(self.dispatcher, grace_s=grace_s)
        self.told: list[tuple[str, Any]] = []

    def submit(self, function: Any, *arguments: Any, mode: Mode) -> Job:
        return self.runner.submit(
            function,
            *arguments,
            mode=mode,
            on_progress=lambda value: self.told.append(("progress", value)),
            on_done=lambda value: self.told.append(("done", value)),
            on_error=lambda value: self.told.append(("error", value)),
        )

    def settle(self, job: Job) -> Job:
        while job.state is State.RUNNING:
            self.dispatcher.drain()
            time.sleep(0.002)
        return job


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Return a desk that is cleared afterwards."""
    made = Desk()
    yield made
    made.dispatcher.close()
    made.runner.close()


@pytest.mark.parametrize("mode", MODES)
def test_a_job_tells_progress_and_its_answer_wherever_it_runs(desk: Desk, mode: Mode) -> None:
    job = desk.settle(desk.submit(work.loop, 100_000, mode=mode))

    assert job.state is State.DONE
    assert desk.told[-1] == ("done", job.result)
    assert job.result == sum(number & 7 for number in range(100_000))
    assert {kind for kind, _ in desk.told[:-1]} <= {"progress"}
    again = desk.settle(desk.submit(work.sleep, 1, mode=mode))
    assert again.result == 1


@pytest.mark.parametrize("mode", MODES)
def test_what_a_job_raises_is_delivered(desk: Desk, mode: Mode) -> None:
    job = desk.settle(desk.submit(work.sort, -1, mode=mode))

    assert job.state is State.FAILED
    assert isinstance(job.error, ValueError)
    assert desk.told == [("error", job.error)]


def test_what_cannot_be_pickled_is_an_error_and_not_a_hang(desk: Desk) -> None:
    there = desk.settle(desk.submit(work.loop, lambda: None, mode="process"))
    back = desk.settle(desk.submit(weakref.ref, mode="process"))

    assert there.state is back.state is State.FAILED
    assert "cannot leave the worker" in str(back.error)


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_nothing_arrives_after_a_job_was_cancelled(desk: Desk, mode: Mode) -> None:
    job = desk.submit(work.loop, 10**9, mode=mode)
    while not desk.told:
        desk.dispatcher.drain()
    job.cancel()
    job.cancel()
    heard = len(desk.told)
    job.finished.wait()
    desk.dispatcher.run_pending()

    assert (job.state, len(desk.told)) == (State.CANCELLED, heard)


def test_a_job_that_ignores_its_cancelling_is_killed_after_the_grace(desk: Desk) -> None:
    desk.runner.warm()
    desk.runner.warm()
    begun = time.monotonic()
    job = desk.submit(work.sleep, A_MINUTE_MS, mode="process")
    job.cancel()
    job.finished.wait()

    assert time.monotonic() - begun < A_MINUTE_MS / 1e3
    assert (job.state, desk.told) == (State.CANCELLED, [])


def test_a_worker_that_dies_is_a_lost_job_and_the_next_one_works(desk: Desk) -> None:
    desk.runner.warm()
    job = desk.submit(work.sleep, A_MINUTE_MS, mode="process")
    workers = [one for one in psutil.Process().children() if "spawn_main" in str(one.cmdline())]
    for worker in workers:
        worker.kill()
    desk.settle(job)

    assert job.state is State.LOST
    assert isinstance(job.error, JobLost)
    assert job.error.exitcode not in (0, None)
    assert desk.settle(desk.submit(work.sleep, 1, mode="process")).state is State.DONE


def test_a_closed_runner_takes_no_job_and_leaves_none(desk: Desk) -> None:
    job = desk.submit(work.loop, 10**9, mode="thread")
    other = desk.submit(work.loop, 10**9, mode="process")
    desk.runner.close()

    assert job.finished.is_set()
    assert other.finished.is_set()
    with pytest.raises(ValueError, match="choose one of ui, thread, process"):
        desk.submit(work.loop, 1, mode="fiber")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="the window is closed"):
        desk.submit(work.loop, 1, mode="thread")


def csv_of(path: Path, rows: int, *more: str) -> Path:
    lines = ["title,status,priority,estimate", *(f"row {n},todo,1,2" for n in range(rows)), *more]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "accepted", "rejected", "why"),
    [
        ("\ufefftitle,status\na,todo\n", 1, 0, ""),
        ("title\na\x00b\n", 1, 0, ""),
        ("title\n" + "x" * 10_000_001 + "\nb\n", 1, 1, "line 2: a title: at most 10,000"),
        ("title,priority\na,high\nb,2\n", 1, 1, "line 2: invalid literal"),
        ("title,priority\na\nb,1,2\nc,3\n", 1, 2, "line 2: 1 cells, 2 are expected"),
        ("name\na\n", 0, 1, "line 1: no column 'title' among name"),
        ("", 0, 1, "no column 'title' among nothing"),
        ("title,status\na,gone\n", 0, 1, "choose one of todo"),
        ("title,estimate\na,nan\nb,1\nc,-inf\n", 1, 2, "line 2: estimate is nan"),
    ],
)
def test_wrong_rows_are_told_by_line_and_the_others_come(
    tmp_path: Path, text: str, accepted: int, rejected: int, why: str
) -> None:
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8", newline="")

    report = import_csv(work.Silent(), str(tmp_path / "board.db"), str(tmp_path / "rows.csv"))

    assert (report.accepted, report.rejected) == (accepted, rejected)
    assert why in " ".join(report.reasons)


def test_twenty_reasons_are_enough(tmp_path: Path) -> None:
    path, report = csv_of(tmp_path / "rows.csv", 0, *["x,gone,1,1"] * 50), ImportReport()

    assert list(parse(path, report)) == []
    assert (report.rejected, len(report.reasons)) == (50, 20)


class StopsAt(work.Silent):
    """A token that is cancelled after so many looks."""

    def __init__(self, looks: int) -> None:
        self._looks = looks

    @property
    def cancelled(self) -> bool:  # type: ignore[override]
        self._looks -= 1
        return self._looks < 0


def test_an_import_is_whole_or_absent(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "rows.csv", BATCH * 2 + 1)
    database = str(tmp_path / "board.db")

    stopped = import_csv(StopsAt(1), database, str(path))
    store = TaskStore(database)
    assert (stopped.cancelled, store.count()) == (True, 0)
    whole = import_csv(StopsAt(9), database, str(path))

    assert (whole.cancelled, store.count()) == (False, BATCH * 2 + 1)
    assert store.recover() == 0
    store.close()


def run_until(board: Board, done: Callable[[], bool]) -> None:
    while not done():
        board.frame()
        time.sleep(0.002)


def test_a_board_imports_beside_its_window(folder: Path) -> None:
    board = Board(folder)
    try:
        board.import_recent()
        assert board.status_line.value.startswith("no file was opened yet")
        board.import_csv(csv_of(folder / "rows.csv", 12_000, "bad,gone,1,1"))
        board.import_csv(folder / "rows.csv")
        assert board.status_line.value.startswith("an import is running")
        run_until(board, lambda: not board.busy.value)
        assert board.rows.count == 12_300
        assert "imported 12,000 rows, 1 rejected, the first: line 12002" in board.status_line.value
        run_until(board, lambda: bool(board.page.value) and board.page.value[0] is not None)

        board.import_csv(folder / "missing.csv")
        run_until(board, lambda: not board.busy.value)
        assert board.status_line.value.startswith("the import failed: ")

        board.cancel()
        board.import_csv(csv_of(folder / "rows.csv", 200_000))
        run_until(board, lambda: board.progress.value > 0)
        board.cancel()
        run_until(board, lambda: not board.busy.value)
        assert board.status_line.value == "import cancelled: its rows were removed"
        assert board.store.count() == 12_300
    finally:
        board.close()


def test_an_import_that_was_through_before_its_cancelling_is_not_called_cancelled(
    folder: Path,
) -> None:
    heard: list[tuple[str, str]] = []
    board = Board(folder, notify=lambda *told: heard.append(told))
    try:
        board.import_csv(csv_of(folder / "rows.csv", 10))
        job = board._import
        assert job is not None
        job.finished.wait()
        board.cancel()
        run_until(board, lambda: not board.busy.value)
        run_until(board, lambda: bool(heard))

        assert board.status_line.value == "imported 10 rows, 0 rejected"
        assert heard == [("Velvet board", "imported 10 rows, 0 rejected")]
        assert board.rows.count == 310
    finally:
        board.close()


def drive(folder: Path, *commands: Any, theme: str = "") -> list[dict[str, Any]]:
    """Run the headless view in this process with commands on its input; return its answers."""
    answers = io.StringIO()
    lines = io.StringIO("".join(json.dumps(one) + "\n" for one in commands))
    assert probe.show("headless", folder, lines, answers, theme) == 0
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_a_window_is_driven_by_lines(folder: Path) -> None:
    told = drive(
        folder,
        {"do": "intent", "name": "select", "arguments": [5]},
        {"do": "clipboard", "text": "héllo 😀"},
        {"do": "clipboard"},
        {"do": "accessible"},
        {"do": "memory"},
        {"do": "state"},
        theme="dark",
    )
    by = {one["event"]: one for one in told}

    assert told[-1] == {"event": "exit"}
    assert by["clipboard"]["text"] == "héllo 😀"
    assert by["accessible"]["controls"] is None
    assert by["memory"]["rss"] > by["memory"]["uss"] > 1
    assert by["state"]["theme"] == "dark"
    assert by["state"]["shown"] == by["state"]["page"]


def test_a_command_that_fails_is_refused_and_the_window_lives(folder: Path) -> None:
    told = drive(
        folder,
        {"do": "work", "kind": "dig", "mode": "thread", "size": 1},
        {"do": "work", "kind": "loop", "mode": "fiber", "size": 1},
        {"do": "dance"},
        {"undone": 1},
        [],
        {"do": "intent", "name": "nothing"},
        {"do": "intent", "name": "import_csv", "arguments": [str(folder / "missing.csv")]},
        {"do": "state"},
    )
    events = [one["event"] for one in told if one["event"] != "ready"]

    assert events == [*["refused"] * 6, "done", "state", "exit"]
    assert "choose one of loop" in " ".join(one.get("why", "") for one in told)


def test_a_heart_that_beats_shows_what_a_job_on_the_ui_thread_does(folder: Path) -> None:
    gaps = {}
    for mode in MODES:
        board, told = Board(folder), list[dict[str, Any]]()
        view = probe.contenders.load("headless").open_view(board)

        def answer(one: dict[str, Any], told: Any = told, view: Any = view) -> None:
            told.append(one)
            view.close()

        remote = probe.Remote(board, view, answer)
        remote.do_work("sleep", mode, 400)
        view.run()
        board.close()
        gaps[mode] = max(told[0]["gaps"])

    assert gaps["ui"] >= 400
    assert len(gaps) == 3


def test_a_heart_beats_until_it_is_stopped_and_tells_five_beats_at_a_time() -> None:
    due: list[Any] = []
    told: list[list[float]] = []
    view: Any = SimpleNamespace(after=lambda _, call: due.append(call))
    heart = probe.Heartbeat(view, told.append)

    heart.start()
    for _ in range(12):
        due.pop()()
    gaps = heart.stop()
    due.pop()()

    assert (len(gaps), len(heart.gaps), due) == (13, 12, [])
    assert told == [heart.gaps[:5], heart.gaps[5:10]]


def test_work_that_fails_is_refused_and_no_measurement(window: Maker) -> None:
    child = window("headless")

    for mode in MODES:
        with pytest.raises(ChildFailed, match="ValueError: "):
            child.ask("work", "work", kind="sort", mode=mode, size=-1)
    assert child.ask("work", "work", kind="sort", mode="ui", size=10)["s"] >= 0


def test_a_toolkit_that_cannot_open_is_an_exit_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        probe.contenders.load("headless"), "open_view", lambda board: 1 // 0, raising=True
    )
    monkeypatch.setattr("sys.argv", ["probe", "headless", str(folder), "dark"])
    monkeypatch.setattr("sys.stdin", io.StringIO())

    assert probe.main() == probe.EXIT_NO_WINDOW
    assert "division" in capsys.readouterr().out
