"""What the cursor is on, what may stand there, and what the scripts are told."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from velvet_cli.completion import MODES, Words, answer, complete, quote, script, split
from velvet_cli.completion.engine import Candidate, argument_at, locate, options_of, subcommands
from velvet_cli.completion.quoting import rest_of
from velvet_cli.completion.tables import rows
from velvet_cli.completion.values import dynamic_values, store_of
from velvet_cli.contract import CONTRACT, FORMATS
from velvet_cli.core import TaskStore
from velvet_cli.frontends import Frontend
from velvet_cli.program import COMPLETE, start


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", Words(())),
        ("tasks", Words((), "tasks")),
        ("tasks ", Words(("tasks",))),
        ("tasks  add\tx", Words(("tasks", "add"), "x")),
        ('tasks "a b', Words(("tasks",), "a b", '"', 0)),
        ("tasks 'a b", Words(("tasks",), "a b", "'", 0)),
        ("tasks 'a b' ", Words(("tasks", "a b"))),
        ("tasks '' ", Words(("tasks", ""))),
        (r"tasks a\ b", Words(("tasks",), "a b")),
        (r'tasks "a\"b\x', Words(("tasks",), 'a"b\\x', '"', 0)),
        ('tasks "a\\', Words(("tasks",), "a\\", '"', 0)),
        ('tasks "a\\\nb', Words(("tasks",), "ab", '"', 0)),
        ("tasks a\\\nb", Words(("tasks",), "ab")),
        ("tasks a\\", Words(("tasks",), "a")),
        ("tasks --tag=home:ga", Words(("tasks",), "--tag=home:ga", "", 11)),
        ("tasks --tag='home:ga", Words(("tasks",), "--tag=home:ga", "'", 6)),
        ("tasks 'ho'me", Words(("tasks",), "home", "", 2)),
        (r"tasks a\:b", Words(("tasks",), "a:b")),
        (r"tasks $'a\tb\x41\u00e9\101\'c'x", Words(("tasks",), "a\tbAéA'cx", "", 8)),
        (r"tasks $'a\q", Words(("tasks",), r"a\q", "'", 0)),
        ("tasks $HOME", Words(("tasks",), "$HOME")),
    ],
)
def test_a_line_is_taken_apart_as_the_shell_will(line: str, expected: Words) -> None:
    assert split(line) == expected


def test_what_stands_behind_the_cursor_is_not_looked_at() -> None:
    assert split("tasks li --format", 8) == Words(("tasks",), "li")
    assert split("tasks li", -3) == Words(())
    assert split("tasks li", 99).current == "li"


def test_only_the_given_characters_break_words() -> None:
    assert split("tasks --tag=a:b", wordbreaks="=").wordbreak_at == 6
    assert split("tasks --tag=a:b", wordbreaks="").wordbreak_at == 0


@pytest.mark.parametrize(
    ("word", "bare", "single", "double"),
    [
        ("plain-1.2", "plain-1.2", "'plain-1.2'", '"plain-1.2"'),
        ("", "''", "''", '""'),
        ("a b", r"a\ b", "'a b'", '"a b"'),
        ("it's", r"it\'s", r"'it'\''s'", '"it\'s"'),
        ("$(x)", r"\$\(x\)", "'$(x)'", r'"\$(x)"'),
        ("wow!", r"wow\!", "'wow!'", '"wow"\'!\'""'),
        ("a\nb\\'", r"$'a\012b\\\''", "'a\nb\\'\\'''", '"a\nb\\\\\'"'),
        ("é✓", "é✓", "'é✓'", '"é✓"'),
    ],
)
def test_a_word_is_quoted_in_three_ways(word: str, bare: str, single: str, double: str) -> None:
    assert (quote(word), quote(word, "'"), quote(word, '"')) == (bare, single, double)


def test_what_cannot_be_quoted_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold NUL"):
        quote("a\0")
    with pytest.raises(ValueError, match="style must be one of"):
        quote("a", "`")


def test_the_rest_of_nothing_is_nothing() -> None:
    assert rest_of("", "") == ""


def known(kind: str, current: str) -> Iterable[tuple[str, str]]:
    return {
        "tasks": [("1", "one"), ("12", "twelve")],
        "tags": [("home:garden", "2 tasks"), ("two words", "")],
        "keys": [("limit", "At most so many tasks.")],
        "files": [(f"{current}folder/", ""), (f"{current}file", "")],
    }[kind]


def values(line: str) -> list[str]:
    return [one.value for one in complete(CONTRACT, split(line), dynamic=known)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tasks l", ["list"]),
        ("tasks co", ["config", "completion"]),
        ("tasks config ", ["show", "get", "set", "path"]),
        ("tasks config s", ["show", "set"]),
        ("tasks --col", ["--color"]),
        ("tasks -v --verb", ["--verbose"]),
        ("tasks --store x --sto", []),
        ("tasks --color ", ["auto", "always", "never"]),
        ("tasks --color=a", ["--color=auto", "--color=always"]),
        ("tasks --nothing=a", []),
        ("tasks -q", ["-q"]),
        ("tasks list --format ", list(FORMATS)),
        ("tasks list -f nd", ["ndjson"]),
        ("tasks list -fjson --form", []),
        ("tasks -qv list --ord", ["--order"]),
        ("tasks list --format json --o", ["--order"]),
        ("tasks list --tag a --ta", ["--tag"]),
        ("tasks list --tag h", ["home:garden"]),
        ("tasks list --tag=t", ["--tag=two words"]),
        ("tasks list extra ", []),
        ("tasks add -p ", ["1", "2", "3", "4", "5"]),
        ("tasks add x -t", ["-t"]),
        ("tasks list --limit ", []),
        ("tasks done ", ["1", "12"]),
        ("tasks done 1 ", []),
        ("tasks rm 1 ", ["12"]),
        ("tasks rm -- ", ["1", "12"]),
        ("tasks rm -- -", []),
        ("tasks config get ", ["limit"]),
        ("tasks import s", ["sfolder/", "sfile"]),
        ("tasks --store=s", ["--store=sfolder/", "--store=sfile"]),
        ("tasks completion ", ["bash", "zsh", "fish", "powershell"]),
        ("tasks nonsense ", []),
        ("tasks list - ", []),
        ("tasks work 1 --cr", ["--crash"]),
    ],
)
def test_what_may_stand_at_the_cursor(line: str, expected: list[str]) -> None:
    assert values(line) == expected


def test_without_the_programs_data_only_the_contract_is_known() -> None:
    assert complete(CONTRACT, split("tasks done ")) == []
    assert complete() != []


def test_a_folder_is_followed_by_no_space_and_a_candidate_has_its_help() -> None:
    assert complete(CONTRACT, split("tasks import f"), dynamic=known)[0] == Candidate(
        "ffolder/", "", False
    )
    assert complete(CONTRACT, split("tasks li")) == [Candidate("list", "List tasks.", True)]


def test_the_place_of_the_cursor_is_found() -> None:
    place = locate(CONTRACT, ["-q", "--store", "x", "config", "set", "limit"])

    assert (place.command, place.arguments, place.awaited) == ("config set", ("limit",), None)
    assert argument_at(CONTRACT, "config set", 1) == CONTRACT.command("config set").params[1]
    assert argument_at(CONTRACT, "config", 0) is None
    assert options_of(CONTRACT, "config")[0].long == "--help"
    assert subcommands(CONTRACT, "list") == {}


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

    assert asked(folder, "values", "tasks") == "1\t(done) one\n2\tzwei mit Lücke\n"
    assert asked(folder, "values", "tags") == "home:garden\t2 tasks\ntwo words\t1 tasks\n"
    assert asked(folder, "values", "keys").startswith("store\tThe file that holds")
    assert asked(folder, "values", "tasks", "--store=other") == ""


def test_a_dynamic_script_asks_with_words(store: Path) -> None:
    assert asked(store.parent, "words", "list", "--tag", "t") == "two words\t1 tasks\n"
    assert asked(store.parent, "words", "--store", "none", "done", "") == ""
    assert asked(store.parent, "words").startswith("add\tAdd a task.\n")


@pytest.mark.parametrize(
    ("line", "inserted"),
    [
        ("tasks list --tag=home:", "garden\n"),
        ("tasks list --tag tw", "two\\ words\n"),
        ("tasks list --tag 'tw", "two words\n"),
        ("tasks done ", "1\n2\n"),
    ],
)
def test_bash_is_told_what_to_insert(store: Path, line: str, inserted: str) -> None:
    told = asked(store.parent, "bash", COMP_LINE=line + " more", COMP_POINT=str(len(line)))

    assert told == inserted


def test_a_value_that_ends_with_the_open_quote_is_closed_by_us(store: Path) -> None:
    TaskStore(store).add("x", tags=["wow!"])

    assert asked(store.parent, "bash", COMP_LINE='tasks list --tag "wo') == 'wow"\'!\'""\n'


@pytest.mark.parametrize(
    "words", [(), ("nonsense",), ("values",), ("values", "nonsense"), ("bash",)]
)
def test_a_question_that_makes_no_sense_is_answered_with_nothing(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert asked(tmp_path, *words) == ""


def test_a_broken_store_gives_what_stands_before_the_break(store: Path) -> None:
    with store.open("a", encoding="utf-8") as file:
        file.write("{broken\n")

    assert asked(store.parent, "values", "tasks").count("\n") == 2
    assert asked(store.parent, "values", "tags").count("\n") == 2


def test_files_are_listed_below_what_is_typed(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("deep/file", "deep/.hidden", "deep/new\nline"):
        try:
            (tmp_path / name).touch()
        except OSError:  # Windows has no such names
            continue

    assert [v for v, _ in dynamic_values("files", "de", cwd=tmp_path)] == ["deep/"]
    assert [v for v, _ in dynamic_values("files", "deep/", cwd=tmp_path)] == [
        "deep/er/",
        "deep/file",
    ]
    assert [v for v, _ in dynamic_values("files", "deep/.", cwd=tmp_path)] == ["deep/.hidden"]
    assert list(dynamic_values("files", "none/x", cwd=tmp_path)) == []
    assert list(dynamic_values("tasks")) == []


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
    argv = [*Frontend("typer").argv_prefix(hardened=hardened), COMPLETE, "words", "done", ""]
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
        start("click", [COMPLETE, "values", "tags"])

    assert ended.value.code == 0
    assert capfdbinary.readouterr().out == b"home:garden\t2 tasks\ntwo words\t1 tasks\n"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_a_script_knows_its_program_and_how_to_be_used(shell: str, mode: str) -> None:
    made = script(shell, mode)

    assert "@PROG@" not in made
    assert f"tasks completion {shell}" in made
    assert ("--complete values" in made) == (mode == "static")
    assert ("list|--format" in made) == (mode == "static")


def test_an_unknown_shell_or_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="bash, zsh, fish, powershell, not 'tcsh'"):
        script("tcsh")
    with pytest.raises(ValueError, match="static, dynamic, not 'magic'"):
        script("bash", "magic")


def test_the_table_has_a_row_for_every_option_and_argument() -> None:
    keys = {key for row in rows(CONTRACT) for key in row.keys}

    for command in CONTRACT.commands:
        assert f"{command.name}|options" in keys
        for param in command.params:
            if param.kind == "option":
                assert {f"{command.name}|{flag}" for flag in param.flags} <= keys
    assert {"|commands", "config|commands", "rm|*", "config set|2", "|--color"} <= keys
