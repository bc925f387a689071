"""Turns, hulls, pairs, crossings and nearest neighbours."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

from velvet_algorithms.geometry import (
    closest_pair,
    convex_hull,
    orient,
)

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]


def test_turns_of_whole_numbers_are_exact_at_any_size() -> None:
    huge = 10**40

    assert orient((0, 0), (huge, huge), (2 * huge, 2 * huge + 1)) == 1
    assert orient((0, 0), (huge, huge), (2 * huge, 2 * huge - 1)) == -1
    assert orient((0, 0), (huge, huge), (2 * huge, 2 * huge)) == 0


def test_turns_of_fractions_are_exact() -> None:
    third = Fraction(1, 3)

    assert orient((0, 0), (third, third), (1, 1)) == 0
    assert orient((0, 0), (third, third), (1, Fraction(10**20 + 1, 10**20))) == 1


def test_floats_that_rounding_would_misjudge_are_judged_exactly() -> None:
    # Kettner et al., "Classroom examples of robustness problems", 2008
    a, b, c = (0.5 + 2**-53, 0.5), (12.0, 12.0), (24.0, 24.0)
    naive = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    assert naive == 0
    assert orient(a, b, c) == -orient(a, c, b) != 0


def test_floats_beyond_and_below_their_range_are_judged_too() -> None:
    assert orient((0.0, 0.0), (1e300, 0.0), (0.0, 1e300)) == 1
    assert orient((0.0, 0.0), (1e-300, 0.0), (0.0, 1e-300)) == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_point_that_is_nowhere_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="is not finite"):
        orient((0.0, 0.0), (1.0, bad), (2.0, 3.0))
    with pytest.raises(ValueError, match="is not finite"):
        closest_pair([(0.0, 0.0), (bad, 1.0)])


@pytest.mark.parametrize(
    ("points", "hull"),
    [
        ([], []),
        ([(1, 1)], [(1, 1)]),
        ([(1, 1), (1, 1)], [(1, 1)]),
        ([(2, 2), (0, 0), (1, 1)], [(0, 0), (2, 2)]),
        ([(2, 2), *SQUARE, (2, 0), (4, 2)], [(0, 0), (4, 0), (4, 4), (0, 4)]),
    ],
)
def test_known_hulls(points: list[tuple[int, int]], hull: list[tuple[int, int]]) -> None:
    assert convex_hull(points) == hull


def test_the_closest_pair_is_the_closest_of_all_pairs() -> None:
    rng = random.Random(4)
    points = [(rng.random(), rng.random()) for _ in range(120)]

    distance, low, high = closest_pair(points)

    assert distance == min(math.dist(a, b) for i, a in enumerate(points) for b in points[:i])
    assert math.dist(points[low], points[high]) == distance
    assert low < high


def test_equal_points_are_at_no_distance() -> None:
    assert closest_pair([(1.0, 2.0), (5.0, 5.0), (1.0, 2.0)]) == (0.0, 0, 2)


def test_very_near_points_beside_very_far_ones_are_found() -> None:
    distance, low, high = closest_pair([(1e300, 0.0), (0.0, 0.0), (1e-9, 0.0), (-1e300, 1.0)])

    assert (distance, low, high) == (1e-9, 1, 2)


@pytest.mark.parametrize("points", [[], [(0.0, 0.0)]])
def test_a_pair_needs_two(points: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="a pair needs two points"):
        closest_pair(points)
