"""Nearest neighbours and boxes among fixed points, by halving the plane in turns.

The points are laid out in one list so that the middle of each slice is its root: no nodes, no
pointers, no recursion. Prefer `scipy.spatial.cKDTree`, which is the same in C++; here it is short
enough to be read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from heapq import heappush, heappushpop


class KDTree:
    """A static index of points of one dimension or more.

    Building takes O(n log^2 n), O(n) memory. Threads may share it.

    Raises:
        ValueError: points differ in their number of coordinates, have none, or hold a NaN.

    Source: Bentley, "Multidimensional binary search trees used for associative searching", 1975.
    """

    def __init__(self, points: Sequence[Sequence[float]]) -> None:
        self.points = [tuple(point) for point in points]
        self.axes = len(self.points[0]) if self.points else 1
        for point in self.points:
            if len(point) != self.axes or not point or any(math.isnan(x) for x in point):
                raise ValueError(f"point {point} does not have {self.axes or 1} coordinates")
        self._order = list(range(len(self.points)))
        columns = list(zip(*self.points, strict=True))
        waiting = [(0, len(self.points), 0)]
        while waiting:
            low, high, axis = waiting.pop()
            if high - low < 2:
                continue
            self._order[low:high] = sorted(self._order[low:high], key=columns[axis].__getitem__)
            middle, after = (low + high) // 2, (axis + 1) % self.axes
            waiting += [(low, middle, after), (middle + 1, high, after)]

    def __len__(self) -> int:
        return len(self.points)

    def _check(self, point: Sequence[float]) -> None:
        if len(point) != self.axes or any(math.isnan(x) for x in point):
            raise ValueError(f"point {tuple(point)} does not have {self.axes} coordinates")

    def knn(self, point: Sequence[float], k: int = 1) -> list[tuple[float, int]]:
        """Return (distance, place) of the k nearest points, nearest first; fewer when there are.

        O(log n + k) expected for points without pattern; of equally far ones the lower place wins.

        Raises:
            ValueError: k is below 1 or the point is of another dimension.
        """
        self._check(point)
        if k < 1:
            raise ValueError(f"k is at least 1, not {k}")
        nearest: list[tuple[float, int]] = []  # negated, so that the worst is on top
        waiting = [(0.0, 0, len(self.points), 0)]
        while waiting:
            gap, low, high, axis = waiting.pop()
            if low >= high or (len(nearest) == k and gap > -nearest[0][0]):
                continue
            middle = (low + high) // 2
            place = self._order[middle]
            here = self.points[place]
            found = (-math.dist(here, point), -place)
            if len(nearest) < k:
                heappush(nearest, found)
            else:
                heappushpop(nearest, found)
            apart, after = point[axis] - here[axis], (axis + 1) % self.axes
            below, above = (low, middle), (middle + 1, high)
            near, far = (below, above) if apart < 0 else (above, below)
            waiting.append((max(gap, abs(apart)), *far, after))
            waiting.append((gap, *near, after))
        return sorted((-distance, -place) for distance, place in nearest)

    def range(self, low: Sequence[float], high: Sequence[float]) -> list[int]:
        """Return the places of all points in a box, edges included, in rising order.

        O(sqrt n + found) in the plane.

        Raises:
            ValueError: a corner is of another dimension.
        """
        self._check(low)
        self._check(high)
        found = []
        waiting = [(0, len(self.points), 0)]
        while waiting:
            start, end, axis = waiting.pop()
            if start >= end:
                continue
            middle, after = (start + end) // 2, (axis + 1) % self.axes
            place = self._order[middle]
            here = self.points[place]
            if all(a <= x <= b for a, x, b in zip(low, here, high, strict=True)):
                found.append(place)
            if low[axis] <= here[axis]:
                waiting.append((start, middle, after))
            if here[axis] <= high[axis]:
                waiting.append((middle + 1, end, after))
        return sorted(found)
