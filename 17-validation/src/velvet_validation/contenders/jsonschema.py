"""jsonschema: the reference implementation in pure Python; every draft, every error."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version as _version
from typing import Any, cast

from jsonschema import Draft7Validator, FormatChecker, ValidationError

from velvet_validation.cases import Family
from velvet_validation.contender import Compiled, Mode, Problem, Rejected, Unsupported, same
from velvet_validation.contenders._shared_schema import TYPES, json_schema

label = "jsonschema"
version = _version("jsonschema")
features = frozenset({"checks_only", "all_errors", "json_schema"})
gaps = ("formats: unchecked without a FormatChecker", "NaN passes minimum and maximum")

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: Any) -> bool:
    # RFC 3339 wants an offset; Python 3.10 does not read its "Z".
    return (
        not isinstance(value, str)
        or dt.datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None
    )


@FORMATS.checks("date", raises=ValueError)
def _is_date(value: Any) -> bool:
    return not isinstance(value, str) or dt.date.fromisoformat(value) is not None


def problems(error: Exception) -> list[Problem]:
    """Return every error; a missing or extra property is part of the path."""
    assert isinstance(error, Rejected)
    return [
        Problem((*one.absolute_path, *_property(one)), str(one.validator), one.message)
        for one in error.errors
    ]


def _property(error: ValidationError) -> tuple[str, ...]:
    if error.validator == "required":
        return (error.message.split("'")[1],)
    if error.validator == "additionalProperties":
        instance, schema = cast(Any, error.instance), cast(Any, error.schema)
        return tuple(sorted(set(instance) - set(schema["properties"])))[:1]
    return ()


def _compiled(schema: dict[str, Any], strict: bool) -> Compiled:
    validator = Draft7Validator(schema, format_checker=FORMATS if strict else None)

    def load(payload: Any) -> Any:
        errors = list(validator.iter_errors(payload))
        if errors:
            raise Rejected("\n".join(str(error) for error in errors), errors)
        return payload

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
