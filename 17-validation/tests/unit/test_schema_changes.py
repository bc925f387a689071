"""Each rule of the change detector, and proof by data that "backward" means it."""

from __future__ import annotations

from typing import Any

import pytest

from velvet_validation.contender import Compiled, Rejected
from velvet_validation.contenders import contender
from velvet_validation.samples.cases import FAMILIES
from velvet_validation.schema_changes import Disagreement, agree, breaking
from velvet_validation.untrusted import RefNotAllowed

TEXT: dict[str, Any] = {"type": "string"}


def obj(properties: dict[str, Any], required: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), **more}


CLOSED = {"additionalProperties": False}
A, B = (obj({"x": TEXT, "kind": {"const": tag}}) for tag in "ab")
NAMED: dict[str, Any] = {"$ref": "#/definitions/a", "definitions": {"a": TEXT}}


@pytest.mark.parametrize(
    ("old", "new", "rule", "is_breaking"),
    [
        (obj({"a": TEXT}), obj({"a": TEXT}, ("a",)), "property is now required", True),
        (obj({"a": TEXT}, ("a",)), obj({"a": TEXT}), "property is now optional", False),
        (obj({"a": TEXT}, **CLOSED), obj({}, **CLOSED), "property removed", True),
        (obj({"a": TEXT}), obj({}), "property removed", False),
        (obj({}, **CLOSED), obj({"a": TEXT}, **CLOSED), "property added", False),
        (obj({}), obj({"a": TEXT}), "property added, where any value was allowed before", True),
        (obj({"a": TEXT}), obj({"a": TEXT}, **CLOSED), "unknown properties are now refused", True),
        (obj({}, **CLOSED), obj({}), "unknown properties are now allowed", False),
        (TEXT, {"type": "integer"}, "type narrowed: string removed", True),
        ({"type": "integer"}, {"type": "number"}, "type widened: number added", False),
        (TEXT, {"type": ["string", "null"]}, "type widened: null added", False),
        ({}, TEXT, "type is now restricted to string", True),
        (TEXT, {}, "type widened: any added", False),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, 'value removed: "b"', True),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, 'value added: "b"', False),
        (TEXT, {"type": "string", "enum": ["a"]}, "values are now restricted to a list", True),
        ({"const": 1}, {}, "values are no longer restricted to a list", False),
        ({"minimum": 1}, {"minimum": 2}, "minimum changed from 1 to 2", True),
        ({"maximum": 1}, {"maximum": 2}, "maximum changed from 1 to 2", False),
        ({}, {"maxLength": 5}, "maxLength 5 added", True),
        ({"minItems": 1}, {}, "minItems removed", False),
        (TEXT, {"type": "string", "pattern": "a"}, "pattern changed", True),
        ({"type": "string", "format": "date"}, TEXT, "format removed", False),
        ({}, {"uniqueItems": True}, "uniqueItems changed", True),
        ({"items": {}}, {"items": TEXT}, "type is now restricted to string", True),
        ({}, {"items": TEXT}, "items are now checked", True),
        ({"items": TEXT}, {}, "items are no longer checked", False),
        ({"oneOf": [TEXT]}, {"oneOf": [TEXT, {"type": "null"}]}, "member added: null", False),
        ({"oneOf": [TEXT, {"type": "null"}]}, {"oneOf": [TEXT]}, "member removed: null", True),
        ({"anyOf": [TEXT]}, TEXT, "anyOf removed", False),
        ({"anyOf": [TEXT, {"type": "null"}]}, TEXT, "anyOf removed", True),
        ({"enum": ["a"]}, {"anyOf": [{"type": "null"}]}, "anyOf added", True),
        ({"enum": ["a"]}, {"type": "integer"}, "type narrowed: string removed", True),
        (TEXT, {"anyOf": [TEXT, {"type": "null"}]}, "anyOf added", False),
        ({}, {"multipleOf": 2}, "multipleOf changed: not understood, so taken for breaking", True),
        (TEXT, {"anyOf": [TEXT, {"type": "null"}]}, "type widened: null added", False),
        ({"anyOf": [TEXT, {"type": "null"}]}, TEXT, "type narrowed: null removed", True),
        ({"anyOf": [TEXT, True]}, {"anyOf": [TEXT]}, "member removed: {}", True),
        ({"oneOf": [A, B]}, {"oneOf": [A]}, "member removed: b", True),
        ({"oneOf": [A]}, {"oneOf": [A, B]}, "member added: b", False),
        ({"anyOf": [{"title": "T"}]}, {"anyOf": [TEXT]}, "member removed: T", True),
        (NAMED, {**NAMED, "maxLength": 5}, "maxLength 5 added", True),
        (NAMED, {**NAMED, "definitions": {"a": False}}, "no value is allowed any more", True),
        ({"maximum": 2}, {"maximum": 1}, "maximum changed from 2 to 1", True),
        ({"minLength": 2}, {"minLength": 1}, "minLength changed from 2 to 1", False),
        (True, False, "no value is allowed any more", True),
        (False, {}, "values are allowed", False),
    ],
)
def test_each_rule(old: Any, new: Any, rule: str, is_breaking: bool) -> None:
    found = {change.rule: change.breaking for change in breaking(old, new)}

    assert found.get(rule) is is_breaking


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["pydantic", "msgspec", "mashumaro", "jsonschema"])
def test_nothing_changes_between_a_schema_and_itself(name: str, family: Any) -> None:
    schema = contender(name).build(family, "strict").schema
    assert schema is not None

    assert breaking(schema(), schema(), "full") == []


