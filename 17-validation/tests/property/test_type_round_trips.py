"""Decimals, times, enumerations, bytes and their like survive JSON wherever one of them does."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_validation.coercion import round_trip
from velvet_validation.contender import Contender
from velvet_validation.contenders import contender
from velvet_validation.samples.values import GOOD, TARGETS, Color

EARLIEST = dt.datetime(1000, 1, 1)  # noqa: DTZ001 - Hypothesis adds the time zone
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "str": st.text(st.characters(codec="utf-8")),
    "bytes": st.binary(max_size=40),
    "Decimal": st.decimals(allow_nan=False, allow_infinity=False),
    "datetime": st.datetimes(EARLIEST, timezones=st.just(dt.timezone.utc)),
    "date": st.dates(dt.date(1000, 1, 1)),
    "time": st.times(),
    "UUID": st.uuids(),
    "Enum": st.sampled_from(Color),
    "Literal": st.sampled_from(["red", "blue"]),
    "list[int]": st.lists(st.integers(-(2**53), 2**53), max_size=5),
    "tuple[int, str]": st.tuples(st.integers(0, 9), st.text("ab", max_size=3)),
    "set[int]": st.sets(st.integers(0, 99), max_size=5),
    "Optional[int]": st.none() | st.integers(-9, 9),
}


@lru_cache
def kept(library: Contender) -> list[str]:
    """Return the types of which the library brings one good value back from JSON.

    What becomes of the others is the table `survives_json` of the benchmarks.
    """
    return [target for target in TARGETS if round_trip(library, target, GOOD[target]) == "same"]


def test_every_type_has_values_and_most_survive_somewhere() -> None:
    assert VALUES.keys() == TARGETS.keys() == GOOD.keys()
    assert len(kept(contender("msgspec"))) == len(TARGETS)
    assert len(kept(contender("pydantic"))) == len(TARGETS) - 1


@settings(max_examples=40)
@given(data=st.data())
def test_a_type_that_survives_once_survives_always(library: Contender, data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(kept(library) or ["int"]))
    value = data.draw(VALUES[target])

    assert not kept(library) or round_trip(library, target, value) == "same"
