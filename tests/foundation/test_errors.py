"""The errors of ours: what they say of themselves, and the nearest name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet.errors import UsageError, VelvetError, nearest

NAMES = st.text(st.characters(categories=("Ll",)), min_size=1, max_size=12)


def test_a_failed_check_and_a_wrong_use_have_different_exit_codes() -> None:
    assert (VelvetError.exit_code, UsageError.exit_code) == (1, 2)


@pytest.mark.parametrize("text", ["concurency", "concurrency", "concurrncy"])
def test_a_slip_of_the_keyboard_is_met_with_the_nearest_name(text: str) -> None:
    assert nearest(text, ["packaging", "concurrency"]) == " Did you mean 'concurrency'?"


@pytest.mark.parametrize(
    ("text", "known"), [("zzz", ["concurrency"]), ("anything", []), ("", ["a"])]
)
def test_nothing_is_suggested_when_nothing_is_near(text: str, known: list[str]) -> None:
    assert nearest(text, known) == ""


def test_the_known_names_may_come_from_any_iterable() -> None:
    assert nearest("redi", (name for name in ("redis", "postgres"))) == " Did you mean 'redis'?"


@given(NAMES, st.lists(NAMES))
def test_a_suggestion_is_always_a_known_name(text: str, known: list[str]) -> None:
    sentence = nearest(text, known)

    assert sentence == "" or sentence in [f" Did you mean {name!r}?" for name in known]


@given(NAMES, st.lists(NAMES))
def test_a_known_name_is_its_own_nearest(text: str, others: list[str]) -> None:
    assert nearest(text, [*others, text]) == f" Did you mean {text!r}?"
