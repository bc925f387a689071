"""Dynamic programs against trying everything, and the known answers of the literature."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.dp import (
    edit_script,
    knapsack,
    knapsack_lists,
    lis,
    subset_sums,
    subset_sums_set,
)

WEIGHTS = st.lists(st.integers(0, 12), max_size=8)


@settings(max_examples=40, deadline=None)
@given(WEIGHTS)
def test_the_bits_of_one_integer_are_the_set_of_sums(weights: list[int]) -> None:
    bits = subset_sums(weights)

    sums = {at for at in range(bits.bit_length()) if bits >> at & 1}
    assert sums == subset_sums_set(weights)
    assert sums == {
        sum(chosen) for size in range(len(weights) + 1) for chosen in combinations(weights, size)
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=7), st.integers(0, 30))
def test_a_knapsack_is_the_best_of_all_choices(items: list[tuple[int, int]], room: int) -> None:
    values, weights = [value for value, _ in items], [weight for _, weight in items]

    found = knapsack(values, weights, room)

    best = max(
        sum(values[item] for item in chosen)
        for size in range(len(items) + 1)
        for chosen in combinations(range(len(items)), size)
        if sum(weights[item] for item in chosen) <= room
    )
    assert found.value == best == sum(values[item] for item in found.items)
    assert sum(weights[item] for item in found.items) <= room
    assert knapsack_lists(values, weights, room) == found


def test_the_known_knapsack_has_its_known_answer() -> None:
    values = [92, 57, 49, 68, 60, 43, 67, 84, 87, 72]
    weights = [23, 31, 29, 44, 53, 38, 63, 85, 89, 82]

    assert knapsack(values, weights, 165) == knapsack_lists(values, weights, 165)
    assert knapsack(values, weights, 165) == (309, (0, 1, 2, 3, 5))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 8), max_size=9))
def test_a_longest_rise_is_one_and_none_is_longer(values: list[int]) -> None:
    found = lis(values)

    rest = iter(values)
    assert all(value in rest for value in found)  # in this order
    assert all(a < b for a, b in pairwise(found))
    assert len(found) == max(
        size
        for size in range(len(values) + 1)
        for chosen in combinations(values, size)
        if all(a < b for a, b in pairwise(chosen))
    )


def test_the_known_sequence_rises_for_six() -> None:
    found = lis([0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15])

    assert found == [0, 2, 6, 9, 11, 15]


def test_values_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(TypeError):
        lis([1, "a"])


def distance(a: str, b: str) -> int:
    @cache
    def rest(i: int, j: int) -> int:
        if i == len(a) or j == len(b):
            return len(a) - i + len(b) - j
        if a[i] == b[j]:
            return rest(i + 1, j + 1)
        return 1 + min(rest(i + 1, j), rest(i, j + 1), rest(i + 1, j + 1))

    return rest(0, 0)


@settings(max_examples=80, deadline=None)
@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_an_edit_script_is_shortest_and_leads_from_a_to_b(a: str, b: str) -> None:
    steps = edit_script(a, b)

    assert "".join(step.old for step in steps if step.kind != "insert") == a
    assert "".join(step.new for step in steps if step.kind != "delete") == b
    assert sum(step.kind != "keep" for step in steps) == distance(a, b)


@pytest.mark.parametrize(
    ("a", "b", "edits"), [("kitten", "sitting", 3), ("intention", "execution", 5)]
)
def test_known_words_have_their_known_distance(a: str, b: str, edits: int) -> None:
    assert sum(step.kind != "keep" for step in edit_script(a, b)) == edits


def cheapest(sizes: tuple[int, ...]) -> int:
    if len(sizes) < 2:
        return 0
    return sum(sizes) + min(
        cheapest(sizes[:at]) + cheapest(sizes[at:]) for at in range(1, len(sizes))
    )


CHANCE = st.integers(0, 4)


def test_values_too_large_for_arrays_are_packed_by_lists() -> None:
    assert knapsack_lists([2**80, 1], [1, 1], 1) == (2**80, (0,))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: subset_sums([-1]), "weight must be at least 0, got -1"),
        (lambda: knapsack([1], [], 3), "1 values and 0 weights"),
        (lambda: knapsack([1], [-1], 3), "weight must be at least 0"),
        (lambda: knapsack([-1], [1], 3), "value must be at least 0"),
        (lambda: knapsack([1], [1], -3), "capacity must be at least 0, got -3"),
        (lambda: knapsack([2**62, 2**62], [1, 1], 3), "use knapsack_lists"),
    ],
)
def test_impossible_problems_are_refused(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
