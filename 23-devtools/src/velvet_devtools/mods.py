"""Six codemods, each as careful as its subject asks for: what is not safe is left, with a reason."""

# ruff: noqa: ARG002, N802, N815 - names and arguments are those that LibCST calls

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import GlobalScope, MetadataWrapper, ScopeProvider

from velvet_devtools.codemods import Codemod

Applied = tuple[cst.Module, int, list[str]]
FUTURE = "from __future__ import annotations"


@dataclass(frozen=True)
class Rename:
    """Rename a symbol of the module itself; other scopes, attributes and texts are not it."""

    old: str
    new: str
    name = "rename"

    def apply(self, module: cst.Module) -> Applied:
        """Rename the definition and what refers to it; refuse when the new name is taken."""
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        scopes = set(wrapper.resolve(ScopeProvider).values())
        top = next((scope for scope in scopes if isinstance(scope, GlobalScope)), None)
        if top is None or self.old not in top:
            return module, 0, []
        if any(scope is not None and self.new in scope for scope in scopes):
            return module, 0, [f"{self.new} is taken; {self.old} stays"]
        nodes: set[int] = set()
        for assignment in top[self.old]:
            if isinstance(getattr(assignment, "node", None), cst.Import | cst.ImportFrom):
                return module, 0, [f"{self.old} is imported; rename it where it is defined"]
            nodes.add(id(getattr(assignment, "node", None)))
            nodes.update(id(access.node) for access in assignment.references)
        change = _RenameNodes(nodes, self.old, self.new)
        return module.visit(change), change.count, []


class _RenameNodes(cst.CSTTransformer):
    def __init__(self, nodes: set[int], old: str, new: str) -> None:
        super().__init__()
        self.nodes, self.old, self.new, self.count = nodes, old, new, 0

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        if id(original_node) in self.nodes and updated_node.value == self.old:
            self.count += 1
            return updated_node.with_changes(value=self.new)
        return updated_node

    def _definition(self, original: cst.CSTNode, updated: cst.CSTNode) -> cst.CSTNode:
        if id(original) in self.nodes:
            self.count += 1
            return updated.with_changes(name=cst.Name(self.new))
        return updated

    leave_FunctionDef = leave_ClassDef = _definition  # type: ignore[assignment]


