"""Loops over arrays that are written to be compiled: no objects, no allocation inside.

`velvet_algorithms.fast` hands them to Numba; as plain Python they give the same answers, which is
how they are tested where no compiler is.

The same algorithms as machine code: Numba where it is installed, NumPy for a bulk index.

The kernels are plain functions over arrays, which Python can run too (slowly), and are compiled on
their first call: a second or two that belongs to no single question. Nothing is imported from Numba
before that, and without it the functions say what to install.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from velvet_algorithms.graph import Graph


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


Ints = npt.NDArray[np.int64]


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel as machine code, compiled once a process and never cached on disk.

    Raises:
        ModuleNotFoundError: Numba is not installed; the message has the command.
    """
    try:
        numba = importlib.import_module("numba")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"{kernel.__name__} needs Numba, which is not installed: pip install numba",
            name="numba",
        ) from None
    machine_code: Callable[..., Any] = numba.njit(cache=False)(kernel)
    return machine_code


def nb_dijkstra(graph: Graph, source: int) -> npt.NDArray[np.float64]:
    """Return all distances from a node; `inf` where no path leads.

    Raises:
        ValueError: a weight is negative or the node is out of range.
        ModuleNotFoundError: Numba is not installed.
    """
    graph.check_nodes(source)
    graph.refuse_negative("nb_dijkstra")
    distances: npt.NDArray[np.float64] = compiled(dijkstra_kernel)(*graph.csr, source)
    return distances


def nb_union_find(n: int, pairs: npt.NDArray[np.int64]) -> Ints:
    """Return for each of n elements the smallest element of its set after all unions.

    Args:
        pairs: shape (m, 2).

    Raises:
        ValueError: the shape is another one, or an element is outside 0..n-1.
        ModuleNotFoundError: Numba is not installed.
    """
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ValueError(f"pairs have the shape (m, 2), not {pairs.shape}")
    if len(pairs):
        low, high = np.min(pairs), np.max(pairs)
        if low < 0 or high >= n:
            raise ValueError(f"elements are 0..{n - 1}; the pairs hold {low}..{high}")
    roots: Ints = compiled(union_kernel)(n, np.ascontiguousarray(pairs, dtype=np.int64))
    return roots


def nb_levenshtein(a: str, b: str) -> int:
    """Return the edit distance of two strings from the whole table, one row at a time.

    Raises:
        ModuleNotFoundError: Numba is not installed.
    """
    return int(compiled(levenshtein_kernel)(letters(a), letters(b)))


def letters(text: str) -> npt.NDArray[np.uint32]:
    """Return a string's code points."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
