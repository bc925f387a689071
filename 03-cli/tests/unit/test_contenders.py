"""The four front ends in this process: what they parse, and what their modes share."""

from __future__ import annotations

import io
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet_cli import contenders
from velvet_cli.actions import Session, perform
from velvet_cli.comparisons.probe import written
from velvet_cli.comparisons.running import Result, invoke
from velvet_cli.contract import CONTRACT, ParsedCall, UsageError, attached
from velvet_cli.program import start
from velvet_cli.signals import CancelToken, Stopped

Run = Callable[..., Result]


def test_a_call_is_parsed_without_being_done(front: str, tmp_path: Path, parse: Any) -> None:
    call, _ = parse(front, ["-q", "add", "x", "-p", "2", "-t", "a", "--tag=b"])

    assert call.command == "add"
    assert dict(call.values) == {"quiet": True, "title": "x", "priority": 2, "tags": ("a", "b")}
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_typed_is_absent(front: str, parse: Any) -> None:
    assert dict(parse(front, ["list"]).call.values) == {}
    assert dict(parse(front, ["list", "--limit", "0"]).call.values) == {"limit": 0}


def test_help_is_no_call(front: str, parse: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(front, ["--help"]) == (None, 0)
    assert "import" in capsys.readouterr().out


def test_no_words_are_no_call(front: str, parse: Any) -> None:
    assert parse(front, []) == (None, 2)


@pytest.mark.parametrize(
    "argv",
    [
        ["lst"],
        ["add"],
        ["add", "x", "-p", "9"],
        ["add", "x", "--nope"],
        ["list", "-n", "x"],
        ["done", "x"],
        ["work", "x"],
        ["list", "-f", "xml"],
        ["zzz"],
        ["add", "x", "--zzzzzzz"],
        ["config", "zzz"],
        ["rm"],
    ],
)
def test_wrong_words_are_one_exception(argv: list[str], front: str, parse: Any) -> None:
    with pytest.raises(UsageError) as wrong:
        parse(front, argv)

    assert wrong.value.message
    assert wrong.value.hint


def test_the_help_knows_every_option_of_the_program(tasks: Run) -> None:
    shown = tasks("--help").out

    assert [p.long for p in CONTRACT.options if p.long not in shown] == []


@pytest.mark.parametrize("command", CONTRACT.commands, ids=lambda command: command.name)
def test_the_help_of_a_command_knows_its_options(command: Any, tasks: Run) -> None:
    result = tasks(*command.words, "--help")

    assert result.exit == 0
    assert [p.long for p in command.params if p.flags and p.long not in result.out] == []


def test_adding_and_listing_in_this_process(tasks: Run, stored: Any) -> None:
    assert tasks("add", "né", "--priority=5").out == "1\n"
    assert tasks("list", "-f", "ndjson").out.startswith('{"id": 1, "title": "né", "priority": 5')
    assert stored()[0]["title"] == "né"


def test_a_configuration_file_is_asked(tasks: Run, tmp_path: Path, stored: Any) -> None:
    (tmp_path / "tasks.toml").write_text('priority = 1\ntags = ["home"]\n', encoding="utf-8")

    tasks("add", "x")
    tasks("add", "y", "-p", "4", "-t", "z")

    assert [(task["priority"], task["tags"]) for task in stored()] == [(1, ["home"]), (4, ["z"])]


def test_a_setting_is_written_read_and_explained(tasks: Run, tmp_path: Path) -> None:
    assert tasks("config", "set", "limit", "5").exit == 0
    assert tasks("config", "get", "limit").out == "5\n"
    assert "config.toml:1" in tasks("config", "show").out
    assert tasks("config", "path").out.splitlines() == [str(tmp_path / "xdg/tasks/config.toml")]
    assert tasks("config", "set", "limit", "x").exit == 2
    assert tasks("--config", "own.toml", "config", "set", "limit", "5").exit in (0, 66)


def test_a_completion_script_is_printed(tasks: Run) -> None:
    result = tasks("completion", "bash")

    assert result.exit == 0
    assert "complete" in result.out


def test_work_in_this_process_ends_or_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ParsedCall("work", {"seconds": 9.0, "store": str(tmp_path / "x")})
    streams = {"stdin": None, "stdout": io.StringIO(), "stderr": io.StringIO()}

    with monkeypatch.context() as patch, pytest.raises(Stopped) as stopped:  # noqa: PT012
        patch.setattr(CancelToken, "wait", lambda self, timeout: self.set(15) or True)
        perform(call, Session({}, cwd=tmp_path, signals=True, **streams))
    assert stopped.value.signum == 15
    short = ParsedCall("work", {"seconds": 0.0, "store": str(tmp_path / "x")})
    assert perform(short, Session({}, cwd=tmp_path, signals=True, **streams)) == 0


def test_a_process_without_standard_output_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="standard output is closed"):
        perform(ParsedCall("list", {}), Session({}, None, None, None, tmp_path))


