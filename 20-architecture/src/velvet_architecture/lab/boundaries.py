"""The package obeys its own rules: which layer may import which, read from the source.

import-linter checks the same contract in `.importlinter`; this file needs nothing but `ast`, so
that the rule can be shown, and broken on purpose, in an example.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "velvet_architecture"
# From the inside out: each may import what stands before it.
LAYERS = ("domain", "ports", "app", "adapters", "bootstrap", "lab")


@dataclass(frozen=True)
class Violation:
    """An import that points outwards."""

    file: str
    line: int
    imported: str
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.imported}: {self.rule}"


def violations(root: Path) -> list[Violation]:
    """Return the imports of a package folder that break the layers; O(lines)."""
    found = []
    for path in sorted(root.rglob("*.py")):
        layer = path.relative_to(root).parts[0].removesuffix(".py")
        if layer in LAYERS:
            found += list(_of(path, path.relative_to(root).as_posix(), LAYERS.index(layer)))
    return found


def _of(path: Path, name: str, rank: int) -> Iterator[Violation]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{PACKAGE}.lab" if node.level else node.module or ""]  # relative: outermost
            if node.module == PACKAGE:
                names = [f"{PACKAGE}.{alias.name}" for alias in node.names]
        else:
            continue
        for imported in names:
            parts = imported.split(".")
            inside = parts[0] == PACKAGE and len(parts) > 1 and parts[1] in LAYERS
            if inside and LAYERS.index(parts[1]) > rank:
                yield Violation(name, node.lineno, imported, f"{LAYERS[rank]} is further inside")
            if rank == 0 and parts[0] != PACKAGE and parts[0] not in sys.stdlib_module_names:
                yield Violation(name, node.lineno, imported, "the domain imports no library")
