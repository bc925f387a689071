"""Mutants of a source: one small change each, spliced into the text so that no other line moves.

The operators are those of the field (Offutt's set; Jia and Harman 2011, table 1). Two mutants whose
optimised code objects are equal cannot be told apart by any test: trivial compiler equivalence
(Papadakis 2015) finds some of the equivalent mutants for nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from types import CodeType


class Operator(str, Enum):
    """What kind of change a mutant is."""

    AOR = "arithmetic operator"
    ROR = "relational operator"
    LCR = "logical connector"
    UOI = "unary or not insertion"
    CRP = "constant"
    TXT = "text constant"
    SDL = "statement deletion"
    RVR = "return value"
    EXR = "exception handler"
    BCR = "break and continue"
    DEC = "decorator removal"
    SLC = "slice bound"
    KWD = "default of a parameter"


ALL = frozenset(Operator)
_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
}
_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        id: the same on every run over the same source.
        lineno, col: where it begins, counted from 1 and 0.
        lines: the lines of the statement up to the change; a test that runs one may notice it.
        before, after: the text that is replaced, and by what.
        source: the whole mutated source.
    """

    id: str
    operator: Operator
    lineno: int
    col: int
    lines: range
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"line {self.lineno}: {self.before}  ->  {self.after}"


@dataclass(frozen=True)
class _Change:
    operator: Operator
    start: ast.AST
    end: ast.AST
    text: str
    statement: int
    lead: int = 0  # characters before the start that belong to it


def mutants(
    source: str,
    operators: Collection[Operator] = ALL,
    *,
    lines: Collection[int] | None = None,
    filename: str = "<source>",
) -> Iterator[Mutant]:
    """Yield the mutants of a source, in order of their lines.

    Args:
        lines: only changes that begin on these lines.

    Raises:
        SyntaxError: the source is no Python; it names the file.
    """
    tree = ast.parse(source, filename)
    rows = [line.encode() for line in source.splitlines(keepends=True)]
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    whole = b"".join(rows)
    found = _Finder()
    found.visit(tree)
    changes = [change for change in found.changes if change.operator in operators]
    changes.sort(key=lambda one: (one.start.lineno, one.start.col_offset))  # type: ignore[attr-defined]
    counts: dict[str, int] = {}
    for change in changes:
        line, col = change.start.lineno, change.start.col_offset  # type: ignore[attr-defined]
        end = starts[change.end.end_lineno - 1] + change.end.end_col_offset  # type: ignore[attr-defined]
        begin = starts[line - 1] + col - change.lead
        before = whole[begin:end].decode()
        if (lines is not None and line not in lines) or before == change.text:
            continue
        mutated = (whole[:begin] + change.text.encode() + whole[end:]).decode()
        key = f"{change.operator.name}-{line}-{col}"
        counts[key] = counts.get(key, 0) + 1
        span = range(min(change.statement, line), change.end.end_lineno + 1)  # type: ignore[attr-defined]
        where = f"{key}-{counts[key]}"
        yield Mutant(where, change.operator, line, col, span, before, change.text, mutated)


