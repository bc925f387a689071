"""Family `priority_queue`: push everything, lower the priority of every second entry, pop all."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

from velvet_algorithms.contenders import contender, workload

Data = list[tuple[int, int]]  # for each key its first and its lower priority
Run = Callable[[], list[int]]


@workload("priority_queue")
def priorities(n: int, seed: int) -> Data:
    """Return two priorities for each of n keys, all of them different."""
    rng = random.Random(seed)
    drawn = rng.sample(range(10 * n), 2 * n)
    return [(max(a, b), min(a, b)) for a, b in zip(drawn[::2], drawn[1::2], strict=True)]


@contender("priority_queue", "heapq, doubles skipped", "builtin")
def heapq_lazy(data: Data) -> Run:
    def run() -> list[int]:
        heap: list[tuple[int, int]] = []
        for key, (first, _) in enumerate(data):
            heapq.heappush(heap, (first, key))
        for key in range(0, len(data), 2):
            heapq.heappush(heap, (data[key][1], key))
        done, order = bytearray(len(data)), []
        while heap:
            _, key = heapq.heappop(heap)
            if not done[key]:
                done[key] = 1
                order.append(key)
        return order

    return run


@contender("priority_queue", "LazyHeap", "ours")
def lazy_heap(data: Data) -> Run:
    from velvet_algorithms.lazy_heap import LazyHeap

    def run() -> list[int]:
        heap = LazyHeap[int]()
        for key, (first, _) in enumerate(data):
            heap.push(key, first)
        for key in range(0, len(data), 2):
            heap.push(key, data[key][1])
        return [heap.pop()[0] for _ in data]

    return run


@contender("priority_queue", "IndexedHeap", "ours")
def indexed_heap(data: Data) -> Run:
    from velvet_algorithms.heaps import IndexedHeap

    def run() -> list[int]:
        heap = IndexedHeap[int]()
        for key, (first, _) in enumerate(data):
            heap.push(key, first)
        for key in range(0, len(data), 2):
            heap.decrease_key(key, data[key][1])
        return [heap.pop()[0] for _ in data]

    return run


@contender("priority_queue", "PairingHeap", "ours")
def pairing_heap(data: Data) -> Run:
    from velvet_algorithms.pairing_heap import PairingHeap

    def run() -> list[int]:
        heap = PairingHeap[int]()
        handles = [heap.push(key, first) for key, (first, _) in enumerate(data)]
        for key in range(0, len(data), 2):
            heap.decrease_key(handles[key], data[key][1])
        return [heap.pop()[0] for _ in data]

    return run
