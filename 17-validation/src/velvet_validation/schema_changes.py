"""Which change of a JSON Schema breaks stored data or deployed readers, and does the model agree?

Backward: new code reads old data, so everything that the old schema accepts must still pass.
Forward: old code reads new data. Full: both. The words are those of schema registries; the rules
compare the keywords that Python models export and take anything they do not know for breaking.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from velvet_validation.contender import Compiled, Path, pointer
from velvet_validation.untrusted import RefNotAllowed, target

Direction = Literal["backward", "forward", "full"]

# Keyword: whether a larger number accepts more.
_BOUNDS = {
    "minimum": False, "exclusiveMinimum": False, "minLength": False, "minItems": False,
    "maximum": True, "exclusiveMaximum": True, "maxLength": True, "maxItems": True,
}  # fmt: skip
_UNSEEN = {"title", "description", "default", "examples", "$schema", "$id", "$defs", "definitions"}
_COMPARED = {
    "type", "enum", "const", "pattern", "format", "required", "properties", "items",
    "additionalProperties", "oneOf", "anyOf", "uniqueItems", "discriminator", *_BOUNDS,
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One difference, where it is, by which rule it was judged and whether it breaks readers."""

    pointer: str
    rule: str
    breaking: bool


def breaking(
    old: dict[str, Any], new: dict[str, Any], mode: Direction = "backward"
) -> list[Change]:
    """Return every difference between two schemas, judged for a direction.

    "full" returns what "backward" finds, followed by what only "forward" finds breaking.

    Raises:
        ValueError: the mode is unknown, or a schema is no object; its metaschema is not asked.
        RefNotAllowed: a reference leads out of its schema, nowhere or to itself.
    """
    if not isinstance(old, dict | bool) or not isinstance(new, dict | bool):
        raise ValueError(f"a schema is an object or a truth value, not {old!r:.40} or {new!r:.40}")
    if mode not in ("backward", "forward", "full"):
        raise ValueError(f"unknown mode {mode!r}: choose backward, forward or full")
    if mode == "forward":
        old, new = new, old
    found = list(_compare(old, new, (), (old, new), frozenset()))
    if mode != "full":
        return found
    known = {one.pointer for one in found if one.breaking}
    later = [one for one in breaking(old, new, "forward") if one.breaking]
    return found + [one for one in later if one.pointer not in known]


def _resolve(schema: Any, root: dict[str, Any]) -> Any:
    followed: set[str] = set()
    while isinstance(schema, dict) and "$ref" in schema:
        ref = str(schema["$ref"])
        if ref in followed or not ref.startswith("#"):
            raise RefNotAllowed(ref)
        followed.add(ref)
        found, beside = target(root, ref), {k: v for k, v in schema.items() if k != "$ref"}
        schema = {**found, **beside} if isinstance(found, dict) else found
    return {} if schema is True else schema


_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null",
          list: "array", dict: "object"}  # fmt: skip


def _types(schema: dict[str, Any]) -> set[str]:
    said = schema.get("type")
    kinds = {said} if isinstance(said, str) else set(said or ())
    if not kinds:
        listed = schema.get("enum", [schema["const"]] if "const" in schema else [])
        kinds = {_NAMES[type(value)] for value in listed}
    for branch in schema.get("anyOf", ()):
        kinds |= _types(branch) if isinstance(branch, dict) else set()
    return kinds


def _compare(old: Any, new: Any, path: Path, roots: Any, seen: frozenset[Any]) -> Iterator[Change]:
    """Yield changes such that "breaking" means: something passes old and fails new."""
    refs = tuple(one.get("$ref", "") if isinstance(one, dict) else "" for one in (old, new))
    if all(refs) and refs in seen:
        return  # a recursive schema was compared one level up
    seen = seen | {refs}
    old, new = _resolve(old, roots[0]), _resolve(new, roots[1])
    at = pointer(path)
    if old is False or new is False:
        if old != new:
            said = "no value is allowed any more" if new is False else "values are allowed"
            yield Change(at, said, new is False)
        return
    yield from _compare_types(old, new, at)
    yield from _compare_bounds(old, new, at)
    yield from _compare_words(old, new, at)
    yield from _compare_properties(old, new, path, roots, seen)
    yield from _compare_members(old, new, path, roots, seen)
    if any(isinstance(one.get("items"), list) for one in (old, new)):
        if old.get("items") != new.get("items"):
            yield Change(at, "items by position changed: taken for breaking", True)
    elif "items" in old and "items" in new:
        yield from _compare(old["items"], new["items"], (*path, "*"), roots, seen)
    elif "items" in new:
        yield Change(at, "items are now checked", True)
    elif "items" in old:
        yield Change(at, "items are no longer checked", False)
    for word in sorted((set(old) | set(new)) - _UNSEEN - _COMPARED):
        if old.get(word) != new.get(word):
            yield Change(at, f"{word} changed: not understood, so taken for breaking", True)


def _compare_types(old: dict[str, Any], new: dict[str, Any], at: str) -> Iterator[Change]:
    before, after = _types(old), _types(new)
    if "number" in after and "integer" in before:
        before = before - {"integer"} | {"number"} if "number" in before else before
        after = after | {"integer"}  # every integer is a number
    if not before and after and "type" in new:
        yield Change(at, f"type is now restricted to {', '.join(sorted(after))}", True)
    elif after and before - after:
        yield Change(at, f"type narrowed: {', '.join(sorted(before - after))} removed", True)
    elif before and (not after or after - before):
        yield Change(at, f"type widened: {', '.join(sorted(after - before)) or 'any'} added", False)