class _Change(m.MatcherDecoratableTransformer):
    """What the other five share: a count, reasons, and the imports that a change needs."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.left: list[str] = []
        self.context = CodemodContext()

    def finish(self, module: cst.Module) -> cst.Module:
        """Add what the change needs at the top of the module."""
        return AddImportsVisitor(self.context).transform_module(module)


@dataclass(frozen=True)
class Simple:
    """A codemod that is one visit of the tree."""

    name: str
    change: type[_Change]

    def apply(self, module: cst.Module) -> Applied:
        """Visit the tree; what was changed decides whether imports are added."""
        visit = self.change()
        visit.header = module  # type: ignore[attr-defined]
        made = module.visit(visit)
        return (visit.finish(made) if visit.count else module), visit.count, visit.left


class _UtcNow(_Change):
    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        made = m.extract(
            updated_node,
            m.Call(
                func=m.Attribute(m.SaveMatchedNode(m.DoNotCare(), "of"), m.Name("utcnow")), args=[]
            ),
        )
        if made is None:
            return updated_node
        owner = cst.Module([]).code_for_node(made["of"])  # type: ignore[arg-type]
        if owner not in ("datetime", "datetime.datetime", "dt.datetime"):
            self.left.append(f"{owner}.utcnow() may be something else")
            return updated_node
        self.count += 1
        package = owner.rpartition(".")[0]
        if not package:
            AddImportsVisitor.add_needed_import(self.context, "datetime", "timezone")
        return cst.parse_expression(f"{owner}.now({package}{'.' if package else ''}timezone.utc)")  # type: ignore[return-value]


class _Unions(_Change):
    def leave_Subscript(
        self, original_node: cst.Subscript, updated_node: cst.Subscript
    ) -> cst.BaseExpression:
        kind = updated_node.value
        word = kind.attr.value if isinstance(kind, cst.Attribute) else getattr(kind, "value", "")
        if word not in ("Optional", "Union"):
            return updated_node
        parts = [one.slice.value for one in updated_node.slice if isinstance(one.slice, cst.Index)]
        if any(m.matches(part, m.SimpleString() | m.ConcatenatedString()) for part in parts):
            self.left.append(f"{word} of a name in quotes: `'X' | None` is a TypeError")
            return updated_node
        if word == "Optional":
            parts.append(cst.Name("None"))
        self.count += 1
        joined: cst.BaseExpression = parts[0]
        for part in parts[1:]:
            joined = cst.BinaryOperation(joined, cst.BitOr(), part)
        return joined


_PLACE = re.compile(r"%(?:%|[sr]|.)", re.DOTALL)


class _Percent(_Change):
    def leave_BinaryOperation(
        self, original_node: cst.BinaryOperation, updated_node: cst.BinaryOperation
    ) -> cst.BaseExpression:
        pattern = m.BinaryOperation(m.SimpleString(), m.Modulo(), m.Tuple())
        if not m.matches(updated_node, pattern):
            if m.matches(updated_node, m.BinaryOperation(m.SimpleString(), m.Modulo())):
                self.left.append("one value may be a tuple itself, so % takes it apart")
            return updated_node
        text, values = updated_node.left, updated_node.right
        assert isinstance(text, cst.SimpleString)
        assert isinstance(values, cst.Tuple)
        places = [one for one in _PLACE.findall(text.raw_value) if one != "%%"]
        simple = [m.matches(one.value, m.Name() | m.Attribute()) for one in values.elements]
        plain = text.prefix == "" and not set("{}\\") & set(text.raw_value)
        if len(places) != len(simple) or not (all(simple) and plain) or set(places) - {"%s", "%r"}:
            self.left.append(f"{text.value[:30]} is more than %s and %r of plain names")
            return updated_node
        words = iter([cst.Module([]).code_for_node(one.value) for one in values.elements])

        def fill(found: re.Match[str]) -> str:
            sign = found.group()
            return "%" if sign == "%%" else f"{{{next(words)}{'!r' if sign == '%r' else ''}}}"

        self.count += 1
        return cst.parse_expression(f"f{text.quote}{_PLACE.sub(fill, text.raw_value)}{text.quote}")


class _Defaults(_Change):
    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        guards: list[cst.BaseStatement] = []
        mutable = (
            m.List()
            | m.Dict()
            | m.Set()
            | m.Call(m.Name("set") | m.Name("list") | m.Name("dict"), args=[])
        )
        groups = {}
        for group in ("params", "kwonly_params"):
            made = []
            for one in getattr(updated_node.params, group):
                if one.default is None or not m.matches(one.default, mutable):
                    made.append(one)
                    continue
                name, value = one.name.value, cst.Module([]).code_for_node(one.default)
                guards.append(cst.parse_statement(f"if {name} is None:\n    {name} = {value}\n"))
                kind = one.annotation
                if kind is not None and not m.matches(kind.annotation, m.SimpleString()):
                    joined = cst.BinaryOperation(kind.annotation, cst.BitOr(), cst.Name("None"))
                    kind = kind.with_changes(annotation=joined)
                made.append(one.with_changes(default=cst.Name("None"), annotation=kind))
            groups[group] = made
        if not guards:
            return updated_node
        if not isinstance(updated_node.body, cst.IndentedBlock):
            self.left.append(f"{updated_node.name.value} has its body on the line of `def`")
            return updated_node
        self.count += len(guards)
        rows = list(updated_node.body.body)
        first = 1 if updated_node.get_docstring() is not None else 0
        body = updated_node.body.with_changes(body=[*rows[:first], *guards, *rows[first:]])
        return updated_node.with_changes(
            params=updated_node.params.with_changes(**groups), body=body
        )


class _Prints(_Change):
    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        if not m.matches(updated_node.func, m.Name("print")):
            return updated_node
        args = updated_node.args
        if not args or any(one.keyword is not None or one.star for one in args):
            self.left.append("print with file=, sep=, end= or a star is no log line")
            return updated_node
        self.count += 1
        places = cst.Arg(cst.SimpleString('"' + " ".join(["%s"] * len(args)) + '"'))
        logger = cst.Attribute(cst.Name("logger"), cst.Name("info"))
        return updated_node.with_changes(func=logger, args=[places, *args])

    def finish(self, module: cst.Module) -> cst.Module:
        """Import logging and make the logger, below the imports, unless it is there."""
        AddImportsVisitor.add_needed_import(self.context, "logging")
        made = super().finish(module)
        if m.findall(made, m.AssignTarget(m.Name("logger"))):
            return made
        line = cst.parse_statement("logger = logging.getLogger(__name__)\n")
        imports = m.SimpleStatementLine([m.AtLeastN(m.Import() | m.ImportFrom(), n=1)])
        last = max(n for n, one in enumerate(made.body) if m.matches(one, imports))
        return made.with_changes(body=[*made.body[: last + 1], line, *made.body[last + 1 :]])


MODS: Sequence[Codemod] = (
    Simple("utcnow", _UtcNow),
    Simple("unions", _Unions),
    Simple("percent", _Percent),
    Simple("defaults", _Defaults),
    Simple("prints", _Prints),
)
