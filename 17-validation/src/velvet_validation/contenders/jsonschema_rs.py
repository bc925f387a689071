"""jsonschema-rs: JSON Schema in Rust; the same schema, the same answers, compiled."""

from __future__ import annotations

from importlib.metadata import version as _version
from typing import Any

import jsonschema_rs

from velvet_validation.cases import Family
from velvet_validation.contender import Compiled, Mode, Problem, Rejected, Unsupported, same
from velvet_validation.contenders._shared_schema import TYPES, json_schema

label = "jsonschema-rs"
version = _version("jsonschema-rs")
features = frozenset({"checks_only", "all_errors", "json_schema"})
gaps = ("formats: unchecked unless asked for",)


def problems(error: Exception) -> list[Problem]:
    """Return every error; a missing or extra property is part of the path."""
    assert isinstance(error, Rejected)
    found = []
    for one in error.errors:
        named = getattr(one.kind, "property", None)
        extra = getattr(one.kind, "unexpected", None)
        steps = (named,) if named else tuple(extra[:1]) if extra else ()
        found.append(Problem((*one.instance_path, *steps), one.kind.name, one.message))
    return found


def _compiled(schema: dict[str, Any], strict: bool) -> Compiled:
    validator = jsonschema_rs.Draft7Validator(schema, validate_formats=strict)

    def load(payload: Any) -> Any:
        # The one-call check is the fast road; errors are collected when it says no.
        if validator.is_valid(payload):
            return payload
        errors = list(validator.iter_errors(payload))
        raise Rejected("\n".join(str(error) for error in errors), errors)

    # What has no JSON form (bytes, sets, lone surrogates) fails with a plain ValueError.
    return Compiled(load, same, problems, errors=(Rejected,), schema=lambda: schema)


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family's schema behind a kept validator; strict checks formats, too."""
    strict = mode == "strict"
    return _compiled(json_schema(family, strict=strict), strict)


def build_type(target: Any, mode: Mode = "default") -> Compiled:
    """Return a check of one JSON type."""
    if target not in TYPES:
        raise Unsupported(f"JSON Schema has no type for {target}")
    return _compiled(TYPES[target], mode == "strict")
