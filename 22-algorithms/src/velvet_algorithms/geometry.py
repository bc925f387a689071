"""Points in the plane: turns that are never misjudged, and what stands on them.

Everything rests on `orient`. Integers and fractions are exact by themselves; floats are decided by
their rounding error's bound, and where it leaves doubt, by fractions (Shewchuk's filter), because a
single wrong sign makes a hull that is not convex. Prefer `scipy.spatial` for large inputs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from velvet_algorithms.contract import plain

Number: TypeAlias = "int | float | Fraction"
Point: TypeAlias = tuple[Number, Number]

# Relative error of the determinant in floats, (3 + 16 eps) eps with eps = 2^-53; Shewchuk 1997.
ROUNDING = 3.3306690738754716e-16
TINY = 1e-290
SLACK = 1 + 1e-15  # more than the rounding of a distance
SHUFFLE_SEED = 1


def orient(a: Point, b: Point, c: Point) -> int:
    """Return 1 when a -> b -> c turns left, -1 when it turns right, 0 when they are in line.

    Exact for ints, Fractions and floats. Raises ValueError for a float that is not finite.

    Source: Shewchuk, "Adaptive precision floating-point arithmetic and fast robust geometric
    predicates", 1997.
    """
    return _turn(*((plain(x), plain(y)) for x, y in (a, b, c)))


def _turn(a: Point, b: Point, c: Point) -> int:
    left: Number = (b[0] - a[0]) * (c[1] - a[1])
    right: Number = (b[1] - a[1]) * (c[0] - a[0])
    turn = left - right
    if isinstance(turn, float) and not _certain(turn, math.fabs(left) + math.fabs(right)):
        return _turn_exactly(a, b, c)
    return (turn > 0) - (turn < 0)


def _certain(turn: float, size: float) -> bool:
    """Whether rounding cannot have changed a sign, nor overflow or underflow."""
    return max(ROUNDING * size, TINY) < abs(turn) < math.inf


def _turn_exactly(a: Point, b: Point, c: Point) -> int:
    for x, y in (a, b, c):
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError(f"point ({x}, {y}) is not finite")
    (ax, ay), (bx, by), (cx, cy) = ((Fraction(x), Fraction(y)) for x, y in (a, b, c))
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (turn > 0) - (turn < 0)


def convex_hull(points: Sequence[Point]) -> list[Point]:
    """Return the corners of the hull, counter-clockwise from the leftmost (then lowest) one.

    Points on an edge are no corners; one or two different points are their own hull. O(n log n).

    Source: Andrew, "Another efficient algorithm for convex hulls in two dimensions", 1979.
    """
    ordered = sorted({(plain(x), plain(y)) for x, y in points})
    if len(ordered) < 3:
        return ordered
    hull: list[Point] = []
    for sequence in (ordered, ordered[::-1]):
        start = len(hull)
        for point in sequence:
            while len(hull) - start > 1 and _turn(hull[-2], hull[-1], point) <= 0:
                hull.pop()
            hull.append(point)
        hull.pop()
    return hull


def closest_pair(points: Sequence[tuple[float, float]]) -> tuple[float, int, int]:
    """Return the least distance of two points and their places, the lower one first.

    Points enter a grid one by one in a shuffled order; its cells are as wide as the least distance
    so far, so nine of them hold every candidate, and a smaller distance builds it anew. Expected
    O(n), for any input, because the shuffle is ours.

    Raises ValueError where there are fewer than two points, or one is not finite.

    Source: Golin, Raman, Schwarz, Smid, "Simple randomized algorithms for closest pair problems",
    1995.
    """
    if len(points) < 2:
        raise ValueError(f"a pair needs two points, not {len(points)}")
    points = [(plain(x), plain(y)) for x, y in points]
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError(f"point ({x}, {y}) is not finite")
    order = list(range(len(points)))
    random.Random(SHUFFLE_SEED).shuffle(order)
    best, pair = math.dist(points[order[0]], points[order[1]]), (order[0], order[1])
    grid = _grid(points, order[:2], best)
    for count, place in enumerate(order[2:], 2):
        if best == 0:
            break
        column, row = _cell(points[place], best * SLACK)
        before, nearest = pair, best
        for i in (column - 1, column, column + 1):
            for j in (row - 1, row, row + 1):
                for other in grid.get((i, j), ()):
                    apart = math.dist(points[other], points[place])
                    # Where rounding hides which is nearer, fractions decide.
                    if apart <= nearest * SLACK and (
                        apart * SLACK < nearest
                        or _squared(points, other, place) < _squared(points, *pair)
                    ):
                        nearest, pair = apart, (other, place)
        if pair != before:
            best = nearest
            grid = _grid(points, order[: count + 1], best)
        else:
            grid.setdefault((column, row), []).append(place)
    return best, min(pair), max(pair)


def _squared(points: Sequence[tuple[float, float]], a: int, b: int) -> Fraction:
    """Return the square of a distance, exactly."""
    (ax, ay), (bx, by) = points[a], points[b]
    return (Fraction(ax) - Fraction(bx)) ** 2 + (Fraction(ay) - Fraction(by)) ** 2


def _cell(point: tuple[float, float], width: float) -> tuple[int, int]:
    x, y = point
    try:
        return int(x // width), int(y // width)
    except OverflowError:  # the quotient is beyond floats
        return int(Fraction(x) // Fraction(width)), int(Fraction(y) // Fraction(width))


def _grid(
    points: Sequence[tuple[float, float]], places: Sequence[int], width: float
) -> dict[tuple[int, int], list[int]]:
    grid: dict[tuple[int, int], list[int]] = {}
    if width:
        for place in places:
            grid.setdefault(_cell(points[place], width * SLACK), []).append(place)
    return grid
