"""marshmallow: schemas of fields, load and dump apart; returns dictionaries.

Runs on 3.x and 4.x: only names that both have.
"""

from __future__ import annotations

import decimal
from enum import Enum
from typing import Any, get_args, get_origin

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from velvet_validation.contender import Compiled, Mode, Problem, Unsupported, by_kind, flattened
from velvet_validation.samples import cases
from velvet_validation.samples.cases import Family

label = "marshmallow"
gaps = ("strict floats and booleans", "tagged unions: dispatched by hand")


def _required(kind: type[fields.Field[Any]], *checks: Any, **options: Any) -> Any:
    return kind(required=True, validate=list(checks), **options)


def _email() -> Any:
    return _required(fields.String, validate.Regexp(cases.EMAIL), validate.Length(max=254))


class _Unique(validate.Validator):
    def __call__(self, value: Any) -> Any:
        if len(set(value)) != len(value):
            raise ValidationError("Items repeat.")
        return value


def _schemas(strict: bool) -> dict[Family, Any]:
    whole = {"strict": True} if strict else {}  # "3" and 3.5 for an integer

    def text(low: int, high: int, *checks: Any) -> Any:
        return _required(fields.String, validate.Length(low, high), *checks)

    def integer(low: int | None, high: int | None) -> Any:
        return _required(fields.Integer, validate.Range(low, high), **whole)

    class Signup(Schema):
        email = _email()
        age = integer(0, 150)
        password = text(8, 64)
        newsletter = _required(fields.Boolean)

    class Customer(Schema):
        name = text(1, 40, validate.Regexp(r"\s*\S"))  # its Regexp matches at the start only
        email = _email()
        birthday = fields.Date(allow_none=True, load_default=None)

    class Line(Schema):
        sku = _required(fields.String, validate.Regexp(cases.SKU))
        qty = integer(1, 1000)
        price_cents = integer(0, None)
        weight = _required(fields.Float, validate.Range(0, 1000))

    class Order(Schema):
        id = _required(fields.String, validate.Regexp(cases.ORDER_ID))
        number = integer(1, cases.MAX_NUMBER)
        created = _required(fields.AwareDateTime)
        status = _required(fields.String, validate.OneOf(cases.STATUSES))
        customer = fields.Nested(Customer, required=True)
        lines = fields.List(fields.Nested(Line), required=True, validate=validate.Length(1, 50))
        tags = fields.List(
            fields.String(validate=validate.Length(1, 20)),
            required=True,
            validate=[validate.Length(max=10), _Unique()],
        )
        coupon = fields.String(allow_none=True, load_default=None, validate=validate.Length(4, 12))

    class Tree(Schema):
        name = text(1, 20)
        children: Any = fields.List(fields.Nested(lambda: Tree()), required=True)  # noqa: PLW0108

    carried: dict[str, Any] = {"value": lambda: integer(0, 1000), "text": lambda: text(1, 40)}
    events = {
        kind: Schema.from_dict(
            {"kind": fields.String(), "id": integer(1, None), name: carried[name]()}, name=kind
        )(unknown=RAISE)
        for kind, name in cases.KINDS.items()
    }
    return {
        "signup": Signup(),
        "order": Order(),
        "feed": Order(many=True),
        "event": events,
        "tree": Tree(),
    }


def problems(error: Exception) -> list[Problem]:
    """Return every message of the nested dictionary."""
    assert isinstance(error, ValidationError)
    return flattened(error.messages)


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family as a schema instance; unknown keys raise in both modes."""
    made = _schemas(mode == "strict")[family]
    if family != "event":
        return Compiled(made.load, made.dump, problems, errors=(ValidationError,))
    refused = ValidationError({"kind": ["Not a known kind."]})
    load = by_kind({kind: schema.load for kind, schema in made.items()}, refused)
    dump = by_kind({kind: schema.dump for kind, schema in made.items()}, refused)
    return Compiled(load, dump, problems, errors=(ValidationError,))


def _field(target: Any, strict: bool) -> Any:
    options: Any = {int: {"strict": strict}, decimal.Decimal: {"as_string": True}}.get(target, {})
    if target in Schema.TYPE_MAPPING and target not in (bytes, list, tuple, set):
        return Schema.TYPE_MAPPING[target](**options)
    if isinstance(target, type) and issubclass(target, Enum):
        return fields.Enum(target, by_value=True)
    inner = get_args(target)
    if get_origin(target) is list:
        return fields.List(_field(inner[0], strict))
    if get_origin(target) is tuple:
        return fields.Tuple([_field(item, strict) for item in inner])
    if len(inner) == 2 and inner[1] is type(None):
        made = _field(inner[0], strict)
        made.allow_none = True
        return made
    raise Unsupported(f"marshmallow has no field for {target}")


def build_type(target: Any, mode: Mode = "default") -> Compiled:
    """Return a schema with the one field ``v``."""
    schema = Schema.from_dict({"v": _field(target, mode == "strict")})()
    return Compiled(
        load=lambda payload: schema.load({"v": payload})["v"],
        dump=lambda value: schema.dump({"v": value})["v"],
        problems=problems,
        errors=(ValidationError,),
    )
