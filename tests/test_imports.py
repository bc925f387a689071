"""Which room may import which: found over the folders, so that no list names a module.

One graph holds the toolkit and every module's package. Imports inside functions and under
TYPE_CHECKING count, because they tie two files together as much as any other.

A module in the old shape (no `comparisons` in its package) is held to what it can meet already.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from velvet.catalog import Module, modules

ROOT = Path(__file__).resolve().parent.parent
MODULES = [module for module in modules(ROOT) if module.state == "working"]
NAMES = {module.package for module in MODULES}
POSIX_ONLY = ("fcntl", "grp", "pwd", "resource", "termios")
EDITS = {"append", "clear", "extend", "insert", "pop", "remove", "setdefault", "update"}


@lru_cache(maxsize=1)
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("velvet", *sorted(NAMES), cache_dir=None)


def imports() -> Iterator[tuple[str, str]]:
    for importer in sorted(graph().modules):
        for imported in sorted(graph().find_modules_directly_imported_by(importer)):
            yield importer, imported


def package(name: str) -> str:
    return name.partition(".")[0]


def room(name: str) -> str:
    """The folder of a module's package in which a file lies; empty for the lesson."""
    first = (name.split(".") + [""])[1]
    return first if first in ("comparisons", "dashboard") else ""


def circle(package_name: str) -> list[str]:
    """Return one circle of imports inside a package, or nothing."""
    inside = [name for name in graph().modules if package(name) == package_name]
    edges = {
        name: {
            other
            for other in graph().find_modules_directly_imported_by(name)
            if package(other) == package_name and other != name
        }
        for name in inside
    }
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_the_toolkit_imports_no_module() -> None:
    assert [pair for pair in imports() if package(pair[0]) == "velvet" != package(pair[1])] == []


def test_no_module_imports_another() -> None:
    pairs = [pair for pair in imports() if package(pair[0]) in NAMES and package(pair[1]) in NAMES]

    assert pairs
    assert [pair for pair in pairs if package(pair[0]) != package(pair[1])] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.slug)
def test_a_lesson_can_be_lifted_out(module: Module) -> None:
    """It imports of the toolkit only the servers, and nothing of its comparisons and dashboard."""
    lesson = [
        (importer, imported)
        for importer, imported in imports()
        if package(importer) == module.package and not room(importer)
    ]

    assert module.package in graph().modules
    toolkit = [pair for pair in lesson if package(pair[1]) == "velvet"]
    assert [pair for pair in toolkit if not pair[1].startswith("velvet.services")] == []
    assert [pair for pair in lesson if package(pair[1]) == module.package and room(pair[1])] == []


@pytest.mark.parametrize("name", ["velvet", *(module.package for module in MODULES)])
def test_no_circle(name: str) -> None:
    assert circle(name) == []


def path_edits(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that change `sys.path` or `sys.modules`."""

    def meant(node: ast.AST) -> bool:
        node = node.value if isinstance(node, ast.Subscript | ast.Starred) else node
        if not isinstance(node, ast.Attribute) or node.attr not in ("path", "modules"):
            return False
        return isinstance(node.value, ast.Name) and node.value.id == "sys"

    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.Delete):
            changed: list[ast.AST] = list(node.targets)
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            changed = [node.target]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            changed = [node.func.value] if node.func.attr in EDITS else []
        else:
            continue
        if any(meant(target) for target in changed):
            yield node.lineno


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sys.path.insert(0, here)", True),
        ("sys.path[:] = []", True),
        ("sys.path += [here]", True),
        ("del sys.modules[name]", True),
        ("sys.modules[name] = module", True),
        ("sys.modules.pop(name)", True),
        ("found = sys.modules.get(name)", False),
        ("print(sys.path[0], os.path.join(a, b))", False),
        ("os.path.insert(0)", False),
    ],
)
def test_a_path_trick_is_recognised(line: str, expected: bool) -> None:
    assert bool(list(path_edits(ast.parse(line)))) is expected


def files() -> dict[str, Path]:
    """Return every file of the toolkit and of the modules' packages, by its dotted name."""
    roots = [(ROOT, "velvet"), *((one.folder / "src", one.package) for one in MODULES)]
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for root, name in roots
        for path in sorted((root / name).rglob("*.py"))
    }


