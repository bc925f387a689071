"""The payloads are valid, and each fault is wrong by exactly one rule."""

from __future__ import annotations

from functools import lru_cache

import pytest

from velvet_validation.contender import Compiled, Contender
from velvet_validation.contenders import contender
from velvet_validation.errors import Outcome, judge
from velvet_validation.samples import cases
from velvet_validation.samples.cases import FAULTS, Fault

# What JSON Schema cannot say of a Python value, or its reference implementation does not see.
BEYOND_JSON_SCHEMA = {
    "not a number",
    "newline behind pattern",
    "full-width digits in pattern",
    "lone surrogate",
}


@lru_cache
def built(name: str, family: cases.Family) -> Compiled:
    return contender(name).build(family, "strict")


def test_there_are_sixty_faults_with_names_of_their_own() -> None:
    assert len(FAULTS) == 60
    assert len({fault.id for fault in FAULTS}) == 60


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_each_fault_is_refused_by_the_careful_checks_at_its_path(fault: Fault) -> None:
    checks = built("handwritten", fault.family)

    verdict = judge(checks, fault.apply(), fault.path)

    assert verdict.outcome is Outcome.CAUGHT
    assert verdict.problems[0].path == fault.path


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_json_schema_agrees_that_it_is_a_fault(fault: Fault) -> None:
    schema = built("jsonschema", fault.family)

    caught = judge(schema, fault.apply(), fault.path).outcome is Outcome.CAUGHT

    assert caught is (fault.id not in BEYOND_JSON_SCHEMA)


def test_a_fault_leaves_the_payload_that_it_is_applied_to_alone() -> None:
    payload = cases.valid("order")

    wrong = FAULTS[1].apply(payload)

    assert payload == cases.valid("order")
    assert wrong != payload


@pytest.mark.parametrize("family", cases.FAMILIES)
def test_every_library_accepts_what_is_valid(library: Contender, family: cases.Family) -> None:
    for mode in ("default", "strict"):
        compiled = library.build(family, mode)

        value = compiled.load(cases.valid(family, 3))

        assert compiled.load(compiled.dump(value)) == value
        assert compiled.loads(compiled.dumps(value)) == value


def test_the_same_seed_gives_the_same_payload() -> None:
    assert cases.valid_json("feed", 5, seed=3) == cases.valid_json("feed", 5, seed=3)
    assert cases.valid("feed", 5, seed=3) != cases.valid("feed", 5, seed=4)


@pytest.mark.parametrize(
    ("family", "n", "words"), [("invoice", 1, "unknown family 'invoice'"), ("feed", 0, "n is 0")]
)
def test_what_cannot_be_made_is_refused_in_words(family: str, n: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cases.valid(family, n)  # type: ignore[arg-type]