def _compare_bounds(old: dict[str, Any], new: dict[str, Any], at: str) -> Iterator[Change]:
    for word, larger_accepts_more in _BOUNDS.items():
        before, after = old.get(word), new.get(word)
        if before == after:
            continue
        if after is None:
            yield Change(at, f"{word} removed", False)
        elif before is None:
            yield Change(at, f"{word} {after} added", True)
        else:
            tighter = after < before if larger_accepts_more else after > before
            yield Change(at, f"{word} changed from {before} to {after}", tighter)


def _compare_words(old: dict[str, Any], new: dict[str, Any], at: str) -> Iterator[Change]:
    allowed = [s.get("enum", [s["const"]] if "const" in s else None) for s in (old, new)]
    before, after = ([json.dumps(v) for v in a] if a is not None else None for a in allowed)
    if after is not None and before is None:
        yield Change(at, "values are now restricted to a list", True)
    elif after is None and before is not None:
        yield Change(at, "values are no longer restricted to a list", False)
    elif before is not None and after is not None:
        if gone := [v for v in before if v not in after]:
            yield Change(at, f"value removed: {', '.join(gone)}", True)
        if added := [v for v in after if v not in before]:
            yield Change(at, f"value added: {', '.join(added)}", False)
    for word in ("pattern", "format", "uniqueItems"):
        if old.get(word) != new.get(word):
            yield Change(at, f"{word} {'changed' if new.get(word) else 'removed'}", bool(new.get(word)))  # fmt: skip


def _compare_properties(
    old: dict[str, Any], new: dict[str, Any], path: Path, roots: Any, seen: Any
) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    required = set(new.get("required", ())) - set(old.get("required", ()))
    for name in sorted(required):
        yield Change(pointer((*path, name)), "property is now required", True)
    for name in sorted(set(old.get("required", ())) - set(new.get("required", ()))):
        yield Change(pointer((*path, name)), "property is now optional", False)
    # A name without a rule of its own falls under the rule for all others.
    rest, rest_after = (one.get("additionalProperties", True) for one in (old, new))
    for name in sorted(set(before) - set(after)):
        narrows = not _fits(before[name], rest_after, path, roots, seen)
        yield Change(pointer((*path, name)), "property removed", narrows)
    for name in sorted(set(after) - set(before)):
        narrows = not _fits(rest, after[name], path, roots, seen)
        word = f"property added, where {'any value was' if rest is True else 'others were'} allowed before"
        yield Change(pointer((*path, name)), word if narrows else "property added", narrows)
    if rest is not False and rest_after is False:
        yield Change(pointer(path), "unknown properties are now refused", True)
    elif rest is False and rest_after is not False:
        yield Change(pointer(path), "unknown properties are now allowed", False)
    elif isinstance(rest, dict) or isinstance(rest_after, dict):
        yield from _compare(rest, rest_after, (*path, "*"), roots, seen)
    for name in sorted(set(before) & set(after)):
        yield from _compare(before[name], after[name], (*path, name), roots, seen)


def _compare_members(
    old: dict[str, Any], new: dict[str, Any], path: Path, roots: Any, seen: Any
) -> Iterator[Change]:
    """Compare unions member by member: by tag or title where there is one, else by their text."""
    for word in ("oneOf", "anyOf"):
        before = {_name(m, roots[0]): m for m in old.get(word, ())}
        after = {_name(m, roots[1]): m for m in new.get(word, ())}
        if before and not after:
            fits = [_fits(member, new, path, roots, seen) for member in before.values()]
            yield Change(pointer(path), f"{word} removed", not all(fits))
        elif after and not before:
            fits = [_fits(old, member, path, roots, seen) for member in after.values()]
            yield Change(pointer(path), f"{word} added", not any(fits))
        else:
            for name in sorted(set(before) - set(after)):
                yield Change(pointer(path), f"member removed: {name}", True)
            for name in sorted(set(after) - set(before)):
                yield Change(pointer(path), f"member added: {name}", False)
            for name in sorted(set(before) & set(after)):
                yield from _compare(before[name], after[name], (*path, name), roots, seen)


def _fits(old: Any, new: Any, path: Path, roots: Any, seen: Any) -> bool:
    return not any(change.breaking for change in _compare(old, new, path, roots, seen))


def _name(member: Any, root: dict[str, Any]) -> str:
    schema = _resolve(member, root)
    for rule in schema.get("properties", {}).values():
        if isinstance(rule, dict) and "const" in rule:
            return str(rule["const"])
    return str(schema.get("title") or schema.get("type") or json.dumps(schema, sort_keys=True))


@dataclass(frozen=True)
class Disagreement:
    """One value on which model and exported schema differ; ``what`` says how it was made."""

    what: str
    value: Any
    model_accepts: bool


def agree(compiled: Compiled, values: Iterable[tuple[str, Any]]) -> list[Disagreement]:
    """Return the values on which a model and its own exported schema differ.

    Raises:
        ValueError: the library exports no schema.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    from velvet_validation.contenders.jsonschema import FORMATS

    if compiled.schema is None:
        raise ValueError("the library exports no JSON Schema: choose one that does")
    schema = compiled.schema()
    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    validator = kind(schema, format_checker=FORMATS)
    found = []
    for what, value in values:
        try:
            compiled.load(copy.deepcopy(value))
            model = True
        except compiled.errors:
            model = False
        if model != validator.is_valid(value):
            found.append(Disagreement(what, value, model))
    return found
