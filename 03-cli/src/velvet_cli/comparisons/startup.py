"""What every start costs, as whole processes: the price that a user pays before anything happens.

Each sample is a fresh process; the contenders' processes take turns in random order. `bare` is the
interpreter that does nothing, so that what a framework adds can be read off.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from velvet.bench import Command, Comparison, Outcome, Suite, order, ratio
from velvet.bench.programs import runner
from velvet_cli import contenders
from velvet_cli.comparisons.probe import startup, written

PEERS = {"cyclopts": "cyclopts"}
# What the environment of a container often sets, and a user's does not.
WARM: dict[str, str | None] = dict.fromkeys(
    ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPYCACHEPREFIX")
)
# In each of the workers, of which a quick run has three.
ROUNDS = {"quick": 3, "default": 15, "full": 40}
FEWER = {"quick": 3, "default": 9, "full": 20}
# The order of the rows: by what a start costs.
NAMES = ("argparse", "click", "typer", "cyclopts")


def folder() -> tempfile.TemporaryDirectory[str]:
    """Return a new folder, to be entered."""
    return tempfile.TemporaryDirectory(prefix="velvet-cli-")


def home(place: str) -> dict[str, str | None]:
    """Return an environment that keeps the reader's own configuration out of what is measured."""
    own = {"HOME": place, "XDG_CONFIG_HOME": place, "XDG_CONFIG_DIRS": place, "COLUMNS": "80"}
    return {**WARM, **own}


def add_to(suite: Suite) -> None:
    """Declare the comparisons about starting a program."""
    _startup(suite)
    _help_and_error(suite)
    _bytecode(suite)
    _lazy(suite)
    _anatomy(suite)
    _footprint(suite)


def _start(
    name: str, *argv: str, ok: tuple[int, ...] = (0,), hardened: bool = False, **env: str
) -> Any:
    def setup() -> Iterator[Command]:
        with folder() as made:
            words = contenders.words(name, *argv, hardened=hardened)
            yield Command(words, env={**home(made), **env}, cwd=made, ok=ok)

    return setup


def _rows(comparison: Comparison, *argv: str, ok: tuple[int, ...] = (0,)) -> None:
    bare = Command([sys.executable, "-c", "pass"], env=WARM)
    comparison.add("bare", lambda: bare, baseline=True, note="the interpreter alone")
    for name in NAMES:
        comparison.add(name, _start(name, *argv, ok=ok), needs=PEERS.get(name, ()))


def _startup(suite: Suite) -> None:
    title = "Start, add a task, end (`tasks add x`)"
    starts = suite.comparison("startup", title=title, kind="run", unit="ms", rounds=ROUNDS)
    _rows(starts, "add", "x")
    suite.claim(
        "a start costs least with argparse, more with Click, most with Typer",
        order("startup", "argparse", "click", "typer", metric="cpu"),
    )
    suite.claim(
        "Typer starts at twice the price of Click", ratio("startup", "typer", "click", "cpu") >= 2
    )
    suite.claim(
        "and with half as much memory again",
        ratio("startup", "typer", "click", "peak_mb") >= 1.4,
        needs="posix",
    )


def _help_and_error(suite: Suite) -> None:
    title = "Start to show help (`tasks --help`)"
    helping = suite.comparison(
        "startup_help", title=title, kind="run", unit="ms", tier="default", rounds=ROUNDS
    )
    _rows(helping, "--help")
    title = "Start to refuse a bad value (`tasks add x -p 9`)"
    wrong = suite.comparison(
        "startup_error", title=title, kind="run", unit="ms", tier="default", rounds=ROUNDS
    )
    _rows(wrong, "add", "x", "-p", "9", ok=(0, 1, 2))
    title = "Typer: a right option, a wrong one, and a wrong one without rich"
    pair = suite.comparison("typer_mistake", title=title, kind="run", unit="ms", rounds=ROUNDS)
    mistake = ("typer", "add", "x", "-p", "9")
    pair.add("right", _start("typer", "add", "x", "-p", "3"), baseline=True)
    pair.add("wrong", _start(*mistake, ok=(2,)))
    pair.add("wrong_without_rich", _start(*mistake, ok=(2,), hardened=True))
    suite.claim(
        "in Typer a mistake costs more than a success, because rich is loaded to draw the box",
        ratio("typer_mistake", "wrong", "right", "cpu") >= 1.1,
    )


def _bytecode(suite: Suite) -> None:
    bytecode = suite.comparison(
        "no_bytecode",
        title="The same start without .pyc files",
        kind="run",
        unit="ms",
        sizes={"framework": list(NAMES)},
        quick=lambda framework: framework in ("click", "typer"),
        rounds=FEWER,
    )

    def with_pyc(framework: str) -> Iterator[Command]:
        yield from _start(framework, "add", "x")()

    def without_pyc(framework: str) -> Iterator[Command]:
        with folder() as cache:
            for command in _start(framework, "add", "x", PYTHONPYCACHEPREFIX=cache)():
                runner(command)()
            # The standard library stays compiled: it is what pip and uv install that is not.
            for path in Path(cache).rglob("*.pyc"):
                if {"site-packages", "velvet_cli"} & set(path.parts):
                    path.unlink()
            never: dict[str, Any] = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": cache}
            yield from _start(framework, "add", "x", **never)()

    def installed(framework: str) -> bool:
        return bool(contenders.version(framework))

    bytecode.add("with_pyc", with_pyc, baseline=True, when=installed)
    bytecode.add("without_pyc", without_pyc, when=installed)
    for name in ("click", "typer"):
        suite.claim(
            f"without bytecode {name} starts at least half as slow again",
            ratio("no_bytecode", "without_pyc", "with_pyc", "cpu", framework=name) >= 1.5,
        )


