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
)

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
@given(st.lists(st.tuples(FLOAT, FLOAT), min_size=2, max_size=15))
def test_no_pair_is_closer(points: list[tuple[float, float]]) -> None:
    distance, low, high = closest_pair(points)

    assert distance == math.dist(points[low], points[high])
    assert distance == min(math.dist(a, b) for i, a in enumerate(points) for b in points[:i])


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
