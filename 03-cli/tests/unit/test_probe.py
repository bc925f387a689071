"""What a start costs and what it loads: the measuring, the budget, and loading later."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from click.testing import CliRunner

from velvet_cli import contenders
from velvet_cli.comparisons.probe import (
    Node,
    import_tree,
    parse_importtime,
    run,
    start_environment,
    startup,
)
from velvet_cli.comparisons.running import clean_environment, run_process
from velvet_cli.lazy import Entry, lazy_click

REPORT = """import time: self [us] | cumulative | imported package
import time:       100 |        100 |     deep
import time:        50 |        150 |   middle
import time:        10 |         10 |   other
import time:         5 |        165 | top
a line of the program itself
import time:         7 |          7 | last
"""
# What a start may load besides the standard library.
BUDGET = {
    "argparse": set[str](),
    "click": {"click"},
    "typer": {
        *("typer", "click", "pydantic", "pydantic_core", "annotated_doc", "annotated_types"),
        *("typing_extensions", "typing_inspection", "shellingham"),
    },
    "cyclopts": {"cyclopts", "attr", "attrs", "typing_extensions", "docstring_parser"},
}
COMMAND = '''"""{name} things.

More about it.
"""
import click

@click.command(help="{name} things")
def command():
    click.echo("{name} ran")

'''


def test_a_report_of_imports_becomes_a_tree() -> None:
    tree = parse_importtime(REPORT, "program")

    assert [node.name for node in tree.walk()] == [
        "program",
        "top",
        "middle",
        "deep",
        "other",
        "last",
    ]
    assert tree.total_ms == pytest.approx(0.172)
    assert [node.name for node in tree.worst(2)] == ["deep", "middle"]
    assert tree.children[0].children[0] == Node("middle", 0.05, 0.15, (Node("deep", 0.1, 0.1),))
    assert parse_importtime("", "nothing").children == ()


def test_what_disturbs_a_start_is_left_out() -> None:
    env = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PATH": "x"}

    assert start_environment(env) == {"PATH": "x"}


def test_a_start_is_measured_by_the_process_itself(tmp_path: Path) -> None:
    env = clean_environment(tmp_path)

    stats = startup("velvet_cli", ["argparse", "--version"], n=1, env=env, cwd=tmp_path)

    assert stats.modules > 50
    assert stats.rss_mb > 5
    assert stats.cpu_ms >= 0


def test_a_start_that_fails_or_is_never_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        startup("velvet_cli", ["--version"], n=0, env=os.environ, cwd=tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        startup("velvet_cli", ["argparse", "lst"], n=1, env=os.environ, cwd=tmp_path)


def test_importing_the_package_imports_nothing_of_others(tmp_path: Path) -> None:
    code = (
        "import sys; before = set(sys.modules); import velvet_cli; print(set(sys.modules) - before)"
    )

    result = run_process(
        [sys.executable, "-c", code], env=clean_environment(tmp_path), folder=tmp_path
    )

    assert result.out == "{'velvet_cli'}\n"


def third_parties(tree: Node, bare: set[str]) -> set[str]:
    """Return the top-level packages of a tree that are not the standard library's, ours or `bare`."""
    # What `copy` of Python 3.10 asks for, in case it runs on Jython.
    known = {*sys.stdlib_module_names, "velvet_cli", "org", *bare}
    names = {node.name.partition(".")[0] for node in tree.children for node in node.walk()}
    return {name for name in names - known if not name.startswith("_")}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What this installation loads at every start, before a program has its say."""
    folder = tmp_path_factory.mktemp("bare")
    words = [sys.executable, "-X", "importtime", "-c", "pass"]
    tree = parse_importtime(run(words, clean_environment(folder), folder)[1], "bare")
    return {node.name.partition(".")[0] for node in tree.walk()}


def test_a_front_end_imports_its_own_framework_only(
    front: str, bare: set[str], tmp_path: Path
) -> None:
    argv = [front, "list", "--format", "json"]

    tree = import_tree("velvet_cli", argv, env=clean_environment(tmp_path), cwd=tmp_path)

    loaded = {node.name for node in tree.walk()}
    found = third_parties(tree, bare)
    if front != "cyclopts":  # which has rich, because it declares its help with it
        assert found <= BUDGET[front]
        assert "rich" not in loaded
    assert {"argparse", "click", "typer", "cyclopts"} & found <= {front, "click"}
    # Neither the network nor packaging metadata is a command line's business.
    unwanted = {"ssl", "http.client", "importlib.metadata", "asyncio", "logging"} - bare
    assert front in ("typer", "cyclopts") or not loaded & unwanted


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Two command modules on the path, not yet imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    names = {name: f"velvet_lazy_{name}" for name in ("bake", "cook")}
    for name, module in names.items():
        (tmp_path / f"{module}.py").write_text(COMMAND.format(name=name), encoding="utf-8")
    yield names
    for module in names.values():
        sys.modules.pop(module, None)


def imported() -> set[str]:
    return {name for name in sys.modules if name.startswith("velvet_lazy_")}


@pytest.mark.parametrize("helps", [True, False])
def test_click_imports_the_called_command_and_help_needs_a_manifest(
    helps: bool, commands: dict[str, str]
) -> None:
    manifest = {n: Entry(m, f"{n} things" if helps else None) for n, m in commands.items()}
    group = lazy_click("kitchen", manifest)

    @group.command(help="Eat it.")
    def eat() -> None:
        pass

    assert imported() == set()
    shown = CliRunner().invoke(group, ["--help"]).output
    assert [
        word for word in ("bake things", "cook things", "eat", "Eat it") if word not in shown
    ] == []
    assert imported() == (set() if helps else set(commands.values()))
    assert CliRunner().invoke(group, ["cook"]).output == "cook ran\n"
    assert CliRunner().invoke(group, ["eat"]).exit_code == 0
    assert CliRunner().invoke(group, ["fry"]).exit_code == 2


def test_typer_is_not_click_any_more() -> None:
    app = typer.Typer()

    @app.command()
    def run(number: int) -> None:
        typer.echo(number)

    command = typer.main.get_command(app)
    group = click.Group("mixed")
    group.add_command(command, "run")  # type: ignore[arg-type]

    result = CliRunner().invoke(group, ["run", "nonsense"])

    assert not isinstance(command, click.Command)
    assert (result.exit_code, result.output) == (1, "")
    assert type(result.exception).__module__.startswith("typer._click")


def test_every_front_end_can_say_how_it_is_started() -> None:
    assert contenders.words("click") == [sys.executable, "-m", "velvet_cli", "click"]
    assert contenders.words("click", hardened=False)[-1] == "raw-click"
