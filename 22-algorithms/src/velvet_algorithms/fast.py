"""The same algorithms as machine code: Numba where it is installed, NumPy for a bulk index.

The kernels are plain functions over arrays, which Python can run too (slowly), and are compiled on
their first call: a second or two that belongs to no single question. Nothing is imported from Numba
before that, and without it the functions say what to install.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from velvet_algorithms.graph import Graph
from velvet_algorithms.kernels import dijkstra_kernel, levenshtein_kernel, union_kernel

Ints = npt.NDArray[np.int64]


def numba_installed() -> bool:
    """Return whether the functions with `nb_` can run here."""
    return find_spec("numba") is not None


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


class BulkFenwick:
    """Prefix sums under updates that come in batches, as NumPy arrays.

    A batch of k updates or questions costs O(k log n) array work instead of k Python loops; for
    single updates `velvet_algorithms.ranges.Fenwick` is faster.

    Raises:
        ValueError: the values are no one-dimensional array, or hold a NaN.

    Source: Fenwick, "A new data structure for cumulative frequency tables", 1994.
    """

    def __init__(self, values: Sequence[float] | npt.NDArray[Any]) -> None:
        given = np.asarray(values)
        if given.ndim != 1 or np.isnan(given).any():
            raise ValueError("a Fenwick tree takes one row of numbers, none of them NaN")
        self._size = len(given)
        # Cell i (from 1) holds the sum of the i & -i values that end at i.
        sums = np.concatenate(([0], np.cumsum(given)))
        cells = np.arange(self._size + 1)
        self._cells = sums[cells] - sums[cells - (cells & -cells)]

    def __len__(self) -> int:
        return self._size

    def _check(self, places: npt.NDArray[Any], most: int) -> Ints:
        found = np.asarray(places, dtype=np.int64)
        if len(found):
            low, high = np.min(found), np.max(found)
            if low < 0 or high > most:
                raise ValueError(f"places are 0..{most}, not {low}..{high}")
        return found

    def add(self, places: npt.NDArray[Any], amounts: npt.NDArray[Any]) -> None:
        """Add amounts at places (0-based, repeated ones add up).

        Raises:
            ValueError: a place is out of range, or an amount is NaN; nothing is changed then.
        """
        at = self._check(places, self._size - 1) + 1
        added = np.broadcast_to(np.asarray(amounts), at.shape)
        if np.isnan(added).any():
            raise ValueError("an amount is NaN, which has no place in a sum")
        while len(at):
            np.add.at(self._cells, at, added)
            at = at + (at & -at)
            inside = at <= self._size
            at, added = at[inside], added[inside]

    def prefix(self, counts: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return for each count the sum of so many first values.

        Raises:
            ValueError: a count is outside 0..len.
        """
        at = self._check(counts, self._size).copy()
        total = np.zeros(at.shape, dtype=self._cells.dtype)
        while at.any():
            total += self._cells[at]
            at -= at & -at
        return total
