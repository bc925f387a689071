"""Sketches keep their bounds for every input, and merging two is sketching both streams."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from velvet_algorithms.quantiles import Reservoir, TDigest
from velvet_algorithms.sketches import CountMin, HyperLogLog, SpaceSaving

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=2), max_size=60)
NUMBERS = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300)
SHARES = st.lists(st.floats(0, 1), min_size=2, max_size=10)


def distinct(words: list[str]) -> HyperLogLog:
    made = HyperLogLog(6)
    for word in words:
        made.add(word)
    return made


def counted(words: list[str], conservative: bool) -> CountMin:
    made = CountMin(0.2, 0.2, conservative=conservative)
    for word in words:
        made.add(word)
    return made


@settings(max_examples=40, deadline=None)
@given(WORDS, WORDS)
def test_merged_hyperloglogs_are_one_of_both_streams(a: list[str], b: list[str]) -> None:
    merged = distinct(a)

    merged.merge(distinct(b))

    assert merged.to_bytes() == distinct(a + b).to_bytes()


@settings(max_examples=40, deadline=None)
@given(WORDS, WORDS)
def test_merged_plain_count_mins_are_one_of_both_streams(a: list[str], b: list[str]) -> None:
    merged = counted(a, conservative=False)

    merged.merge(counted(b, conservative=False))

    assert merged.to_bytes() == counted(a + b, conservative=False).to_bytes()


@settings(max_examples=40, deadline=None)
@given(WORDS, WORDS)
def test_count_min_never_counts_too_little(a: list[str], b: list[str]) -> None:
    merged, truth = counted(a, conservative=True), Counter(a + b)

    merged.merge(counted(b, conservative=True))

    plain = counted(a + b, conservative=False)
    assert all(truth[word] <= merged.estimate(word) <= plain.estimate(word) for word in truth)
    assert merged.total == len(a + b)


class SpaceSavingMachine(RuleBasedStateMachine):
    """Space-Saving beside an exact counter, with heavy additions and merges in between."""

    items = st.sampled_from("abcdefghij")

    def __init__(self) -> None:
        super().__init__()
        self.sketch: SpaceSaving[str] = SpaceSaving(4)
        self.truth: Counter[str] = Counter()

    @rule(item=items)
    def add(self, item: str) -> None:
        self.sketch.add(item)
        self.truth[item] += 1

    @rule(item=items, count=st.integers(2, 9))
    def add_many(self, item: str, count: int) -> None:
        self.sketch.add(item, count)
        self.truth[item] += count

    @rule(stream=st.lists(items, max_size=12))
    def merge(self, stream: list[str]) -> None:
        other: SpaceSaving[str] = SpaceSaving(4)
        other.update(stream)
        self.sketch.merge(other)
        self.truth.update(stream)

    @invariant()
    def bounds_hold_for_every_item(self) -> None:
        for item in "abcdefghijk":
            low, high = self.sketch.bounds(item)
            assert low <= self.truth[item] <= high
            assert high - low <= self.sketch.error_bound()

    @invariant()
    def whatever_is_frequent_is_kept(self) -> None:
        kept = {heavy.item for heavy in self.sketch.top(4)}
        often = {item for item in self.truth if self.truth[item] > self.sketch.total / 4}
        assert often <= kept
        assert len(self.sketch) <= 4
        assert self.sketch.total == self.truth.total()


SpaceSavingMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None
)
TestSpaceSavingMachine = SpaceSavingMachine.TestCase


@settings(max_examples=60, deadline=None)
@given(NUMBERS, SHARES)
@example([1.7e308, -1.7e308], [0.0, 0.5, 1.0])
@example([5e-324, 0.0, -5e-324], [0.0, 0.3, 1.0])
@example([1.0] * 300, [0.0, 0.5])
def test_a_digest_never_falls_and_is_exact_at_both_ends(
    numbers: list[float], shares: list[float]
) -> None:
    made = TDigest(10)
    for number in numbers:
        made.add(number)

    found = [made.quantile(share) for share in sorted(shares)]

    assert found == sorted(found)
    assert made.quantile(0) == min(numbers)
    assert made.quantile(1) == max(numbers)
    assert min(numbers) <= found[0] <= found[-1] <= max(numbers)


@settings(max_examples=60, deadline=None)
@example([0.0, 5e-324])  # half of the second is nothing
@example([-1.7e308, 1.7e308])  # and their distance no float
@given(NUMBERS)
def test_ranks_never_fall_and_lie_between_0_and_1(numbers: list[float]) -> None:
    made = TDigest(10)
    made.update(numbers)

    ranks = [made.cdf(number) for number in sorted(numbers)]

    assert ranks == sorted(ranks)
    assert ranks[-1] == 1.0
    assert made.cdf(float("-inf")) == 0.0


@settings(max_examples=40, deadline=None)
@given(NUMBERS, NUMBERS)
def test_merged_digests_hold_all_numbers(a: list[float], b: list[float]) -> None:
    first, second = TDigest(10), TDigest(10)
    first.update(a)
    second.update(b)

    first.merge(second)

    assert len(first) == len(a) + len(b)
    assert (first.quantile(0), first.quantile(1)) == (min(a + b), max(a + b))
    assert len(second) == len(b)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(), max_size=60), st.integers(1, 20), st.integers(0, 5))
def test_a_sample_is_part_of_the_stream_and_as_large_as_it_can_be(
    items: list[int], k: int, seed: int
) -> None:
    sample: Reservoir[int] = Reservoir(k, seed)

    sample.update(items)

    assert len(sample.sample) == min(k, len(items))
    assert not Counter(sample.sample) - Counter(items)
    assert sample.seen == len(items)


@pytest.mark.parametrize("values", [[], [3.0]])
def test_the_smallest_digests(values: list[float]) -> None:
    made = TDigest()
    made.update(values)

    if values:
        assert [made.quantile(q) for q in (0, 0.5, 1)] == [3.0] * 3
    else:
        with pytest.raises(ValueError, match="an empty digest has no quantiles"):
            made.quantile(0.5)