class _Finder(ast.NodeVisitor):
    """Collects changes; skips annotations, docstrings, f-strings and imports."""

    def __init__(self) -> None:
        self.changes: list[_Change] = []
        self._statement = 1
        self._defaults: set[int] = set()

    def _add(self, operator: Operator, node: ast.AST, text: str, **more: int) -> None:
        self.changes.append(_Change(operator, node, node, text, self._statement, **more))

    def visit(self, node: ast.AST) -> None:
        """Visit a node, remembering the statement that it stands in."""
        if isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom)):
            return  # before Python 3.12 positions inside f-strings are wrong
        if isinstance(node, ast.stmt):
            self._statement = node.lineno
        super().visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        """Visit the children that are code."""
        for name, field in ast.iter_fields(node):
            value = field
            if name in ("annotation", "returns", "type_comment"):
                continue
            if name == "body" and isinstance(value, list) and value and _is_docstring(value[0]):
                value = value[1:]
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """AOR."""
        if (other := _BINARY.get(type(node.op))) and not _is_text(node):
            self._add(Operator.AOR, node, _text(ast.BinOp(node.left, other(), node.right)))
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """AOR and SDL."""
        if other := _BINARY.get(type(node.op)):
            changed = ast.AugAssign(node.target, other(), node.value)
            self._add(Operator.AOR, node, _text(changed, bare=True))
        self._add(Operator.SDL, node, "pass")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """ROR, one operator of a chain at a time."""
        for i, op in enumerate(node.ops):
            for other in _COMPARE[type(op)]:
                ops = [*node.ops[:i], other(), *node.ops[i + 1 :]]
                self._add(Operator.ROR, node, _text(ast.Compare(node.left, ops, node.comparators)))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """LCR."""
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._add(Operator.LCR, node, _text(ast.BoolOp(other, node.values)))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """UOI: the operator disappears."""
        self._add(Operator.UOI, node, _text(node.operand))
        self.generic_visit(node)

    def _condition(self, node: ast.If | ast.While | ast.IfExp) -> None:
        if not isinstance(node.test, (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Constant)):
            self._add(Operator.UOI, node.test, _text(ast.UnaryOp(ast.Not(), node.test)))
        self.generic_visit(node)

    visit_If = visit_While = visit_IfExp = _condition  # noqa: N815

    def visit_Call(self, node: ast.Call) -> None:
        """Leave `zip(..., strict=True)` alone: like `assert`, it states what cannot be otherwise."""
        if isinstance(node.func, ast.Name) and node.func.id == "zip":
            node = ast.Call(node.func, node.args, [])
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """CRP, KWD for the default of a parameter, or TXT."""
        operator = Operator.KWD if id(node) in self._defaults else Operator.CRP
        value = node.value
        if isinstance(value, bool):
            self._add(operator, node, str(not value))
        elif isinstance(value, (int, float)):
            self._add(operator, node, _text(ast.Constant(value + 1)))
        elif isinstance(value, str):
            self._add(Operator.TXT, node, repr(f"XX{value}"))
        elif isinstance(value, bytes):
            self._add(operator, node, repr(b"XX" + value))
        elif value is None and operator is Operator.KWD:
            self._add(operator, node, "0")

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self._add(Operator.DEC, decorator, "", lead=1)
        self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _function  # noqa: N815

    def visit_arguments(self, node: ast.arguments) -> None:
        """Remember which constants are defaults."""
        for default in (*node.defaults, *node.kw_defaults):
            if isinstance(default, ast.Constant):
                self._defaults.add(id(default))
        self.generic_visit(node)

    def visit_Slice(self, node: ast.Slice) -> None:
        """SLC: one bound disappears."""
        if node.lower is not None:
            self._add(Operator.SLC, node, _text(ast.Slice(None, node.upper, node.step), bare=True))
        if node.upper is not None:
            self._add(Operator.SLC, node, _text(ast.Slice(node.lower, None, node.step), bare=True))
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        """RVR."""
        if node.value is not None and not _is_none(node.value):
            self._add(Operator.RVR, node, "return None")
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """EXR: the handler raises again, or swallows what it raised."""
        raises = len(node.body) == 1 and isinstance(node.body[0], ast.Raise)
        text = "pass" if raises else "raise"
        change = _Change(Operator.EXR, node.body[0], node.body[-1], text, node.body[0].lineno)
        self.changes.append(change)
        self.generic_visit(node)

    def _jump(self, node: ast.Break | ast.Continue) -> None:
        self._add(Operator.BCR, node, "continue" if isinstance(node, ast.Break) else "break")

    visit_Break = visit_Continue = _jump  # noqa: N815

    def _statement_deleted(self, node: ast.Expr | ast.Raise | ast.Delete | ast.Assign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if all(isinstance(target, (ast.Attribute, ast.Subscript)) for target in targets):
            self._add(Operator.SDL, node, "pass")
        self.generic_visit(node)

    visit_Expr = visit_Raise = visit_Delete = visit_Assign = _statement_deleted  # noqa: N815


def _text(node: ast.AST, *, bare: bool = False) -> str:
    text = ast.unparse(ast.fix_missing_locations(node))
    atom = isinstance(node, (ast.Constant, ast.Name, ast.Attribute, ast.Call))
    return text if bare or atom else f"({text})"


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.BinOp) -> bool:
    """Whether an operand is a literal text: `"a" - "b"` would be killed by any test."""
    sides = (node.left, node.right)
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, (str, bytes)))
        for side in sides
    )


def is_trivially_equivalent(a: str, b: str) -> bool:
    """Return whether two sources compile to equal optimised code.

    >>> is_trivially_equivalent("x = 2 * 3", "x = 6"), is_trivially_equivalent("x = 1", "x = 2")
    (True, False)
    """
    one, two = (compile(text, "<source>", "exec", optimize=2) for text in (a, b))
    return _same_code(one, two)


def _same_code(a: CodeType, b: CodeType) -> bool:
    names = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags")
    if len(a.co_consts) != len(b.co_consts) or any(getattr(a, n) != getattr(b, n) for n in names):
        return False
    for one, two in zip(a.co_consts, b.co_consts, strict=True):
        if isinstance(one, CodeType) and isinstance(two, CodeType):
            if not _same_code(one, two):
                return False
        elif type(one) is not type(two) or repr(one) != repr(two):
            return False
    return True
