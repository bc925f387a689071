"""Questions to a trace, such as ``total < 0 and name != 'x'``, answered without `eval`.

Only names, constants, comparisons, `and`, `or`, `not` and a sign are understood. A call, an
attribute or an index is refused when the question is read, so none can ever be run.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from velvet_devtools.debug.values import Text
from velvet_devtools.errors import QueryError

MAX_LENGTH = 300
_RULE = "only names, constants, comparisons, and, or, not"
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip


class Query:
    """A question that was read once and is asked often; QueryError for anything that may run code.

    >>> Query("x > 10 and not done").holds({"x": 11, "done": False})
    True
    >>> Query("x > 10").holds({"x": "eleven"})
    False
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise QueryError(f"a question has at most {MAX_LENGTH} characters, not {len(text)}")
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise QueryError(f"{text[:60]!r} is no expression: {error}") from None
        self.names = frozenset(n.id for n in ast.walk(self._tree) if isinstance(n, ast.Name))
        for node in ast.walk(self._tree):
            if not isinstance(node, _ALLOWED):
                raise QueryError(f"{_RULE}; there is no {type(node).__name__} in a question")

    def holds(self, variables: Mapping[str, Any]) -> bool:
        """Whether it is true of these values; False where types do not compare or a name lacks."""
        try:
            return bool(_value(self._tree, variables))
        except (TypeError, KeyError):
            return False


_ALLOWED = (
    ast.BoolOp, ast.UnaryOp, ast.Compare, ast.Name, ast.Constant, ast.Tuple, ast.boolop,
    ast.Not, ast.USub, ast.cmpop, ast.expr_context,
)  # fmt: skip


def _value(node: ast.expr, variables: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        found = variables[node.id]
        return str(found) if type(found) is Text else found
    if isinstance(node, ast.Tuple):
        return tuple(_value(one, variables) for one in node.elts)
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, variables)
        return not inner if isinstance(node.op, ast.Not) else -inner
    if isinstance(node, ast.BoolOp):
        results = (_value(one, variables) for one in node.values)
        return all(results) if isinstance(node.op, ast.And) else any(results)
    assert isinstance(node, ast.Compare)
    left = _value(node.left, variables)
    rights = (_value(one, variables) for one in node.comparators)
    for op, right in zip(node.ops, rights, strict=True):
        if not _COMPARE[type(op)](left, right):
            return False
        left = right
    return True
