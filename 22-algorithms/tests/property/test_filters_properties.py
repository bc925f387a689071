"""Filters never deny a key that was added, whatever the keys, unions and saves."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from velvet_algorithms.cuckoo import CuckooFilter, FilterFull
from velvet_algorithms.filters import BlockedBloom, BloomFilter

KEYS = st.lists(st.binary(max_size=6) | st.text(max_size=4), max_size=40)
FILTERS: list[Any] = [BloomFilter, BlockedBloom, CuckooFilter]


def filled(kind: Any, keys: list[Any], **options: Any) -> Any:
    made = kind(100, 0.05, **options)
    for key in dict.fromkeys(keys):
        made.add(key)
    return made


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("kind", FILTERS)
@given(keys=KEYS)
def test_a_key_that_was_added_is_never_denied(kind: Any, keys: list[Any]) -> None:
    made = filled(kind, keys)

    assert all(key in made for key in keys)


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("kind", FILTERS)
@given(keys=KEYS, probes=KEYS)
def test_a_saved_filter_answers_as_before(kind: Any, keys: list[Any], probes: list[Any]) -> None:
    made = filled(kind, keys, salt=b"secret")

    again = kind.from_bytes(made.to_bytes(), salt=b"secret")

    assert [probe in again for probe in probes] == [probe in made for probe in probes]
    assert again.to_bytes() == made.to_bytes()
    assert b"secret" not in made.to_bytes()


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("kind", [BloomFilter, BlockedBloom])
@given(a=KEYS, b=KEYS)
def test_a_union_is_the_filter_of_both(kind: Any, a: list[Any], b: list[Any]) -> None:
    union, whole = filled(kind, a).union(filled(kind, b)), filled(kind, a + b)

    probes = [f"probe-{number}" for number in range(50)]
    assert [probe in union for probe in probes] == [probe in whole for probe in probes]
    assert all(key in union for key in a + b)


@settings(deadline=None)
@given(mark=st.integers(1, 2**16 - 1), bucket=st.integers(0, 53), capacity=st.integers(1, 400))
def test_partners_are_mutual_and_never_the_same(mark: int, bucket: int, capacity: int) -> None:
    made = CuckooFilter(capacity)
    bucket %= made.buckets

    partner = made._partner(bucket, mark)

    assert partner != bucket
    assert made._partner(partner, mark) == bucket


@settings(max_examples=30, deadline=None)
@given(a=KEYS, b=KEYS)
def test_a_union_of_cuckoo_filters_holds_the_keys_of_both(a: list[Any], b: list[Any]) -> None:
    first, second = filled(CuckooFilter, a), filled(CuckooFilter, b)

    union = first.union(second)

    assert all(key in union for key in a + b)
    assert len(union) == len(first) + len(second)


@settings(max_examples=40, deadline=None)
@given(keys=KEYS)
def test_asking_in_bulk_is_asking_one_by_one(keys: list[Any]) -> None:
    made = filled(BlockedBloom, keys[::2])

    assert made.contains_many(keys).tolist() == [key in made for key in keys]


class CuckooMachine(RuleBasedStateMachine):
    """A cuckoo filter beside a multiset: what is in the one is never denied by the other."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = CuckooFilter(60, 0.01)
        self.model: Counter[str] = Counter()

    @precondition(lambda self: self.model.total() < 50)
    @rule(key=st.sampled_from([f"key-{number}" for number in range(40)]))
    def add(self, key: str) -> None:
        before = self.filter.to_bytes()
        try:
            self.filter.add(key)
        except FilterFull:  # too many copies of this key, or of one that shares its buckets
            assert max(self.model.values()) >= 2
            assert self.filter.to_bytes() == before
        else:
            self.model[key] += 1

    @precondition(lambda self: self.model.total() > 0)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(+self.model)))
        self.filter.remove(key)
        self.model[key] -= 1

    @invariant()
    def nothing_is_denied(self) -> None:
        assert all(key in self.filter for key in +self.model)
        assert len(self.filter) == self.model.total()


CuckooMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestCuckooMachine = CuckooMachine.TestCase
