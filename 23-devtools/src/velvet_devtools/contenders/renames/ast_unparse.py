"""The standard library's tree: it knows names from strings, and forgets comments and layout."""

from __future__ import annotations

import ast


class _Rename(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self.names = {old: new}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)


def rename(source: str, old: str, new: str) -> str:
    """Replace names and functions called so, in every scope, and write the tree anew."""
    return ast.unparse(_Rename(old, new).visit(ast.parse(source)))
