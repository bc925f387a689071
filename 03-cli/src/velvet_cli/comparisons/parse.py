"""What a framework costs once it is loaded: building the tree, parsing a line, testing.

Everything here runs inside one warm process, so it is what a long-lived program or a test suite
pays; for a command typed by a person the start-up is far larger.
"""

# No `from __future__ import annotations`: Typer and Cyclopts evaluate hints of local names.
import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import click
import typer

from velvet.bench import Suite, ratio
from velvet_cli.comparisons.running import Mode, invoke

SIZES = [3, 30, 300]
OPTIONS = 5
ARGV = ["command1", "--opt0", "7", "--opt4=9"]
WANTED = ("command1", 7, 0, 0, 0, 9)
Done = Callable[..., Any]
Run = Callable[[list[str]], Any]


def build_argparse(commands: int, done: Done) -> Run:
    """Return argparse's program of so many commands with five options each."""
    parser = argparse.ArgumentParser(prog="many")
    children = parser.add_subparsers(dest="command", required=True)
    for n in range(commands):
        child = children.add_parser(f"command{n}", help="A command.")
        for o in range(OPTIONS):
            child.add_argument(f"--opt{o}", type=int, default=0, help="An option.")

    def run(argv: list[str]) -> Any:
        values = vars(parser.parse_args(argv))
        return done(values.pop("command"), **values)

    return run


def build_click(commands: int, done: Done) -> Run:
    """Return Click's program of so many commands with five options each."""
    group = click.Group("many")
    for n in range(commands):

        def callback(name: str = f"command{n}", **values: int) -> Any:
            return done(name, **values)

        params: list[click.Parameter] = [
            click.Option([f"--opt{o}"], type=int, default=0, help="An option.")
            for o in range(OPTIONS)
        ]
        group.add_command(
            click.Command(f"command{n}", params=params, callback=callback, help="A command.")
        )
    return lambda argv: group.main(argv, "many", standalone_mode=False)


def build_typer(commands: int, done: Done) -> Run:
    """Return Typer's program of so many commands with five options each."""
    app = typer.Typer(add_completion=False)
    option = Annotated[int, typer.Option(help="An option.")]
    for n in range(commands):

        def callback(
            context: typer.Context,
            opt0: option = 0,
            opt1: option = 0,
            opt2: option = 0,
            opt3: option = 0,
            opt4: option = 0,
        ) -> Any:
            return done(context.info_name, opt0=opt0, opt1=opt1, opt2=opt2, opt3=opt3, opt4=opt4)

        app.command(f"command{n}", help="A command.")(callback)
    group = typer.main.get_command(app)
    return lambda argv: group.main(argv, "many", standalone_mode=False)


def build_cyclopts(commands: int, done: Done) -> Run:
    """Return Cyclopts' program of so many commands with five options each."""
    from cyclopts import App, Parameter

    app = App("many")
    option = Annotated[int, Parameter(help="An option.")]
    for n in range(commands):

        def callback(
            *,
            opt0: option = 0,
            opt1: option = 0,
            opt2: option = 0,
            opt3: option = 0,
            opt4: option = 0,
            name: Annotated[str, Parameter(parse=False)] = f"command{n}",
        ) -> Any:
            return done(name, opt0=opt0, opt1=opt1, opt2=opt2, opt3=opt3, opt4=opt4)

        app.command(callback, name=f"command{n}", help="A command.")
    return lambda argv: app(argv, result_action="return_value")


BUILDERS: Mapping[str, Callable[[int, Done], Run]] = {
    "argparse": build_argparse,
    "click": build_click,
    "typer": build_typer,
    "cyclopts": build_cyclopts,
}


def collected(name: str, **values: int) -> tuple[Any, ...]:
    """Return what a command was called with."""
    return (name, *(values[f"opt{o}"] for o in range(OPTIONS)))


def add_to(suite: Suite) -> None:
    """Declare the comparisons about parsing, building and testing."""
    title = "Parse a line and call its command, everything loaded"
    shared: dict[str, Any] = {
        "sizes": {"commands": SIZES},
        "quick": lambda commands: commands != 30,
    }
    parse = suite.comparison("parse", unit="us", title=title, **shared)
    title = "Build the tree of commands with five options each"
    rounds = {"quick": 3, "default": 15, "full": 30}
    tree = suite.comparison("build_tree", unit="ms", title=title, rounds=rounds, **shared)
    for name, build in BUILDERS.items():
        options: dict[str, Any] = {"baseline": name == "argparse"}
        options["needs"] = name if name == "cyclopts" else ()
        parse.add(name, _parsing(build), **options)
        tree.add(name, _building(build), **options)
    for comparison in (parse, tree):
        comparison.check(lambda result: result == WANTED)
    suite.claim(
        "argparse parses at least twice as fast as Click",
        ratio("parse", "click", "argparse", commands=3) >= 2,
    )
    suite.claim(
        "Cyclopts parses at least five times as slow as Click",
        ratio("parse", "cyclopts", "click", commands=3) >= 5,
        needs="cyclopts",
    )
    suite.claim(
        "argparse's tree costs more to build than Click's",
        ratio("build_tree", "click", "argparse", commands=300) <= 0.6,
    )
    _testing(suite)


def _parsing(build: Callable[[int, Done], Run]) -> Callable[..., Callable[[], Any]]:
    def setup(commands: int) -> Callable[[], Any]:
        run = build(commands, collected)
        return lambda: run(list(ARGV))

    return setup


def _building(build: Callable[[int, Done], Run]) -> Callable[..., Callable[[], Any]]:
    def setup(commands: int) -> Callable[[], Any]:
        # A command is called too: some frameworks build only what a call needs.
        return lambda: build(commands, collected)(list(ARGV))

    return setup


def _testing(suite: Suite) -> None:
    testing = suite.comparison(
        "testing_cost",
        unit="ms",
        title="One invocation of `tasks stats` in a test",
        # Most of it happens in a child, which the thread's own clock does not see.
        clock="wall",
        rounds={"quick": 3, "default": 10, "full": 30},
    )

    def invoked(name: str, mode: Mode) -> Callable[[], Iterator[Callable[[], int]]]:
        def setup() -> Iterator[Callable[[], int]]:
            with tempfile.TemporaryDirectory() as made:
                yield lambda: invoke(name, ["stats"], mode, folder=Path(made)).exit

        return setup

    for name in ("click", "argparse", "typer", "cyclopts"):
        needs = name if name == "cyclopts" else ()
        row = invoked(name, "inprocess")
        testing.add(f"{name}_inprocess", row, needs=needs, baseline=name == "click")
    testing.add("click_subprocess", invoked("click", "subprocess"))
    testing.add("click_pty", invoked("click", "pty"), needs="posix")
    testing.check(lambda result: result == 0)
    suite.claim(
        "a test that starts a process costs at least twenty in-process ones",
        ratio("testing_cost", "click_subprocess", "click_inprocess") >= 20,
    )
