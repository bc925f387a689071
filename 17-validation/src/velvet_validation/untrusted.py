"""Take a JSON Schema from a stranger without handing over the network, the disk or the CPU.

A schema is a program: `$ref` may name an address or a file, a pattern may need exponential time,
and a chain of references may double at every step (the "billion laughs" of XML). `check` refuses
the three before any engine compiles the schema.
"""

from __future__ import annotations

import re
import sys
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


class RefNotAllowed(UnsafeSchema):
    """A reference leaves the document; ``uri`` is where it leads."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.uri = uri

    def __str__(self) -> str:
        return f"$ref {self.uri!r} leaves the document: only '#/...' may be referred to"


class UnsafePattern(UnsafeSchema):
    """A pattern may need exponential time in a backtracking engine."""

    def __init__(self, pattern: str, at: str) -> None:
        super().__init__(pattern, at)
        self.pattern, self.at = pattern, at

    def __str__(self) -> str:
        return f"pattern {self.pattern!r} at {self.at} repeats a repetition or does not compile"


class SchemaTooLarge(UnsafeSchema):
    """References expand to too many subschemas, or refer to themselves without data between."""

    def __init__(self, at: str, limit: int) -> None:
        super().__init__(at, limit)
        self.at, self.limit = at, limit

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
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, body = args
            many = high is _sre.MAXREPEAT or high - low > 1
            if (inside and many) or _nested(body, inside or many):
                return True
        elif name == "BRANCH":
            if inside or any(_nested(branch, inside) for branch in args[1]):
                return True
        elif name in ("SUBPATTERN", "ATOMIC_GROUP", "ASSERT", "ASSERT_NOT"):
            body = args if name == "ATOMIC_GROUP" else args[-1]
            if _nested(body, inside):
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
