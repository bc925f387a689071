"""Three ways to rename a function in a source, with the same arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

import libcst as cst

from velvet_devtools import codemods


def by_regex(source: str, old: str, new: str) -> str:
    """Replace the word wherever it stands: strings, attributes and other scopes included."""
    return re.sub(rf"\b{re.escape(old)}\b", new, source)


def by_tree(source: str, old: str, new: str) -> str:
    """Replace names and functions in every scope; comments and layout are no part of the tree."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == old:
            node.id = new
        elif isinstance(node, ast.FunctionDef) and node.name == old:
            node.name = new
    return ast.unparse(tree)


def by_libcst(source: str, old: str, new: str) -> str:
    """Replace what refers to the module's own symbol, and nothing else; every byte is kept."""
    module, _, _ = codemods.rename(old, new)(cst.parse_module(source))
    return module.code


RENAMES: Mapping[str, Callable[[str, str, str], str]] = {
    "ast_unparse": by_tree,
    "libcst": by_libcst,
    "regex": by_regex,
}
