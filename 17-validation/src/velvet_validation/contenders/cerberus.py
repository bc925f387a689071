"""Cerberus: schemas as plain dictionaries, which may come from a file.

A validator keeps the state of its last run, so each thread gets one of its own.
"""

from __future__ import annotations

import datetime as dt
import decimal
import threading
import uuid
from enum import Enum
from importlib.metadata import version as _version
from typing import Any, ClassVar, get_args, get_origin

from cerberus import TypeDefinition, Validator  # type: ignore[import-untyped,unused-ignore]

from velvet_validation import cases
from velvet_validation.cases import Family
from velvet_validation.contender import (
    Compiled,
    Flattened,
    Mode,
    Problem,
    Rejected,
    Unsupported,
    same,
)

label = "Cerberus"
version = _version("cerberus")
features = frozenset({"converts", "all_errors"})
gaps = ("unique items and aware times: stated as check functions",)


def _is_unique(field: str, value: Any, error: Any) -> None:
    if len({repr(item) for item in value}) != len(value):
        error(field, "items repeat")


def _is_aware(field: str, value: dt.datetime, error: Any) -> None:
    if value.tzinfo is None:
        error(field, "has no UTC offset")


def _text(low: int, high: int, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minlength": low, "maxlength": high, **more}


def _integer(low: int, high: int | None = None) -> dict[str, Any]:
    return {"type": "integer", "min": low, **({} if high is None else {"max": high})}


def _schema(family: Family) -> dict[str, Any]:
    email = {"type": "string", "regex": cases.EMAIL, "maxlength": 254}
    line = {
        "sku": {"type": "string", "regex": cases.SKU},
        "qty": _integer(1, 1000),
        "price_cents": _integer(0),
        "weight": {"type": "float", "min": 0, "max": 1000},
    }
    order = {
        "id": {"type": "string", "regex": cases.ORDER_ID},
        "number": _integer(1, cases.MAX_NUMBER),
        "created": {
            "type": "datetime",
            "coerce": dt.datetime.fromisoformat,
            "check_with": _is_aware,
        },
        "status": {"type": "string", "allowed": list(cases.STATUSES)},
        "customer": {
            "type": "dict",
            "schema": {
                "name": _text(1, 40, regex=r"^[\s\S]*\S[\s\S]*$"),  # its regex matches the whole
                "email": email,
                "birthday": {
                    "type": "date",
                    "coerce": dt.date.fromisoformat,
                    "nullable": True,
                    "required": False,
                },
            },
        },
        "lines": {
            "type": "list",
            "minlength": 1,
            "maxlength": 50,
            "schema": {"type": "dict", "schema": line},
        },
        "tags": {
            "type": "list",
            "maxlength": 10,
            "schema": _text(1, 20),
            "check_with": _is_unique,
        },
        "coupon": _text(4, 12, nullable=True, required=False),
    }
    if family == "tree":
        return {
            "name": _text(1, 20),
            "children": {"type": "list", "schema": {"type": "dict", "schema": "tree"}},
        }
    made: dict[Family, Any] = {
        "signup": {
            "email": email,
            "age": _integer(0, 150),
            "password": _text(8, 64),
            "newsletter": {"type": "boolean"},
        },
        "order": order,
        "feed": {"rows": {"type": "list", "schema": {"type": "dict", "schema": order}}},
    }
    schema: dict[str, Any] = made[family]
    return schema


def _event(kind: str) -> dict[str, Any]:
    carried = {"value": _integer(0, 1000), "text": _text(1, 40)}
    name = cases.KINDS[kind]
    return {"kind": {"allowed": [kind]}, "id": _integer(1), name: carried[name]}


class _Strict(Validator):  # type: ignore[misc,unused-ignore]
    """Knows that a bool is no number."""

    types_mapping: ClassVar[dict[str, Any]] = {
        **Validator.types_mapping,
        "integer": TypeDefinition("integer", (int,), (bool,)),
        "float": TypeDefinition("float", (float, int), (bool,)),
    }


class _PerThread(threading.local):
    def __init__(self, schemas: dict[str, Any], strict: bool) -> None:
        kind = _Strict if strict else Validator
        self.validators = {name: kind(schema, require_all=True) for name, schema in schemas.items()}


def problems(error: Exception) -> list[Problem]:
    """Return every message of the nested error lists."""
    assert isinstance(error, Rejected)
    found = Flattened().walk(error.errors)
    return [
        Problem(p.path[1:] if p.path[:1] in (("rows",), ("v",)) else p.path, p.code, p.message)
        for p in found
    ]


def _checked(validator: Any, document: Any) -> Any:
    if not isinstance(document, dict):
        raise Rejected(f"{type(document).__name__} is no mapping", {"_error": "no mapping"})
    if not validator.validate(document):
        raise Rejected(str(validator.errors), validator.errors)
    return validator.document


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family's rules; unknown keys are refused in both modes."""
    strict = mode == "strict"
    schemas: dict[str, Any] = (
        {kind: _event(kind) for kind in cases.KINDS}
        if family == "event"
        else {family: _schema(family)}
    )
    if family == "tree":
        from cerberus import schema_registry  # type: ignore[import-untyped,unused-ignore]

        schema_registry.add("tree", schemas["tree"])
    local = _PerThread(schemas, strict)

    def load(payload: Any) -> Any:
        if family == "feed":
            return _checked(local.validators[family], {"rows": payload})["rows"]
        if family != "event":
            return _checked(local.validators[family], payload)
        # A union by hand: Cerberus has no tagged one.
        kind = payload.get("kind") if isinstance(payload, dict) else None
        if not isinstance(kind, str) or kind not in local.validators:
            raise Rejected("not a known kind", {"kind": ["not a known kind"]})
        return _checked(local.validators[kind], payload)

    return Compiled(load, _plain, problems, errors=(Rejected,))


def _plain(value: Any) -> Any:
    """Turn times back into text, because Cerberus only loads."""
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _rule(target: Any, strict: bool) -> dict[str, Any]:
    checks: dict[Any, dict[str, Any]] = {
        int: {"type": "integer"} if strict else {"type": "integer", "coerce": int},
        float: {"type": "float"} if strict else {"type": "float", "coerce": float},
        bool: {"type": "boolean"},
        str: {"type": "string"},
        bytes: {"type": "binary"},
        dt.datetime: {"type": "datetime", "coerce": dt.datetime.fromisoformat},
        dt.date: {"type": "date", "coerce": dt.date.fromisoformat},
        decimal.Decimal: {"coerce": decimal.Decimal},
        uuid.UUID: {"coerce": uuid.UUID},
    }
    inner = get_args(target)
    if target in checks:
        return checks[target]
    if isinstance(target, type) and issubclass(target, Enum):
        return {"coerce": target}
    if get_origin(target) is list:
        return {"type": "list", "schema": _rule(inner[0], strict)}
    if len(inner) == 2 and inner[1] is type(None):
        return {**_rule(inner[0], strict), "nullable": True}
    raise Unsupported(f"Cerberus has no type for {target}")


def build_type(target: Any, mode: Mode = "default") -> Compiled:
    """Return a schema with the one field ``v``; "default" coerces numbers, as its manual does."""
    local = _PerThread({"v": {"v": _rule(target, mode == "strict")}}, mode == "strict")
    return Compiled(
        load=lambda payload: _checked(local.validators["v"], {"v": payload})["v"],
        dump=same,
        problems=problems,
        errors=(Rejected,),
    )
