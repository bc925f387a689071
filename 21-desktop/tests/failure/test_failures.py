"""Screens that vanish, windows that close in mid-import, `kill -9`: nothing is lost, nothing stays."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from velvet_desktop.contenders import FOUR
from velvet_desktop.core.model import TaskStore
from velvet_desktop.core.settings import SingleInstance
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.display import problem, virtual_display
from velvet_desktop.errors import ChildFailed
from velvet_desktop.windows import Window, why_not

Maker = Callable[..., Window]


def big_csv(folder: Path) -> str:
    path = folder / "rows.csv"
    path.write_text("title\n" + "row\n" * 300_000, encoding="utf-8")
    return str(path)


def importing(child: Window, folder: Path) -> None:
    """Begin an import and wait until rows have come."""
    child.ask("import", path=big_csv(folder))
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