def test_keywords_in_another_order_are_the_same_member() -> None:
    one, same = {"minimum": 1, "maximum": 2}, {"maximum": 2, "minimum": 1}

    assert breaking({"anyOf": [one, TEXT]}, {"anyOf": [same, TEXT]}, "full") == []


def test_forward_is_backward_with_the_sides_changed() -> None:
    old, new = {"enum": ["a"]}, {"enum": ["a", "b"]}

    assert not any(change.breaking for change in breaking(old, new))
    assert any(change.breaking for change in breaking(old, new, "forward"))
    assert any(change.breaking for change in breaking(old, new, "full"))


def test_pointers_lead_through_references_and_recursion() -> None:
    def tree(most: int) -> dict[str, Any]:
        node = obj({"name": {"maxLength": most}, "next": {"$ref": "#/definitions/node"}})
        return {"$ref": "#/definitions/node", "definitions": {"node": node}}

    changes = breaking(tree(9), tree(5))

    assert [(c.pointer, c.breaking) for c in changes] == [("/name", True)]


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="choose backward, forward or full"):
        breaking({}, {}, "sideways")  # type: ignore[arg-type]


def test_strict_after_default_breaks_stored_data_with_extra_keys() -> None:
    default = contender("jsonschema").build("signup", "default").schema
    strict = contender("jsonschema").build("signup", "strict").schema
    assert default is not None
    assert strict is not None

    changes = breaking(default(), strict())

    assert [(c.pointer, c.rule) for c in changes if c.breaking] == [
        ("", "unknown properties are now refused")
    ]


OTHERS = {"additionalProperties": {"type": "string"}}
A_NUMBER = {"properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("old", "new", "breaks"),
    [
        ({"additionalProperties": True}, OTHERS, True),
        ({}, {"additionalProperties": False}, True),
        (OTHERS, {"additionalProperties": False}, True),
        (OTHERS, {"additionalProperties": {"type": "integer"}}, True),
        (OTHERS, {}, False),
        ({"additionalProperties": False}, OTHERS, False),
        (A_NUMBER, OTHERS, True),
        (A_NUMBER, {"additionalProperties": {"type": "number"}}, True),  # others were open
        (
            {**A_NUMBER, "additionalProperties": False},
            {"additionalProperties": {"type": "number"}},
            False,
        ),
        (OTHERS, {**A_NUMBER, **OTHERS}, True),
        (OTHERS, {"properties": {"a": {"type": "string"}}, **OTHERS}, False),
        ({"items": [{"type": "string"}]}, {"items": {"type": "string"}}, True),
    ],
)
def test_the_rule_for_all_other_properties_is_a_rule(old: Any, new: Any, breaks: bool) -> None:
    assert any(change.breaking for change in breaking(old, new)) is breaks


@pytest.mark.parametrize("ref", ["#", "#/nowhere", "http://elsewhere/", "#/$defs/a"])
def test_a_reference_that_leads_nowhere_is_refused(ref: str) -> None:
    loop = {"$ref": ref, "$defs": {"a": {"$ref": "#/$defs/a"}}}

    with pytest.raises(RefNotAllowed):
        breaking(loop, {"type": "object"})


def test_a_reference_to_the_whole_is_followed() -> None:
    whole = {"properties": {"next": {"$ref": "#"}}}

    assert breaking(whole, whole, "full") == []
    assert breaking(whole, {**whole, "required": ["next"]})[0].pointer == "/next"
    with pytest.raises(ValueError, match="a schema is an object or a truth value"):
        breaking(None, {})  # type: ignore[arg-type]


def test_what_a_model_takes_and_its_schema_does_not_is_named() -> None:
    def load(value: Any) -> Any:
        if not isinstance(value, (int, str)):
            raise Rejected("no number")
        return int(value)

    model = Compiled(load, int, lambda error: [], (Rejected,), schema=lambda: {"type": "integer"})

    found = agree(model, [("number", 7), ("text", "7"), ("list", [7])])

    assert found == [Disagreement("text", "7", model_accepts=True)]
    with pytest.raises(ValueError, match="exports no JSON Schema"):
        agree(Compiled(load, int, lambda error: [], ()), [])


def test_what_libraries_return_as_errors_keeps_its_text() -> None:
    one, other = Rejected("no number"), Rejected("no number")

    assert str(one) == "no number"
    assert len({one, other}) == 2
