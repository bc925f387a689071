"""Heaps against dictionaries and sorted lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from velvet_algorithms.heaps import IndexedHeap, LazyHeap, top_k
from velvet_algorithms.pairing_heap import Node, PairingHeap

KEYS = st.integers(0, 15)
PRIORITIES = st.integers(-9, 9)
MACHINE = settings(max_examples=40, stateful_step_count=30, deadline=None)


class KeyedHeapMachine(RuleBasedStateMachine):
    """`IndexedHeap` against a dictionary from keys to priorities."""

    def __init__(self) -> None:
        super().__init__()
        self.heap: Any = self.make()
        self.model: dict[int, int] = {}

    def make(self) -> Any:
        return IndexedHeap[int]()

    def put(self, key: int, priority: int) -> None:
        self.heap.update(key, priority)

    @rule(key=KEYS, priority=PRIORITIES)
    def write(self, key: int, priority: int) -> None:
        self.put(key, priority)
        self.model[key] = priority

    @rule(key=KEYS)
    def remove(self, key: int) -> None:
        if key in self.model:
            assert self.heap.remove(key) == self.model.pop(key)
        else:
            with pytest.raises(KeyError):
                self.heap.remove(key)

    @rule()
    def pop(self) -> None:
        if not self.model:
            with pytest.raises(IndexError):
                self.heap.pop()
            return
        assert self.heap.peek()[1] == min(self.model.values())
        key, priority = self.heap.pop()
        assert priority == min(self.model.values())
        assert self.model.pop(key) == priority

    @invariant()
    def same(self) -> None:
        self.heap.check()
        assert len(self.heap) == len(self.model)
        assert all(key in self.heap for key in self.model)


class IndexedMachine(KeyedHeapMachine):
    """What only an indexed heap can do."""

    @rule(key=KEYS, priority=PRIORITIES)
    def push(self, key: int, priority: int) -> None:
        if key in self.model:
            with pytest.raises(ValueError, match="already"):
                self.heap.push(key, priority)
        else:
            self.heap.push(key, priority)
            self.model[key] = priority

    @rule(key=KEYS, priority=PRIORITIES)
    @precondition(lambda self: self.model)
    def decrease(self, key: int, priority: int) -> None:
        if key not in self.model:
            with pytest.raises(KeyError):
                self.heap.decrease_key(key, priority)
        elif priority > self.model[key]:
            with pytest.raises(ValueError, match="is more than"):
                self.heap.decrease_key(key, priority)
        else:
            self.heap.decrease_key(key, priority)
            self.model[key] = priority


class LazyMachine(KeyedHeapMachine):
    """`LazyHeap` with a bound on its marked entries."""

    def make(self) -> Any:
        return LazyHeap[int]()

    def put(self, key: int, priority: int) -> None:
        self.heap.push(key, priority)

    @invariant()
    def small(self) -> None:
        assert len(self.heap._heap) <= 2 * len(self.model) + 17


class PairingMachine(RuleBasedStateMachine):
    """`PairingHeap` against a dictionary from handles to priorities."""

    def __init__(self) -> None:
        super().__init__()
        self.heap = PairingHeap[int]()
        self.model: dict[Node[int], int] = {}
        self.gone: list[Node[int]] = []

    @rule(item=KEYS, priority=PRIORITIES)
    def push(self, item: int, priority: int) -> None:
        self.model[self.heap.push(item, priority)] = priority

    @rule(priorities=st.lists(PRIORITIES, max_size=6))
    def meld(self, priorities: list[int]) -> None:
        other = PairingHeap[int]()
        for item, priority in enumerate(priorities):
            self.model[other.push(item, priority)] = priority
        self.heap.meld(other)
        assert len(other) == 0

    @rule(data=st.data(), priority=PRIORITIES)
    @precondition(lambda self: self.model)
    def decrease(self, data: st.DataObject, priority: int) -> None:
        node = data.draw(st.sampled_from(list(self.model)))
        if priority > self.model[node]:
            with pytest.raises(ValueError, match="is more than"):
                self.heap.decrease_key(node, priority)
        else:
            self.heap.decrease_key(node, priority)
            self.model[node] = priority

    @rule(data=st.data())
    @precondition(lambda self: self.model)
    def remove(self, data: st.DataObject) -> None:
        node = data.draw(st.sampled_from(list(self.model)))
        assert self.heap.remove(node) == node.item
        del self.model[node]
        with pytest.raises(ValueError, match="has left"):
            self.heap.remove(node)

    @rule()
    def pop(self) -> None:
        if not self.model:
            for ask in (self.heap.pop, self.heap.peek):
                with pytest.raises(IndexError):
                    ask()
            return
        _, least = self.heap.peek()
        item, priority = self.heap.pop()
        assert least == priority == min(self.model.values())
        left = {id(node) for node in _nodes(self.heap)}
        (node,) = (node for node in self.model if id(node) not in left)
        assert node.item == item
        del self.model[node]

    @invariant()
    def same(self) -> None:
        self.heap.check()
        assert len(self.heap) == len(self.model)


def _nodes(heap: PairingHeap[int]) -> list[Node[int]]:
    found, waiting = [], [heap._root]
    while waiting:
        node = waiting.pop()
        if node is not None:
            found.append(node)
            waiting += [node.child, node.next]
    return found


for machine in (IndexedMachine, LazyMachine, PairingMachine):
    machine.TestCase.settings = MACHINE
TestIndexedHeap = IndexedMachine.TestCase
TestLazyHeap = LazyMachine.TestCase
TestPairingHeap = PairingMachine.TestCase


@given(st.lists(st.integers(0, 50), max_size=120), st.integers(0, 130))
def test_top_k_is_the_head_of_the_sorted_values(values: list[int], k: int) -> None:
    assert top_k(values, k) == sorted(values, reverse=True)[:k]


def test_both_ways_to_the_top_keep_equal_values_in_the_order_of_their_arrival() -> None:
    @dataclass(order=True)
    class Card:
        rank: int
        name: int = field(compare=False)

    cards = [Card(i % 3, i) for i in range(300)]

    few, many = top_k(cards, 5), top_k(cards, 150)

    assert [card.name for card in few] == [2, 5, 8, 11, 14]
    assert [card.name for card in many[:5]] == [2, 5, 8, 11, 14]
