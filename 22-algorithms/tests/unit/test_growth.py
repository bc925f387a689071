"""Fits recover what is known, and counted costs grow as the textbooks say."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from velvet_algorithms.growth import (
    CLASSES,
    CountingKey,
    PowerFit,
    Tally,
    counting,
    crossover,
    fit_power,
)
from velvet_algorithms.heaps import IndexedHeap
from velvet_algorithms.sorted_list import SortedList
from velvet_algorithms.unionfind import UnionFind

SIZES = (250, 500, 1000, 2000, 4000, 8000)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0])
def test_an_exact_power_is_recovered_and_named(exponent: float) -> None:
    fit = fit_power(SIZES, [3e-9 * n**exponent for n in SIZES])

    assert fit.exponent == pytest.approx(exponent, abs=1e-9)
    assert fit.ci95 < 1e-6
    assert fit.verdict == {0.0: "constant", 1.0: "n", 2.0: "n^2", 3.0: "n^3"}[exponent]


def test_noise_widens_the_interval_until_the_class_is_undecided() -> None:
    wobble = [1.2, 0.8, 1.2, 0.8, 1.2, 0.8]

    fit = fit_power(SIZES, [n * w for n, w in zip(SIZES, wobble, strict=True)])

    assert abs(fit.exponent - 1.0) < fit.ci95 < 0.5
    assert fit.verdict == "n or n log n"
    assert str(fit) == f"n^{fit.exponent:.2f} +- {fit.ci95:.2f}"
    assert PowerFit(1.47, 0.61, ("n", "n log n", "n^1.5", "n^2")).verdict == "undecided"
    assert PowerFit(1.3, 0.05, ()).verdict == "n^1.30"


def test_a_fit_of_an_exponent_of_a_half_more_than_one_with_a_wide_interval_is_undecided() -> None:
    costs = [1.0, 5.6, 3.2, 31.0, 19.0, 187.0]

    fit = fit_power(SIZES, costs)

    assert fit.exponent - fit.ci95 < 1.0 < 2.0 < fit.exponent + fit.ci95
    assert fit.verdict == "undecided"


def test_a_fit_by_hand() -> None:
    # Logarithms base 2: x = 1, 2, 3 and y = 1, 2, 4, so the slope is 3/2 and the residuals are
    # 1/6, -1/3, 1/6: squares add up to 1/6, t(1) = 12.706.
    fit = fit_power([2, 4, 8], [2, 4, 16])

    assert fit.exponent == pytest.approx(1.5)
    assert fit.ci95 == pytest.approx(12.7062 * math.sqrt(1 / 6 / 1 / 2))


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_is_told_from_the_others(name: str) -> None:
    sizes = (16, 32, 64, 128, 256, 512)
    slope = CLASSES[name]

    fit = fit_power(sizes, [5e-9 * math.exp(slope(n)) for n in sizes])

    assert name in fit.classes


def test_a_crossover_lies_where_the_lines_meet() -> None:
    line = [1000.0 * n for n in SIZES]
    square = [1.0 * n * n for n in SIZES]

    assert crossover(SIZES, square, line) == pytest.approx(1000.0)
    assert crossover(SIZES, line, square) is None
    assert crossover(SIZES, line, [1.0] * len(SIZES)) is None


@pytest.mark.parametrize(
    ("sizes", "costs", "match"),
    [
        ([2, 3], [1, 2], "three sizes"),
        ([2, 3, 3], [1, 2, 3], "must increase"),
        ([1, 2, 3], [1, 2, 3], "from 2 or more"),
        ([2, 3, 4], [1, 2], "as many costs"),
        ([2, 3, 4], [1, 0, 2], "positive"),
        ([2, 3, 4], [1, math.nan, 2], "positive"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    sizes: list[float], costs: list[float], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        fit_power(sizes, costs)


def test_every_comparison_of_a_counting_key_is_counted() -> None:
    (one, two), tally = counting([1, 2])

    answers = [one < two, one <= two, one > two, one >= two, one == two, one != two]

    assert answers == [True, True, False, False, False, True]
    assert tally.comparisons == 6
    assert hash(one) == hash(1)
    assert CountingKey(1, Tally()) != 1


def counted(work: Callable[[list[Any]], object], order: Callable[[int], Iterable[int]]) -> PowerFit:
    """Return how the comparisons grow that some work makes on keys of several sizes."""
    found = []
    for n in SIZES:
        keys, tally = counting(order(n))
        work(keys)
        found.append(float(tally.comparisons))
    return fit_power(SIZES, found)


def shuffled(n: int) -> Iterable[int]:
    return [i * 7919 % n for i in range(n)]  # 7,919 is prime to every size here


def test_insertion_into_a_sorted_list_moves_a_quadratic_number_of_items() -> None:
    moves = []
    for n in SIZES:
        values: list[int] = []
        total = 0
        for value in shuffled(n):
            insort(values, value)
            total += len(values) - values.index(value)
        moves.append(float(total))

    fit = fit_power(SIZES, moves)

    assert 1.9 <= fit.exponent <= 2.1


def test_a_bag_makes_n_log_n_comparisons_like_insort_and_moves_far_less() -> None:
    fit = counted(
        lambda keys: [bag.add(key) for bag in [SortedList(load=64)] for key in keys], shuffled
    )

    assert fit.classes == ("n log n",)
    assert 1.0 < fit.exponent < 1.2


def test_a_binary_heap_makes_n_log_n_comparisons() -> None:
    def through(keys: list[Any]) -> None:
        heap = IndexedHeap[int]()
        for i, key in enumerate(keys):
            heap.push(i, key)
        while heap:
            heap.pop()

    fit = counted(through, shuffled)

    assert 1.05 < fit.exponent < 1.2


def test_disjoint_sets_read_fewer_than_three_parents_an_operation() -> None:
    class Reads(list[int]):
        count = 0

        def __getitem__(self, place: Any) -> Any:
            Reads.count += 1
            return super().__getitem__(place)

    n = 100_000
    sets = UnionFind(n)
    for i in range(n):
        sets.union(i * 7919 % n, (i * 104_729 + 1) % n)
    sets._parent = Reads(sets._parent)

    for x in range(n):
        sets.find(x)

    # A find reads a parent and, unless it was a root, that parent's: two reads a step.
    assert Reads.count / n < 2 * 3
