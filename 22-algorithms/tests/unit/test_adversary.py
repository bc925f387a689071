"""Attacks cost what they promise, counted in comparisons, and each defence stands."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.adversary import (
    ATTACKS,
    Attack,
    UnbalancedTree,
    antiqsort,
    as_text,
    bloom_polluter,
    colliding_floats,
    colliding_ints,
    introsort,
    quicksort_m3,
    shuffled,
)
from velvet_algorithms.filters import BloomFilter
from velvet_algorithms.growth import counting, fit_power

SIZES = [50, 100, 200, 400, 800, 1600]


def comparisons(use: Callable[[Any], Any], values: Sequence[Any]) -> int:
    keys, tally = counting(values)
    use(keys)
    return tally.comparisons


def test_colliding_ints_are_different_and_have_one_hash() -> None:
    keys = colliding_ints(1000)

    assert len(set(keys[:50])) == 50
    assert {hash(key) for key in keys} == {0}


def test_a_flooded_dictionary_compares_every_pair() -> None:
    assert [comparisons(dict.fromkeys, colliding_ints(n)) for n in (0, 1, 2, 100)] == [
        0,
        0,
        1,
        4950,
    ]


def test_a_flood_is_quadratic_and_its_defence_compares_nothing() -> None:
    sizes = [25, 50, 100, 200, 400, 800]

    fit = fit_power(sizes, [comparisons(dict.fromkeys, colliding_ints(n)) for n in sizes])

    assert 1.9 <= fit.exponent <= 2.1
    assert comparisons(dict.fromkeys, as_text(colliding_ints(800))) == 0


def test_tuples_do_not_defend_against_a_flood() -> None:
    wrapped = [("salt", key) for key in colliding_ints(50)]

    # A hash other than 0 visits some slots twice, so it can even be a little more than every pair.
    assert comparisons(dict.fromkeys, wrapped) >= 50 * 49 // 2


def test_no_more_than_34_floats_share_a_hash() -> None:
    keys = colliding_floats(34)

    assert len(set(keys)) == 34
    assert {hash(key) for key in keys} == {1}
    with pytest.raises(ValueError, match="n must be between 0 and 34, got 35"):
        colliding_floats(35)


@pytest.mark.parametrize("sort", [quicksort_m3, introsort])
@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.integers(-5, 40), max_size=120))
def test_the_sorts_sort(sort: Callable[[Any], Any], values: list[int]) -> None:
    before = list(values)

    assert sort(values) == sorted(values)
    assert values == before


@pytest.mark.parametrize("sort", [quicksort_m3, introsort])
@pytest.mark.parametrize("shape", ["sorted", "reversed", "equal", "organ pipe"])
def test_ordinary_shapes_are_no_attack(sort: Callable[[Any], Any], shape: str) -> None:
    n = 1000
    values = {
        "sorted": list(range(n)),
        "reversed": list(range(n, 0, -1)),
        "equal": [1] * n,
        "organ pipe": [*range(n // 2), *range(n // 2, 0, -1)],
    }[shape]

    assert comparisons(sort, values) <= 40 * n


def test_the_killer_makes_quicksort_quadratic_and_not_introsort() -> None:
    killers = [antiqsort(quicksort_m3, n) for n in SIZES]

    attacked = fit_power(SIZES, [comparisons(quicksort_m3, killer) for killer in killers])
    defended = fit_power(SIZES, [comparisons(introsort, killer) for killer in killers])

    assert attacked.exponent >= 1.8
    assert defended.exponent <= 1.5
    assert sorted(killers[2]) == list(range(200))
    assert comparisons(quicksort_m3, killers[-1]) >= 10 * comparisons(
        quicksort_m3, shuffled(killers[-1], 1)
    )


def test_the_built_in_sort_is_immune() -> None:
    killer = antiqsort(sorted, 1000)

    assert comparisons(sorted, killer) <= 1000 * 10


def test_killers_of_no_and_one_value_exist() -> None:
    assert antiqsort(quicksort_m3, 0) == []
    assert antiqsort(quicksort_m3, 1) == [0]


def test_sorted_inserts_make_a_tree_a_list_and_shuffling_undoes_it() -> None:
    keys = list(range(1000))

    assert UnbalancedTree(keys).comparisons == 1000 * 999 // 2
    assert UnbalancedTree(shuffled(keys, 7)).comparisons <= 30 * 1000
    assert sorted(shuffled(keys, 7)) == keys
    assert UnbalancedTree([1, 1, 2, 2]).comparisons == 4


def test_chosen_keys_pollute_a_filter_and_a_salt_undoes_it() -> None:
    keys = bloom_polluter(400, 0.01, seed=3)
    plain, salted = BloomFilter(400, 0.01), BloomFilter(400, 0.01, salt=b"only I know")

    for key in keys:
        plain.add(key)
        salted.add(key)

    assert len(set(keys)) == 400
    assert plain.theory() >= 3 * 0.01
    assert salted.theory() <= 1.5 * 0.01


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_counted_and_timed_beside_ordinary_keys_and_its_defence(
    attack: Attack,
) -> None:
    points = [attack.sides(n) for n in (100, 200)]

    for point in points:
        assert list(point) == ["ordinary", "hostile", "defended"]
        assert all(seconds > 0 for _, seconds in point.values())
        assert point["hostile"][0] >= 2 * point["ordinary"][0]
        assert point["defended"][0] < point["hostile"][0]
    # n log n for twice the keys is 2.3 times the work, n^2 is 4 times.
    assert points[1]["hostile"][0] >= 3.5 * points[0]["hostile"][0]


def test_the_defence_of_every_attack_gives_the_right_answer() -> None:
    for attack in ATTACKS.values():
        hostile = attack.hostile(300)
        assert len(attack.ordinary(300)) == len(hostile) == 300
        attack.victim(hostile)
        attack.defended(hostile)
    sort = ATTACKS["quicksort killer"]
    values = random.Random(3).sample(range(300), 300)
    assert sort.victim(values) == sort.defended(values) == sorted(values)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: colliding_ints(-1), "n must be at least 0, got -1"),
        (lambda: antiqsort(sorted, -1), "n must be at least 0"),
        (lambda: bloom_polluter(10, 0.1, tries=0), "tries must be at least 1"),
        (lambda: bloom_polluter(0, 0.1), "capacity must be at least 1"),
        (lambda: ATTACKS["hash flood"].sides(10**6), "between 1 and 4000, got 1000000"),
    ],
)
def test_impossible_attacks_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
