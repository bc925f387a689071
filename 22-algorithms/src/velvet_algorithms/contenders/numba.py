"""Our own loops over arrays as machine code, compiled by Numba.

The kernels are plain functions that Python can run too (slowly): that is how they are tested where
no compiler is. They are compiled on their first call, in a set-up that is not timed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from velvet_algorithms.contenders.ours import each, from_one
from velvet_algorithms.graph import Graph
from velvet_algorithms.samples.workloads import Pairs, Roads

NEEDS = "numba"


def dijkstra_kernel(
    starts: npt.NDArray[Any], heads: npt.NDArray[Any], weights: npt.NDArray[Any], source: int
) -> npt.NDArray[np.float64]:
    """Return all distances; a binary heap in two arrays, outdated entries skipped."""
    distance = np.full(len(starts) - 1, np.inf)
    keys = np.empty(len(heads) + 1)
    nodes = np.empty(len(heads) + 1, dtype=np.int64)
    distance[source] = 0.0
    keys[0], nodes[0], size = 0.0, source, 1
    while size:
        here, node = keys[0], nodes[0]
        size -= 1
        key, last = keys[size], nodes[size]
        place = 0
        child = 1
        while child < size:
            if child + 1 < size and keys[child + 1] < keys[child]:
                child += 1
            if keys[child] >= key:
                break
            keys[place], nodes[place] = keys[child], nodes[child]
            place = child
            child = 2 * place + 1
        keys[place], nodes[place] = key, last
        if here > distance[node]:
            continue
        for arc in range(starts[node], starts[node + 1]):
            head = heads[arc]
            there = here + weights[arc]
            if there < distance[head]:
                distance[head] = there
                place = size
                size += 1
                while place:
                    above = (place - 1) // 2
                    if keys[above] <= there:
                        break
                    keys[place], nodes[place] = keys[above], nodes[above]
                    place = above
                keys[place], nodes[place] = there, head
    return distance


def union_kernel(n: int, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the least element of each one's set; roots are least, paths are halved."""
    parent = np.arange(n)
    for row in range(len(pairs)):
        a, b = pairs[row, 0], pairs[row, 1]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a < b:
            parent[b] = a
        else:
            parent[a] = b
    # A parent is never above its child, so one pass upwards reaches every root.
    for x in range(n):
        parent[x] = parent[parent[x]]
    return parent


def levenshtein_kernel(a: npt.NDArray[np.uint32], b: npt.NDArray[np.uint32]) -> int:
    """Return the edit distance, keeping one row of the table."""
    row = np.arange(len(b) + 1)
    for i in range(len(a)):
        diagonal = row[0]
        row[0] = i + 1
        for j in range(len(b)):
            above = row[j + 1]
            cheapest = diagonal if a[i] == b[j] else 1 + min(diagonal, above, row[j])
            diagonal = above
            row[j + 1] = cheapest
    return int(row[len(b)])


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel as machine code, compiled once a process and never cached on disk."""
    machine_code: Callable[..., Any] = import_module("numba").njit(cache=False)(kernel)
    return machine_code


def letters(text: str) -> npt.NDArray[np.uint32]:
    """Return a string's code points."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def union_find(pairs: Pairs) -> Callable[[], int]:
    """Join pairs, and ask for every representative."""
    array = np.array(pairs, np.int64).reshape(len(pairs), 2)
    join = compiled(union_kernel)
    join(len(pairs), array)  # compiles
    return lambda: int(np.unique(join(len(pairs), array)).size)


def _distances(graph: Graph, source: int) -> Any:
    return compiled(dijkstra_kernel)(*graph.csr, source)


def sssp(given: Roads) -> Callable[[], list[float]]:
    """Find the distances from one crossing."""
    return from_one(_distances, given)


def routes(given: Roads) -> Callable[[], list[float]]:
    """Answer each route by a whole tree of distances."""
    return each(lambda s, t: float(_distances(given.graph, s)[t]), given)


def edit_distance(given: tuple[str, str]) -> Callable[[], int]:
    """Fill the table, a row at a time."""
    measure = compiled(levenshtein_kernel)
    return lambda: int(measure(*map(letters, given)))
