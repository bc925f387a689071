"""Priority queues beside `heapq`: with removal, with changing priorities, with cheap melding.

Prefer `heapq` with plain tuples. When an entry must be cancelled or moved, `LazyHeap` marks it
and pushes another; its pushes stay those of `heapq`, in C. `IndexedHeap` really moves entries,
in Python, which costs more than the duplicates it avoids (the benchmark `priority_queues`);
take it when memory counts or entries are moved far more often than popped. `PairingHeap` melds
two heaps in O(1). Nothing here is thread-safe.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from velvet_algorithms.ordering import refuse_nan

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

# From about a twentieth of the input on, sorting all of it is faster than keeping the k best,
# because `nlargest` is a Python loop (benchmark small_choices).
SORT_FROM_SHARE = 0.04


class IndexedHeap(Generic[K]):
    """A binary heap that knows where each key is, so that a priority can be changed in O(log n).

    >>> heap = IndexedHeap()
    >>> heap.push("a", 3); heap.push("b", 2)
    >>> heap.decrease_key("a", 1)
    >>> heap.pop()
    ('a', 1)
    """

    __slots__ = ("_at", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[Any, K]] = []
        self._at: dict[K, int] = {}

    def __len__(self) -> int:
        return len(self._heap)

    def __contains__(self, key: object) -> bool:
        return key in self._at

    def priority(self, key: K) -> Any:
        """Return a key's priority; raises KeyError when it is not here."""
        return self._heap[self._at[key]][0]

    def push(self, key: K, priority: Any) -> None:
        """Add a key. O(log n).

        Raises:
            ValueError: the key is here already (`update` changes it), or the priority is NaN.
        """
        if key in self._at:
            raise ValueError(f"{key!r} is in the heap already; update() changes its priority")
        refuse_nan(priority)
        self._heap.append((priority, key))
        try:
            self._rise(len(self._heap) - 1, (priority, key))
        except BaseException:
            self._heap.pop()
            raise

    def peek(self) -> tuple[K, Any]:
        """Return the key of least priority and the priority; raises IndexError when empty."""
        if not self._heap:
            raise IndexError("peek into an empty heap")
        priority, key = self._heap[0]
        return key, priority

    def pop(self) -> tuple[K, Any]:
        """Remove and return the key of least priority; raises IndexError when empty. O(log n)."""
        if not self._heap:
            raise IndexError("pop from an empty heap")
        priority, key = self._heap[0]
        self._take(0)
        return key, priority

    def update(self, key: K, priority: Any) -> None:
        """Change a key's priority either way, or add the key. O(log n)."""
        if key not in self._at:
            self.push(key, priority)
            return
        refuse_nan(priority)
        self._replace(self._at[key], (priority, key))

    def decrease_key(self, key: K, priority: Any) -> None:
        """Lower a key's priority. O(log n).

        Raises:
            KeyError: the key is not here.
            ValueError: the priority is higher than the key's.
        """
        if self.priority(key) < priority:
            raise ValueError(f"{priority!r} is more than {self.priority(key)!r}; use update()")
        self.update(key, priority)

    def remove(self, key: K) -> Any:
        """Remove a key and return its priority; raises KeyError when it is not here. O(log n)."""
        place = self._at[key]
        priority = self._heap[place][0]
        self._take(place)
        return priority

    def _take(self, place: int) -> None:
        gone, last = self._heap[place], self._heap.pop()
        if place < len(self._heap):
            try:
                self._replace(place, last)
            except BaseException:
                self._heap.append(last)
                raise
        del self._at[gone[1]]

    # Below, every comparison, any of which may raise, comes before anything moves.

    def _replace(self, place: int, entry: tuple[Any, K]) -> None:
        if entry[0] < self._heap[place][0]:
            self._rise(place, entry)
        else:
            self._sink(place, entry)

    def _rise(self, place: int, entry: tuple[Any, K]) -> None:
        heap, at, top = self._heap, self._at, place
        priority = entry[0]
        while top and priority < heap[(top - 1) >> 1][0]:
            top = (top - 1) >> 1
        while place != top:
            parent = (place - 1) >> 1
            heap[place] = above = heap[parent]
            at[above[1]] = place
            place = parent
        heap[place] = entry
        at[entry[1]] = place

    def _sink(self, place: int, entry: tuple[Any, K]) -> None:
        heap, at = self._heap, self._at
        priority, end = entry[0], len(heap)
        path = []
        child = 2 * place + 1
        while child < end:
            least = heap[child][0]
            if child + 1 < end and heap[child + 1][0] < least:
                child += 1
                least = heap[child][0]
            if not least < priority:
                break
            path.append(child)
            child = 2 * child + 1
        for child in path:
            heap[place] = below = heap[child]
            at[below[1]] = place
            place = child
        heap[place] = entry
        at[entry[1]] = place

    def check(self) -> None:
        """Verify order and index; raises AssertionError. O(n)."""
        heap = self._heap
        for i in range(1, len(heap)):
            assert not heap[i][0] < heap[(i - 1) >> 1][0], f"entry {i} is less than its parent"
        assert self._at == {key: i for i, (_, key) in enumerate(heap)}, "the index is wrong"


def top_k(iterable: Iterable[T], k: int) -> list[T]:
    """Return the k largest in falling order, equal ones in the order of their arrival.

    `heapq.nlargest` for a small share of the input, `sorted` from the measured crossover on. Both
    keep that order only among values that are `==` when neither is less. O(n log k) or O(n log n).

    Raises:
        ValueError: k is negative, or a value is NaN.
    """
    if k < 0:
        raise ValueError(f"k must be >= 0, got {k!r}")
    values = list(iterable)
    if k < SORT_FROM_SHARE * len(values):
        return heapq.nlargest(k, values)  # type: ignore[type-var]
    return sorted(values, reverse=True)[:k]  # type: ignore[type-var]


def merge_k(*iterables: Iterable[T]) -> Iterator[T]:
    """Merge sorted inputs lazily into one sorted stream; equal values by input. O(n log k)."""
    return heapq.merge(*iterables)  # type: ignore[type-var]
