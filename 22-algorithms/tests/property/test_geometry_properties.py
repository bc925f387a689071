"""Geometry against its definitions, on small grids where many points are in line."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.geometry import (
    closest_pair,
    convex_hull,
    orient,
    point_in_polygon,
    segments_intersect,
)
from velvet_algorithms.kdtree import KDTree

GRID = st.tuples(st.integers(0, 6), st.integers(0, 6))
FLOAT = st.floats(-1e6, 1e6)
modest = settings(max_examples=80, deadline=None)


@modest
@given(*[st.tuples(FLOAT, FLOAT)] * 3)
def test_floats_turn_as_their_fractions_do(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]
) -> None:
    exact = [(Fraction(x), Fraction(y)) for x, y in (a, b, c)]

    assert orient(a, b, c) == orient(*exact) == -orient(c, b, a)


@modest
@given(st.lists(GRID, max_size=20))
def test_a_hull_turns_left_and_leaves_nothing_outside(points: list[tuple[int, int]]) -> None:
    hull = convex_hull(points)

    assert set(hull) <= set(points)
    if len(hull) > 2:
        for place, corner in enumerate(hull):
            before, after = hull[place - 1], hull[(place + 1) % len(hull)]
            assert orient(before, corner, after) == 1
            assert all(orient(before, corner, point) >= 0 for point in points)
            assert point_in_polygon(corner, hull)
        assert all(point_in_polygon(point, hull) for point in points)


@modest
@given(st.lists(st.tuples(FLOAT, FLOAT), min_size=2, max_size=15))
def test_no_pair_is_closer(points: list[tuple[float, float]]) -> None:
    distance, low, high = closest_pair(points)

    assert distance == math.dist(points[low], points[high])
    assert distance == min(math.dist(a, b) for i, a in enumerate(points) for b in points[:i])


@modest
@given(GRID, GRID, GRID, GRID)
def test_crossings_do_not_depend_on_the_order(
    a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]
) -> None:
    meet = segments_intersect(a, b, c, d)

    assert meet is segments_intersect(b, a, c, d) is segments_intersect(d, c, a, b)
    if len(convex_hull([a, b, c, d])) == 4:
        # Four points in convex position: the segments meet when they are its diagonals.
        hull = convex_hull([a, b, c, d])
        assert meet is (abs(hull.index(a) - hull.index(b)) == 2)


@modest
@given(st.lists(GRID, max_size=25), GRID, st.integers(1, 6))
def test_a_tree_answers_as_looking_at_all_points_does(
    points: list[tuple[int, int]], centre: tuple[int, int], k: int
) -> None:
    tree = KDTree(points) if points else KDTree([(0, 0)])
    points = points or [(0, 0)]

    by_hand = sorted((math.dist(point, centre), place) for place, point in enumerate(points))
    low, high = (centre[0] - 1, centre[1] - 2), (centre[0] + 2, centre[1] + 1)
    boxed = [
        place
        for place, (x, y) in enumerate(points)
        if low[0] <= x <= high[0] and low[1] <= y <= high[1]
    ]

    assert tree.knn(centre, k) == by_hand[:k]
    assert tree.range(low, high) == boxed
