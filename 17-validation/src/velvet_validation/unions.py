"""A union of tagged events, stated in every way that the libraries have.

A plain union tries members until one fits: it costs more with every member and answers one bad
field with an error for each. A discriminated union reads the tag first.
"""

# No `from __future__ import annotations`: types are built at run time.
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Annotated, Any

from velvet_validation import cases
from velvet_validation.contenders._shared_schema import event_schemas

Way = Callable[[Any], Any]


def _members(models: list[Any], count: int) -> Any:
    if not 2 <= count <= len(models):
        raise ValueError(f"members is {count}: choose 2 to {len(models)}")
    return reduce(or_, models[:count])


def pydantic_smart(members: int) -> Way:
    """Return the plain union: every member is tried, the best fit is kept."""
    from pydantic import TypeAdapter

    from velvet_validation.contenders import pydantic as adapter

    return TypeAdapter(_members(adapter.events(), members)).validate_python


def pydantic_left_to_right(members: int) -> Way:
    """Return the union that takes the first member that fits."""
    from pydantic import Field, TypeAdapter

    from velvet_validation.contenders import pydantic as adapter

    kind: Any = Annotated[
        _members(adapter.events(), members),
        Field(union_mode="left_to_right"),
    ]
    return TypeAdapter(kind).validate_python


def pydantic_discriminated(members: int) -> Way:
    """Return the union that reads the tag first."""
    from pydantic import Field, TypeAdapter

    from velvet_validation.contenders import pydantic as adapter

    kind: Any = Annotated[
        _members(adapter.events(), members),
        Field(discriminator="kind"),
    ]
    return TypeAdapter(kind).validate_python


def pydantic_callable(members: int) -> Way:
    """Return the union whose tag is found by a Python function."""
    from pydantic import Discriminator, Tag, TypeAdapter

    from velvet_validation.contenders import pydantic as adapter

    tagged = [
        Annotated[model, Tag(kind)]
        for model, kind in zip(adapter.events(), cases.KINDS, strict=True)
    ]
    by_kind = Discriminator(lambda value: value.get("kind") if isinstance(value, dict) else None)
    kind: Any = Annotated[_members(tagged, members), by_kind]
    return TypeAdapter(kind).validate_python


def msgspec_tags(members: int) -> Way:
    """Return msgspec's union of tagged structs."""
    import msgspec

    from velvet_validation.contenders import msgspec as adapter

    kind: Any = _members(adapter.events(), members)
    return lambda payload: msgspec.convert(payload, kind)


def cattrs_tagged(members: int) -> Way:
    """Return cattrs' tagged-union strategy."""
    from cattrs.preconf.json import make_converter
    from cattrs.strategies import configure_tagged_union

    from velvet_validation.contenders import cattrs as adapter

    kind, made = _members(adapter.events(), members), make_converter()
    configure_tagged_union(kind, made, tag_name="kind", tag_generator=lambda cl: cl.__name__)
    structure = made.get_structure_hook(kind)
    return lambda payload: structure(payload, kind)


def marshmallow_by_hand(members: int) -> Way:  # noqa: ARG001 - the table has all of them
    """Return a table of schemas, because marshmallow has no unions."""
    from velvet_validation.contenders import marshmallow as adapter

    return adapter.build("event").load


def _schema_way(schema: dict[str, Any]) -> Way:
    from jsonschema import Draft7Validator

    validator = Draft7Validator(schema)

    def check(payload: Any) -> Any:
        validator.validate(payload)
        return payload

    return check


def jsonschema_one_of(members: int) -> Way:
    """Return ``oneOf``: every member is checked, always."""
    return _schema_way({"oneOf": event_schemas(False)[:members]})


def jsonschema_if_then(members: int) -> Way:
    """Return ``if``/``then`` on the tag: only one member's rules are checked in full."""
    schemas = event_schemas(False)[:members]
    kinds = [schema["properties"]["kind"] for schema in schemas]
    return _schema_way(
        {
            "required": ["kind"],
            "properties": {"kind": {"enum": [kind["const"] for kind in kinds]}},
            "allOf": [
                {"if": {"properties": {"kind": kind}}, "then": schema}
                for kind, schema in zip(kinds, schemas, strict=True)
            ],
        }
    )


WAYS: dict[str, Callable[[int], Way]] = {
    "pydantic_smart": pydantic_smart,
    "pydantic_left_to_right": pydantic_left_to_right,
    "pydantic_discriminated": pydantic_discriminated,
    "pydantic_callable": pydantic_callable,
    "msgspec_tags": msgspec_tags,
    "cattrs_tagged": cattrs_tagged,
    "marshmallow_by_hand": marshmallow_by_hand,
    "jsonschema_one_of": jsonschema_one_of,
    "jsonschema_if_then": jsonschema_if_then,
}


def error_count(way: Way, payload: Any) -> int:
    """Return how many errors one bad payload is answered with; 0 when it is accepted."""
    try:
        way(payload)
    except Exception as error:  # noqa: BLE001 - each library has its own type
        counted = getattr(error, "error_count", None)
        context = getattr(error, "context", None) or []
        return int(counted()) if counted else max(1, len(context))
    return 0