def test_the_raw_form_needs_a_process(front: str) -> None:
    with pytest.raises(ValueError, match="mode='subprocess'"):
        invoke(front, ["list"], hardened=False)


def test_an_unknown_mode_or_front_end_is_refused() -> None:
    with pytest.raises(ValueError, match="inprocess, subprocess or pty"):
        invoke("click", ["list"], "telepathy")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not 'fire'"):
        contenders.load("fire")


def test_invoke_makes_and_removes_a_folder_of_its_own() -> None:
    result = invoke("argparse", ["add", "x"])

    assert (result.exit, result.out) == (0, "1\n")
    assert not Path("tasks.jsonl").exists()


def test_front_ends_are_found_by_their_files_and_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert contenders.NAMES == ("argparse", "click", "cyclopts", "typer")
    assert {"argparse", "click", "typer"} <= set(contenders.installed())

    from importlib import metadata

    def nothing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", nothing)
    assert contenders.installed() == ["argparse"]


@pytest.mark.parametrize("form", ["", "raw-"])
def test_a_process_is_started_by_the_name_of_its_front_end(
    form: str, front: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["tasks"])
    with pytest.raises(SystemExit) as end:
        start(form + front, ["add", "x"])

    assert end.value.code in (0, None)
    assert capsys.readouterr().out == "1\n"


def test_a_raw_front_end_tells_a_known_mistake_and_ends_with_1(
    front: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["tasks"])
    with pytest.raises(SystemExit) as end:
        start(f"raw-{front}", ["rm", "7"])

    assert end.value.code == "error: no task 7"


def test_the_package_can_be_run(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["velvet_cli", "click", "--version"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("velvet_cli", run_name="__main__")

    assert (end.value.code, capsys.readouterr().out) == (0, "tasks 1.0.0\n")


def test_values_are_attached_up_to_the_dashes() -> None:
    words = ["--store", "-x", "add", "-p", "5", "--tag=a", "-q", "--", "--tag", "b"]

    assert attached(words) == [
        "--store=-x",
        "add",
        "--priority=5",
        "--tag=a",
        "-q",
        "--",
        "--tag",
        "b",
    ]
    assert attached(["list", "--limit"]) == ["list", "--limit"]


def test_the_contract_can_be_asked() -> None:
    assert CONTRACT.command("add").param("priority").range == (1, 5)
    assert CONTRACT.groups() == ["config"]
    assert CONTRACT.command("add").param("title").long == "TITLE"
    with pytest.raises(KeyError, match="no parameter 'colour'"):
        CONTRACT.command("add").param("colour")
    with pytest.raises(KeyError, match="no command 'fly'"):
        CONTRACT.command("fly")


def test_lines_are_counted_without_docstrings(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text(
        '"""Doc."""\nimport click\n\n@click.command()\ndef f():\n    "Doc."\n    return (\n 1)\n',
        encoding="utf-8",
    )

    assert written(path) == (3, 1)
    files = {name: Path(contenders.__file__).with_name(f"{name}.py") for name in contenders.NAMES}
    assert written(files["argparse"])[1] < written(files["click"])[1]
