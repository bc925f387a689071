"""A diff applies back, and is as short as one can be."""

from __future__ import annotations

import difflib
import itertools
import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from velvet_algorithms import linediff
from velvet_algorithms.linediff import LineDiff

LINES = st.lists(st.sampled_from("abc"), max_size=14)


def common(a: list[str], b: list[str]) -> int:
    """Length of a longest common subsequence, by the textbook table."""
    row = [0] * (len(b) + 1)
    for x in a:
        diagonal = 0
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], diagonal + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


def cost(opcodes: Any) -> int:
    return sum(a2 - a1 + b2 - b1 for tag, a1, a2, b1, b2 in opcodes if tag != "equal")


@settings(max_examples=300, deadline=None)
@given(LINES, LINES, st.sampled_from([0, 1, 2, 64]))
@example([], [], 64)
@example([], ["a"], 64)
@example(["a", "b", "c", "a", "b", "b", "a"], ["c", "b", "a", "b", "a", "c"], 0)
def test_a_diff_applies_back_and_none_is_shorter(a: list[str], b: list[str], few: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linediff, "FEW", few)  # beyond it the problem is halved
        diff = LineDiff(a, b)

    assert diff.apply(a) == b
    assert diff.distance == len(a) + len(b) - 2 * common(a, b)


@settings(max_examples=100, deadline=None)
@given(LINES, LINES)
def test_edits_cover_both_sides_in_order_and_alternate(a: list[str], b: list[str]) -> None:
    i = j = 0
    kinds = []
    for kind, a_from, a_to, b_from, b_to in LineDiff(a, b).edits:
        assert (a_from, b_from) == (i, j)
        i, j = a_to, b_to
        kinds.append(kind)
        shape = (a_to > a_from, b_to > b_from)
        assert {
            "equal": (True, True),
            "replace": (True, True),
            "delete": (True, False),
            "insert": (False, True),
        }[kind] == shape
        if kind == "equal":
            assert a[a_from:a_to] == b[b_from:b_to]
    assert (i, j) == (len(a), len(b))
    assert not any(
        (one == "equal") == (other == "equal") for one, other in itertools.pairwise(kinds)
    )


def edited(edits: int, seed: int, size: int = 1500) -> tuple[list[str], list[str]]:
    draw = random.Random(seed)
    a = [f"line {number} {draw.random()}" for number in range(size)]
    b = [line + "" for line in a]
    for number in range(edits):
        at = draw.randrange(len(b))
        b[at : at + draw.randrange(2)] = [f"new {number}"] * draw.randrange(2)
    return a, b


@pytest.mark.parametrize("edits", [0, 1, 20, 120])
def test_a_diff_of_long_files_is_never_longer_than_that_of_difflib(edits: int) -> None:
    a, b = edited(edits, seed=edits)

    diff = LineDiff(a, b)

    assert diff.apply(a) == b
    assert diff.distance <= cost(difflib.SequenceMatcher(None, a, b, False).get_opcodes())


def test_two_symbols_are_where_difflib_is_far_from_shortest() -> None:
    draw = random.Random(1)
    a, b = ([draw.choice("ab") for _ in range(300)] for _ in range(2))

    diff = LineDiff(a, b)

    assert diff.apply(a) == b
    assert 2 * diff.distance <= cost(difflib.SequenceMatcher(None, a, b, False).get_opcodes())


def test_steps_grow_with_the_edits_and_not_with_the_lines() -> None:
    steps = {
        (edits, size): LineDiff(*edited(edits, 5, size)).explain()["steps"]
        for edits, size in [(10, 1000), (10, 8000), (80, 1000)]
    }

    assert steps[10, 8000] <= 3 * steps[10, 1000]
    assert steps[80, 1000] >= 8 * steps[10, 1000]


def test_an_explanation_says_what_was_done() -> None:
    told = LineDiff(["a", "b"], ["a", "c"]).explain()

    assert told == {"lines_a": 2, "lines_b": 2, "distance": 2, "halvings": 0, "steps": 6}


def test_a_diff_is_only_applied_to_what_it_was_made_of() -> None:
    with pytest.raises(ValueError, match="starts from 1 other lines, not from these 2"):
        LineDiff(["a"], ["b"]).apply(["a", "a"])


def test_values_need_no_hash_and_no_order() -> None:
    assert LineDiff([[1], {2: 3}], [[1], {2: 4}]).distance == 2
