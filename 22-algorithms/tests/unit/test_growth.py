"""Fits recover what is known, and counted costs grow as the textbooks say."""

from __future__ import annotations

import gc
import math
from bisect import insort
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from velvet_algorithms.counting import CountingKey, Tally, counting
from velvet_algorithms.fits import SHAPES, fit_model, fit_power, student_t95
from velvet_algorithms.growth import Growth, crossover, measure_growth
from velvet_algorithms.heaps import IndexedHeap
from velvet_algorithms.sorted_bag import SortedBag
from velvet_algorithms.unionfind import UnionFind

SIZES = (250, 500, 1000, 2000, 4000, 8000)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.0, 3.0])
def test_an_exact_power_is_recovered_without_error(exponent: float) -> None:
    fit = fit_power(SIZES, [3e-9 * n**exponent for n in SIZES])

    assert fit.exponent == pytest.approx(exponent, abs=1e-9)
    assert fit.ci95 < 1e-6
    assert fit.factor == pytest.approx(3e-9)
    assert fit.at(100) == pytest.approx(3e-9 * 100**exponent)


def test_noise_widens_the_interval_and_lowers_the_share_explained() -> None:
    wobble = [1.2, 0.8, 1.2, 0.8, 1.2, 0.8]

    fit = fit_power(SIZES, [n * w for n, w in zip(SIZES, wobble, strict=True)])

    assert abs(fit.exponent - 1.0) < fit.ci95 < 0.5
    assert 0.9 < fit.r2 < 1.0
    assert str(fit) == f"n^{fit.exponent:.2f} +- {fit.ci95:.2f}"


def test_a_fit_by_hand() -> None:
    # Logarithms base 2: x = 1, 2, 3 and y = 1, 2, 4, so the slope is 3/2 and the residuals are
    # 1/6, -1/3, 1/6: squares add up to 1/6, t(1) = 12.706.
    fit = fit_power([2, 4, 8], [2, 4, 16])

    assert fit.exponent == pytest.approx(1.5)
    assert fit.ci95 == pytest.approx(12.7062 * math.sqrt(1 / 6 / 1 / 2))
    assert fit.r2 == pytest.approx(1 - (1 / 6) / (14 / 3))


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_told_from_the_others(name: str) -> None:
    sizes = (16, 32, 64, 128, 256, 512)
    costs = [5e-9 * math.exp(SHAPES[name](n)) for n in sizes]

    model = fit_model(sizes, costs)

    assert model.name == name
    assert model.error < 1e-9 < model.runner_up_error


def test_the_smallest_size_where_fixed_costs_sit_is_left_out_of_the_fit() -> None:
    values = [n**2 / 1e9 for n in SIZES]
    values[0] *= 50

    growth = Growth(SIZES, tuple(values))

    assert growth.power.exponent == pytest.approx(2.0)
    assert growth.model.name == "n^2"
    assert growth.enough
    assert not Growth(SIZES[:4], tuple(values[:4])).enough


@pytest.mark.parametrize(
    ("degrees", "t"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (8, 2.306), (30, 2.0423)],
)
def test_students_t_is_right_within_a_hundredth(degrees: int, t: float) -> None:
    assert student_t95(degrees) == pytest.approx(t, rel=0.01)


def test_a_crossover_lies_where_the_lines_meet() -> None:
    line = Growth(SIZES, tuple(1000.0 * n for n in SIZES))
    square = Growth(SIZES, tuple(1.0 * n * n for n in SIZES))

    assert crossover(square, line) == pytest.approx(1000.0)
    assert crossover(line, square) is None
    flat = Growth(SIZES, tuple(1.0 for _ in SIZES))
    assert crossover(line, flat) is None
    with pytest.raises(ValueError, match="the same sizes"):
        crossover(line, Growth(SIZES[1:], line.values[1:]))


def test_measuring_makes_each_input_once_and_leaves_the_collector_as_it_was() -> None:
    made: list[int] = []

    def make(n: int) -> list[int]:
        made.append(n)
        return list(range(n))

    growth = measure_growth(sum, make, [10, 100, 1000], 1e-5)

    assert made == [10, 100, 1000]
    assert all(value > 0 for value in growth.values)
    assert growth.values[2] > growth.values[0]
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: fit_power([1, 2], [1, 2]), "three sizes"),
        (lambda: fit_power([1, 2, 2], [1, 2, 3]), "must increase"),
        (lambda: fit_power([1, 2, 3], [1, 2]), "as many values"),
        (lambda: fit_power([1, 2, 3], [1, 0, 2]), "positive"),
        (lambda: fit_power([1, 2, 3], [1, math.nan, 2]), "positive"),
        (lambda: fit_model([1, 2, 3], [1, 2, 3]), "sizes >= 2"),
        (lambda: measure_growth(sum, range, [1, 2], 0.1), "three sizes"),
        (lambda: measure_growth(sum, range, [1, 2, 3], 0.0), "min_time"),
        (lambda: student_t95(0), "degree"),
    ],
)
def test_what_cannot_be_fitted_is_refused(call: Callable[[], object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        call()


def test_every_comparison_of_a_counting_key_is_counted() -> None:
    (one, two), tally = counting([1, 2])

    answers = [one < two, one <= two, one > two, one >= two, one == two, one != two]

    assert answers == [True, True, False, False, False, True]
    assert tally.comparisons == 6
    assert hash(one) == hash(1)
    assert repr(one) == "CountingKey(1)"
    assert CountingKey(1, Tally()) != 1


def counted(work: Callable[[list[Any]], object], order: Callable[[int], Iterable[int]]) -> Growth:
    """Return how many comparisons some work makes on keys of several sizes."""
    found = []
    for n in SIZES:
        keys, tally = counting(order(n))
        work(keys)
        found.append(float(tally.comparisons))
    return Growth(SIZES, tuple(found))


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
    growth = counted(
        lambda keys: [bag.add(key) for bag in [SortedBag(load=64)] for key in keys], shuffled
    )

    assert growth.model.name == "n log n"
    assert 1.0 < growth.power.exponent < 1.2


def test_a_binary_heap_makes_n_log_n_comparisons() -> None:
    def through(keys: list[Any]) -> None:
        heap = IndexedHeap[int]()
        for i, key in enumerate(keys):
            heap.push(i, key)
        while heap:
            heap.pop()

    growth = counted(through, shuffled)

    assert growth.model.name == "n log n"


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
