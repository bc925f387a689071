"""One definition, four libraries, the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from cattrs.preconf.json import make_converter
from jsonschema import Draft7Validator
from marshmallow import Schema
from pydantic import TypeAdapter

from velvet_validation import domain
from velvet_validation.domain import PROVIDED, Iban, Money, Parsed

GOOD = {
    "Money": ["EUR 12.30", "JPY 500", "BHD 1.234", "USD -3.05"],
    "Iban": [
        "GB82 WEST 1234 5698 7654 32",
        "DE89370400440532013000",
        "FR1420041010050500013M02606",
    ],
}
BAD: dict[str, list[Any]] = {
    "Money": ["EUR 1.234", "JPY 1.5", "XYZ 1", "EUR 1e3", "EUR", "EUR \uff11", 12, None],
    "Iban": ["GB83 WEST 1234 5698 7654 32", "GB82", "", 5],
}
BAD["Money"] += ["EUR 999999999999999.999999999999999999"]  # more than a Decimal's context keeps


def _marshmallow(kind: type[Parsed]) -> Callable[[Any], Any]:
    schema = Schema.from_dict({"v": domain.marshmallow_field(kind)})()
    return lambda value: schema.load({"v": value})["v"]


def loaders(kind: type[Parsed]) -> dict[str, Callable[[Any], Any]]:
    converter = make_converter()
    domain.register_with_cattrs(converter)
    hook = domain.msgspec_hooks()["dec_hook"]
    return {
        "pydantic": TypeAdapter(kind).validate_python,
        "msgspec": lambda value: msgspec.convert(value, kind, dec_hook=hook),
        "cattrs": lambda value: converter.structure(value, kind),
        "marshmallow": _marshmallow(kind),
    }


@pytest.mark.parametrize("kind", PROVIDED, ids=lambda kind: kind.__name__)
def test_four_libraries_accept_and_refuse_the_same(kind: type[Parsed]) -> None:
    for library, load in loaders(kind).items():
        for text in GOOD[kind.__name__]:
            assert load(text) == kind.parse(text), library
        for value in BAD[kind.__name__]:
            with pytest.raises(Exception, match=r"."):  # each library's own type
                load(value)


@pytest.mark.parametrize("kind", PROVIDED, ids=lambda kind: kind.__name__)
def test_the_text_of_a_value_parses_to_the_same_value(kind: type[Parsed]) -> None:
    for text in GOOD[kind.__name__]:
        value = kind.parse(text)
        assert kind.parse(str(value)) == value
        assert kind._checked(value) is value


@pytest.mark.parametrize("kind", PROVIDED, ids=lambda kind: kind.__name__)
def test_values_are_written_as_text(kind: type[Parsed]) -> None:
    value = kind.parse(GOOD[kind.__name__][0])
    converter = make_converter()
    domain.register_with_cattrs(converter)
    schema = Schema.from_dict({"v": domain.marshmallow_field(kind)})()

    encoded = msgspec.json.encode([value], enc_hook=domain.msgspec_hooks()["enc_hook"])
    written = {
        json.loads(encoded)[0],
        json.loads(TypeAdapter(kind).dump_json(value)),
        converter.unstructure(value),
        schema.dump({"v": value})["v"],
    }

    assert written == {str(value)}


@pytest.mark.parametrize("kind", PROVIDED, ids=lambda kind: kind.__name__)
def test_the_exported_schema_accepts_what_is_accepted(kind: type[Parsed]) -> None:
    schema = TypeAdapter(kind).json_schema()

    for text in GOOD[kind.__name__]:
        assert Draft7Validator(schema).is_valid(str(kind.parse(text)))


def test_minor_units_are_those_of_the_currency() -> None:
    assert Money.parse("EUR 12.30").parts[1] == 1230
    assert Money.parse("JPY 12").parts[1] == 12
    assert Money.parse("BHD 0.001").parts[1] == 1
    assert str(Money.parse("EUR 12")) == "EUR 12.00"


def test_the_printed_iban_of_the_registry_is_valid() -> None:
    assert str(Iban.parse("GB29 NWBK 6016 1331 9268 19")) == "GB29NWBK60161331926819"


def test_the_hook_knows_only_its_own_types() -> None:
    with pytest.raises(NotImplementedError):
        domain.msgspec_hooks()["dec_hook"](complex, 1)
    with pytest.raises(NotImplementedError):
        Parsed.parse("x")
