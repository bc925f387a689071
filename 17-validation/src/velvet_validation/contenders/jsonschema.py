"""jsonschema: the reference implementation in pure Python; every draft, every error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

from jsonschema import Draft7Validator, FormatChecker, ValidationError

from velvet_validation.contender import Problem, Rejected
from velvet_validation.contenders._shared_schema import surface

label = "jsonschema"
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


def _load_for(schema: dict[str, Any], formats: bool) -> Callable[[Any], Any]:
    validator = Draft7Validator(schema, format_checker=FORMATS if formats else None)

    def load(payload: Any) -> Any:
        if errors := list(validator.iter_errors(payload)):
            raise Rejected("\n".join(str(error) for error in errors), errors)
        return payload

    return load


build, build_type = surface(_load_for, problems, Rejected)
