"""Choices between two values each, under rules about pairs of them: 2-satisfiability.

A rule "x or y" is two implications, and variables that imply their own opposite both ways make the
rules contradictory. So strongly connected components decide in linear time what three alternatives
a rule would make hard.
"""

from __future__ import annotations

from collections.abc import Iterable

from velvet_algorithms.components import scc
from velvet_algorithms.graph import Graph


def two_sat(n: int, clauses: Iterable[tuple[int, bool, int, bool]]) -> list[bool] | None:
    """Return values of n variables that satisfy all clauses, or None when there are none.

    Args:
        clauses: (i, a, j, b) stands for "variable i is a, or variable j is b".

    Raises:
        ValueError: a clause names a variable outside 0..n-1.

    O(n + clauses). Source: Aspvall, Plass, Tarjan 1979.
    """
    arcs = []
    for i, a, j, b in clauses:
        if not (0 <= i < n and 0 <= j < n):
            raise ValueError(f"clause {(i, a, j, b)}: variables are 0..{n - 1}")
        # Node 2v means "v is false", 2v + 1 "v is true"; not the one implies the other.
        arcs += [(2 * i + (not a), 2 * j + b), (2 * j + (not b), 2 * i + a)]
    place = [0] * (2 * n)
    for rank, members in enumerate(scc(Graph.from_edges(2 * n, arcs, directed=True))):
        for node in members:
            place[node] = rank
    if any(place[2 * v] == place[2 * v + 1] for v in range(n)):
        return None
    return [place[2 * v] < place[2 * v + 1] for v in range(n)]
