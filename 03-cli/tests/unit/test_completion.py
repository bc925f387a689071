"""What the scripts are made of, and what they are told of the program's data."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from velvet_cli import contenders
from velvet_cli.completion.answer import answer, store_of
from velvet_cli.completion.script import rows, script
from velvet_cli.contract import CONTRACT, SHELLS, Param
from velvet_cli.program import COMPLETE, start
from velvet_cli.store import TaskStore


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.jsonl"
    tasks = TaskStore(path)
    tasks.add("one", tags=["home:garden", "two words"])
    tasks.add("zwei  mit Lücke", tags=["home:garden"])
    tasks.done(1)
    return path


def asked(folder: Path, *words: str, **env: str) -> str:
    home = {"XDG_CONFIG_HOME": str(folder / "xdg"), "XDG_CONFIG_DIRS": str(folder / "etc")}
    return answer(words, {**home, **env}, cwd=folder)


def test_a_static_script_asks_for_values(store: Path) -> None:
    folder = store.parent

    assert asked(folder, "tasks") == "1\t(done) one\n2\tzwei mit Lücke\n"
    assert asked(folder, "tags") == "home:garden\t2 tasks\ntwo words\t1 tasks\n"
    assert asked(folder, "keys").startswith("store\tThe file that holds")
    assert asked(folder, "tasks", "--store=other") == ""


@pytest.mark.parametrize("words", [(), ("nonsense",), ("files", "x"), ("bash",)])
def test_a_question_that_makes_no_sense_is_answered_with_nothing(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert asked(tmp_path, *words) == ""


def test_a_broken_store_gives_what_stands_before_the_break(store: Path) -> None:
    with store.open("a", encoding="utf-8") as file:
        file.write("{broken\n")

    assert asked(store.parent, "tasks").count("\n") == 2
    assert asked(store.parent, "tags").count("\n") == 2


def test_the_store_is_the_one_that_the_command_would_use(tmp_path: Path) -> None:
    (tmp_path / "tasks.toml").write_text('store = "configured"\n', encoding="utf-8")
    (tmp_path / "mine.toml").write_text('[profile.w]\nstore = "profiled"\n', encoding="utf-8")
    (tmp_path / "broken.toml").write_text("store = \n", encoding="utf-8")
    env = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}

    def found(*words: str, **more: str) -> str:
        return store_of(words, {**env, **more}, cwd=tmp_path).name

    assert found("--store=typed") == "typed"
    assert found("--store", "typed") == "typed"
    assert found() == "configured"
    assert found(TASKS_STORE="variable") == "variable"
    assert found("--config=mine.toml", "--profile", "w") == "profiled"
    assert found(TASKS_CONFIG="mine.toml", TASKS_PROFILE="w") == "profiled"
    assert found("--config", "broken.toml") == "tasks.jsonl"
    assert found("--config", "none.toml") == "tasks.jsonl"
    assert found("--store") == "configured"


@pytest.mark.parametrize("hardened", [True, False])
def test_a_front_end_answers_questions_before_it_loads_its_framework(
    store: Path, hardened: bool
) -> None:
    argv = contenders.words("typer", COMPLETE, "tasks", hardened=hardened)
    argv[1:1] = ["-X", "importtime"]
    env = {**os.environ, "TASKS_STORE": "", "PYTHONIOENCODING": "ascii"}

    done = subprocess.run(argv, cwd=store.parent, env=env, capture_output=True, check=True)

    assert done.stdout.decode("utf-8") == "1\t(done) one\n2\tzwei mit Lücke\n"
    assert b"velvet_cli.completion.answer" in done.stderr
    assert b"typer" not in done.stderr


def test_a_question_ends_the_process_whose_argument_it_is(
    store: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(store.parent)

    with pytest.raises(SystemExit) as ended:
        start("click", [COMPLETE, "tags"])

    assert ended.value.code == 0
    assert capfdbinary.readouterr().out == b"home:garden\t2 tasks\ntwo words\t1 tasks\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_knows_its_program_and_how_to_be_used(shell: str) -> None:
    made = script(shell)

    assert not re.search("@(PROG|ID|TABLE)@", made)
    assert f"tasks completion {shell}" in made
    assert "list|--format" in made


@pytest.mark.parametrize("shell", SHELLS)
def test_a_program_may_have_a_hyphen_in_its_name(shell: str) -> None:
    made = script(shell, CONTRACT._replace(prog="my-tool"))

    assert not re.search(r"[_$]my-tool", made)
    assert "my-tool --complete" in made


def test_an_unknown_shell_is_refused() -> None:
    with pytest.raises(ValueError, match="bash, zsh, fish, powershell, not 'tcsh'"):
        script("tcsh")


def test_the_table_has_a_row_for_every_option_and_argument() -> None:
    keys = {key for row in rows(CONTRACT) for key in row.keys}

    for command in CONTRACT.commands:
        assert f"{command.name}|options" in keys
        for param in command.params:
            if param.kind == "option":
                assert {f"{command.name}|{flag}" for flag in param.flags} <= keys
    assert {"|commands", "config|commands", "rm|*", "config set|2", "|--color"} <= keys


def test_a_few_whole_numbers_are_words() -> None:
    options = tuple(Param(t.__name__, flags=("--n",), type=t, range=(1, 3)) for t in (int, float))

    whole, real = (row for row in rows(CONTRACT._replace(options=options)) if "|--n" in row.keys)

    assert whole.values == (("1", ""), ("2", ""), ("3", ""))
    assert real.kind == "any"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_row_of_words_has_them_all(shell: str) -> None:
    assert re.search(r"\(words open\b.* done\b.* all\b.*\)", script(shell))


def test_a_table_of_fish_ends_with_what_it_does_not_know() -> None:
    assert "        case '*'\n            return 1\n    end\nend\n" in script("fish")
