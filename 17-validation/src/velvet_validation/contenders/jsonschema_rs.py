"""jsonschema-rs: JSON Schema in Rust; the same schema, the same answers, compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema_rs

from velvet_validation.contender import Problem, Rejected
from velvet_validation.contenders._shared_schema import surface

label = "jsonschema-rs"
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


def _load_for(schema: dict[str, Any], formats: bool) -> Callable[[Any], Any]:
    validator = jsonschema_rs.Draft7Validator(schema, validate_formats=formats)

    def load(payload: Any) -> Any:
        # The one-call check is the fast road; errors are collected when it says no. What has no
        # JSON form (bytes, lone surrogates) fails with a plain ValueError.
        if validator.is_valid(payload):
            return payload
        errors = list(validator.iter_errors(payload))
        raise Rejected("\n".join(str(error) for error in errors), errors)

    return load


build, build_type = surface(_load_for, problems, Rejected)
