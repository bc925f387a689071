"""voluptuous: schemas written as the data looks; made for configuration files."""

from __future__ import annotations

import datetime as dt
from typing import Any, get_args, get_origin

import voluptuous as vol

from velvet_validation.contender import Compiled, Mode, Problem, Unsupported, by_kind, plain
from velvet_validation.samples import cases
from velvet_validation.samples.cases import Family

label = "voluptuous"
gaps = ("aware times, dates and tagged unions: stated as functions",)


def _exactly(kind: type) -> Any:
    def check(value: Any) -> Any:
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise vol.TypeInvalid(f"expected {kind.__name__}")
        return value

    return check


def _time(value: Any) -> dt.datetime:
    made = dt.datetime.fromisoformat(value)
    if made.tzinfo is None:
        raise vol.Invalid("has no UTC offset")
    return made


def _rules(strict: bool) -> dict[Family, Any]:
    whole = _exactly(int) if strict else int

    def text(low: int, high: int, *checks: Any) -> Any:
        return vol.All(str, vol.Length(low, high), *checks)

    def integer(low: int, high: int | None = None) -> Any:
        return vol.All(whole, vol.Range(low, high))

    email = vol.All(str, vol.Match(cases.EMAIL), vol.Length(max=254))
    signup = {"email": email, "age": integer(0, 150), "password": text(8, 64), "newsletter": bool}
    customer = {
        "name": text(1, 40, vol.Match(r"\s*\S")),
        "email": email,
        vol.Optional("birthday"): vol.Maybe(dt.date.fromisoformat),
    }
    line = {
        "sku": vol.All(str, vol.Match(cases.SKU)),
        "qty": integer(1, 1000),
        "price_cents": integer(0),
        "weight": vol.All(_exactly(float) if strict else vol.Any(float, int), vol.Range(0, 1000)),
    }
    order = {
        "id": vol.All(str, vol.Match(cases.ORDER_ID)),
        "number": integer(1, cases.MAX_NUMBER),
        # A function may raise ValueError only; a TypeError crashes through.
        "created": vol.All(str, _time) if strict else _time,
        "status": vol.In(cases.STATUSES),
        "customer": customer,
        # The schema's own required=True does not reach into All: it has one of its own.
        "lines": vol.All([line], vol.Length(1, 50), required=strict),
        "tags": vol.All([text(1, 20)], vol.Length(max=10), vol.Unique()),
        vol.Optional("coupon"): vol.Maybe(text(4, 12)),
    }
    carried = {"value": integer(0, 1000), "text": text(1, 40)}
    events = {
        kind: vol.Schema({"kind": kind, "id": integer(1), name: carried[name]}, required=True)
        for kind, name in cases.KINDS.items()
    }
    return {
        "signup": signup,
        "order": order,
        "feed": [order],
        "event": by_kind(events, vol.Invalid("not a known kind", path=["kind"])),
        "tree": {"name": text(1, 20), "children": [vol.Self]},
    }


def problems(error: Exception) -> list[Problem]:
    """Return every error; a step of its path may be a Required or Optional marker."""
    assert isinstance(error, vol.Invalid)
    found = []
    for one in error.errors if isinstance(error, vol.MultipleInvalid) else [error]:
        steps: list[Any] = list(one.path)
        path = tuple(getattr(step, "schema", step) for step in steps)
        found.append(Problem(path, type(one).__name__, one.error_message))
    return found


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family's schema; unknown keys are refused in both modes."""
    schema = vol.Schema(_rules(mode == "strict")[family], required=True)
    return Compiled(schema, plain, problems, errors=(vol.Invalid,))


_PLAIN = (int, float, bool, str)
_PARSED = (dt.datetime, dt.date, dt.time)


def _rule(target: Any, strict: bool) -> Any:
    inner = get_args(target)
    if target in _PARSED:
        return target.fromisoformat
    if target is bytes:
        return bytes  # Coerce(bytes) would make as many zeros as an integer says
    if target in _PLAIN and strict:
        return _exactly(target)
    if isinstance(target, type) and not inner:
        return vol.Coerce(target)
    if get_origin(target) is list:
        return [_rule(inner[0], strict)]
    if len(inner) == 2 and inner[1] is type(None):
        return vol.Maybe(_rule(inner[0], strict))
    if inner and all(isinstance(item, str) for item in inner):
        return vol.In(inner)
    raise Unsupported(f"voluptuous has no schema for {target}")


def build_type(target: Any, mode: Mode = "default") -> Compiled:
    """Return a check of one type; "default" is its `Coerce`."""
    schema = vol.Schema(_rule(target, mode == "strict"))
    return Compiled(schema, lambda value: value, problems, errors=(vol.Invalid,))
