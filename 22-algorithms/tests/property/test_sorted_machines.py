"""Sorted containers against a sorted list: any sequence of operations gives the same answers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from velvet_algorithms.ordered import BPlusTree, SkipList
from velvet_algorithms.sorted_list import SortedDict, SortedList

VALUES = st.integers(-20, 20)
PLACES = st.integers(-60, 60)
MACHINE = settings(max_examples=30, stateful_step_count=30, deadline=None)


def tens(value: int) -> int:
    """A key under which many values are equal."""
    return value // 10


class BagMachine(RuleBasedStateMachine):
    """`SortedList` with buckets of four, so that every split and join happens."""

    key: Any = None

    @initialize(values=st.lists(VALUES, max_size=40), load=st.integers(4, 6))
    def begin(self, values: list[int], load: int) -> None:
        self.bag = SortedList(values, key=self.key, load=load)
        self.model = sorted(values, key=self.key)

    def place(self, value: int) -> int:
        """Return where the model keeps the first equal value."""
        return self.model.index(value)

    @rule(value=VALUES)
    def add(self, value: int) -> None:
        self.bag.add(value)
        insort(self.model, value, key=self.key)

    @rule(values=st.lists(VALUES, max_size=12))
    def update(self, values: list[int]) -> None:
        self.bag.update(values)
        self.model = sorted([*self.model, *sorted(values, key=self.key)], key=self.key)

    @rule(value=VALUES)
    def discard(self, value: int) -> None:
        self.bag.discard(value)
        if value in self.model:
            del self.model[self.place(value)]

    @rule(value=VALUES)
    def remove(self, value: int) -> None:
        if value in self.model:
            self.bag.remove(value)
            del self.model[self.place(value)]
        else:
            with pytest.raises(ValueError, match="is not in the list"):
                self.bag.remove(value)

    @rule(index=PLACES)
    def pop(self, index: int) -> None:
        if -len(self.model) <= index < len(self.model):
            assert self.bag.pop(index) == self.model.pop(index)
        else:
            with pytest.raises(IndexError):
                self.bag.pop(index)

    @rule(cut=st.slices(40))
    def delete(self, cut: slice) -> None:
        del self.bag[cut]
        del self.model[cut]

    @rule()
    @precondition(lambda self: len(self.model) > 30)
    def clear(self) -> None:
        self.bag.clear()
        self.model.clear()

    @rule(index=PLACES, cut=st.slices(40), reverse=st.booleans())
    def look_at_places(self, index: int, cut: slice, reverse: bool) -> None:
        assert self.bag[cut] == self.model[cut]
        part = self.model[cut.start : cut.stop]
        found = list(self.bag.islice(cut.start, cut.stop, reverse=reverse))
        assert found == (part[::-1] if reverse else part)
        if -len(self.model) <= index < len(self.model):
            assert self.bag[index] == self.model[index]
        else:
            with pytest.raises(IndexError):
                self.bag[index]

    @rule(value=VALUES)
    def look_for(self, value: int) -> None:
        assert (value in self.bag) == (value in self.model)
        assert self.bag.count(value) == self.model.count(value)
        by = self.key or (lambda one: one)
        assert self.bag.bisect_left(value) == bisect_left(self.model, by(value), key=self.key)
        assert (
            self.bag.bisect(value)
            == self.bag.bisect_right(value)
            == bisect_right(self.model, by(value), key=self.key)
        )
        if value in self.model:
            assert self.bag.index(value) == self.model.index(value)
        else:
            with pytest.raises(ValueError, match="is not in the list"):
                self.bag.index(value)

    @rule(
        low=st.none() | VALUES,
        high=st.none() | VALUES,
        ends=st.tuples(st.booleans(), st.booleans()),
    )
    def look_through(self, low: int | None, high: int | None, ends: tuple[bool, bool]) -> None:
        by = self.key or (lambda one: one)
        expected = [
            one
            for one in self.model
            if (low is None or by(low) < by(one) or (ends[0] and by(low) == by(one)))
            and (high is None or by(one) < by(high) or (ends[1] and by(one) == by(high)))
        ]
        assert list(self.bag.irange(low, high, ends)) == expected
        assert list(self.bag.irange(low, high, ends, reverse=True)) == expected[::-1]

    @invariant()
    def same(self) -> None:
        if hasattr(self, "bag"):
            self.bag.check()
            assert list(self.bag) == self.model
            assert list(reversed(self.bag)) == self.model[::-1]
            assert len(self.bag) == len(self.model)


class KeyedBagMachine(BagMachine):
    """The same with a key that makes many values equal: they keep the order of their arrival."""

    key = staticmethod(tens)


TestBag = BagMachine.TestCase
TestBag.settings = MACHINE
TestKeyedBag = KeyedBagMachine.TestCase
TestKeyedBag.settings = MACHINE


class OrderedMachine(RuleBasedStateMachine):
    """What a skip list and a B+ tree have in common."""

    @initialize(values=st.lists(VALUES, max_size=30))
    def begin(self, values: list[int]) -> None:
        self.ours = self.make(values)
        self.model = sorted(values)

    def make(self, values: list[int]) -> Any:
        return SkipList(values, seed=len(values))

    @rule(value=VALUES)
    def add(self, value: int) -> None:
        self.ours.add(value)
        insort(self.model, value)

    @rule(value=VALUES)
    def remove(self, value: int) -> None:
        if value in self.model:
            self.ours.remove(value)
            self.model.remove(value)
        else:
            with pytest.raises(ValueError, match="is not in the"):
                self.ours.remove(value)

    @rule(low=st.none() | VALUES, high=st.none() | VALUES)
    def look_through(self, low: int | None, high: int | None) -> None:
        expected = [
            one
            for one in self.model
            if (low is None or low <= one) and (high is None or one <= high)
        ]
        assert list(self.ours.range(low, high)) == expected

    @rule(value=VALUES, index=PLACES)
    def look(self, value: int, index: int) -> None:
        assert (value in self.ours) == (value in self.model)
        if -len(self.model) <= index < len(self.model):
            assert self.ours[index] == self.model[index]
        else:
            with pytest.raises(IndexError):
                self.ours[index]

    @invariant()
    def same(self) -> None:
        if hasattr(self, "ours"):
            self.ours.check()
            assert list(self.ours) == self.model
            assert len(self.ours) == len(self.model)


class BPlusMachine(OrderedMachine):
    """A tree of nodes of four, so that it grows and shrinks by several levels."""

    def make(self, values: list[int]) -> Any:
        return BPlusTree(values, order=4)


TestSkipList = OrderedMachine.TestCase
TestSkipList.settings = MACHINE
TestBPlusTree = BPlusMachine.TestCase
TestBPlusTree.settings = MACHINE


@given(st.lists(st.tuples(st.booleans(), VALUES), max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_sorted_dict_is_a_dict_whose_keys_are_sorted(steps: list[tuple[bool, int]]) -> None:
    ours, model = SortedDict[int, int](load=4), dict[int, int]()

    for turn, (write, key) in enumerate(steps):
        if write:
            ours[key] = model[key] = turn
        elif key in model:
            assert ours.pop(key) == model.pop(key)
        else:
            with pytest.raises(KeyError):
                del ours[key]

    ours.check()
    assert list(ours.items()) == sorted(model.items())
    assert list(reversed(ours)) == sorted(model, reverse=True)
    assert list(ours.irange(0, 9)) == [key for key in sorted(model) if 0 <= key <= 9]
    assert ours.bisect_left(3) == sum(key < 3 for key in model)
    assert ours.bisect_right(3) == sum(key <= 3 for key in model)


@given(st.lists(VALUES, min_size=1, max_size=300))
@settings(max_examples=30, deadline=None)
def test_a_tree_emptied_in_any_order_is_empty_and_usable(values: list[int]) -> None:
    tree = BPlusTree(values, order=4)

    for value in values:
        tree.remove(value)
    tree.add(7)

    tree.check()
    assert list(tree) == [7]
