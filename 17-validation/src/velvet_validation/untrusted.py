"""Take a JSON Schema from a stranger without handing over the network, the disk or the CPU.

A schema is a program: `$ref` may name an address or a file, a pattern may need exponential time,
and a chain of references may double at every step (the "billion laughs" of XML). `check` refuses
the three before any engine compiles the schema.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any

from velvet_validation.contender import pointer
from velvet_validation.guard import walk

if sys.version_info >= (3, 11):
    from re import _parser as _sre
else:
    import sre_parse as _sre

MAX_EXPANDED = 10_000  # subschemas that one document may be checked against


class UnsafeSchema(ValueError):
    """The schema may not be compiled."""


@dataclass(eq=False)
class RefNotAllowed(UnsafeSchema):
    """A reference leaves the document; ``uri`` is where it leads."""

    uri: str

    def __str__(self) -> str:
        return f"$ref {self.uri!r} leaves the document: only '#/...' may be referred to"


@dataclass(eq=False)
class UnsafePattern(UnsafeSchema):
    """A pattern may need exponential time in a backtracking engine."""

    pattern: str
    at: str

    def __str__(self) -> str:
        where = self.at or "/"
        return f"pattern {self.pattern!r} at {where} repeats a repetition or does not compile"


@dataclass(eq=False)
class SchemaTooLarge(UnsafeSchema):
    """References expand to too many subschemas, or refer to themselves without data between."""

    at: str
    limit: int

    def __str__(self) -> str:
        return f"{self.at or 'the schema'} expands to more than {self.limit} subschemas"


def repeats_a_repetition(pattern: str) -> bool:
    """Tell whether an unbounded repetition stands inside another, as in ``(a+)+``.

    Conservative: some patterns that it refuses are harmless, none of the exponential nested kind
    passes. Alternatives that overlap, as in ``(a|a)*``, are refused, too.

    >>> repeats_a_repetition(r"^(a+)+$"), repeats_a_repetition(r"^[a-z]+-[0-9]+$")
    (True, False)
    """
    return _nested(_sre.parse(pattern), inside=False)


def _nested(tree: Any, inside: bool) -> bool:
    for op, args in tree:
        bodies: list[Any] = []
        within = inside
        if str(op) in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, body = args
            many = high is _sre.MAXREPEAT or high - low > 1
            if inside and many:
                return True
            bodies, within = [body], inside or many
        elif str(op) == "BRANCH":
            bodies = args[1]
            if inside:
                return True
        elif str(op) in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
            bodies = [args[-1]]
        elif str(op) == "ATOMIC_GROUP":
            bodies = [args]
        if any(_nested(body, within) for body in bodies):
            return True
    return False


def check(schema: Any, *, max_expanded: int = MAX_EXPANDED) -> None:
    """Refuse a schema that reaches outside, may explode, or may hang a backtracking engine.

    Raises:
        RefNotAllowed: a reference leads to another document.
        UnsafePattern: a pattern repeats a repetition or is no regular expression.
        SchemaTooLarge: references multiply beyond ``max_expanded``.
    """
    costs: dict[str, int] = {}
    for path, value in walk(schema):
        if not isinstance(value, dict):
            continue
        for word in ("$ref", "$dynamicRef", "$recursiveRef"):
            ref = value.get(word)
            if isinstance(ref, str) and not ref.startswith("#"):
                raise RefNotAllowed(ref)
        names = value.get("patternProperties")
        patterns = list(names) if isinstance(names, dict) else []
        if isinstance(value.get("pattern"), str):
            patterns.append(value["pattern"])
        for pattern in patterns:
            try:
                unsafe = repeats_a_repetition(pattern)
            except (re.error, RecursionError, OverflowError):
                unsafe = True
            if unsafe:
                raise UnsafePattern(pattern, pointer(path))
        try:
            _cost(value, schema, (), costs, max_expanded)
        except RecursionError:
            raise SchemaTooLarge(pointer(path), max_expanded) from None


_BESIDE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")


def _cost(schema: Any, root: Any, trail: tuple[str, ...], costs: dict[str, int], limit: int) -> int:
    """Return how many subschemas look at the same value. Each reference is followed once."""
    if not isinstance(schema, dict):
        return 1
    total = 1
    for word in _BESIDE:
        inner = schema.get(word)
        for one in inner if isinstance(inner, list) else [inner]:
            total += 0 if one is None else _cost(one, root, trail, costs, limit)
    ref = schema.get("$ref")
    if isinstance(ref, str):
        if ref in trail:
            raise SchemaTooLarge(ref, limit)  # refers to itself for the same value
        if ref not in costs:
            costs[ref] = _cost(_target(root, ref), root, (*trail, ref), costs, limit)
        total += costs[ref]
    if total > limit:
        raise SchemaTooLarge(str(ref or ""), limit)
    return total


def _target(root: Any, ref: str) -> Any:
    found = root
    for step in ref.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (LookupError, TypeError, ValueError):
            raise RefNotAllowed(ref) from None
    return found
