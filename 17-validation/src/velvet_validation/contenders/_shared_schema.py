"""The shared rules as JSON Schema, in `samples/schemas.json`, and what its three engines share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from velvet_validation.contender import Compiled, Mode, Problem, Unsupported
from velvet_validation.samples.cases import Family

_SCHEMAS = Path(__file__).parents[1] / "samples" / "schemas.json"
_TYPES: dict[Any, dict[str, Any]] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    str: {"type": "string"},
    list[int]: {"type": "array", "items": {"type": "integer"}},
}


def json_schema(family: Family, *, strict: bool) -> dict[str, Any]:
    """Return the family's schema; a strict one forbids unknown properties."""
    schemas: dict[str, Any] = json.loads(_SCHEMAS.read_text(encoding="utf-8"))
    schema = schemas["order" if family == "feed" else family]
    if family == "feed":
        schema = {"$schema": schema["$schema"], "type": "array", "items": schema}
    made: dict[str, Any] = _closed(schema) if strict else schema
    return made


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    made = {key: _closed(inner) for key, inner in node.items()}
    return {**made, "additionalProperties": False} if made.get("type") == "object" else made


def surface(
    load_for: Callable[[dict[str, Any], bool], Callable[[Any], Any]],
    problems: Callable[[Exception], list[Problem]],
    error: type[Exception],
) -> tuple[Callable[..., Compiled], Callable[..., Compiled]]:
    """Return an engine's ``build`` and ``build_type``; it only checks, so dump returns the value.

    Args:
        load_for: given a schema and whether formats are checked, returns the check.
    """

    def compiled(schema: dict[str, Any], mode: Mode) -> Compiled:
        load = load_for(schema, mode == "strict")
        return Compiled(load, lambda value: value, problems, (error,), schema=lambda: schema)

    def build(family: Family, mode: Mode = "default") -> Compiled:
        """Return the family's schema behind a kept validator; strict checks formats, too."""
        return compiled(json_schema(family, strict=mode == "strict"), mode)

    def build_type(target: Any, mode: Mode = "default") -> Compiled:
        """Return a check of one JSON type."""
        if target not in _TYPES:
            raise Unsupported(f"JSON Schema has no type for {target}")
        return compiled(_TYPES[target], mode)

    return build, build_type
