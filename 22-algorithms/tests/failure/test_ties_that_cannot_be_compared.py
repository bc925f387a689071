"""Priorities such as ``(2, {...})`` compare until two are equal: then everything stays as it was.

The classic trap of `heapq`: a tie is decided by what comes after the number, which has no order.
Two entries may lie in a heap for long before they meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from velvet_algorithms.heaps import IndexedHeap, LazyHeap
from velvet_algorithms.pairing_heap import Node, PairingHeap

Priority = tuple[int, object]


class Keyed:
    """A `PairingHeap` whose handles are found by key."""

    def __init__(self) -> None:
        self.heap = PairingHeap[int]()
        self.handles: dict[int, Node[int]] = {}

    def __len__(self) -> int:
        return len(self.heap)

    def check(self) -> None:
        self.heap.check()

    def push(self, key: int, priority: Priority) -> None:
        self.handles[key] = self.heap.push(key, priority)

    def pop(self) -> tuple[int, Priority]:
        return self.heap.pop()

    def remove(self, key: int) -> None:
        self.heap.remove(self.handles[key])

    def update(self, key: int, priority: Priority) -> Priority:
        node = self.handles[key]
        lower = (min(priority[0], node.priority[0]), priority[1])  # it can only be lowered
        self.heap.decrease_key(node, lower)
        return lower


class Pushed(LazyHeap[int]):
    """A `LazyHeap`, which changes a priority by pushing again."""

    def update(self, key: int, priority: Priority) -> None:
        self.push(key, priority)


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["push", "push", "pop", "remove", "update"]), *[st.integers(0, 9)] * 2
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@example([("push", 0, 0), ("push", 0, 1), ("push", 0, 1), ("pop", 0, 0)])
@given(STEPS)
@pytest.mark.parametrize("make", [IndexedHeap, Pushed, Keyed])
def test_a_tie_that_cannot_be_decided_changes_nothing(
    make: Callable[[], Any], steps: list[Step]
) -> None:
    heap, held = make(), dict[int, Priority]()

    for number, (act, pick, first) in enumerate(steps):
        key = sorted(held)[pick % len(held)] if held else None
        priority = (first, object())
        try:
            if act == "push":
                heap.push(number, priority)
                held[number] = priority
            elif act == "pop" and held:
                key, least = heap.pop()
                assert held.pop(key) == least
                assert all(least[0] <= other[0] for other in held.values())
            elif act == "remove" and key is not None:
                heap.remove(key)
                del held[key]
            elif act == "update" and key is not None:
                held[key] = heap.update(key, priority) or priority
        except TypeError:
            assert len(heap) == len(held)
        heap.check()

    assert len(heap) == len(held)
