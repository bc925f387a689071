"""A union of tagged events, stated in the ways that the libraries have.

A plain union tries members until one fits: it costs more with every member and answers one bad
field with an error for each. A discriminated union reads the tag first.
"""

# No `from __future__ import annotations`: types are built at run time.
from collections.abc import Callable
from functools import partial, reduce
from operator import or_
from typing import Annotated, Any

import msgspec
from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union
from jsonschema import Draft7Validator
from pydantic import Field, TypeAdapter

from velvet_validation.contenders import cattrs as cattrs_adapter
from velvet_validation.contenders import msgspec as msgspec_adapter
from velvet_validation.contenders import pydantic as pydantic_adapter
from velvet_validation.contenders._shared_schema import json_schema

Way = Callable[[Any], Any]


def _union(models: list[Any], members: int) -> Any:
    if not 2 <= members <= len(models):
        raise ValueError(f"members is {members}: choose 2 to {len(models)}")
    return reduce(or_, models[:members])


def pydantic_smart(members: int) -> Way:
    """Return the plain union: every member is tried, the best fit is kept."""
    return TypeAdapter(_union(pydantic_adapter.events(), members)).validate_python


def pydantic_discriminated(members: int) -> Way:
    """Return the union that reads the tag first."""
    kind: Any = _union(pydantic_adapter.events(), members)
    return TypeAdapter(Annotated[kind, Field(discriminator="kind")]).validate_python


def msgspec_tags(members: int) -> Way:
    """Return msgspec's union of tagged structs."""
    return partial(msgspec.convert, type=_union(msgspec_adapter.events(), members))


def cattrs_tagged(members: int) -> Way:
    """Return cattrs' tagged-union strategy."""
    kind, made = _union(cattrs_adapter.events(), members), make_converter()
    configure_tagged_union(kind, made, tag_name="kind", tag_generator=lambda cl: cl.__name__)
    structure = made.get_structure_hook(kind)
    return lambda payload: structure(payload, kind)


def _schemas(members: int) -> list[Any]:
    schemas: list[Any] = json_schema("event", strict=False)["oneOf"][:members]
    return schemas


def jsonschema_one_of(members: int) -> Way:
    """Return ``oneOf``: every member is checked, always."""
    return Draft7Validator({"oneOf": _schemas(members)}).validate


def jsonschema_if_then(members: int) -> Way:
    """Return ``if``/``then`` on the tag: only one member's rules are checked in full."""
    tags = [(schema["properties"]["kind"], schema) for schema in _schemas(members)]
    known = {"properties": {"kind": {"enum": [tag["const"] for tag, _ in tags]}}}
    rules = [{"if": {"properties": {"kind": tag}}, "then": schema} for tag, schema in tags]
    return Draft7Validator({**known, "required": ["kind"], "allOf": rules}).validate


WAYS: dict[str, Callable[[int], Way]] = {
    "pydantic_smart": pydantic_smart,
    "pydantic_discriminated": pydantic_discriminated,
    "msgspec_tags": msgspec_tags,
    "cattrs_tagged": cattrs_tagged,
    "jsonschema_one_of": jsonschema_one_of,
    "jsonschema_if_then": jsonschema_if_then,
}


def error_count(way: Way, payload: Any) -> int:
    """Return how many errors one bad payload is answered with; 0 when it is accepted."""
    try:
        way(payload)
    except Exception as error:  # noqa: BLE001 - each library has its own type
        counted = getattr(error, "error_count", None)
        return int(counted()) if counted else max(1, len(getattr(error, "context", None) or []))
    return 0
