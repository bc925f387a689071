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
    point_in_polygon,
    segments_intersect,
)
from velvet_algorithms.kdtree import KDTree

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


@pytest.mark.parametrize(
    ("a", "b", "c", "d", "meet"),
    [
        ((0, 0), (4, 4), (0, 4), (4, 0), True),
        ((0, 0), (2, 2), (2, 2), (5, 0), True),
        ((0, 0), (4, 0), (2, 0), (2, 9), True),
        ((0, 0), (4, 0), (1, 0), (9, 0), True),
        ((0, 0), (4, 0), (5, 0), (9, 0), False),
        ((0, 0), (4, 0), (0, 1), (4, 1), False),
        ((0, 0), (1, 1), (3, 0), (0, 3), False),
    ],
)
def test_segments_meet_or_do_not(
    a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int], meet: bool
) -> None:
    assert segments_intersect(a, b, c, d) is segments_intersect(c, d, b, a) is meet


@pytest.mark.parametrize(
    ("point", "inside"),
    [((2, 2), True), ((0, 2), True), ((4, 4), True), ((5, 2), False), ((-1, 4), False)],
)
def test_a_point_is_in_a_square_its_edge_included(point: tuple[int, int], inside: bool) -> None:
    assert point_in_polygon(point, SQUARE) is inside
    assert point_in_polygon(point, SQUARE[::-1]) is inside


def test_a_bay_is_outside() -> None:
    bay = [(0, 0), (6, 0), (6, 6), (3, 1), (0, 6)]

    assert not point_in_polygon((3, 3), bay)
    assert point_in_polygon((1, 3), bay)


def test_two_corners_are_no_polygon() -> None:
    with pytest.raises(ValueError, match="at least three corners, not 2"):
        point_in_polygon((0, 0), SQUARE[:2])


def test_neighbours_come_nearest_first_and_lower_places_win() -> None:
    tree = KDTree([(0, 0), (3, 0), (0, 3), (3, 3), (0, 0)])

    assert tree.knn((0, 0), 3) == [(0.0, 0), (0.0, 4), (3.0, 1)]
    assert len(tree.knn((1, 1), 99)) == len(tree) == 5


def test_a_box_holds_its_edges() -> None:
    tree = KDTree([(x, y) for x in range(4) for y in range(4)])

    assert tree.range((1, 2), (2, 3)) == [6, 7, 10, 11]
    assert tree.range((9, 9), (10, 10)) == []


def test_an_empty_tree_has_no_neighbours() -> None:
    assert KDTree([]).knn((1.0,)) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda: KDTree([(1, 2), (1, 2, 3)]),
        lambda: KDTree([()]),
        lambda: KDTree([(1, math.nan)]),
        lambda: KDTree([(1, 2)]).knn((1, 2, 3)),
        lambda: KDTree([(1, 2)]).knn((1, math.nan)),
        lambda: KDTree([(1, 2)]).range((1,), (2, 3)),
    ],
)
def test_other_dimensions_are_refused(act: object) -> None:
    with pytest.raises(ValueError, match="coordinates"):
        act()  # type: ignore[operator]


def test_no_neighbour_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="k is at least 1, not 0"):
        KDTree([(1, 2)]).knn((1, 2), 0)


def test_a_search_looks_at_few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(8)
    looks = []
    counted = math.dist
    for size in (500, 8000):
        tree = KDTree([(rng.random(), rng.random()) for _ in range(size)])
        calls = [0]

        def dist(a: object, b: object, calls: list[int] = calls) -> float:
            calls[0] += 1
            return counted(a, b)  # type: ignore[arg-type]

        monkeypatch.setattr(math, "dist", dist)
        for _ in range(50):
            tree.knn((rng.random(), rng.random()), 3)
        monkeypatch.setattr(math, "dist", counted)
        looks.append(calls[0] / 50)

    assert looks[1] < 2.5 * looks[0] < 0.1 * 8000
