"""What every start costs, as whole processes: the price that a user pays before anything happens.

Each sample is a fresh process; the contenders' processes take turns in random order. `bare` is
the interpreter that does nothing, so that what a framework adds can be read off.
"""

from __future__ import annotations

import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from velvet.bench import Command, Comparison, Outcome, Suite, order, ratio
from velvet.bench.programs import runner
from velvet_cli.frontends import NAMES
from velvet_cli.probe import startup

PEERS = {"cyclopts": "cyclopts"}
# What the environment of a container often sets, and a user's does not.
CONTAINER = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPYCACHEPREFIX")
WARM: dict[str, str | None] = dict.fromkeys(CONTAINER)
# In each of the workers, of which a quick run has three.
ROUNDS = {"quick": 3, "default": 15, "full": 40}


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="velvet-cli-")


def _home(folder: str) -> dict[str, str]:
    """Keep the reader's own configuration out of what is measured."""
    return {"HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_CONFIG_DIRS": folder, "COLUMNS": "80"}


def bare() -> Command:
    """The interpreter that does nothing: the floor of every row."""
    return Command([sys.executable, "-c", "pass"], env=WARM)


def _start(name: str, *argv: str, ok: tuple[int, ...] = (0,), **env: str) -> Callable[[], Any]:
    def setup() -> Iterator[Command]:
        with _folder() as folder:
            words = [sys.executable, "-m", "velvet_cli", f"raw-{name}", *argv]
            yield Command(words, env={**WARM, **_home(folder), **env}, cwd=folder, ok=ok)

    return setup


def _rows(comparison: Comparison, *argv: str, ok: tuple[int, ...] = (0,), **env: str) -> None:
    comparison.add("bare", bare, baseline=True, note="the interpreter alone")
    for name in NAMES:
        comparison.add(name, _start(name, *argv, ok=ok, **env), needs=PEERS.get(name, ()))


def add_to(suite: Suite) -> None:
    """Declare the comparisons about starting a program."""
    _startup(suite)
    _anatomy(suite)
    _help_and_error(suite)
    _bytecode(suite)
    _lazy(suite)
    _footprint(suite)


def _startup(suite: Suite) -> None:
    starts = suite.comparison(
        "startup",
        title="Start, add a task, end (`tasks add x`)",
        kind="run",
        unit="ms",
        rounds=ROUNDS,
    )
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


def _anatomy(suite: Suite) -> None:
    anatomy = suite.comparison(
        "startup_anatomy",
        title="The same program: modules loaded, peak memory, lines written",
        kind="value",
        unit="modules",
        metrics={
            "modules": "modules",
            "rss_mb": "MB",
            "statements": "statements",
            "decorators": "decorators",
        },
    )

    def counted(name: str) -> Callable[[], Callable[[], Outcome]]:
        def setup() -> Callable[[], Outcome]:
            return lambda: _count(name)

        return setup

    for name in NAMES:
        anatomy.add(name, counted(name), needs=PEERS.get(name, ()))


def _count(name: str) -> Outcome:
    from velvet_cli import frontends
    from velvet_cli.loc import loc_of

    with _folder() as folder:
        stats = startup("velvet_cli", [f"raw-{name}", "add", "x"], n=1, cwd=Path(folder))
    lines = loc_of(Path(frontends.__file__).with_name(f"{name}_app.py"))
    figures = {
        "modules": stats.modules,
        "rss_mb": stats.rss_mb,
        "statements": lines.statements,
        "decorators": lines.decorators,
    }
    return Outcome(metrics=figures)


def _help_and_error(suite: Suite) -> None:
    helping = suite.comparison(
        "startup_help",
        title="Start to show help (`tasks --help`)",
        kind="run",
        unit="ms",
        tier="default",
        rounds=ROUNDS,
    )
    _rows(helping, "--help")
    wrong = suite.comparison(
        "startup_error", title="Start to refuse a bad value (`tasks add x -p 9`)", kind="run",
        unit="ms", rounds=ROUNDS,
    )  # fmt: skip
    _rows(wrong, "add", "x", "-p", "9", ok=(0, 1, 2))
    pair = suite.comparison(
        "typer_mistake", title="Typer: a right option, a wrong one, and a wrong one without rich",
        kind="run", unit="ms", rounds=ROUNDS,
    )  # fmt: skip
    pair.add("right", _start("typer", "add", "x", "-p", "3"), baseline=True)
    pair.add("wrong", _start("typer", "add", "x", "-p", "9", ok=(2,)))
    pair.add("wrong_without_rich", _hardened("typer", "add", "x", "-p", "9"))
    suite.claim(
        "in Typer a mistake costs more than a success, because rich is loaded to draw the box",
        ratio("typer_mistake", "wrong", "right", "cpu") >= 1.1,
    )


def _hardened(name: str, *argv: str) -> Callable[[], Any]:
    def setup() -> Iterator[Command]:
        with _folder() as folder:
            words = [sys.executable, "-m", "velvet_cli", name, *argv]
            yield Command(words, env={**WARM, **_home(folder)}, cwd=folder, ok=(2,))

    return setup


