"""Take an untrusted JSON Schema without handing over the network, the disk or the CPU.

A schema is a program: `$ref` may name an address or a file, a pattern may need exponential time,
and a chain of references may double at every step (the "billion laughs" of XML). `check` refuses
the three before any engine compiles the schema.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

from velvet_validation.contender import pointer
from velvet_validation.guard import walk

if sys.version_info >= (3, 11):
    from re import _parser as _sre
else:
    import sre_parse as _sre

MAX_EXPANDED = 10_000  # subschemas that one value may be checked against
MAX_DEPTH = 200
_FEW = 8  # a choice that is made so often at most costs 2**8 tries


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
    """It is too deep, or too many subschemas look at one value, or it refers to itself there."""

    at: str

    def __str__(self) -> str:
        return f"{self.at or 'the schema'} is too deep or expands to over {MAX_EXPANDED} subschemas"


def repeats_a_repetition(pattern: str) -> bool:
    """Tell whether a choice stands inside a repetition: ``(a+)+``, ``(a|a)*``, ``(a?){60}``.

    Conservative: some patterns that it refuses are harmless. Choices that are written out side by
    side, as in ``a?a?a?``, are not found. What `re` cannot read, or not without end, raises
    `re.error` or RecursionError, as `re.compile` does.

    >>> repeats_a_repetition(r"^(a+)+$"), repeats_a_repetition(r"^[a-z]+-[0-9]+$")
    (True, False)
    """
    return _nested(_sre.parse(pattern), times=1)


def _nested(tree: Any, times: int) -> bool:
    for op, args in tree:
        bodies: list[Any] = []
        within = times
        if str(op) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, body = args
            if times > _FEW and high > low:
                return True
            bodies, within = [body], times * (high if high - low < 2 else _FEW + 1)
        elif str(op) == "BRANCH":
            bodies = args[1]
            if times > _FEW:
                return True
        elif str(op) in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
            bodies = [args[-1]]
        elif str(op) == "ATOMIC_GROUP":
            bodies = [args]
        elif str(op) == "GROUPREF_EXISTS":
            bodies = [body for body in args[1:] if body]
        if any(_nested(body, within) for body in bodies):
            return True
    return False


def check(schema: Any) -> None:
    """Refuse a schema that reaches outside, may explode, or may hang a backtracking engine.

    Raises:
        RefNotAllowed: a reference leads to another document, or by a name that `$id` may move.
        UnsafePattern: a pattern repeats a repetition or is no regular expression.
        SchemaTooLarge: one value may be looked at by more than `MAX_EXPANDED` subschemas.
    """
    for path, value in walk(schema):
        if len(path) > MAX_DEPTH:
            raise SchemaTooLarge(pointer(path[:3]))
        if not isinstance(value, dict):
            continue
        for word in ("$ref", "$dynamicRef", "$recursiveRef"):
            ref = value.get(word)
            if isinstance(ref, str) and ref != "#" and not ref.startswith("#/"):
                raise RefNotAllowed(ref)
        if path and isinstance(value.get("$id"), str):
            raise RefNotAllowed(value["$id"])  # "#/..." below it is counted from there
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
    _Looks(schema).check()


_BESIDE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas")
_ITEMS = ("items", "prefixItems", "additionalItems", "contains")
_LEVELS = 16  # doubling at each level of the data passes the limit before
_WORK = 50  # steps of counting, as a multiple of the limit


class _Looks:
    """Count how many subschemas look at one value: at the top, and at each level below.

    References that double at every step multiply for the same value; two references to one
    recursive schema, for the same member, multiply with each level of the data.
    """

    def __init__(self, root: Any) -> None:
        self._root, self._steps = root, 0
        self._same: dict[int, list[dict[str, Any]]] = {}
        self._known: dict[tuple[int, int], int] = {}

    def check(self) -> None:
        for path, value in walk(self._root):
            try:
                self._looks(value, _LEVELS)
            except RecursionError:
                raise SchemaTooLarge(pointer(path)) from None

    def _looks(self, schema: Any, level: int) -> int:
        """Return the most looks at one value, this one or one of ``level`` levels below."""
        if not isinstance(schema, dict):
            return 0
        key = (id(schema), level)
        if key not in self._known:
            same = self._applied(schema, ())
            members, any_member, any_item = Counter[str](), 0, 0
            for one in same if level else ():
                for name, inner in _members(one.get("properties")):
                    members[name] += self._looks(inner, level - 1)
                for _, inner in _members(one.get("patternProperties")):
                    any_member += self._looks(inner, level - 1)
                any_member += self._looks(one.get("additionalProperties"), level - 1)
                for word in _ITEMS:
                    inner = one.get(word)
                    each = inner if isinstance(inner, list) else [inner]
                    any_item += max((self._looks(item, level - 1) for item in each), default=0)
            most = max(len(same), any_item, any_member + max(members.values(), default=0))
            self._steps += 1 + len(same)
            if most > MAX_EXPANDED or self._steps > _WORK * MAX_EXPANDED:
                raise SchemaTooLarge("")
            self._known[key] = most
        return self._known[key]

    def _applied(self, schema: Any, trail: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return the subschemas that look at the same value."""
        if not isinstance(schema, dict):
            return []
        if id(schema) not in self._same:
            found = [schema]
            for word in _BESIDE:
                inner = schema.get(word)
                beside = (
                    [one for _, one in _members(inner)] if word == "dependentSchemas" else inner
                )
                for one in beside if isinstance(beside, list) else [beside]:
                    found += self._applied(one, trail)
            ref = schema.get("$ref")
            if isinstance(ref, str):
                if ref in trail:
                    raise SchemaTooLarge(ref)  # refers to itself for the same value
                found += self._applied(target(self._root, ref), (*trail, ref))
            self._steps += len(found)
            if len(found) > MAX_EXPANDED or self._steps > _WORK * MAX_EXPANDED:
                raise SchemaTooLarge(str(ref or ""))
            self._same[id(schema)] = found
        return self._same[id(schema)]


def _members(node: Any) -> list[tuple[str, Any]]:
    return list(node.items()) if isinstance(node, dict) else []


def target(root: Any, ref: str) -> Any:
    """Return what a reference within a document leads to, or raise `RefNotAllowed`."""
    found = root
    for step in ref.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (LookupError, TypeError, ValueError):
            raise RefNotAllowed(ref) from None
    return found
