"""Change detector, agreement, migrations and streams against generated data."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from velvet_validation.contenders import contender
from velvet_validation.samples import orders
from velvet_validation.samples.cases import FAULTS, valid
from velvet_validation.schema_changes import breaking
from velvet_validation.streaming import iter_json_array, iter_ndjson

_VALUES = st.integers(0, 3) | st.sampled_from(["a", "b", "cc"]) | st.none() | st.booleans()


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an object schema of the kind that models export."""
    properties: dict[str, Any] = {}
    for name in draw(st.sets(st.sampled_from("abc"))):
        kind = draw(st.sampled_from(["integer", "string", "enum", "number", "any", "nullable"]))
        low = draw(st.integers(0, 2))
        properties[name] = {
            "integer": {"type": "integer", "minimum": low},
            "number": {"type": "number", "maximum": low + 1},
            "string": {"type": "string", "minLength": low},
            "enum": {"enum": ["a", "b", "cc"][: low + 1]},
            "any": {},
            "nullable": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        }[kind]
    required = sorted(draw(st.sets(st.sampled_from(sorted(properties))))) if properties else []
    made: dict[str, Any] = {"type": "object", "properties": properties, "required": required}
    others = draw(st.sampled_from([None, False, True, {"type": "string"}, {"enum": ["a", 1]}]))
    return made if others is None else {**made, "additionalProperties": others}


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw a schema and one that differs in a part, so that many pairs are compatible."""
    old, other = draw(schemas()), draw(schemas())
    new = {**old, "properties": {**old["properties"]}}
    for name in draw(st.sets(st.sampled_from("abc"))):
        new["properties"].pop(name, None)
        if name in other["properties"]:
            new["properties"][name] = other["properties"][name]
    for word in draw(st.sets(st.sampled_from(["required", "additionalProperties"]))):
        new.pop(word, None)
        if word in other:
            new[word] = other[word]
    return old, new


@settings(max_examples=100, deadline=None)
@given(neighbours(), st.lists(st.dictionaries(st.sampled_from("abcd"), _VALUES), max_size=8))
def test_what_is_called_compatible_reads_all_old_values(
    pair: tuple[dict[str, Any], dict[str, Any]], values: list[dict[str, Any]]
) -> None:
    old, new = pair
    assume(not any(change.breaking for change in breaking(old, new)))

    for value in values:
        if Draft7Validator(old).is_valid(value):
            assert Draft7Validator(new).is_valid(value), (old, new, value)


@settings(max_examples=50, deadline=None)
@given(schemas())
def test_a_schema_is_compatible_with_itself(schema: dict[str, Any]) -> None:
    assert breaking(schema, schema, "full") == []


@given(
    st.lists(
        st.fixed_dictionaries(
            {"sku": st.just("abc"), "qty": st.integers(1, 9), "price_cents": st.integers(0, 10**9)}
        ),
        min_size=1,
        max_size=4,
    )
)
def test_down_and_up_again_changes_nothing(lines: list[dict[str, Any]]) -> None:
    customer = {"name": "amber", "email": "a@b.example", "birthday": None}
    latest = {"version": 3, "customer": customer, "lines": lines}

    assert orders.order.migrate(orders.order.migrate(latest, to=1)) == latest


_GOOD = [valid("signup", seed=seed) for seed in range(6)]
_BAD = [fault.apply() for fault in FAULTS if fault.family == "signup"][:6]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(range(12)), min_size=1, max_size=20), st.integers(0, 19))
def test_a_stream_equals_the_whole_file_from_any_record_on(order: list[int], cut: int) -> None:
    records = [(_GOOD + _BAD)[index] for index in order]
    model = contender("msgspec").build("signup", "strict")
    with tempfile.TemporaryDirectory() as folder:
        lines, array = Path(folder) / "l", Path(folder) / "a"
        lines.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
        array.write_text(json.dumps(records), encoding="utf-8")

        whole = list(iter_ndjson(lines, model))
        items = list(iter_json_array(array, model))
        start = whole[min(cut, len(whole) - 1)].offset
        rest = list(iter_ndjson(lines, model, start=start))

    assert [row.value for row in whole] == [item.value for item in items]
    assert [bool(row.problems) for row in whole] == [index >= 6 for index in order]
    assert [row.raw for row in rest] == [row.raw for row in whole if row.offset >= start]
