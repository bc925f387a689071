"""Our own loops as machine code, compiled by Numba."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from velvet_algorithms.contenders.ours import each, from_one
from velvet_algorithms.fast import nb_dijkstra, nb_levenshtein, nb_union_find
from velvet_algorithms.samples.workloads import Pairs, Roads

NEEDS = "numba"


def union_find(pairs: Pairs) -> Callable[[], int]:
    """Join pairs, and ask for every representative."""
    array = np.array(pairs, np.int64).reshape(len(pairs), 2)
    nb_union_find(len(pairs), array)  # compiles
    return lambda: int(np.unique(nb_union_find(len(pairs), array)).size)


def sssp(given: Roads) -> Callable[[], list[float]]:
    """Find the distances from one crossing."""
    return from_one(nb_dijkstra, given)


def routes(given: Roads) -> Callable[[], list[float]]:
    """Answer each route by a whole tree of distances."""
    return each(lambda s, t: float(nb_dijkstra(given.graph, s)[t]), given)


def edit_distance(given: tuple[str, str]) -> Callable[[], int]:
    """Fill the table, a row at a time."""
    return lambda: nb_levenshtein(*given)
