"""Do two formatters agree, does a second run change nothing, and is the program still the same?

Swapping a formatter is said to be free. The three questions above are what a diff of a thousand
lines in a review is about, and each can be answered for a tree of files in seconds.
"""

from __future__ import annotations

import ast
import difflib
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from velvet_devtools import process

# Arguments of one call: Windows takes 32,767 characters.
BATCH = 120
# Each with its own settings: program, and arguments that rewrite files in place.
FORMATTERS: Mapping[str, tuple[str, ...]] = {
    "black": ("black", "--quiet", "--fast", "--config", os.devnull),
    "isort": ("isort", "--quiet", "--profile", "black"),
    "ruff_format": ("ruff", "format", "--isolated", "--no-cache", "--quiet"),
    "ruff_isort": ("ruff", "check", "--isolated", "--no-cache", "--quiet", "--select", "I", "--fix"),
}  # fmt: skip


class FormatReport(NamedTuple):
    """Files that a second run of a formatter changed, and whose syntax tree is another."""

    again: int
    altered: int


class Agreement(NamedTuple):
    """How far two results differ: files, and lines of a diff without context."""

    files: int
    differing_files: int
    lines: int
    differing_lines: int


def apply(name: str, paths: Sequence[Path]) -> None:
    """Format files in place; ToolMissing where it is not installed."""
    program, *words = FORMATTERS[name]
    argv = [process.need(program), *words, "--"]
    for first in range(0, len(paths), BATCH):
        files = [str(path.absolute()) for path in paths[first : first + BATCH]]
        process.run([*argv, *files], timeout_s=120)


def check(name: str, folder: Path) -> FormatReport:
    """Format the Python files of a folder twice, in place, and compare before, between and after."""
    paths = sorted(folder.rglob("*.py"))
    trees = [shape(path.read_bytes()) for path in paths]
    apply(name, paths)
    once = [path.read_bytes() for path in paths]
    apply(name, paths)
    again = sum(a != path.read_bytes() for a, path in zip(once, paths, strict=True))
    altered = sum(tree != shape(b) for tree, b in zip(trees, once, strict=True))
    return FormatReport(again, altered)


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
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = "\n".join(line.strip() for line in node.value.strip().split("\n"))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            node.names.sort(key=lambda alias: (alias.name, alias.asname or ""))
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                _sort_imports(block)
    return ast.dump(tree)


def _sort_imports(block: list[ast.stmt]) -> None:
    """Sort each run of neighbouring imports, in place."""
    rows: list[ast.stmt] = []
    for imports, run in itertools.groupby(
        block, lambda one: isinstance(one, ast.Import | ast.ImportFrom)
    ):
        found = list(run)
        rows += sorted(found, key=ast.dump) if imports else found
    block[:] = rows
