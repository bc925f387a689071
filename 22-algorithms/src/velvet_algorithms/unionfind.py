"""Disjoint sets: which things belong together, when all you are told is pairs.

One list holds both parents and sizes: a root's entry is its set's size, negated. `find` halves
the path that it walks (every second node is pointed at its grandparent), so nothing is
recursive and a chain of a million nodes is as good as any. With union by size the steps
per operation stay below a small constant: O(alpha(n)) amortised (Tarjan and van Leeuwen 1984).
Prefer scipy.sparse.csgraph.connected_components when all pairs are known at once. Not
thread-safe: even `find` writes.
"""

from __future__ import annotations

from collections.abc import Iterable

from velvet_algorithms.contract import OwnCopies, plain, refuse_nan


def _alone(n: int) -> list[int]:
    """Return the parents of n sets of one."""
    if n < 0:
        raise ValueError(f"n must be >= 0, got {n!r}")
    return [-1] * n


def _outside(x: int, parent: list[int]) -> ValueError:
    """Return the error that names a number which is in no set."""
    return ValueError(f"{x!r} is not in 0..{len(parent) - 1}, the numbers of these sets")


class UnionFind(OwnCopies):
    """Sets of the numbers 0 to n - 1, each alone at first.

    Raises ValueError where `n` is negative, or (in any method) a number is out of range.

    >>> sets = UnionFind(4)
    >>> sets.union(0, 1), sets.union(1, 0), sets.same(0, 1), sets.size(1)
    (True, False, True, 2)
    """

    __slots__ = ("_parent", "count")

    def __init__(self, n: int) -> None:
        self._parent, self.count = _alone(n), n

    def __len__(self) -> int:
        return len(self._parent)

    def find(self, x: int) -> int:
        """Return the number that stands for the set of `x`."""
        parent = self._parent
        if not 0 <= x < len(parent):  # Python would read a negative one from the end
            raise _outside(x, parent)
        while (above := parent[x]) >= 0:
            over = parent[above]
            if over < 0:
                return above
            parent[x] = over
            x = over
        return x

    def union(self, a: int, b: int) -> bool:
        """Join two sets; return whether they were two."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return False
        parent = self._parent
        if parent[a] > parent[b]:
            a, b = b, a
        parent[a] += parent[b]
        parent[b] = a
        self.count -= 1
        return True

    def union_all(self, pairs: Iterable[tuple[int, int]]) -> int:
        """Join every pair; return how many of them joined two sets.

        About twice `union`'s speed. A pair out of range ends it; the pairs before stay joined.
        """
        parent, end, joined = self._parent, len(self._parent), 0
        try:
            for pair in pairs:
                a, b = pair
                if not (0 <= a < end and 0 <= b < end):
                    raise _outside(b if 0 <= a < end else a, parent)
                while (above := parent[a]) >= 0:
                    over = parent[above]
                    if over < 0:
                        a = above
                        break
                    parent[a] = over
                    a = over
                while (above := parent[b]) >= 0:
                    over = parent[above]
                    if over < 0:
                        b = above
                        break
                    parent[b] = over
                    b = over
                if a != b:
                    if parent[a] > parent[b]:
                        a, b = b, a
                    parent[a] += parent[b]
                    parent[b] = a
                    joined += 1
        finally:
            self.count -= joined
        return joined

    def same(self, a: int, b: int) -> bool:
        """Return whether two numbers are in one set."""
        return self.find(a) == self.find(b)

    def size(self, x: int) -> int:
        """Return how many numbers are in the set of `x`."""
        return -self._parent[self.find(x)]

    def groups(self) -> list[list[int]]:
        """Return all sets, each in rising order, by their least members. O(n)."""
        found: dict[int, list[int]] = {}
        for x in range(len(self._parent)):
            found.setdefault(self.find(x), []).append(x)
        return list(found.values())


class PotentialUnionFind(OwnCopies):
    """Sets whose members know their difference: offsets, exchange rates, clocks, parities.

    What is stated is "a is worth 3 more than b"; what can be asked is the difference of any two that
    a chain of statements links. Weights are added along the path to the root; both are compressed
    together. O(alpha(n)). With integers or Fractions the sums are exact.

    Raises ValueError as `UnionFind` does, and where a union contradicts what is known.
    """

    __slots__ = ("_parent", "_weight")

    def __init__(self, n: int) -> None:
        self._parent = _alone(n)
        self._weight: list[float] = [0] * n  # what x is worth more than its parent

    def _root(self, x: int) -> tuple[int, float]:
        if not 0 <= x < len(self._parent):
            raise _outside(x, self._parent)
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

        Raises ValueError for NaN, and where another difference follows from what was stated before.
        """
        difference = plain(difference)
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
