"""Errors of sketches on fixed seeds within four standard deviations; sizes; refusals."""

from __future__ import annotations

import math
import random
import tracemalloc
from collections import Counter
from typing import Any

import numpy as np
import pytest

from velvet_algorithms.quantiles import Reservoir, TDigest
from velvet_algorithms.samples.words import make_words, zipf_stream
from velvet_algorithms.sketches import CountMin, HyperLogLog, SpaceSaving


@pytest.mark.parametrize("distinct", [1, 100, 5000, 30_000])
def test_hyperloglog_is_within_four_standard_errors(distinct: int) -> None:
    made = HyperLogLog(12)
    for number in range(distinct):
        made.add(b"key-%d" % number)

    # sqrt(4096) = 64, so the standard error is 1.04 / 64 = 1.6 %.
    assert made.error_bound() == pytest.approx(0.01625)
    assert abs(made.count() / distinct - 1) <= 4 * made.error_bound()


def test_an_empty_hyperloglog_counts_nothing_and_a_full_one_does_not_fail() -> None:
    made = HyperLogLog(4)
    assert made.count() == 0.0

    made._registers[:] = bytes([61]) * 16  # every register at 64 - 4 + 1

    assert made.count() == math.inf

    made._registers[0] = 60
    assert 2**60 < made.count() < math.inf


def test_repeats_change_nothing() -> None:
    made = HyperLogLog(10)
    made.add("a")
    before = made.to_bytes()

    made.add("a")

    assert made.to_bytes() == before


def test_count_min_exceeds_its_bound_no_more_often_than_it_says() -> None:
    stream = zipf_stream(make_words(3000), 20_000, seed=4)
    truth = Counter(stream)
    made = CountMin(0.002, 0.05, conservative=False)
    for word in stream:
        made.add(word)

    over = sum(made.estimate(word) - truth[word] > made.error_bound() for word in truth)

    # Each of n words may exceed it with probability 0.05: 4 sigma = 4 sqrt(0.05 * 0.95 * n).
    words = len(truth)
    assert over <= 0.05 * words + 4 * math.sqrt(0.05 * 0.95 * words)
    assert made.error_bound() == pytest.approx(40.0)


def test_conservative_counting_is_never_worse_and_better_for_rare_words() -> None:
    stream = zipf_stream(make_words(3000), 20_000, seed=4)
    careful, plain = CountMin(0.01, 0.05), CountMin(0.01, 0.05, conservative=False)
    for word in stream:
        careful.add(word)
        plain.add(word)

    pairs = [(careful.estimate(word), plain.estimate(word)) for word in set(stream)]

    assert all(one <= other for one, other in pairs)
    assert sum(one for one, _ in pairs) < 0.8 * sum(other for _, other in pairs)


def test_space_saving_finds_the_twenty_most_frequent_words() -> None:
    stream = zipf_stream(make_words(20_000), 50_000, seed=2)
    truth = Counter(stream)
    made: SpaceSaving[str] = SpaceSaving(500)

    made.update(stream)

    assert {heavy.item for heavy in made.top(20)} == {word for word, _ in truth.most_common(20)}
    assert all(
        heavy.count - heavy.error <= truth[heavy.item] <= heavy.count for heavy in made.top(500)
    )
    assert max(heavy.error for heavy in made.top(500)) <= made.error_bound() == 100.0


def test_work_of_space_saving_does_not_depend_on_how_many_words_it_keeps() -> None:
    """A word that replaces another one must not walk over the holes that earlier ones left."""
    made: SpaceSaving[int] = SpaceSaving(1000)

    made.update(range(30_000))

    assert len(made) == 1000
    assert made.bounds(29_999)[1] == 30
    assert sum(heavy.count for heavy in made.top(1000)) == 30_000


def test_a_digest_of_a_skewed_stream_has_ranks_within_half_a_percent() -> None:
    draw = random.Random(8)
    numbers = [draw.lognormvariate(0, 1) for _ in range(20_000)]
    made = TDigest()
    for number in numbers:
        made.add(number)

    ordered = np.sort(numbers)
    shares = np.linspace(0, 1, 201)
    ranks = [np.searchsorted(ordered, made.quantile(q)) / len(ordered) for q in shares]

    assert np.abs(np.array(ranks) - shares).max() <= 0.005
    tail = abs(np.searchsorted(ordered, made.quantile(0.999)) / len(ordered) - 0.999)
    assert tail <= 0.0005
    assert made.error_bound() == pytest.approx(math.pi / 200, rel=0.001)


@pytest.mark.parametrize("order", ["sorted", "reversed", "equal"])
def test_the_order_of_numbers_does_not_ruin_a_digest(order: str) -> None:
    numbers = {
        "sorted": list(range(10_000)),
        "reversed": list(range(9999, -1, -1)),
        "equal": [7] * 10_000,
    }[order]
    made = TDigest()
    made.update(numbers)

    expected = 7 if order == "equal" else 5000
    assert abs(made.quantile(0.5) - expected) <= 50
    assert len(made) == 10_000


