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

from velvet_algorithms.contract import (
    OwnCopies,
    changed_meanwhile,
    ensure,
    refuse_nan,
    refuse_unordered,
)

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


class IndexedHeap(Generic[K]):
    """A binary heap that knows where each key is, so that a priority can be changed in O(log n).

    A comparison, a hash or an equality that changes the heap in the middle of a call ends that call
    with RuntimeError; what it changed stays.

    >>> heap = IndexedHeap()
    >>> heap.push("a", 3); heap.push("b", 2)
    >>> heap.decrease_key("a", 1)
    >>> heap.pop()
    ('a', 1)
    """

    __slots__ = ("_at", "_changes", "_heap")

    def __init__(self) -> None:
        self.__setstate__({"entries": []})

    def __getstate__(self) -> dict[str, Any]:
        return {"entries": [(priority, key) for priority, key, _ in self._heap]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # An entry is [priority, key, place]: keys are not hashed again when entries move.
        self._heap: list[list[Any]] = [[*one, i] for i, one in enumerate(state["entries"])]
        self._at: dict[K, list[Any]] = {entry[1]: entry for entry in self._heap}
        self._changes = 0

    def __len__(self) -> int:
        return len(self._heap)

    def __contains__(self, key: object) -> bool:
        return key in self._at

    def priority(self, key: K) -> Any:
        """Return a key's priority; raises KeyError when it is not here."""
        return self._at[key][0]

    def push(self, key: K, priority: Any) -> None:
        """Add a key; raises ValueError for NaN or where it is here already. O(log n)."""
        stamp, place = self._changes, len(self._heap)
        if key in self._at:
            raise ValueError(f"{key!r} is in the heap already; update() changes its priority")
        refuse_nan(priority)
        path, entry = self._rise(place, priority), [priority, key, place]
        known = self._at.setdefault(key, entry)
        if self._changes != stamp:
            if known is entry:
                del self._at[key]
            raise changed_meanwhile()
        self._heap.append(entry)
        self._shift(place, path, entry)

    def peek(self) -> tuple[K, Any]:
        """Return the key of least priority and the priority; raises IndexError when empty."""
        if not self._heap:
            raise IndexError("an empty heap has no least entry")
        priority, key, _ = self._heap[0]
        return key, priority

    def pop(self) -> tuple[K, Any]:
        """Remove and return the key of least priority; raises IndexError when empty. O(log n)."""
        key, priority = self.peek()
        self._take(self._heap[0])
        return key, priority

    def update(self, key: K, priority: Any) -> None:
        """Change a key's priority either way, or add the key. O(log n)."""
        entry = self._at.get(key)
        if entry is None:
            self.push(key, priority)
        else:
            self._move(entry, priority)

    def decrease_key(self, key: K, priority: Any) -> None:
        """Lower a key's priority; raises KeyError, or ValueError for a higher one. O(log n)."""
        entry, stamp = self._at[key], self._changes
        if entry[0] < priority:
            raise ValueError(f"{priority!r} is more than {entry[0]!r}; use update()")
        if self._changes != stamp:
            raise changed_meanwhile()
        self._move(entry, priority)

    def remove(self, key: K) -> Any:
        """Remove a key and return its priority; raises KeyError when it is not here. O(log n)."""
        entry = self._at[key]
        self._take(entry)
        return entry[0]

    # Below, every comparison and every hash, which may raise or come back, is before any move.

    def _move(self, entry: list[Any], priority: Any) -> None:
        stamp = self._changes
        refuse_nan(priority)
        path = self._path(entry, priority, len(self._heap))
        if self._changes != stamp:
            raise changed_meanwhile()
        gone, entry[0] = entry[0], priority  # noqa: F841 - held: its `__del__` may come back
        self._shift(entry[2], path, entry)

    def _take(self, entry: list[Any]) -> None:
        stamp, last, key = self._changes, self._heap[-1], entry[1]
        path = [] if last is entry else self._path(entry, last[0], len(self._heap) - 1)
        known = self._at.pop(key, None)
        if self._changes != stamp:
            if known is not None:
                self._at.setdefault(key, known)
            raise changed_meanwhile()
        self._heap.pop()
        if last is not entry:
            self._shift(entry[2], path, last)
        self._changes += 1

    def _path(self, entry: list[Any], priority: Any, end: int) -> list[int]:
        """Return the places that a priority passes from where an entry is."""
        if priority < entry[0]:
            return self._rise(entry[2], priority)
        return self._sink(entry[2], priority, end)

    def _rise(self, top: int, priority: Any) -> list[int]:
        heap, path = self._heap, []
        while top and priority < heap[(top - 1) >> 1][0]:
            top = (top - 1) >> 1
            path.append(top)
        return path

    def _sink(self, place: int, priority: Any, end: int) -> list[int]:
        heap, path, child = self._heap, [], 2 * place + 1
        while child < end:
            least = heap[child][0]
            if child + 1 < end and heap[child + 1][0] < least:
                child += 1
                least = heap[child][0]
            if not least < priority:
                break
            path.append(child)
            child = 2 * child + 1
        return path

    def _shift(self, place: int, path: list[int], entry: list[Any]) -> None:
        """Move the entries of a path one step towards a place, and put one at the path's end."""
        heap = self._heap
        for following in path:
            heap[place] = moved = heap[following]
            moved[2] = place
            place = following
        heap[place] = entry
        entry[2] = place
        self._changes += 1

    def check(self) -> None:
        """Verify order and index; raises AssertionError. O(n)."""
        _check_order([entry[0] for entry in self._heap])
        places = [entry[2] for entry in self._heap]
        ensure(places == list(range(len(self._heap))), "an entry is not at its place")
        ensure(len(self._at) == len(places), "the index is wrong")
        ensure(all(self._at.get(entry[1]) is entry for entry in self._heap), "the index is wrong")


class LazyHeap(OwnCopies, Generic[K]):
    """Keys with priorities; equal priorities leave in the order of their arrival.

    A comparison, a hash or an equality that comes back to the heap is refused with RuntimeError
    where the heap is in the middle of a change.

    >>> heap = LazyHeap()
    >>> heap.push("a", 2); heap.push("b", 1); heap.push("a", 0)
    >>> heap.remove("b")
    1
    >>> heap.pop(), len(heap)
    (('a', 0), 0)
    """

    __slots__ = ("_alive", "_busy", "_heap", "_turn")

    def __init__(self) -> None:
        self._heap: list[tuple[Any, int, K]] = []
        self._alive: dict[K, tuple[Any, int]] = {}
        self._turn = 0
        self._busy = False  # while entries move

    def __len__(self) -> int:
        return len(self._alive)

    def __contains__(self, key: object) -> bool:
        return key in self._alive

    def push(self, key: K, priority: Any) -> None:
        """Add a key, or give it a new priority; raises ValueError for NaN. O(log n) amortised.

        When a comparison raises, the heap is as it was before.
        """
        refuse_nan(priority)
        self._shrink()
        before = self._alive.get(key)  # a key that cannot be hashed is refused here
        entry = (priority, self._turn, key)
        self._turn += 1
        self._alive[key] = entry[:2]
        try:
            self._busy = True
            heapq.heappush(self._heap, entry)
        except BaseException:
            self._sink_back(entry)
            if before is None:
                del self._alive[key]
            else:
                self._alive[key] = before
            raise
        finally:
            self._busy = False

    def remove(self, key: K) -> Any:
        """Cancel a key and return its priority; raises KeyError when it is not here. O(1)."""
        self._shrink()
        return self._alive.pop(key)[0]

    def peek(self) -> tuple[K, Any]:
        """Return the key of least priority and the priority; raises IndexError when empty."""
        while self._heap:
            priority, _, key = top = self._heap[0]
            alive = self._is_alive(top)
            if not self._heap or self._heap[0] is not top:
                raise changed_meanwhile()
            if alive:
                return key, priority
            self._take_top()
        raise IndexError("an empty heap has no least entry")

    def pop(self) -> tuple[K, Any]:
        """Remove and return the key of least priority; raises IndexError when empty."""
        key, priority = self.peek()
        top, known = self._heap[0], self._alive.pop(key, None)
        if known is None or not self._heap or self._heap[0] is not top or known[1] != top[1]:
            if known is not None:
                self._alive.setdefault(key, known)
            raise changed_meanwhile()
        try:
            self._take_top()
        except BaseException:
            self._alive[key] = known
            raise
        return key, priority

    def _is_alive(self, entry: tuple[Any, int, K]) -> bool:
        known = self._alive.get(entry[2])
        return known is not None and known[1] == entry[1]

    # `heapq` leaves its list in disorder when a comparison raises. What it moved lies on one path.

    def _take_top(self) -> None:
        if self._busy:
            raise changed_meanwhile()
        heap = self._heap
        top, last = heap[0], heap[-1]
        try:
            self._busy = True
            heapq.heappop(heap)
        except BaseException:
            place = next(i for i, one in enumerate(heap) if one is last)
            while place:
                heap[place] = heap[(place - 1) >> 1]
                place = (place - 1) >> 1
            heap[0] = top
            heap.append(last)
            raise
        finally:
            self._busy = False

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
        if self._busy:
            raise changed_meanwhile()
        if len(self._heap) > 2 * len(self._alive) + _SMALL:
            try:
                self._busy = True
                alive = [entry for entry in self._heap if self._is_alive(entry)]
                heapq.heapify(alive)
                self._heap = alive
            finally:
                self._busy = False

    def check(self) -> None:
        """Verify order, bookkeeping and the bound on marked entries; raises AssertionError."""
        _check_order([entry[:2] for entry in self._heap])
        alive = {entry[2] for entry in self._heap if self._is_alive(entry)}
        ensure(alive == set(self._alive), "an entry is lost")
        ensure(len(self._heap) <= 2 * len(self._alive) + _SMALL + 2, "too many marked entries")
