"""What the lesson of a module holds: its public callables and dataclasses, found in its files."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

_KINDS = {"int", "float", "str", "bytes", "Iterable", "Sequence", "Mapping", "Callable", "Hashable"}
_APART = {"comparisons", "contenders", "dashboard", "samples"}


def package_of(tests: Any) -> Path:
    """Return the package of the module whose tests these are."""
    folder = Path(inspect.getfile(type(tests))).resolve().parents[2]
    return next((folder / "src").glob("velvet_*"))


def trees(package: Path) -> Iterator[tuple[str, ast.Module]]:
    """Yield the dotted name and the syntax tree of every public file of a package's lesson."""
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).with_suffix("").parts
        if not _APART & set(inside) and not any(part[0] == "_" != part[1] for part in inside):
            name = ".".join(part for part in inside if part != "__init__")
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def public(package: Path) -> Iterator[str]:
    """Yield every callable that takes a number, a text or more, and is no error and no plain value."""
    for dotted, tree in trees(package):
        for node in tree.body:
            if getattr(node, "name", "_")[0] != "_" and _takes(node):
                yield f"{dotted}.{node.name}".strip(".")  # type: ignore[attr-defined]


def changing(package: Path) -> set[str]:
    """Return the public dataclasses whose fields can be changed, errors apart."""
    found = set()
    for dotted, tree in trees(package):
        for node in tree.body:
            if not isinstance(node, ast.ClassDef) or node.name[0] == "_":
                continue
            if any("dataclass" in ast.unparse(one) for one in node.decorator_list):
                module = importlib.import_module(f"{package.name}.{dotted}".strip("."))
                kind = getattr(module, node.name)
                if not (issubclass(kind, BaseException) or kind.__dataclass_params__.frozen):
                    found.add(f"{dotted}.{node.name}")
    return found


def undeclared(found: Iterable[str], named: Set[str], excepted: Mapping[str, str]) -> list[str]:
    """Return what is neither declared nor excepted; an exception that excepts nothing is a fault."""
    left = [name for name in found if name not in named]
    for prefix, reason in excepted.items():
        covered = [name for name in left if f"{name}.".startswith(f"{prefix}.")]
        assert covered, f"{prefix} is excepted, and is declared or gone"
        assert reason.count(" "), f"{prefix} is excepted without a reason"
        left = [name for name in left if name not in covered]
    return left


def _takes(node: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef):
        bases = " ".join(ast.unparse(base) for base in (*node.bases, *node.decorator_list))
        named = [one for one in node.body if re.match("[^_]|__init__$", getattr(one, "name", "_"))]
        plain = re.search(r"Error|Exception|Enum|Protocol|NamedTuple|TypedDict", bases)
        return not plain and any(map(_takes, named))
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg]
    notes = [ast.unparse(one.annotation) for one in given if one and one.annotation]
    return bool(_KINDS & set(re.findall(r"\w+", " ".join(notes))))
