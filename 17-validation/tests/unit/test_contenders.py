"""Adapters translate their library's errors and change nothing else."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import Any

import pytest

from velvet_validation import unions
from velvet_validation.contender import (
    Compiled,
    Contender,
    Invalid,
    Mode,
    Problem,
    Rejected,
    Unsupported,
    pointer,
    validate,
)
from velvet_validation.contenders import NAMES, contender, installed
from velvet_validation.guard import walk
from velvet_validation.samples import cases
from velvet_validation.samples.cases import FAULTS

BY_ID = {fault.id: fault for fault in FAULTS}


@lru_cache
def built(library: Contender, family: cases.Family, mode: Mode = "default") -> Compiled:
    return library.build(family, mode)


def problems_of(compiled: Compiled, payload: Any) -> tuple[Problem, ...]:
    """Return what is wrong; nothing when it is accepted, or has no JSON form to be judged."""
    try:
        validate(compiled, payload)
    except Invalid as error:
        return error.problems
    except ValueError:
        pass
    return ()


def test_unknown_contender_is_refused_with_the_names() -> None:
    with pytest.raises(ValueError, match="unknown contender 'dacite': choose one of cattrs"):
        contender("dacite")


def test_a_library_that_is_missing_is_no_contender(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("velvet_validation.contenders.importlib.import_module", import_module)

    assert installed() == {}


def test_each_contender_says_what_it_cannot_state(library: Contender) -> None:
    assert library.label
    assert all(isinstance(gap, str) for gap in library.gaps)


@pytest.mark.parametrize(
    "id", ["missing nested field", "word for int", "wrong element in list", "unknown tag"]
)
def test_paths_of_problems_are_tuples_of_keys_and_indexes(library: Contender, id: str) -> None:
    fault = BY_ID[id]

    for problem in problems_of(built(library, fault.family, "strict"), fault.apply()):
        assert all(isinstance(step, (str, int)) for step in problem.path)
        assert problem.message


EXACT = ("cerberus", "handwritten", "marshmallow", "pydantic", "voluptuous")


@pytest.mark.parametrize("name", EXACT)
def test_libraries_that_point_exactly_do_so_for_every_caught_fault(name: str) -> None:
    for fault in FAULTS:
        problems = problems_of(built(contender(name), fault.family, "strict"), fault.apply())

        assert not problems or fault.path in [problem.path for problem in problems], fault.id


@pytest.mark.parametrize("family", cases.FAMILIES)
def test_validation_never_changes_its_input(library: Contender, family: cases.Family) -> None:
    for payload in [cases.valid(family, 2), *(f.apply() for f in FAULTS if f.family == family)]:
        before = copy.deepcopy(payload)
        compiled = built(library, family)

        with suppress(Invalid, ValueError, TypeError):  # a crash may change nothing, either
            validate(compiled, payload)

        assert repr(payload) == repr(before)


def test_problem_paths_lead_into_the_input_or_to_what_is_missing(library: Contender) -> None:
    if library.label == "mashumaro":
        pytest.skip("the errors of mashumaro name no list index")
    for fault in FAULTS:
        wrong = fault.apply()
        known = {path for path, _ in walk(wrong)}

        for problem in problems_of(built(library, fault.family, "strict"), wrong):
            assert problem.path in known or problem.path[:-1] in known, fault.id


def test_eight_threads_share_one_compiled_schema(library: Contender) -> None:
    compiled = built(library, "signup", "strict")
    good, bad = cases.valid("signup"), BY_ID["below minimum"].apply()

    def verdict(index: int) -> bool:
        try:
            validate(compiled, good if index % 2 else bad)
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(verdict, range(400)))

    refuses = verdicts[0] is False
    assert refuses or library.label in ("mashumaro", "no validation")
    assert verdicts == [(not refuses) if i % 2 == 0 else True for i in range(400)]


def test_a_bare_type_that_a_library_does_not_know_is_unsupported() -> None:
    for name in {"cerberus", "jsonschema", "jsonschema_rs", "nothing"} & installed().keys():
        with pytest.raises(Unsupported, match=r"complex|nothing"):
            contender(name).build_type(complex)


def test_pointers_are_escaped_as_rfc_6901_says() -> None:
    assert pointer(("a/b", "m~n", 0)) == "/a~1b/m~0n/0"
    assert pointer(()) == ""


def test_an_unexpected_exception_is_a_bug_and_passes() -> None:
    compiled = contender("pydantic").build("signup")
    broken = type(compiled)(lambda _: 1 / 0, compiled.dump, compiled.problems, compiled.errors)

    with pytest.raises(ZeroDivisionError):
        validate(broken, {})


def test_invalid_says_every_problem_in_one_line() -> None:
    with pytest.raises(Invalid) as caught:
        validate(contender("cerberus").build("signup"), {"age": -1})

    assert "/age: min value is 0" in str(caught.value)
    assert "/email: required field" in str(caught.value)


def test_payloads_that_are_no_objects_are_refused(library: Contender) -> None:
    for payload in (None, 7, "text", [], ()):
        for family in ("signup", "order", "event", "tree"):
            compiled = built(library, family, "strict")
            with pytest.raises((Invalid, Rejected)):
                validate(compiled, payload)


@pytest.mark.parametrize("way", list(unions.WAYS))
def test_each_way_of_a_union_tells_its_members_apart(way: str) -> None:
    check = unions.WAYS[way](20)

    for kind in cases.KINDS:
        check(cases.event(kind))
    wrong = {**cases.event("user_banned"), "id": "x"}

    assert unions.error_count(check, cases.event("stock_named")) == 0
    assert unions.error_count(check, wrong) >= 1


def test_a_plain_union_answers_one_bad_field_with_an_error_for_each_member() -> None:
    wrong = {**cases.event("user_banned"), "id": "x"}

    assert unions.error_count(unions.pydantic_smart(20), wrong) > 20
    assert unions.error_count(unions.jsonschema_one_of(20), wrong) > 20
    assert unions.error_count(unions.pydantic_discriminated(20), wrong) == 1
    assert unions.error_count(unions.jsonschema_if_then(20), wrong) == 1


@pytest.mark.parametrize("way", list(unions.WAYS))
def test_a_union_knows_no_more_than_its_members(way: str) -> None:
    check = unions.WAYS[way](2)
    known = [kind for kind in cases.KINDS if unions.error_count(check, cases.event(kind)) == 0]

    assert known == list(cases.KINDS)[:2]


@pytest.mark.parametrize("members", [1, 21])
def test_a_union_has_two_to_twenty_members(members: int) -> None:
    with pytest.raises(ValueError, match="choose 2 to 20"):
        unions.pydantic_smart(members)


def test_every_file_of_a_contender_is_a_name() -> None:
    assert "jsonschema_rs" in NAMES
    assert "_shared_schema" not in NAMES