MODES = ("eager", "lazy", "manifest")
# What a command of a real tool imports: tens of milliseconds of another library.
_SLOW = '''"""Command {n}"""
import time
import click
until = time.process_time() + {seconds}
while time.process_time() < until:
    pass

@click.command(help="Command {n}")
def command():
    click.echo("{n}")
'''
_PROGRAM = """\
from importlib import import_module
import click
from velvet_cli.lazy import Entry, lazy_click
count, mode = {count}, {mode!r}
if mode == "eager":
    tasks = click.Group("tasks")
    for n in range(count):
        tasks.add_command(import_module(f"slow_{{n}}").command, f"c{{n}}")
else:
    helps = [f"Command {{n}}" if mode == "manifest" else None for n in range(count)]
    tasks = lazy_click("tasks", {{f"c{{n}}": Entry(f"slow_{{n}}", helps[n]) for n in range(count)}})
tasks(prog_name="tasks")
"""


def write_program(place: Path, *, commands: int, import_ms: float, mode: str) -> None:
    """Write `program.py` and the modules of its commands c0, c1, ... into a folder.

    `import_ms`: processor time that importing one of them costs; `mode`: one of `MODES`: import
    all, or when called, or when called and with known summaries.
    """
    for n in range(commands):
        text = _SLOW.format(seconds=import_ms / 1e3, n=n)
        (place / f"slow_{n}.py").write_text(text, encoding="utf-8")
    text = _PROGRAM.format(count=commands, mode=mode)
    (place / "program.py").write_text(text, encoding="utf-8")


def _lazy(suite: Suite) -> None:
    def program(mode: str, *argv: str) -> Callable[[], Any]:
        def setup() -> Iterator[Command]:
            with folder() as made:
                write_program(Path(made), commands=5, import_ms=50, mode=mode)
                words = [sys.executable, str(Path(made, "program.py")), *argv]
                yield Command(words, env={**WARM, "COLUMNS": "80"})

        return setup

    for bench, argv, title in (
        ("lazy_command", ("c1",), "One of five commands that import 50 ms each"),
        ("lazy_help", ("--help",), "`--help` over five commands that import 50 ms each"),
    ):
        comparison = suite.comparison(bench, title=title, kind="run", unit="ms", rounds=FEWER)
        for name, mode in zip(("eager", "lazy", "lazy_manifest"), MODES, strict=True):
            comparison.add(name, program(mode, *argv), baseline=name == "eager")
        comparison.same_result()
    suite.claim(
        "a lazily loaded command is not charged for the imports of the others",
        ratio("lazy_command", "eager", "lazy", "cpu") >= 1.8,
    )
    suite.claim(
        "lazy loading alone does nothing for --help",
        ratio("lazy_help", "eager", "lazy", "cpu") <= 1.2,
    )
    suite.claim(
        "a manifest of summaries does", ratio("lazy_help", "eager", "lazy_manifest", "cpu") >= 1.8
    )


def _anatomy(suite: Suite) -> None:
    units = {
        "modules": "modules",
        "rss_mb": "MB",
        "statements": "statements",
        "decorators": "decorators",
    }
    anatomy = suite.comparison(
        "startup_anatomy",
        title="The same program: modules loaded, peak memory, lines written",
        kind="value",
        unit="modules",
        metrics=units,
    )

    def counted(name: str) -> Callable[[], Callable[[], Outcome]]:
        def count() -> Outcome:
            with folder() as made:
                argv = [f"{contenders.RAW}{name}", "add", "x"]
                stats = startup("velvet_cli", argv, 1, env=os.environ, cwd=Path(made))
            lines = written(Path(contenders.__file__).with_name(f"{name}.py"))
            return Outcome(
                metrics=dict(zip(units, (stats.modules, stats.rss_mb, *lines), strict=True))
            )

        return lambda: count

    for name in NAMES:
        anatomy.add(name, counted(name), needs=PEERS.get(name, ()))


# What each distribution brings along that the others do not need.
_RICH = ("rich", "pygments", "markdown-it-py", "mdurl")
_TYPER = ("typer", "shellingham", "annotated-doc", "pydantic", "pydantic_core", "annotated-types")
BRINGS = {
    "click": ("click",),
    "typer": (*_TYPER, *_RICH, "typing-inspection", "typing_extensions"),
    "cyclopts": ("cyclopts", "attrs", *_RICH, "rich-rst", "docutils", "docstring-parser"),
}


def _footprint(suite: Suite) -> None:
    title = "Installed files, with everything a framework requires"
    units = {"megabytes": "MB", "packages": "packages"}
    disk = suite.comparison("footprint", title=title, kind="value", unit="MB", metrics=units)

    def measured(name: str) -> Callable[[], Callable[[], Outcome]]:
        return lambda: lambda: _megabytes(name)

    for name in BRINGS:
        disk.add(name, measured(name), needs=PEERS.get(name, ()), baseline=name == "click")
    suite.claim(
        "Typer brings ten times Click's files",
        ratio("footprint", "typer", "click", "megabytes") >= 10,
    )


def _megabytes(name: str) -> Outcome:
    total = packages = 0
    for distribution in BRINGS[name]:
        try:
            found = metadata.distribution(distribution)
        except metadata.PackageNotFoundError:
            continue
        packages += 1
        files = [Path(str(found.locate_file(one))) for one in found.files or ()]
        total += sum(f.stat().st_size for f in files if f.suffix != ".pyc" and f.is_file())
    return Outcome(metrics={"megabytes": total / 1e6, "packages": packages})
