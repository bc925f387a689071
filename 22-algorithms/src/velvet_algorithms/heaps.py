"""Priority queues beside `heapq`: with removal, with changing priorities, with cheap melding.

Prefer `heapq` with plain tuples. When an entry must be cancelled or moved, `LazyHeap` marks it
and pushes another; its pushes stay those of `heapq`, in C. `IndexedHeap` really moves entries,
in Python, which costs more than the duplicates it avoids (the benchmark `priority_queues`);
take it when memory counts or entries are moved far more often than popped. `PairingHeap` melds
two heaps in O(1). Nothing here is thread-safe.

A priority queue on `heapq` whose entries can be cancelled: cancelled ones are skipped at the top.

The heap never moves an entry. A cancelled or replaced one stays where it is, marked, until it
comes to the top or until more than half of all entries are marked; then the heap is made anew,
so memory stays within twice what is alive (and 16). This is what asyncio does with its timers.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import OwnCopies, ensure, refuse_nan, refuse_unordered

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

# From about a twentieth of the input on, sorting all of it is faster than keeping the k best,
# because `nlargest` is a Python loop (benchmark small_choices).
SORT_FROM_SHARE = 0.04


class IndexedHeap(OwnCopies, Generic[K]):
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
            ensure(not heap[i][0] < heap[(i - 1) >> 1][0], f"entry {i} is less than its parent")
        ensure(self._at == {key: i for i, (_, key) in enumerate(heap)}, "the index is wrong")


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
    refuse_unordered(values)
    if k < SORT_FROM_SHARE * len(values):
        return heapq.nlargest(k, values)  # type: ignore[type-var]
    return sorted(values, reverse=True)[:k]  # type: ignore[type-var]


_SMALL = 16  # below this many entries a rebuild is not worth its call


class LazyHeap(OwnCopies, Generic[K]):
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
        self._turn = 0

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
        key in self._alive  # noqa: B015 - a key that cannot be hashed is refused here
        self._shrink()
        entry = (priority, self._turn, key)
        try:
            heapq.heappush(self._heap, entry)
        except BaseException:
            self._sink_back(entry)
            raise
        self._alive[key] = entry[:2]
        self._turn += 1

    def remove(self, key: K) -> Any:
        """Cancel a key and return its priority; raises KeyError when it is not here. O(1)."""
        self._shrink()
        return self._alive.pop(key)[0]

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
        # Before anything changes, because a comparison may raise.
        if len(self._heap) > 2 * len(self._alive) + _SMALL:
            alive = [entry for entry in self._heap if self._is_alive(entry)]
            heapq.heapify(alive)
            self._heap = alive

    def check(self) -> None:
        """Verify order, bookkeeping and the bound on marked entries; raises AssertionError."""
        heap = self._heap
        for i in range(1, len(heap)):
            ensure(not heap[i][:2] < heap[(i - 1) >> 1][:2], f"entry {i} is less than its parent")
        alive = {entry[2] for entry in heap if self._is_alive(entry)}
        ensure(alive == set(self._alive), "an entry is lost")
        ensure(len(heap) <= 2 * len(self._alive) + _SMALL + 2, "too many marked entries")