def trees(paths: Iterable[Path], words: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield the syntax trees of the files in which some words stand; most need no parsing."""
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if re.search(words, text):
            yield path, ast.parse(text)


def test_nothing_edits_where_imports_are_found() -> None:
    # A task's child makes the package of its page without running it.
    paths = [path for path in (ROOT / "velvet").rglob("*.py") if path.name != "child.py"]
    for module in MODULES:
        paths += [path for path in module.folder.rglob("*.py") if "tests" not in path.parts]

    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line}"
        for path, tree in trees(paths, r"\bsys\s*\.\s*(path|modules)\b")
        for line in path_edits(tree)
    ]

    assert found == []


class AtImport(ast.NodeVisitor):
    """What a file imports while it is imported itself, wherever that may be.

    A function and a program import later, `if …platform…` asks first, and a `try` may expect that
    there is no such library.
    """

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        self.found.update(alias.name.partition(".")[0] for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.found.add((node.module or "").partition(".")[0] if not node.level else "")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Leave out what a function imports when it is called."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Leave it out, too."""

    def visit_If(self, node: ast.If) -> None:
        if not re.search("platform|TYPE_CHECKING|__main__", ast.unparse(node.test)):
            self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> None:
        expected = [ast.unparse(one.type) for one in node.handlers if one.type]
        if not re.search("ImportError|ModuleNotFoundError", " ".join(expected)):
            self.generic_visit(node)


def posix_only(tree: ast.Module) -> list[str]:
    """Return the libraries without which a file could not be imported on Windows."""
    visitor = AtImport()
    visitor.visit(tree)
    return sorted(visitor.found & set(POSIX_ONLY))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os, fcntl as locks", ["fcntl"]),
        ("from resource import getrusage", ["resource"]),
        ("class Lock:\n    import fcntl", ["fcntl"]),
        ("if os.name:\n    pass\nelse:\n    import pwd", ["pwd"]),
        ("with suppress(OSError):\n    import grp", ["grp"]),
        ("try:\n    import termios\nexcept OSError:\n    pass", ["termios"]),
        ("try:\n    import termios\nexcept ImportError:\n    termios = None", []),
        ("if sys.platform != 'win32':\n    import fcntl", []),
        ("if TYPE_CHECKING:\n    import resource", []),
        ("if __name__ == '__main__':\n    import resource", []),
        ("def peak():\n    import resource", []),
        ("async def peak():\n    import resource", []),
        ("from multiprocessing import resource_tracker", []),
        ("from .resource import peak", []),
    ],
)
def test_what_windows_has_not_is_recognised(text: str, expected: list[str]) -> None:
    assert posix_only(ast.parse(text)) == expected


def test_no_file_imports_at_once_what_windows_has_not() -> None:
    known = files()

    found = {
        path.relative_to(ROOT).as_posix(): libraries
        for path, tree in trees(known.values(), rf"\b({'|'.join(POSIX_ONLY)})\b")
        if (libraries := posix_only(tree))
    }

    assert len(known) > len(MODULES)
    assert found == {}


IMPORT_CALLERS = """
import builtins, importlib, sys

known = builtins.__import__

def portable(name, globals=None, *rest, **more):
    ours = ((globals or {}).get("__name__") or "").partition("_")[0].partition(".")[0] == "velvet"
    called = sys._getframe(1).f_code.co_name != "<module>"  # the rest is read, see above
    if ours and called and name in BLOCKED:
        raise ImportError(f"{globals['__name__']} imports {name}, which Windows has not")
    return known(name, globals, *rest, **more)

builtins.__import__ = portable
for name in NAMES:
    try:
        importlib.import_module(name)
    except Exception as error:  # such as a model of Django, which needs settings first
        if "which Windows has not" in str(error):
            sys.exit(str(error))
"""


def late(known: Mapping[str, Path]) -> set[str]:
    """Return the files with functions that import what Windows has not, by their dotted names."""
    names = "|".join(POSIX_ONLY)
    return {
        name
        for name, path in known.items()
        if re.search(rf"^ +(import|from) ({names})\b", path.read_text("utf-8"), re.MULTILINE)
    }


def test_no_file_calls_at_once_what_needs_what_windows_has_not() -> None:
    """Import for real the files with such functions, and those that import them."""
    known = files()
    holders = late(known)
    callers = {importer for importer, imported in imports() if imported in holders}
    names = sorted(name for name in holders | callers if not name.endswith("__main__"))

    done = subprocess.run(
        [sys.executable, "-c", f"BLOCKED, NAMES = {POSIX_ONLY!r}, {names!r}\n{IMPORT_CALLERS}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert "velvet.bench.memory" in holders
    assert done.returncode == 0, done.stderr[-2000:]
