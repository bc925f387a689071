"""Which room may import which: found over the folders, so that no list names a module.

One graph holds the toolkit and every module's package. Imports inside functions and under
TYPE_CHECKING count, because they tie two files together as much as any other.

A module in the old shape (no `comparisons` in its package) is held to what it can meet already.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
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


def test_nothing_edits_where_imports_are_found() -> None:
    # A task's child makes the package of its page without running it.
    files = [path for path in (ROOT / "velvet").rglob("*.py") if path.name != "child.py"]
    for module in MODULES:
        files += [path for path in module.folder.rglob("*.py") if "tests" not in path.parts]

    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line}"
        for path in files
        for line in path_edits(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert found == []


IMPORT_ALL = """
import builtins, importlib, sys

known = builtins.__import__

def portable(name, globals=None, *rest, **more):
    ours = ((globals or {}).get("__name__") or "").partition("_")[0].partition(".")[0] == "velvet"
    if ours and name in BLOCKED and (globals["__name__"], name) not in GUARDED:
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


def guarded(tree: ast.AST) -> Iterator[str]:
    """Yield what is imported for one platform only: under `if sys.platform …`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "platform" in ast.unparse(node.test):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import):
                    yield from (alias.name for alias in inner.names)


def test_every_file_can_be_imported_where_nothing_posix_is() -> None:
    roots = [ROOT, *(module.folder / "src" for module in MODULES)]
    files = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for root, name in zip(roots, ["velvet", *(m.package for m in MODULES)], strict=True)
        for path in sorted((root / name).rglob("*.py"))
    }
    excused = {
        (name, library)
        for name, path in files.items()
        for library in guarded(ast.parse(path.read_text(encoding="utf-8")))
    }
    names = [name for name in files if not name.endswith("__main__")]
    values = f"BLOCKED, GUARDED, NAMES = {POSIX_ONLY!r}, {excused!r}, {names!r}"

    done = subprocess.run(
        [sys.executable, "-c", f"{values}\n{IMPORT_ALL}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert done.returncode == 0, done.stderr[-2000:]
