"""fastjsonschema: writes a Python function for a schema and compiles it; drafts 4 to 7.

The generated code is executed: never compile an untrusted schema.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastjsonschema

from velvet_validation.contender import Problem
from velvet_validation.contenders._shared_schema import surface

label = "fastjsonschema"
gaps = ("draft 2020-12", "calendar dates: its format is a regular expression")


def problems(error: Exception) -> list[Problem]:
    """Return the one error; a missing or extra property is part of the path."""
    assert isinstance(error, fastjsonschema.JsonSchemaValueException)
    path = tuple(int(step) if step.isdigit() else step for step in error.path[1:])
    if error.rule == "required" and isinstance(error.value, dict):
        absent = [name for name in error.rule_definition if name not in error.value]
        path = (*path, *absent[:1])
    if error.rule == "additionalProperties" and isinstance(error.value, dict):
        path = (*path, *sorted(set(error.value) - set(error.definition["properties"]))[:1])
    return [Problem(path, error.rule or "", error.message)]


def _load_for(schema: dict[str, Any], formats: bool) -> Callable[[Any], Any]:
    check: Callable[[Any], Any] = fastjsonschema.compile(
        schema, use_formats=formats, use_default=False
    )
    return check


build, build_type = surface(_load_for, problems, fastjsonschema.JsonSchemaValueException)
