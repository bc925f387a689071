"""fastjsonschema: writes a Python function for a schema and compiles it; drafts 4 to 7.

The generated code is executed: never compile a schema from a stranger.
"""

from __future__ import annotations

from importlib.metadata import version as _version
from typing import Any

import fastjsonschema

from velvet_validation.cases import Family
from velvet_validation.contender import Compiled, Mode, Problem, Unsupported, same
from velvet_validation.contenders._shared_schema import TYPES, json_schema

label = "fastjsonschema"
version = _version("fastjsonschema")
features = frozenset({"checks_only", "json_schema"})
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


def _compiled(schema: dict[str, Any], strict: bool) -> Compiled:
    check = fastjsonschema.compile(schema, use_formats=strict, use_default=False)
    return Compiled(
        load=check,
        dump=same,
        problems=problems,
        errors=(fastjsonschema.JsonSchemaValueException,),
        schema=lambda: schema,
    )


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family's schema as generated code; strict checks formats, too."""
    strict = mode == "strict"
    return _compiled(json_schema(family, strict=strict), strict)


def build_type(target: Any, mode: Mode = "default") -> Compiled:
    """Return a check of one JSON type."""
    if target not in TYPES:
        raise Unsupported(f"JSON Schema has no type for {target}")
    return _compiled(TYPES[target], mode == "strict")