def _bytecode(suite: Suite) -> None:
    bytecode = suite.comparison(
        "no_bytecode", title="The same start without .pyc files", kind="run", unit="ms",
        sizes={"framework": list(NAMES)}, quick=lambda framework: framework in ("click", "typer"),
        rounds={"quick": 3, "default": 9, "full": 20},
    )  # fmt: skip

    def with_pyc(framework: str) -> Iterator[Command]:
        yield from _start(framework, "add", "x")()

    def without_pyc(framework: str) -> Iterator[Command]:
        with _folder() as cache:
            elsewhere = {"PYTHONPYCACHEPREFIX": cache}
            for command in _start(framework, "add", "x", **elsewhere)():
                runner(command)()
            # The standard library stays compiled: it is what pip and uv install that is not.
            for path in Path(cache).rglob("*.pyc"):
                if {"site-packages", "velvet_cli"} & set(path.parts):
                    path.unlink()
            never = {"PYTHONDONTWRITEBYTECODE": "1", **elsewhere}
            yield from _start(framework, "add", "x", **never)()

    def installed(framework: str) -> bool:
        try:
            return framework == "argparse" or bool(metadata.version(framework))
        except metadata.PackageNotFoundError:
            return False

    bytecode.add("with_pyc", with_pyc, baseline=True, when=installed)
    bytecode.add("without_pyc", without_pyc, when=installed)
    for name in ("click", "typer"):
        suite.claim(
            f"without bytecode {name} starts at least half as slow again",
            ratio("no_bytecode", "without_pyc", "with_pyc", "cpu", framework=name) >= 1.5,
        )


COMMANDS = 5
# What a command of a real tool imports: tens of milliseconds of somebody else's library.
SLOW = """
"Command {n}"
import time
import click
until = time.process_time() + 0.05
while time.process_time() < until:
    pass

@click.command(help="Command {n}")
def command():
    click.echo("{n}")
"""
PROGRAM = """
import click
from velvet_cli.lazy.click_group import LazyGroup
from velvet_cli.lazy.manifest import Entry
{body}
tasks(prog_name="tasks")
"""
BODIES = {
    "eager": """
from importlib import import_module
tasks = click.Group("tasks")
for n in range({count}):
    tasks.add_command(import_module(f"slow_{{n}}").command, f"c{{n}}")
""",
    "lazy": """
tasks = LazyGroup("tasks", {{f"c{{n}}": Entry(f"slow_{{n}}") for n in range({count})}})
""",
    "lazy_manifest": """
tasks = LazyGroup("tasks", {{f"c{{n}}": Entry(f"slow_{{n}}", f"Command {{n}}") for n in range({count})}})
""",
}


def _program(variant: str, *argv: str) -> Callable[[], Any]:
    def setup() -> Iterator[Command]:
        with _folder() as folder:
            for n in range(COMMANDS):
                text = textwrap.dedent(SLOW.format(n=n)).lstrip()
                Path(folder, f"slow_{n}.py").write_text(text, encoding="utf-8")
            body = BODIES[variant].format(count=COMMANDS)
            main = Path(folder, "main.py")
            main.write_text(PROGRAM.format(body=body), encoding="utf-8")
            yield Command([sys.executable, str(main), *argv], env={**WARM, "COLUMNS": "80"})

    return setup


def _lazy(suite: Suite) -> None:
    rounds = {"quick": 3, "default": 9, "full": 20}
    calls = {"lazy_command": ("c1",), "lazy_help": ("--help",)}
    titles = {
        "lazy_command": "One of five commands that import 50 ms each",
        "lazy_help": "`--help` over five commands that import 50 ms each",
    }
    for bench, argv in calls.items():
        comparison = suite.comparison(
            bench, title=titles[bench], kind="run", unit="ms", rounds=rounds
        )
        for variant in BODIES:
            comparison.add(variant, _program(variant, *argv), baseline=variant == "eager")
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
        "a manifest of summaries does",
        ratio("lazy_help", "eager", "lazy_manifest", "cpu") >= 1.8,
    )


# What each distribution brings along that the others do not need.
BRINGS = {
    "click": ("click",),
    "typer": (
        *("typer", "rich", "pygments", "markdown-it-py", "mdurl", "shellingham", "annotated-doc"),
        *("pydantic", "pydantic_core", "annotated-types", "typing-inspection", "typing_extensions"),
    ),
    "cyclopts": (
        *("cyclopts", "attrs", "rich", "pygments", "markdown-it-py", "mdurl"),
        *("rich-rst", "docutils", "docstring-parser"),
    ),
}


def _footprint(suite: Suite) -> None:
    disk = suite.comparison(
        "footprint", title="Installed files, with everything a framework requires", kind="value",
        unit="MB", metrics={"megabytes": "MB", "packages": "packages"},
    )  # fmt: skip

    def measured(name: str) -> Callable[[], Callable[[], Outcome]]:
        def setup() -> Callable[[], Outcome]:
            return lambda: _megabytes(name)

        return setup

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