def test_every_item_is_sampled_equally_often() -> None:
    hits: Counter[int] = Counter()
    trials, k, n = 2000, 3, 12
    for seed in range(trials):
        sample: Reservoir[int] = Reservoir(k, seed)
        sample.update(range(n))
        hits.update(sample.sample)

    # Each item is in with p = 1/4: mean 500, sigma sqrt(2000 * 0.25 * 0.75) = 19.4.
    assert all(abs(hits[item] - 500) <= 4 * 19.4 for item in range(n))


def test_a_share_of_a_sample_is_within_four_standard_errors() -> None:
    sample: Reservoir[int] = Reservoir(400, seed=1)

    sample.update(range(20_000))

    share = sum(item < 6000 for item in sample.sample) / 400
    assert abs(share - 0.3) <= 4 * sample.error_bound() == 0.1


def grown(make: Any, feed: Any) -> tuple[int, int]:
    feed(make())
    tracemalloc.start()
    try:
        made = make()
        feed(made)
        return tracemalloc.get_traced_memory()[0], made.bytes_used
    finally:
        tracemalloc.stop()


def add_all(made: Any) -> None:
    for number in range(3000):
        made.add(f"key-{number % 700}")


def add_numbers(made: Any) -> None:
    for number in range(3000):
        made.add(float(number))


@pytest.mark.parametrize(
    ("make", "feed"),
    [
        (HyperLogLog, add_all),
        (lambda: CountMin(0.001, 0.01), add_all),
        (lambda: SpaceSaving(500), add_all),
        (TDigest, add_numbers),
        (lambda: Reservoir(500, 1), add_all),
    ],
    ids=["hyperloglog", "countmin", "spacesaving", "tdigest", "reservoir"],
)
def test_a_sketch_takes_the_bytes_that_it_states(make: Any, feed: Any) -> None:
    taken, stated = grown(make, feed)

    # The objects themselves, their few numbers and a random generator of 2.5 kB come on top.
    assert taken <= 1.1 * stated + 6000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HyperLogLog(3), "p must be between 4 and 18, got 3"),
        (lambda: CountMin(0, 0.1), "eps must be between 0 and 1"),
        (lambda: CountMin(0.1, 1), "delta must be between 0 and 1"),
        (lambda: SpaceSaving(0), "k must be at least 1, got 0"),
        (lambda: TDigest(9), "delta must be at least 10, got 9"),
        (lambda: Reservoir(0, 1), "k must be at least 1, got 0"),
        (lambda: CountMin(0.1, 0.1).add("a", -1), "count must be at least 0, got -1"),
        (lambda: SpaceSaving(2).add("a", 0), "count must be at least 1, got 0"),
        (lambda: TDigest().quantile(1.1), "q must be between 0 and 1, got 1.1"),
        (lambda: TDigest().cdf(math.nan), "NaN is not ordered"),
    ],
)
def test_impossible_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_without_an_order_changes_nothing(bad: float) -> None:
    made = TDigest()
    made.update([1.0, 2.0])

    with pytest.raises(ValueError, match="finite"):
        made.add(bad)
    with pytest.raises(ValueError, match="none of them was added"):
        made.update([3.0, bad])

    assert len(made) == 2
    assert made.quantile(1) == 2.0


@pytest.mark.parametrize("bad", [["3"], [1.0, None], np.array(["3"]), np.array([1j])])
def test_what_is_no_number_is_not_taken_for_one(bad: Any) -> None:
    made = TDigest()

    with pytest.raises(TypeError):
        made.update(bad)

    assert len(made) == 0


@pytest.mark.parametrize("numbers", [[], range(5), np.arange(5), np.array([True, False])])
def test_whatever_holds_numbers_is_taken(numbers: Any) -> None:
    made = TDigest()
    made.update(numbers)

    assert len(made) == len(numbers)


def test_an_item_without_a_hash_changes_nothing() -> None:
    made: SpaceSaving[Any] = SpaceSaving(1)
    made.add("a")

    with pytest.raises(TypeError, match="unhashable"):
        made.add([])

    assert made.bounds("a") == (1, 1)
    assert made.total == 1


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (HyperLogLog(4), HyperLogLog(5), "p 4 and 5"),
        (CountMin(0.1, 0.1), CountMin(0.2, 0.1), "eps 0.1 and 0.2"),
        (CountMin(0.1, 0.1), CountMin(0.1, 0.1, conservative=False), "conservative True and False"),
        (SpaceSaving(2), SpaceSaving(3), "they have 2 and 3"),
        (TDigest(10), TDigest(20), "delta 10 and 20"),
    ],
    ids=["hyperloglog", "countmin", "conservative", "spacesaving", "tdigest"],
)
def test_sketches_with_other_parameters_do_not_merge_and_both_are_named(
    a: Any, b: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        a.merge(b)


def test_merging_an_empty_digest_changes_nothing() -> None:
    made = TDigest()
    made.update([1.0, 2.0, 3.0])

    made.merge(TDigest())

    assert (made.quantile(0), made.quantile(1), len(made)) == (1.0, 3.0, 3)
