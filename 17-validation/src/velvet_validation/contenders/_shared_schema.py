"""The shared rules as JSON Schema (draft 7 words, which draft 2020-12 keeps)."""

from __future__ import annotations

from typing import Any

from velvet_validation import cases
from velvet_validation.cases import Family


def _object(
    properties: dict[str, Any], strict: bool, optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }
    if strict:
        made["additionalProperties"] = False
    return made


def _text(low: int, high: int, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": low, "maxLength": high, **more}


def _integer(low: int, high: int | None = None) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, **({} if high is None else {"maximum": high})}


def json_schema(family: Family, *, strict: bool) -> dict[str, Any]:
    """Return the family's schema; a strict one forbids unknown properties."""
    email = {"type": "string", "pattern": cases.EMAIL, "maxLength": 254}
    customer = _object(
        {
            "name": _text(1, 40, pattern=cases.NOT_BLANK),
            "email": email,
            "birthday": {"type": ["string", "null"], "format": "date"},
        },
        strict,
        ("birthday",),
    )
    line = _object(
        {
            "sku": {"type": "string", "pattern": cases.SKU},
            "qty": _integer(1, 1000),
            "price_cents": _integer(0),
            "weight": {"type": "number", "minimum": 0, "maximum": 1000},
        },
        strict,
    )
    tags = {"type": "array", "items": _text(1, 20), "maxItems": 10, "uniqueItems": True}
    order = _object(
        {
            "id": {"type": "string", "pattern": cases.ORDER_ID},
            "number": _integer(1, cases.MAX_NUMBER),
            "created": {"type": "string", "format": "date-time"},
            "status": {"enum": list(cases.STATUSES)},
            "customer": customer,
            "lines": {"type": "array", "items": line, "minItems": 1, "maxItems": 50},
            "tags": tags,
            "coupon": {"type": ["string", "null"], "minLength": 4, "maxLength": 12},
        },
        strict,
        ("coupon",),
    )
    made: dict[Family, Any] = {
        "signup": _object(
            {
                "email": email,
                "age": _integer(0, 150),
                "password": _text(8, 64),
                "newsletter": {"type": "boolean"},
            },
            strict,
        ),
        "order": order,
        "feed": {"type": "array", "items": order},
        "event": {"oneOf": event_schemas(strict)},
        "tree": {
            "$ref": "#/definitions/tree",
            "definitions": {
                "tree": _object(
                    {
                        "name": _text(1, 20),
                        "children": {"type": "array", "items": {"$ref": "#/definitions/tree"}},
                    },
                    strict,
                )
            },
        },
    }
    return {"$schema": "http://json-schema.org/draft-07/schema#", **made[family]}


def event_schemas(strict: bool) -> list[dict[str, Any]]:
    """Return one schema for each kind of event."""
    carried = {"value": _integer(0, 1000), "text": _text(1, 40)}
    return [
        _object({"kind": {"const": kind}, "id": _integer(1), name: carried[name]}, strict)
        for kind, name in cases.KINDS.items()
    ]


TYPES: dict[Any, dict[str, Any]] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    str: {"type": "string"},
    list[int]: {"type": "array", "items": {"type": "integer"}},
}
