"""One contract, four front ends: every command and every mistake.

Data on standard output has to be equal byte for byte, messages have to name the option and the value,
and the exit code is the contract's. Every call is a process, with streams, variables and a store of
its own; see `warm` for how its start is saved. What `test_behaviours` looks at already (help,
abbreviations, crashes, signals) is not repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from velvet_cli.comparisons.running import Result, clean_environment
from velvet_cli.contract import CONTRACT
from velvet_cli.store import TaskStore

FIRST = '{"id": 1, "title": "né✓", "priority": 3, "tags": [], "done": false, "created": 7.0}\n'
SECOND = '{"id": 2, "title": "b", "priority": 5, "tags": ["home"], "done": true, "created": 7.0}\n'


class Case(NamedTuple):
    """One call and what has to come of it.

    Attributes:
        out: standard output, exactly; None is not compared.
        err: words that standard error has to contain, in any order.
        after: the store's content afterwards, where it is compared.
    """

    argv: tuple[str, ...]
    exit: int = 0
    out: str | None = None
    err: tuple[str, ...] = ()
    stdin: str = ""
    env: Mapping[str, str] = {}
    after: str | None = None


CASES = {
    "add": Case(("add", "c", "-p", "4", "--tag", "x", "-t", "y"), out="3\n", err=("added task 3",)),
    "add-dash": Case(("--quiet", "add", "--", "-x"), out="3\n"),
    "list": Case(("list", "--format", "ndjson"), out=FIRST + SECOND),
    "list-filter": Case(("list", "-f", "ndjson", "--tag", "home", "--status", "done"), out=SECOND),
    "list-order": Case(("list", "-f", "ndjson", "--order=priority", "-n", "1"), out=SECOND),
    "list-none": Case(("list", "-f", "json", "--limit", "0"), out="[]\n"),
    "list-table": Case(("list", "--limit=0"), out="id  title  priority  tags  done  created\n"),
    "done": Case(
        ("done", "1"), out="", err=("done: né✓",), after=FIRST.replace("false", "true") + SECOND
    ),
    "rm": Case(("-q", "rm", "1", "2"), out="", after=""),
    "export": Case(
        ("export", "-f", "tsv"),
        out="id\ttitle\tpriority\ttags\tdone\tcreated\n"
        "1\tné✓\t3\t\tfalse\t7.0\n2\tb\t5\thome\ttrue\t7.0\n",
    ),
    "export-file": Case(("export", "-f", "csv", "--output", "x.csv"), out="", err=("x.csv",)),
    "import": Case(("import", "-"), out="2\n", stdin='milk\n{"title": "bread"}\n'),
    "stats": Case(
        ("stats", "-f", "csv"),
        out="what,count\ntotal,2\nopen,1\ndone,1\n" "priority 3,1\npriority 5,1\ntag home,1\n",
    ),
    "work": Case(("-q", "work", "0"), out="", err=()),
    "config-get": Case(("config", "get", "priority"), out="3\n"),
    "config-show": Case(("config", "show", "-f", "ndjson"), env={"TASKS_LIMIT": "9"}),
    "config-set": Case(("config", "set", "order", "title"), out="", err=("config.toml",)),
    "config-path": Case(("config", "path")),
    "environment": Case(("list",), out=FIRST, env={"TASKS_FORMAT": "ndjson", "TASKS_LIMIT": "1"}),
    "version": Case(("--version",), out="tasks 1.0.0\n"),
    # Used wrongly: exit 2, nothing on standard output.
    "unknown-command": Case(("lst",), 2, "", ("error:", "lst", "list")),
    "bad-range": Case(("add", "c", "--priority", "9"), 2, "", ("--priority", "9", "5")),
    "bad-choice": Case(("list", "--format", "xml"), 2, "", ("--format", "xml", "ndjson", "tsv")),
    "bad-number": Case(("list", "--limit", "abc"), 2, "", ("--limit", "abc")),
    "bad-argument": Case(("done", "abc"), 2, "", ("abc",)),
    "missing-title": Case(("add",), 2, "", ("title", "tasks add --help")),
    # Understood, and refused.
    "empty-title": Case(("add", ""), 65, "", ("title must not be empty",), after=FIRST + SECOND),
    "two-lines": Case(("add", "a\nb"), 65, "", ("one line",), after=FIRST + SECOND),
    "no-such-task": Case(("done", "999"), 1, "", ("no task 999", "tasks list")),
    "bad-line": Case(("import", "-"), 65, "", ("-:2: not a task",), "x\n{\n", after=FIRST + SECOND),
    "no-input": Case(("import", "nothing.txt"), 66, "", ("nothing.txt cannot be read",)),
    "no-config": Case(("--config", "no.toml", "list"), 66, "", ("no.toml",)),
    "bad-setting": Case(("list",), 78, "", ("limit", "abc"), env={"TASKS_LIMIT": "abc"}),
    "no-setting": Case(("config", "get", "colour"), 78, "", ("colour", "color")),
    "no-folder": Case(("--store", "none/x", "add", "c"), 74, "", ("none", "No such file")),
}
USED_WRONGLY = [name for name, case in CASES.items() if case.exit == 2]
Ran = Callable[[str], tuple[Result, str]]


@pytest.fixture(scope="module")
def results() -> dict[tuple[str, str], tuple[Result, str]]:
    """Filled when a call is asked for the first time."""
    return {}


@pytest.fixture
def ran(
    front: str,
    tmp_path: Path,
    warm: Callable[..., Result],
    results: dict[tuple[str, str], tuple[Result, str]],
) -> Ran:
    """Return what became of a case, and the store afterwards."""

    def run(name: str) -> tuple[Result, str]:
        if (front, name) not in results:
            case, env = CASES[name], clean_environment(tmp_path, CASES[name].env)
            store = TaskStore(tmp_path / "tasks.jsonl", clock=lambda: 7)
            store.add("né✓")
            store.add("b", priority=5, tags=["home"])
            store.done(2)
            result = warm(front, case.argv, env=env, stdin=case.stdin, folder=tmp_path)
            results[front, name] = result, store.path.read_text(encoding="utf-8")
        return results[front, name]

    return run


@pytest.mark.parametrize("name", CASES)
def test_a_call_ends_as_the_contract_says(name: str, ran: Ran) -> None:
    case, (result, after) = CASES[name], ran(name)

    assert result.exit == case.exit, result.err
    if case.out is not None:
        assert result.out == case.out
    assert [word for word in case.err if word.lower() not in result.err.lower()] == [], result.err
    if case.after is not None:
        assert after == case.after


@pytest.mark.parametrize("name", USED_WRONGLY)
def test_a_mistake_is_told_in_two_lines_without_a_traceback(name: str, ran: Ran) -> None:
    result, after = ran(name)

    lines = result.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("hint: ")
    assert after == FIRST + SECOND


def test_every_command_of_the_contract_is_called_by_a_case() -> None:
    called = {command.name for command in CONTRACT.commands}
    for case in CASES.values():
        words = [word for word in case.argv if not word.startswith("-")]
        called -= {" ".join(words[:2]), *words}

    assert called == {"completion"}, "its scripts have tests of their own"


def test_where_a_setting_comes_from_is_the_same_everywhere(ran: Ran) -> None:
    result, _ = ran("config-show")

    lines = result.out.splitlines()
    assert '{"setting": "limit", "value": "9", "layer": "env", "source": "TASKS_LIMIT"}' in lines
    assert len(lines) == len(CONTRACT.settings())
