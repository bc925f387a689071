"""A priority queue on `heapq` whose entries can be cancelled: cancelled ones are skipped at the top.

The heap never moves an entry. A cancelled or replaced one stays where it is, marked, until it
comes to the top or until more than half of all entries are marked; then the heap is made anew,
so memory stays within twice what is alive (and 16). This is what asyncio does with its timers.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from itertools import count
from typing import Any, Generic, TypeVar

from velvet_algorithms.ordering import refuse_nan

K = TypeVar("K", bound=Hashable)
_SMALL = 16  # below this many entries a rebuild is not worth its call


class LazyHeap(Generic[K]):
    """Keys with priorities; equal priorities leave in the order of their arrival.

    >>> heap = LazyHeap()
    >>> heap.push("a", 2); heap.push("b", 1); heap.push("a", 0)
    >>> heap.remove("b")
    1
    >>> heap.pop(), len(heap)
    (('a', 0), 0)
    """

    __slots__ = ("_alive", "_heap", "_turn")

    def __init__(self) -> None:
        self._heap: list[tuple[Any, int, K]] = []
        self._alive: dict[K, tuple[Any, int]] = {}
        self._turn = count()

    def __len__(self) -> int:
        return len(self._alive)

    def __contains__(self, key: object) -> bool:
        return key in self._alive

    @property
    def entries(self) -> int:
        """How many entries the heap holds, the marked ones included."""
        return len(self._heap)

    def push(self, key: K, priority: Any) -> None:
        """Add a key, or give it a new priority. O(log n) amortised.

        Raises:
            ValueError: the priority is NaN.
            TypeError: it cannot be compared; the heap is as it was before.
        """
        refuse_nan(priority)
        entry = (priority, next(self._turn), key)
        try:
            heapq.heappush(self._heap, entry)
        except BaseException:
            self._sink_back(entry)
            raise
        self._alive[key] = entry[:2]
        self._shrink()

    def remove(self, key: K) -> Any:
        """Cancel a key and return its priority; raises KeyError when it is not here. O(1)."""
        priority, _ = self._alive.pop(key)
        self._shrink()
        return priority

    def peek(self) -> tuple[K, Any]:
        """Return the key of least priority and the priority; raises IndexError when empty."""
        self._skip()
        if not self._heap:
            raise IndexError("peek into an empty heap")
        priority, _, key = self._heap[0]
        return key, priority

    def pop(self) -> tuple[K, Any]:
        """Remove and return the key of least priority; raises IndexError when empty."""
        self._skip()
        if not self._heap:
            raise IndexError("pop from an empty heap")
        priority, _, key = self._take_top()
        del self._alive[key]
        return key, priority

    def _is_alive(self, entry: tuple[Any, int, K]) -> bool:
        known = self._alive.get(entry[2])
        return known is not None and known[1] == entry[1]

    def _skip(self) -> None:
        while self._heap and not self._is_alive(self._heap[0]):
            self._take_top()

    # `heapq` leaves its list in disorder when a comparison raises. What it moved lies on one path.

    def _take_top(self) -> tuple[Any, int, K]:
        heap = self._heap
        top, last = heap[0], heap[-1]
        try:
            return heapq.heappop(heap)
        except BaseException:
            place = next(i for i, one in enumerate(heap) if one is last)
            while place:
                heap[place] = heap[(place - 1) >> 1]
                place = (place - 1) >> 1
            heap[0] = top
            heap.append(last)
            raise

    def _sink_back(self, entry: tuple[Any, int, K]) -> None:
        heap = self._heap
        top = next(i for i, one in enumerate(heap) if one is entry)
        path = [len(heap) - 1]
        while path[-1] != top:
            path.append((path[-1] - 1) >> 1)
        for above, below in zip(path[:0:-1], path[-2::-1], strict=True):
            heap[above] = heap[below]
        heap.pop()

    def _shrink(self) -> None:
        if len(self._heap) > 2 * len(self._alive) + _SMALL:
            self._heap = [entry for entry in self._heap if self._is_alive(entry)]
            heapq.heapify(self._heap)

    def check(self) -> None:
        """Verify order, bookkeeping and the bound on marked entries; raises AssertionError."""
        heap = self._heap
        for i in range(1, len(heap)):
            assert not heap[i][:2] < heap[(i - 1) >> 1][:2], f"entry {i} is less than its parent"
        alive = {entry[2] for entry in heap if self._is_alive(entry)}
        assert alive == set(self._alive), "an entry is lost"
        assert len(heap) <= 2 * len(self._alive) + _SMALL + 1, "too many marked entries"
