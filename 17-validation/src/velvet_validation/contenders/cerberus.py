"""Cerberus: schemas as plain data, here in `samples/cerberus.json`; they name their functions.

A validator keeps the state of its last run, so each thread gets one of its own.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import threading
import uuid
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin

from cerberus import (  # type: ignore[import-untyped,unused-ignore]
    TypeDefinition,
    Validator,
    schema_registry,
)

from velvet_validation.contender import (
    Compiled,
    Mode,
    Problem,
    Rejected,
    Unsupported,
    by_kind,
    flattened,
    plain,
)
from velvet_validation.samples.cases import KINDS, Family

label = "Cerberus"
gaps = ("unique items and aware times: stated as check functions",)

_SCHEMAS = Path(__file__).parents[1] / "samples" / "cerberus.json"


class _Rules(Validator):  # type: ignore[misc,unused-ignore]
    """The functions that the schemas name."""

    def _normalize_coerce_time(self, value: Any) -> Any:
        return dt.datetime.fromisoformat(value)

    def _normalize_coerce_day(self, value: Any) -> Any:
        return dt.date.fromisoformat(value)

    def _check_with_aware(self, field: str, value: Any) -> None:
        if value.tzinfo is None:
            self._error(field, "has no UTC offset")

    def _check_with_unique(self, field: str, value: Any) -> None:
        if len({repr(item) for item in value}) != len(value):
            self._error(field, "items repeat")


class _Strict(_Rules):
    """Knows that a bool is no number."""

    types_mapping: ClassVar[dict[str, Any]] = {
        **Validator.types_mapping,
        "integer": TypeDefinition("integer", (int,), (bool,)),
        "float": TypeDefinition("float", (float, int), (bool,)),
    }


def problems(error: Exception) -> list[Problem]:
    """Return every message of the nested error lists."""
    assert isinstance(error, Rejected)
    found = flattened(error.errors)
    outer = (("rows",), ("v",))  # what a list or a bare type is wrapped in
    return [Problem(p.path[p.path[:1] in outer :], p.code, p.message) for p in found]


def _load(schema: dict[str, Any], mode: Mode) -> Callable[[Any], Any]:
    local = threading.local()

    def load(document: Any) -> Any:
        if not isinstance(document, dict):
            raise Rejected(f"{type(document).__name__} is no mapping", {"_error": "no mapping"})
        if not hasattr(local, "validator"):
            kind = _Strict if mode == "strict" else _Rules
            local.validator = kind(schema, require_all=True)
        if not local.validator.validate(document):
            raise Rejected(str(local.validator.errors), local.validator.errors)
        return local.validator.document

    return load


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family's rules; unknown keys are refused in both modes."""
    schemas = json.loads(_SCHEMAS.read_text(encoding="utf-8"))
    schema_registry.add("tree", schemas["tree"])
    if family == "feed":
        rows = {"rows": {"type": "list", "schema": {"type": "dict", "schema": schemas["order"]}}}
        many = _load(rows, mode)
        return Compiled(lambda sent: many({"rows": sent})["rows"], plain, problems, (Rejected,))
    if family != "event":
        return Compiled(_load(schemas[family], mode), plain, problems, (Rejected,))
    loads = {
        kind: _load({**schemas[f"event_{name}"], "kind": {"allowed": [kind]}}, mode)
        for kind, name in KINDS.items()
    }
    refused = Rejected("not a known kind", {"kind": ["not a known kind"]})
    return Compiled(by_kind(loads, refused), plain, problems, (Rejected,))


def _rule(target: Any, strict: bool) -> dict[str, Any]:
    checks: dict[Any, dict[str, Any]] = {
        int: {"type": "integer"} if strict else {"type": "integer", "coerce": int},
        float: {"type": "float"} if strict else {"type": "float", "coerce": float},
        bool: {"type": "boolean"},
        str: {"type": "string"},
        bytes: {"type": "binary"},
        dt.datetime: {"type": "datetime", "coerce": "time"},
        dt.date: {"type": "date", "coerce": "day"},
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
    load = _load({"v": _rule(target, mode == "strict")}, mode)
    return Compiled(lambda v: load({"v": v})["v"], lambda v: v, problems, (Rejected,))
