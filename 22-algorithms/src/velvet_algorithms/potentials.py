"""Disjoint sets whose members know their difference: offsets, exchange rates, clocks, parities.

What is stated is "a is worth 3 more than b"; what can be asked is the difference of any two that a
chain of statements links. A statement that contradicts the others is refused.
"""

from __future__ import annotations

from velvet_algorithms.ordering import refuse_nan
from velvet_algorithms.unionfind import out_of_range


class PotentialUnionFind:
    """Sets of the numbers 0 to n - 1 with a difference between any two of one set.

    Weights are added along the path to the root; both are compressed together. O(alpha(n)).
    With integers or Fractions the sums are exact.

    Raises:
        ValueError: `n` is negative, a number is out of range, or a union contradicts what is known.
    """

    __slots__ = ("_parent", "_weight")

    def __init__(self, n: int) -> None:
        if n < 0:
            raise ValueError(f"n must be >= 0, got {n!r}")
        self._parent = [-1] * n
        self._weight: list[float] = [0] * n  # what x is worth more than its parent

    def _root(self, x: int) -> tuple[int, float]:
        if not 0 <= x < len(self._parent):
            raise out_of_range(x, len(self._parent))
        path = []
        while self._parent[x] >= 0:
            path.append(x)
            x = self._parent[x]
        total: float = 0
        for y in reversed(path):
            total += self._weight[y]
            self._parent[y], self._weight[y] = x, total
        return x, total

    def union(self, a: int, b: int, difference: float) -> bool:
        """State that `a` is worth `difference` more than `b`; return whether that is new.

        Raises:
            ValueError: another difference follows from what was stated before, or it is NaN.
        """
        refuse_nan(difference)
        (root_a, over_a), (root_b, over_b) = self._root(a), self._root(b)
        if root_a == root_b:
            if over_a - over_b != difference:
                raise ValueError(
                    f"{a} is worth {over_a - over_b!r} more than {b} already, not {difference!r}"
                )
            return False
        shift = difference + over_b - over_a  # what root_a is worth more than root_b
        if self._parent[root_a] > self._parent[root_b]:
            root_a, root_b, shift = root_b, root_a, -shift
        self._parent[root_a] += self._parent[root_b]
        self._parent[root_b], self._weight[root_b] = root_a, -shift
        return True

    def difference(self, a: int, b: int) -> float | None:
        """Return what `a` is worth more than `b`, or None when nothing links them."""
        (root_a, over_a), (root_b, over_b) = self._root(a), self._root(b)
        return over_a - over_b if root_a == root_b else None
