"""What each command does, in this process, through one front end; and files replaced whole."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from velvet_cli import contenders, files
from velvet_cli.comparisons.running import Result, invoke
from velvet_cli.files import atomic_write
from velvet_cli.store import TaskStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose store has two tasks."""
    store = TaskStore(tmp_path / "tasks.jsonl", clock=lambda: 1.0)
    store.add("a", tags=["x"])
    store.add("b", priority=5)
    return tmp_path


def do(folder: Path, *argv: str, **options: Any) -> Result:
    return invoke("argparse", argv, folder=folder, **options)


def test_tasks_are_finished_counted_and_removed(folder: Path) -> None:
    assert do(folder, "done", "1").err == "done: a\n"
    assert do(folder, "stats", "-f", "tsv").out.splitlines()[:4] == [
        "what\tcount",
        "total\t2",
        "open\t1",
        "done\t1",
    ]
    assert do(folder, "list", "--status", "done", "-f", "ndjson").out.count("\n") == 1
    assert do(folder, "rm", "1", "2").err == "removed 2\n"
    assert do(folder, "list", "-f", "json").out == "[]\n"


def test_what_a_killed_writer_left_goes_with_the_next_command(folder: Path) -> None:
    (folder / "tasks.jsonl.4711.tmp").touch()
    (folder / "tasks.jsonl.old.tmp").touch()

    assert do(folder, "list").exit == 0
    assert [path.name for path in folder.glob("*.tmp")] == ["tasks.jsonl.old.tmp"]


def test_a_program_that_may_not_take_the_signals_works_in_any_thread(folder: Path) -> None:
    with ThreadPoolExecutor() as pool:
        assert pool.submit(do, folder, "work", "0").result().exit == 0


def test_tasks_are_counted_by_state_priority_and_tag(folder: Path) -> None:
    do(folder, "add", "c", "-t", "x", "-t", "y")
    do(folder, "done", "1")

    assert do(folder, "stats", "-f", "csv").out.splitlines()[1:] == [
        "total,3",
        "open,2",
        "done,1",
        "priority 3,2",
        "priority 5,1",
        "tag x,2",
        "tag y,1",
    ]
    assert do(folder, "--store", "none", "stats", "-f", "csv").out.splitlines()[1:] == [
        "total,0",
        "open,0",
        "done,0",
    ]


def test_an_export_of_json_lines_is_the_file_itself(folder: Path) -> None:
    do(folder, "add", "né")

    text = (folder / "tasks.jsonl").read_text(encoding="utf-8")
    assert do(folder, "export", "-f", "ndjson").out == text
    assert json.loads(do(folder, "export", "-f", "json").out)[2]["title"] == "né"
    assert do(folder, "--store", "none", "export", "-f", "ndjson").out == ""


def test_tasks_are_written_to_a_file_or_a_device(folder: Path) -> None:
    assert do(folder, "export", "-f", "json", "-o", "out.json").out == ""
    assert [task["title"] for task in json.loads((folder / "out.json").read_bytes())] == ["a", "b"]
    assert do(folder, "export", "--output", os.devnull).exit == 0
    assert do(folder, "export", "-f", "csv").out.startswith("id,title")
    assert sorted(path.name for path in folder.iterdir()) == [
        "out.json",
        "tasks.jsonl",
        "tasks.jsonl.lock",
    ]


def test_tasks_are_read_from_standard_input_and_from_a_file(folder: Path) -> None:
    (folder / "more").write_text("c\nd\n", encoding="utf-8")

    assert do(folder, "import", "-", stdin="e\n").out == "1\n"
    assert do(folder, "import", "more").err == "added 2 tasks\n"
    assert do(folder, "import", "none").exit == 66


def test_a_crash_is_our_mistake(folder: Path) -> None:
    result = do(folder, "work", "0", "--crash")

    assert (result.exit, "unexpected RuntimeError" in result.err) == (70, True)


def test_work_without_signals_sleeps_to_its_end(folder: Path) -> None:
    assert do(folder, "work", "0").err == "finished\n"
    assert not list(folder.glob("*.cleaning"))


def test_ctrl_c_inside_a_command_is_not_swallowed_by_a_framework(front: str) -> None:
    def interrupted(call: object) -> int:
        raise KeyboardInterrupt

    module = contenders.load(front)
    try:
        code = module.call(["list"], interrupted)
    except KeyboardInterrupt:
        code = 130
    except SystemExit as end:
        code = end.code

    assert code == 130


@pytest.mark.parametrize("argv", [["config"], ["config", "--help"]])
def test_a_group_of_commands_shows_what_it_has(argv: list[str], front: str) -> None:
    result = invoke(front, argv)

    assert result.exit in (0, 2)
    assert "path" in result.out + result.err or "COMMAND" in result.err


class Held:
    """A new file whose renaming is refused some times, as Windows does while others read."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.tried = refusals, 0

    def replace(self, target: object) -> None:
        self.tried += 1
        if self.tried <= self.refusals:
            raise PermissionError(13, "Permission denied")


def test_a_reader_delays_the_renaming_but_does_not_prevent_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "_RETRY_S", 0.0)
    patient, impatient, hopeless = Held(3), Held(3), Held(1000)

    files._rename(patient, Path("x"), patient=True)  # type: ignore[arg-type]
    for held, mode in ((impatient, False), (hopeless, True)):
        with pytest.raises(PermissionError):
            files._rename(held, Path("x"), patient=mode)  # type: ignore[arg-type]

    assert (patient.tried, impatient.tried, hopeless.tried) == (4, 1, files._RENAME_ATTEMPTS)


def test_a_replacement_that_fails_half_way_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old", encoding="utf-8")

    with pytest.raises(RuntimeError), atomic_write(path) as file:  # noqa: PT012
        file.write("new")
        raise RuntimeError

    assert path.read_text(encoding="utf-8") == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["x"]


def test_a_new_text_is_on_the_disk_before_it_takes_the_place_of_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))

    with atomic_write(tmp_path / "x") as file:
        file.write("new")

    assert synced == [3]
