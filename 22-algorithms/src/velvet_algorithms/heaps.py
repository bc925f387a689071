"""Priority queues beside `heapq`: with removal, with changing priorities.

Prefer `heapq` with plain tuples. When an entry must be cancelled or moved, `LazyHeap` marks it
where it is and pushes another, in C. Marked entries are skipped at the top, and when more than half
of all are marked the heap is made anew, as asyncio does with its timers. `IndexedHeap` really moves
entries, in Python, which costs more than the duplicates it avoids (benchmark `priority_queues`); take
it when memory counts or entries are moved far more often than popped. Nothing here is thread-safe.
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
_SMALL = 16  # below this many entries a rebuild is not worth its call


def top_k(iterable: Iterable[T], k: int) -> list[T]:
    """Return the k largest in falling order, equal ones in the order of their arrival.

    `heapq.nlargest` for a small share of the input, `sorted` from the measured crossover on. Both
    keep that order only among values that are `==` when neither is less. O(n log k) or O(n log n).

    Raises ValueError where k is negative, or a value is NaN.
    """
    if k < 0:
        raise ValueError(f"k must be >= 0, got {k!r}")
    values = list(iterable)
    refuse_unordered(values)
    if k < SORT_FROM_SHARE * len(values):
        return heapq.nlargest(k, values)  # type: ignore[type-var]
    return sorted(values, reverse=True)[:k]  # type: ignore[type-var]


def _check_order(priorities: list[Any]) -> None:
    for i in range(1, len(priorities)):
        parent = priorities[(i - 1) >> 1]
        ensure(not priorities[i] < parent, f"entry {i} is less than its parent")


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
        """Add a key; raises ValueError for NaN or where it is here already. O(log n)."""
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
            raise IndexError("an empty heap has no least entry")
        priority, key = self._heap[0]
        return key, priority

    def pop(self) -> tuple[K, Any]:
        """Remove and return the key of least priority; raises IndexError when empty. O(log n)."""
        key, priority = self.peek()
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
        """Lower a key's priority; raises KeyError, or ValueError for a higher one. O(log n)."""
        if self.priority(key) < priority:
            raise ValueError(f"{priority!r} is more than {self.priority(key)!r}; use update()")
        self.update(key, priority)

    def remove(self, key: K) -> Any:
        """Remove a key and return its priority; raises KeyError when it is not here. O(log n)."""
        priority = self.priority(key)
        self._take(self._at[key])
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
        heap, top, path = self._heap, place, []
        while top and entry[0] < heap[(top - 1) >> 1][0]:
            top = (top - 1) >> 1
            path.append(top)
        self._shift(place, path, entry)

    def _sink(self, place: int, entry: tuple[Any, K]) -> None:
        heap, path, child = self._heap, [], 2 * place + 1
        priority, end = entry[0], len(heap)
        while child < end:
            least = heap[child][0]
            if child + 1 < end and heap[child + 1][0] < least:
                child += 1
                least = heap[child][0]
            if not least < priority:
                break
            path.append(child)
            child = 2 * child + 1
        self._shift(place, path, entry)

    def _shift(self, place: int, path: list[int], entry: tuple[Any, K]) -> None:
        """Move the entries of a path one step towards a place, and put one at the path's end."""
        heap, at = self._heap, self._at
        for following in path:
            heap[place] = moved = heap[following]
            at[moved[1]] = place
            place = following
        heap[place] = entry
        at[entry[1]] = place

    def check(self) -> None:
        """Verify order and index; raises AssertionError. O(n)."""
        _check_order([priority for priority, _ in self._heap])
        keys = {key: place for place, (_, key) in enumerate(self._heap)}
        ensure(self._at == keys, "the index is wrong")


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

    def push(self, key: K, priority: Any) -> None:
        """Add a key, or give it a new priority; raises ValueError for NaN. O(log n) amortised.

        When a comparison raises, the heap is as it was before.
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
        while self._heap and not self._is_alive(self._heap[0]):
            self._take_top()
        if not self._heap:
            raise IndexError("an empty heap has no least entry")
        priority, _, key = self._heap[0]
        return key, priority

    def pop(self) -> tuple[K, Any]:
        """Remove and return the key of least priority; raises IndexError when empty."""
        key, priority = self.peek()
        self._take_top()
        del self._alive[key]
        return key, priority

    def _is_alive(self, entry: tuple[Any, int, K]) -> bool:
        known = self._alive.get(entry[2])
        return known is not None and known[1] == entry[1]

    # `heapq` leaves its list in disorder when a comparison raises. What it moved lies on one path.

    def _take_top(self) -> None:
        heap = self._heap
        top, last = heap[0], heap[-1]
        try:
            heapq.heappop(heap)
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
        _check_order([entry[:2] for entry in self._heap])
        alive = {entry[2] for entry in self._heap if self._is_alive(entry)}
        ensure(alive == set(self._alive), "an entry is lost")
        ensure(len(self._heap) <= 2 * len(self._alive) + _SMALL + 2, "too many marked entries")
