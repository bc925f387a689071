"""What a start costs, what it imports, and what loading commands lazily saves of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from velvet_cli.frontends import frontends
from velvet_cli.harness import clean_environment
from velvet_cli.probe import Node, import_tree, startup
from velvet_cli.terminal import children_cpu_s

RUNS = 3
LEAST_MS = 0.4  # an import that costs less is drawn within its importer
MODES = ("eager", "lazy", "manifest")
COMMANDS = (1, 12)
IMPORT_MS = (0, 100)
_SLOW = """\
import time
import click
until = time.process_time() + {seconds}
while time.process_time() < until:
    pass

@click.command(help="Command {n}.")
def command():
    click.echo("{n}")
"""
_PROGRAM = """\
from importlib import import_module
import click
from velvet_cli.lazy.click_group import LazyGroup
from velvet_cli.lazy.manifest import Entry
count, mode = {count}, {mode!r}
if mode == "eager":
    tasks = click.Group("tasks")
    for n in range(count):
        tasks.add_command(import_module(f"slow_{{n}}").command, f"c{{n}}")
else:
    helps = [f"Command {{n}}." if mode == "manifest" else None for n in range(count)]
    entries = {{f"c{{n}}": Entry(*filter(None, (f"slow_{{n}}", helps[n]))) for n in range(count)}}
    tasks = LazyGroup("tasks", entries)
tasks(prog_name="tasks")
"""


def starts() -> Iterator[dict[str, Any]]:
    """Yield what `tasks add x` costs in each front end, and the tree of its imports."""
    with tempfile.TemporaryDirectory(prefix="velvet-cli-") as made:
        folder = Path(made)
        usual = clean_environment(folder)
        for front in frontends():
            argv = [f"raw-{front.name}", "add", "x"]
            stats = startup("velvet_cli", argv, RUNS, env=usual, cwd=folder)
            yield {
                "type": "start",
                "name": front.name,
                "cpu_ms": round(stats.cpu_ms, 1),
                "uncompiled_ms": round(_uncompiled(argv, usual, folder), 1),
                "rss_mb": round(stats.rss_mb, 1),
                "modules": stats.modules,
            }
            tree = import_tree("velvet_cli", argv, env=usual, cwd=folder)
            yield {"type": "tree", "name": front.name, "boxes": boxes(tree)}


def boxes(tree: Node, least_ms: float = LEAST_MS) -> list[list[Any]]:
    """Return ``[path, parent path, label, ms]`` of each import worth a box; O(n).

    A parent's figure includes its children's, as an icicle's boxes do.
    """
    found: list[list[Any]] = []

    def visit(node: Node, above: str) -> None:
        path = f"{above}>{node.name}" if above else node.name
        found.append([path, above, node.name.rpartition(".")[2], round(node.total_ms, 2)])
        for child in node.children:
            if child.total_ms >= least_ms:
                visit(child, path)

    visit(tree, "")
    return found


def lazily(commands: int, import_ms: int) -> Iterator[dict[str, Any]]:
    """Yield what one command and the help of a program cost, for each way of loading.

    Args:
        commands: how many the program has, 1 to 12.
        import_ms: what each of them imports, 0 to 100 ms of processor time.

    Raises:
        ValueError: a number is outside of its range.
    """
    for name, value, (low, high) in (
        ("commands", commands, COMMANDS),
        ("import_ms", import_ms, IMPORT_MS),
    ):
        if not low <= value <= high:
            raise ValueError(f"{name} must be {low} to {high}, not {value}")
    for mode in MODES:
        with tempfile.TemporaryDirectory(prefix="velvet-cli-") as made:
            folder = Path(made)
            for n in range(commands):
                text = _SLOW.format(seconds=import_ms / 1e3, n=n)
                (folder / f"slow_{n}.py").write_text(text, encoding="utf-8")
            program = _PROGRAM.format(count=commands, mode=mode)
            (folder / "program.py").write_text(program, encoding="utf-8")
            env = clean_environment(folder, {"PYTHONPATH": _path(folder)})
            for words in (["c0"], ["--help"]):
                stats = startup("program", words, 2, env=env, cwd=folder)
                yield {
                    "type": "lazy",
                    "mode": mode,
                    "words": words[0],
                    "commands": commands,
                    "import_ms": import_ms,
                    "cpu_ms": round(stats.cpu_ms, 1),
                    "modules": stats.modules,
                }


def _path(folder: Path) -> str:
    return os.pathsep.join([str(folder), *(part for part in sys.path if part)])


def _uncompiled(argv: list[str], env: Mapping[str, str], folder: Path) -> float:
    """Return the processor time, in ms, of a start that finds no bytecode and writes none."""
    # A prefix without files stands for an installation that was never compiled.
    never = {"PYTHONPYCACHEPREFIX": str(folder / "none"), "PYTHONDONTWRITEBYTECODE": "1"}
    used = []
    for _ in range(2):
        before = children_cpu_s()
        subprocess.run(
            [sys.executable, "-m", "velvet_cli", *argv],
            env={**env, **never},
            cwd=folder,
            check=True,
            capture_output=True,
        )
        used.append(children_cpu_s() - before)
    return min(used) * 1e3
