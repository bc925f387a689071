"""Screens that vanish, windows that close in mid-import, `kill -9`: nothing is lost, nothing stays."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from velvet_desktop import __main__ as application
from velvet_desktop import contenders
from velvet_desktop.contenders import FOUR
from velvet_desktop.core.model import TaskStore
from velvet_desktop.core.settings import SingleInstance
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.display import problem, virtual_display
from velvet_desktop.errors import ChildFailed, DesktopError
from velvet_desktop.windows import Window, why_not

Maker = Callable[..., Window]


def big_csv(folder: Path) -> str:
    path = folder / "rows.csv"
    path.write_text("title\n" + "row\n" * 300_000, encoding="utf-8")
    return str(path)


def importing(child: Window, folder: Path) -> None:
    """Begin an import and wait until rows have come."""
    child.ask("intent", name="import_csv", arguments=[big_csv(folder)])
    while not child.state()["progress"]:
        pass


def test_kill_nine_in_an_import_leaves_no_half_and_no_draft_is_lost(
    window: Maker, folder: Path
) -> None:
    child = window("headless")
    child.ask("intent", name="type_draft", arguments=["half a sen"])
    importing(child, folder)
    child.kill()

    board = Board(folder, inline=True)
    assert board.rows.count == 300
    assert board.draft.value == "half a sen"
    assert "unfinished import were removed" in board.status_line.value
    board.close()
    again = Board(folder, inline=True)
    assert again.status_line.value == "your draft was recovered"
    again.close()


def test_a_window_closed_in_an_import_ends_its_worker_and_keeps_the_board(
    window: Maker, folder: Path
) -> None:
    child = window("headless")
    importing(child, folder)
    workers = psutil.Process(child.process.pid).children()
    assert workers

    assert child.close() == 0
    _, alive = psutil.wait_procs(workers, timeout=30)

    assert alive == []
    board = Board(folder, inline=True)
    assert board.rows.count == 300
    board.close()


def test_a_worker_that_is_killed_in_an_import_costs_no_row_and_no_window(
    window: Maker, folder: Path
) -> None:
    child = window("headless")
    importing(child, folder)
    for worker in psutil.Process(child.process.pid).children():
        worker.kill()
    while (state := child.state())["busy"]:
        pass

    assert state["status"].startswith("the import failed: the worker died with exit code")
    assert state["status"].endswith("its rows were removed")
    assert state["count"] == 300


def ask_until_it_ends(child: Window) -> None:
    while True:
        child.state()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("toolkit", FOUR)
def test_a_screen_that_vanishes_ends_the_window_and_not_the_board(
    toolkit: str, folder: Path
) -> None:
    if reason := why_not(toolkit) or problem():
        pytest.skip(reason)
    with virtual_display() as screen, Window(toolkit, folder, screen.name) as child:
        child.wait_for("ready")
        child.ask("intent", name="type_draft", arguments=["kept"])
        child.ask("intent", name="add")
        screen.kill()
        with pytest.raises(ChildFailed, match="ended with"):
            ask_until_it_ends(child)

    store = TaskStore(folder / "board.db")
    assert store.count() == 301
    store.close()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_screen_does_not_outlive_a_program_that_is_killed() -> None:
    if reason := problem():
        pytest.skip(reason)
    code = (
        "import sys\nfrom velvet_desktop.display import virtual_display\n"
        "with virtual_display() as screen:\n    print(screen.process.pid, flush=True)\n    sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        screen = int(program.stdout.readline())
        program.kill()

    while alive(screen):
        time.sleep(0.02)


def rows_of(database: Path) -> int:
    """Return how many tasks a board has that another program shows; 0 while it is being made."""
    reader = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    try:
        return int(reader.execute("select count(*) from task").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        reader.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_a_second_start_hands_over_and_ctrl_c_closes_the_first(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("title\none\ntwo\n", encoding="utf-8")
    argv = [sys.executable, "-m", "velvet_desktop", "--toolkit", "headless"]
    argv += ["--folder", str(tmp_path / "board")]
    with subprocess.Popen(argv) as first:
        while not (tmp_path / "board" / "instance.json").exists():
            time.sleep(0.02)
        second = [*argv, str(tmp_path / "rows.csv")]
        done = subprocess.run(second, capture_output=True, check=True, text=True)
        database = tmp_path / "board" / "board.db"
        while not database.with_name("board.db-wal").exists():  # from here on readers are free
            time.sleep(0.02)
        while rows_of(database) != 2:
            time.sleep(0.02)
        first.send_signal(signal.SIGINT)

    assert "open already" in done.stdout
    assert first.returncode == 0
    assert not (tmp_path / "board" / "instance.json").exists()


def test_a_board_that_another_program_locks_keeps_its_window_alive(
    window: Maker, folder: Path
) -> None:
    child = window("headless")
    other = sqlite3.connect(folder / "board.db", isolation_level=None)
    other.execute("begin immediate")
    try:
        child.ask("intent", name="type_draft", arguments=["later"])
        child.ask("intent", name="add")
        state = child.state()
    finally:
        other.execute("rollback")
        other.close()

    assert state["status"].startswith("another program is writing")
    assert (state["draft"], state["count"]) == ("later", 300)
    child.ask("intent", name="add")
    assert child.state()["count"] == 301


@pytest.fixture
def first(tmp_path: Path) -> Iterator[tuple[SingleInstance, list[list[str]], Path]]:
    """Return a first instance, what it was told, and its file."""
    told: list[list[str]] = []
    made = SingleInstance(tmp_path / "instance.json", told.append)
    assert made.claim([])
    yield made, told, tmp_path / "instance.json"
    made.close()
    made.close()


def test_a_second_start_hands_its_files_to_the_first(
    first: tuple[SingleInstance, list[list[str]], Path],
) -> None:
    _, told, path = first
    second = SingleInstance(path, told.append)

    assert second.claim(["board.csv", "héllo"]) is False
    second.close()

    assert told == [["board.csv", "héllo"]]


def test_of_two_starts_at_once_one_is_the_first(tmp_path: Path) -> None:
    told: list[list[str]] = []
    starts = [SingleInstance(tmp_path / "instance.json", told.append) for _ in range(2)]
    gate, firsts = threading.Barrier(2), list[bool]()

    def start(one: SingleInstance) -> None:
        gate.wait()
        firsts.append(one.claim(["a.csv"]))

    threads = [threading.Thread(target=start, args=(one,)) for one in starts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in starts:
        one.close()

    assert sorted(firsts) == [False, True]
    assert told == [["a.csv"]]


def test_a_start_that_waits_for_a_lock_in_vain_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("velvet_desktop.core.settings.PATIENCE_S", 0.05)
    other = sqlite3.connect(tmp_path / "instance.lock", isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(DesktopError, match="locked; try again"):
        SingleInstance(tmp_path / "instance.json", lambda _: None).claim([])
    other.close()


def test_names_that_are_too_long_for_the_first_instance_are_no_second_first_instance(
    first: tuple[SingleInstance, list[list[str]], Path],
) -> None:
    _, told, path = first
    second = SingleInstance(path, told.append)

    with pytest.raises(DesktopError, match="takes 4,096 bytes, not 5,"):
        second.claim(["x" * 5_000])
    assert SingleInstance(path, told.append).claim(["short"]) is False
    assert told == [["short"]]


@pytest.mark.parametrize(
    "sent",
    [
        *(b"x" * 1_000_000, b"\xff\x00", b"", b"[]", b'["wrong token"]', b'{"a": 1}', b"[1]"),
        *(b"[" * 4_000, b'["\\ud800"]'),
    ],
    ids=range(9),
)
def test_a_stranger_is_refused_and_the_first_instance_lives(
    first: tuple[SingleInstance, list[list[str]], Path], sent: bytes
) -> None:
    instance, told, path = first
    port = json.loads(path.read_text(encoding="utf-8"))["port"]
    with socket.create_connection(("127.0.0.1", port)) as line:
        try:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            assert line.recv(8) == b""
        except OSError:
            pass  # it hung up in the middle of a megabyte

    assert SingleInstance(path, told.append).claim(["after"]) is False
    assert (told, instance.refused) == ([["after"]], 1)


def test_a_first_instance_takes_texts_only(
    first: tuple[SingleInstance, list[list[str]], Path],
) -> None:
    instance, told, path = first
    known = json.loads(path.read_text(encoding="utf-8"))
    with socket.create_connection(("127.0.0.1", known["port"])) as line:
        line.sendall(json.dumps([known["token"], 5]).encode())
        line.shutdown(socket.SHUT_WR)
        assert line.recv(8) == b""

    assert (told, instance.refused) == ([], 1)


def test_a_file_left_by_a_crash_does_not_keep_the_next_start_out(tmp_path: Path) -> None:
    path = tmp_path / "instance.json"
    for left in (
        *('{"port": 1, "token": "x"}', "{", "[]", '{"port": "x"}', "[" * 100_000),
        *('{"port": 99999999, "token": "x"}', '{"port": 1e999, "token": "x"}', "\0"),
    ):
        path.write_text(left, encoding="utf-8")
        instance = SingleInstance(path, lambda _: None)
        assert instance.claim([]) is True
        instance.close()
        assert not path.exists()


def test_ctrl_c_closes_the_window_as_its_user_does(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    view = SimpleNamespace(
        after=lambda *_: None,
        close=lambda: done.append("closed"),
        run=lambda: signal.raise_signal(signal.SIGINT),
    )
    monkeypatch.setattr(contenders, "load", lambda _: SimpleNamespace(open_view=lambda _: view))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        application._show("tk", board, "", [])
    finally:
        signal.signal(signal.SIGINT, before)

    assert done == ["closed"]
