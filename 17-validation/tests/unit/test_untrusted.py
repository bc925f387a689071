"""An untrusted schema reaches nothing and hangs nothing."""

from __future__ import annotations

import pickle
import re
import sys
from typing import Any

import pytest
from jsonschema import Draft7Validator

from velvet_validation.contenders import contender
from velvet_validation.samples.cases import FAMILIES
from velvet_validation.untrusted import (
    MAX_EXPANDED,
    RefNotAllowed,
    SchemaTooLarge,
    UnsafePattern,
    UnsafeSchema,
    check,
    repeats_a_repetition,
)


def laughs(depth: int) -> dict[str, Any]:
    """Return a schema whose references double at each of its steps."""
    steps = {f"a{i}": {"allOf": [{"$ref": f"#/definitions/a{i + 1}"}] * 2} for i in range(depth)}
    return {"$ref": "#/definitions/a0", "definitions": {**steps, f"a{depth}": {"type": "string"}}}


@pytest.mark.parametrize(
    "uri",
    ["http://example.org/a.json", "file:///etc/passwd", "other.json#/a", "//host/a", "#/nowhere"],
)
def test_a_reference_that_leaves_the_document_is_refused(uri: str) -> None:
    with pytest.raises(RefNotAllowed) as caught:
        check({"properties": {"a": {"$ref": uri}}})
    assert caught.value.uri == uri


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$", "(a*)*", "([a-z]+)*@", "(a|a)*$", "((ab)+c?)+", "(?:x+x+)+y", "(", "(?=(a+)+)b",
        "^(?:a?){60}a{60}$", "^(?:a|a){60}$", "(?:a|aa){40}$", "^(?:(?:a?){8}){8}a{64}$",
        "^(x)?(?(1)y|(a+)+)$", "(?:(?:a+)+b){2}", "(?:(a+)+b)*?",
    ],
)  # fmt: skip
def test_a_pattern_that_may_need_exponential_time_is_refused(pattern: str) -> None:
    with pytest.raises(UnsafePattern):
        check({"pattern": pattern})
    with pytest.raises(UnsafePattern):
        check({"patternProperties": {pattern: {}}})


@pytest.mark.parametrize(
    "pattern",
    ["^[a-z]+-[0-9]+$", r"^\S+@\S+$", "(abc)?d", "(ab){2}", "a|b", r"(?:\d{3}-){2}\d{4}",
     r"(\d{1,3}\.){3}\d{1,3}", "([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}", "(?:[a-z]{3}){20}", "(x)?(?(1)y|z)"],
)  # fmt: skip
def test_an_ordinary_pattern_passes(pattern: str) -> None:
    check({"pattern": pattern})

    assert re.compile(pattern)
    assert not repeats_a_repetition(pattern)


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="possessive repetition: Python 3.11 or newer"
)
@pytest.mark.parametrize("pattern", ["(?:(?:a+)+b)*+", "(?>(a+)+b)"])
def test_what_a_possessive_or_atomic_part_holds_is_looked_at(pattern: str) -> None:
    with pytest.raises(UnsafePattern):
        check({"pattern": pattern})


def test_references_that_double_are_counted_not_followed() -> None:
    check(laughs(10))

    with pytest.raises(SchemaTooLarge):
        check(laughs(200))


TWICE = [{"$ref": "#/definitions/n"}] * 2


@pytest.mark.parametrize(
    "node",
    [
        {"properties": {"a": {"allOf": TWICE}}},
        {"items": {"anyOf": TWICE}},
        {"properties": {"a": TWICE[0]}, "patternProperties": {"^a$": TWICE[0]}},
        {"properties": {"a": TWICE[0]}, "additionalProperties": TWICE[0]},
        {"allOf": [{"properties": {"a": TWICE[0]}}, {"properties": {"a": TWICE[0]}}]},
        {"dependentSchemas": {"a": {"properties": {"a": {"oneOf": TWICE}}}}},
    ],
)
def test_recursion_that_doubles_with_each_level_of_the_data_is_refused(node: Any) -> None:
    with pytest.raises(SchemaTooLarge):
        check({"$ref": "#/definitions/n", "definitions": {"n": node}})


def test_an_engine_really_doubles_its_work_with_each_level() -> None:
    node = {"properties": {"a": {"allOf": TWICE}}, "type": "object"}
    validator = Draft7Validator({"$ref": "#/definitions/n", "definitions": {"n": node}})
    data: Any = "no object"
    complaints = []
    for _ in range(6):
        complaints.append(sum(1 for _ in validator.iter_errors(data)))
        data = {"a": data}

    assert complaints == [1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize("ref", ["#name", "#/definitions/a"])
def test_a_reference_that_an_id_may_move_is_refused(ref: str) -> None:
    inner = {"$id": "http://elsewhere/", "$ref": ref, "definitions": {"a": {}}}

    with pytest.raises(RefNotAllowed):
        check({"properties": {"x": inner}, "definitions": {"a": {}}})
    check({"$id": "http://elsewhere/", "$ref": "#/definitions/a", "definitions": {"a": {}}})


def test_as_many_subschemas_as_may_be_are_let_through_and_one_more_is_named() -> None:
    full = {"definitions": {"full": {"allOf": [{"type": "string"}] * (MAX_EXPANDED - 1)}}}

    check(full)
    with pytest.raises(SchemaTooLarge, match="#/definitions/full"):
        check({"$ref": "#/definitions/full", **full})


def test_counting_is_bounded_too() -> None:
    big = {"allOf": [{"type": "string"}] * 9_000}
    copies = {f"d{n}": {"allOf": [{"$ref": "#/definitions/big"}]} for n in range(500)}

    with pytest.raises(SchemaTooLarge):
        check({"definitions": {**copies, "big": big}})


def test_a_schema_that_refers_to_itself_for_the_same_value_is_refused() -> None:
    with pytest.raises(SchemaTooLarge):
        check({"$ref": "#"})
    with pytest.raises(SchemaTooLarge):
        check({"anyOf": [{"type": "null"}, {"$ref": "#"}]})


def test_recursion_through_data_is_allowed() -> None:
    check({"properties": {"next": {"$ref": "#"}}, "items": [{"$ref": "#"}, True]})
    check({"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}})
    check({"items": [{"$ref": "#"}], "properties": {"a": {"$ref": "#"}}, "contains": True})
    check({"$defs": {"a/b": [{"type": "null"}]}, "$ref": "#/$defs/a~1b/0"})


def test_a_chain_too_long_for_the_interpreter_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"not": deep}

    with pytest.raises(SchemaTooLarge):
        check(deep)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["pydantic", "msgspec", "jsonschema"])
def test_schemas_of_our_own_pass(name: str, family: Any) -> None:
    schema = contender(name).build(family).schema
    assert schema is not None

    check(schema())


@pytest.mark.parametrize(
    "error", [RefNotAllowed("http://x"), UnsafePattern("(", "/a"), SchemaTooLarge("#")]
)
def test_errors_survive_pickling(error: UnsafeSchema) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert str(again) == str(error)
    assert len({again, error}) == 2
