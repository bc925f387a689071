"""Scores are made by running, and what may be logged holds no secret."""

from __future__ import annotations

import json
from functools import lru_cache

import pytest

from velvet_validation import errors
from velvet_validation.contender import Contender, Invalid, Mode, Problem, validate
from velvet_validation.contenders import contender
from velvet_validation.errors import Outcome, Score, judge, problem_document, redacted, score
from velvet_validation.samples.cases import FAULTS, SECRET_PATHS, valid

BY_ID = {fault.id: fault for fault in FAULTS}
SECRET = SECRET_PATHS["signup"]


@lru_cache
def scored(library: Contender, mode: Mode) -> Score:
    return score(library, mode)


def test_strict_catches_at_least_what_default_catches(library: Contender) -> None:
    default, strict = scored(library, "default"), scored(library, "strict")

    for id, verdict in default.verdicts.items():
        if verdict.outcome is Outcome.CAUGHT:
            assert strict.verdicts[id].outcome is Outcome.CAUGHT, id
    assert strict.caught >= default.caught


def test_no_validation_catches_fewest_and_careful_checks_catch_all() -> None:
    floor = scored(contender("nothing"), "default")
    ceiling = scored(contender("handwritten"), "strict")

    assert floor.caught < 20
    assert ceiling.caught == 60
    assert ceiling.exact == 60


def test_the_counts_of_a_score_add_up(library: Contender) -> None:
    one = scored(library, "default")

    assert one.caught + one.changed + one.passed + one.crashed == len(one.verdicts) == 60
    assert max(one.exact, one.leaked) <= one.caught


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("pydantic", Outcome.CHANGED),
        ("msgspec", Outcome.CAUGHT),
        ("jsonschema", Outcome.CAUGHT),
        ("nothing", Outcome.CRASHED),
    ],
)
def test_numeric_text_for_an_integer_by_default(name: str, outcome: Outcome) -> None:
    fault = BY_ID["numeric text for int"]

    verdict = judge(contender(name).build("signup"), fault.apply(), fault.path)

    # Text plus one is a TypeError, which is all the "validation" that no library has.
    assert verdict.outcome is (Outcome.CAUGHT if name == "nothing" else outcome)


def test_both_faults_of_a_payload_are_reported_by_those_that_collect() -> None:
    both = {"pydantic", "marshmallow", "cerberus", "voluptuous", "jsonschema"}

    two = BY_ID["text too short"].apply(BY_ID["above maximum"].apply())

    for name in (*both, "msgspec", "fastjsonschema", "handwritten"):
        problems = judge(contender(name).build("signup"), two).problems
        assert (len(problems) == 2) is (name in both), name


def test_a_default_message_holds_the_password() -> None:
    fault = BY_ID["text too short"]

    leaking = judge(
        contender("pydantic").build("signup"), fault.apply(), fault.path, secret_paths=SECRET
    )
    silent = judge(
        contender("marshmallow").build("signup"), fault.apply(), fault.path, secret_paths=SECRET
    )

    assert leaking.leaked == SECRET
    assert silent.leaked == ()


@pytest.mark.parametrize(
    ("text", "secret", "found"),
    [
        ("input_value='Qz7k...2'", "Qz7kVx2", True),
        ("nothing here", "Qz7kVx2", False),
        ("pin 123 is wrong", "123", True),
        ("pin is wrong", "", False),
        ("value 1770000000", 1_770_000_000, True),
    ],
)
def test_a_part_of_a_secret_is_a_leak(text: str, secret: object, found: bool) -> None:
    assert errors.contains_part(text, secret) is found


def test_a_problem_document_has_pointers_codes_and_no_secret(library: Contender) -> None:
    payload = BY_ID["text too short"].apply()
    try:
        validate(library.build("signup", "strict"), payload)
    except Invalid as error:
        document = problem_document(error, payload, SECRET)
    else:
        assert library.label in ("mashumaro", "no validation")
        return

    text = json.dumps(document)

    assert document["status"] == 422
    assert document["errors"][0]["pointer"] in ("#/password", "#")
    assert not errors.contains_part(text, "Qz7kVx2")


def test_redaction_removes_the_cause_and_keeps_innocent_messages() -> None:
    cause = Invalid(
        [Problem(("password",), "short", "'Qz7kVx2' is short"), Problem(("age",), "", "is missing")]
    )
    cause.__cause__ = ValueError("Qz7kVx2")

    safe = redacted(cause, {"password": "Qz7kVx2"}, SECRET)

    assert safe.__cause__ is None
    assert "Qz7kVx2" not in errors.logged(safe)
    assert [p.message for p in safe.problems][1] == "is missing"


def test_what_a_log_gets_includes_the_members_of_a_group() -> None:
    verdict = judge(contender("cattrs").build("signup"), {**valid("signup"), "age": "forty"})

    assert "forty" in verdict.logged
