"""Do two formatters agree, does a second run change nothing, and is the program still the same?

Swapping a formatter is said to be free. The three questions above are what a diff of a thousand
lines in a review is about, and each can be answered for a tree of files in seconds.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from velvet_devtools import process
from velvet_devtools.contenders import load

# Arguments of one call: Windows takes 32,767 characters.
BATCH = 120


@dataclass(frozen=True)
class FormatReport:
    """What a formatter did to a tree.

    Attributes:
        changed: files that the first run changed.
        again: files that a second run changed; idempotent means none.
        altered: files whose syntax tree is another one now.
        seconds: of the first run.
    """

    changed: int
    again: int
    altered: int
    seconds: float


@dataclass(frozen=True)
class Agreement:
    """How far two results differ: files, and lines of a diff without context."""

    files: int
    differing_files: int
    lines: int
    differing_lines: int


def apply(name: str, paths: Sequence[Path], *, timeout_s: float = 120) -> float:
    """Format files in place and return the seconds; ToolMissing where it is not installed."""
    tool: Any = load("formatters", name)
    program = process.need(tool.PROGRAM, tool.PACKAGE)
    seconds = 0.0
    for first in range(0, len(paths), BATCH):
        files = [str(path.absolute()) for path in paths[first : first + BATCH]]
        seconds += process.run([program, *tool.command(files)], timeout_s=timeout_s).seconds
    return seconds


def check(name: str, folder: Path) -> FormatReport:
    """Format the Python files of a folder twice, in place, and compare before, between and after."""
    paths = sorted(folder.rglob("*.py"))
    before = [path.read_bytes() for path in paths]
    trees = [shape(source) for source in before]
    seconds = apply(name, paths)
    once = [path.read_bytes() for path in paths]
    apply(name, paths)
    return FormatReport(
        changed=sum(a != b for a, b in zip(before, once, strict=True)),
        again=sum(a != path.read_bytes() for a, path in zip(once, paths, strict=True)),
        altered=sum(tree != shape(b) for tree, b in zip(trees, once, strict=True)),
        seconds=seconds,
    )


def agreement(first: Path, second: Path) -> Agreement:
    """Compare two formatted copies of one tree."""
    files = lines = differing = 0
    names = sorted(path.relative_to(first) for path in first.rglob("*.py"))
    for name in names:
        a, b = ((root / name).read_bytes().splitlines() for root in (first, second))
        lines += len(a)
        if a != b:
            files += 1
            pieces = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
            differing += sum(max(w - v, y - x) for tag, v, w, x, y in pieces if tag != "equal")
    return Agreement(len(names), files, lines, differing)


def shape(source: bytes) -> str | None:
    """Return a text of the syntax tree without positions; None where there is no tree.

    Docstrings are stripped at the ends of their lines and imports are sorted, because a formatter
    may change these.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = "\n".join(line.strip() for line in node.value.strip().split("\n"))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            node.names.sort(key=lambda alias: (alias.name, alias.asname or ""))
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                _sort_runs(block, lambda one: isinstance(one, ast.Import | ast.ImportFrom))
    return ast.dump(tree)


def _sort_runs(block: list[ast.stmt], belongs: Callable[[ast.stmt], bool]) -> None:
    """Sort each run of neighbours that belong, in place."""
    start = 0
    while start < len(block):
        stop = start
        while stop < len(block) and belongs(block[stop]):
            stop += 1
        block[start:stop] = sorted(block[start:stop], key=ast.dump)
        start = max(stop, start + 1)
