"""Documentation that is checked: docstrings counted, links followed, and a page made of a module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_CODE = re.compile(r"^```.*?^```\s*$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)")


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield public functions and classes of a module, and the public methods of these classes."""
    rows: list[ast.stmt] = list(tree.body)
    while rows:
        node = rows.pop(0)
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named and not node.name.startswith("_"):  # type: ignore[attr-defined]
            yield node  # type: ignore[misc]
            rows += node.body if isinstance(node, ast.ClassDef) else []


def docstring_coverage(trees: Iterable[ast.Module]) -> float:
    """Return the share of public names that have a docstring; 1.0 where there are no names."""
    found = [ast.get_docstring(node) is not None for tree in trees for node in public(tree)]
    return sum(found) / len(found) if found else 1.0


def dead_links(root: Path, files: Iterable[str]) -> list[str]:
    """Return relative links in Markdown files that lead nowhere; code and web links are left out."""
    found = []
    for name in files:
        if name.endswith(".md") and (root / name).is_file():
            text = _CODE.sub("", (root / name).read_bytes().decode("utf-8", "replace"))
            for link in _LINK.findall(text):
                path = link.partition("#")[0]
                if path and ":" not in path and not (root / name).parent.joinpath(path).exists():
                    found.append(f"{name} -> {link}")
    return found


def api_page(source: str, title: str) -> str:
    """Return a page of Markdown: each public name with signature and docstring; or SyntaxError."""
    tree = ast.parse(source)
    parts = [f"# {title}", ast.get_docstring(tree) or ""]
    for node in public(tree):
        if isinstance(node, ast.ClassDef):
            head = f"class {node.name}"
        else:
            result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            head = f"{node.name}({ast.unparse(node.args)}){result}"
        parts += [f"## `{head}`", ast.get_docstring(node) or "*No docstring.*"]
    return "\n\n".join(part for part in parts if part) + "\n"
