"""The corpus that exists wherever Python does: packages of the standard library, copied."""

from __future__ import annotations

import ast
import asyncio
import shutil
import symtable
from collections.abc import Iterator
from pathlib import Path

LIBRARY = Path(asyncio.__file__).parents[1]
PACKAGES = (
    "asyncio", "email", "json", "http", "logging", "unittest", "xml", "multiprocessing", "importlib",
)  # fmt: skip
HALF = ("asyncio", "email", "json", "http", "logging")


def files(packages: tuple[str, ...] = PACKAGES) -> list[Path]:
    """Return the Python files of packages of the standard library, tests left out."""
    found = (one for name in packages for one in (LIBRARY / name).rglob("*.py"))
    return sorted(one for one in found if not {"test", "tests", "__pycache__"} & set(one.parts))


def copy(into: Path, packages: tuple[str, ...] = PACKAGES, *, share: float = 1.0) -> list[Path]:
    """Copy the corpus, or a share of its files, and return the copies."""
    made = []
    wanted = files(packages)
    for path in wanted[: max(1, round(len(wanted) * share))]:
        place = into / path.relative_to(LIBRARY)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        made.append(place)
    return made


def lines(paths: list[Path]) -> int:
    """Return the lines of files."""
    return sum(path.read_bytes().count(b"\n") for path in paths)


def right_places(source: str, old: str) -> set[tuple[int, int]]:
    """Return line and column of each name that is the module's own symbol, by `symtable`.

    An oracle of its own: it shares no code with any of the ways to rename.
    """
    places: set[tuple[int, int]] = set()

    def visit(node: ast.AST, table: symtable.SymbolTable) -> None:
        children = {(one.get_name(), one.get_lineno()): one for one in table.get_children()}
        for child in ast.iter_child_nodes(node):
            inner = table
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
                inner = children.get((child.name, child.lineno)) or children.get(
                    (child.name, first), table
                )
                if child.name == old and table.get_type() == "module":
                    places.add((child.lineno, -1))
            elif isinstance(child, ast.Name) and child.id == old and _is_global(table, old):
                places.add((child.lineno, child.col_offset))
            visit(child, inner)

    visit(ast.parse(source), symtable.symtable(source, "<source>", "exec"))
    return places


def _is_global(table: symtable.SymbolTable, name: str) -> bool:
    if table.get_type() == "module":
        return True
    try:
        return table.lookup(name).is_global()
    except KeyError:
        return True


def wrong_edits(source: str, made: str, old: str, new: str) -> int:
    """Return how many nodes of a renamed source differ from what the oracle would have made."""
    places = right_places(source, old)
    expected = ast.parse(source)
    for node in ast.walk(expected):
        if isinstance(node, ast.Name) and (node.lineno, node.col_offset) in places:
            node.id = new
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == old:
            node.name = new if (node.lineno, -1) in places else old
        elif isinstance(node, ast.Global) and old in node.names:
            node.names = [new if one == old else one for one in node.names]
    pairs = zip(ast.walk(expected), ast.walk(ast.parse(made)), strict=False)
    return sum(_own(a) != _own(b) for a, b in pairs)


def _own(node: ast.AST) -> tuple[object, ...]:
    values = (value for _, value in ast.iter_fields(node))
    return type(node).__name__, *(
        one for one in values if isinstance(one, str | int | list) and _plain(one)
    )


def _plain(value: object) -> bool:
    return not isinstance(value, list) or all(isinstance(one, str) for one in value)


def functions(source: str) -> Iterator[str]:
    """Yield the names of a module's own functions."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
