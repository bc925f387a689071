"""Filters and sketches: how wrong, how large, how fast, beside the exact answer.

Errors, rates and bytes are exact figures of seeded keys; each error is also given in units of the
standard deviation that theory states (`off_by`), so a claim of "within three" can be refuted.
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Metric, Suite, ratio, value
from velvet_algorithms.comparisons.rows import SEED, add_rows, claim_speedups
from velvet_algorithms.contenders import Way, load, ways
from velvet_algorithms.cuckoo import CuckooFilter
from velvet_algorithms.filters import BlockedBloom, BloomFilter
from velvet_algorithms.quantiles import TDigest
from velvet_algorithms.samples.words import make_words, zipf_stream
from velvet_algorithms.sketches import CountMin, HyperLogLog, SpaceSaving

KEYS, ABSENT, ERROR = 50_000, 40_000, 0.01
FILTERS: dict[str, Any] = {
    "BloomFilter": BloomFilter,
    "BlockedBloom": BlockedBloom,
    "CuckooFilter": CuckooFilter,
}
STREAM, WORDS = 300_000, 86_000
ADDED = 2000  # items in one timed call
RANKED = 100_000
DISTINCT = [100, 1000, 10_000, 200_000]


def _bytes_of(exact: Collection[Any]) -> float:
    return float(sys.getsizeof(exact) + sum(map(sys.getsizeof, exact)))


def _needs(name: str) -> str | tuple[str, ...]:
    return name if name in ("datasketches", "rbloom") else ()


def _filter_truth(name: str, n: int) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        keys = [b"order-%d" % number for number in range(n)]
        absent = [b"absent-%d" % number for number in range(ABSENT)]
        if name == "set":
            return {"bytes": _bytes_of(set(keys)), "rate": 0.0, "theory": 0.0, "off_by": 0.0}
        made = (FILTERS.get(name) or load("rbloom").empty)(n, ERROR)
        if name == "BlockedBloom":
            made.add_many(keys)
            rate = float(made.contains_many(absent).mean())
        else:
            for key in keys:
                made.add(key)
            rate = sum(key in made for key in absent) / ABSENT
        if name == "rbloom":
            size, theory = made.size_in_bits / 8, ERROR
        else:
            size, theory = made.bytes_used, made.theory()
        sigma = math.sqrt(theory * (1 - theory) / ABSENT)
        off_by = abs(rate - theory) / sigma
        return {"bytes": float(size), "rate": rate, "theory": theory, "off_by": off_by}

    return run


def _add_filters(suite: Suite) -> None:
    speed = suite.comparison(
        "membership_filters",
        title="Is this key among n? 5,000 that are and 5,000 that are not, 1 % error",
        unit="ns",
        items=10_000,
        sizes={"n": [500, 2000, 7000, 20_000, KEYS]},
        default=lambda n: n == KEYS,
        rounds={"quick": 6, "default": 10},
    )
    add_rows(speed, "membership", baseline="set")
    truth = suite.comparison(
        "membership_truth",
        title="Bytes and false positives of n keys at 1 %; off_by in standard deviations",
        kind="value",
        unit="bytes",
        sizes={"n": [KEYS]},
        metrics={"bytes": "bytes", "rate": "", "theory": "", "off_by": "sigma"},
    )
    for name in ("set", *FILTERS, "rbloom"):
        setup = partial(_filter_truth, name)
        truth.add(name, setup, baseline=name == "set", needs=_needs(name))
    suite.claim(
        "a Bloom filter takes a thirtieth of the bytes of a set of the same keys",
        ratio("membership_truth", "set", "BloomFilter", "bytes") >= 30,
    )
    for name in FILTERS:
        suite.claim(
            f"{name} is wrong as often as theory says, within three standard deviations",
            value("membership_truth", name, "off_by") <= 3,
        )
    rust = "rbloom is at least 8 times as fast as our Bloom filter"
    claim_speedups(suite, speed, {rust: ("rbloom", "BloomFilter", 8)})


def _distinct(name: str, n: int) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        keys = [b"user-%d" % number for number in range(n)]
        if name == "set":
            return {"error": 0.0, "off_by": 0.0, "bytes": _bytes_of(set(keys))}
        if name == "datasketches":
            found, size = load("datasketches").distinct(keys)
        else:
            ours = HyperLogLog(14)
            for key in keys:
                ours.add(key)
            found, size = ours.count(), ours.bytes_used
        error = abs(found / n - 1)
        off_by = error / (1.04 / math.sqrt(2**14))
        return {"error": 100 * error, "off_by": off_by, "bytes": float(size)}

    return run


def _heavy(name: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        stream = zipf_stream(make_words(WORDS), STREAM, seed=SEED)
        truth = Counter(stream)
        best = {word for word, _ in truth.most_common(20)}
        size, bound = 0.0, 0.0
        if name == "Counter":
            found, over = best, 0
            size = _bytes_of(truth)
        elif name == "SpaceSaving":
            saving: SpaceSaving[str] = SpaceSaving(500)
            saving.update(stream)
            found = {heavy.item for heavy in saving.top(20)}
            over = max(heavy.count - truth[heavy.item] for heavy in saving.top(500))
            size, bound = float(saving.bytes_used), saving.error_bound()
        elif name == "CountMin":
            table = CountMin(0.002, 0.01)
            for word in stream:
                table.add(word)
            counts = {word: table.estimate(word) for word in truth}
            found = set(sorted(counts, key=lambda word: -counts[word])[:20])
            over = max(counts[word] - truth[word] for word in truth)
            size, bound = float(table.bytes_used), table.error_bound()
        else:
            rows, bound, size = load("datasketches").heavy(stream)
            found = {word for word, _ in rows[:20]}
            over = max(count - truth[word] for word, count in rows)
        return {
            "recall": len(found & best) / 20,
            "overcount": float(over),
            "bound": bound,
            "bytes": size,
        }

    return run


def _numbers(shape: str) -> Any:
    draw, half = np.random.default_rng(SEED), np.arange(RANKED // 2)
    if shape == "zigzag":  # from both ends towards the middle, in turn
        return np.stack((half, RANKED - half), axis=1).ravel().astype(float)
    return draw.random(RANKED) if shape == "uniform" else draw.lognormal(0, 1, RANKED)


def _quantiles(name: str, shape: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        numbers = _numbers(shape)
        ordered = np.sort(numbers)
        if name == "datasketches":
            quantile, rank, size = load("datasketches").quantiles(numbers.tolist())
        else:
            ours = TDigest(200 if name == "TDigest(200)" else 100)
            ours.update(numbers)
            quantile, rank, size = ours.quantile, ours.cdf, ours.bytes_used
        shares = np.linspace(0.001, 0.999, 999)
        ranks = np.searchsorted(ordered, [quantile(q) for q in shares]) / RANKED
        told = np.array([rank(value) for value in ordered[99::100].tolist()])
        true = np.arange(100, RANKED + 1, 100) / RANKED
        return {
            "rank_error": float(np.abs(ranks - shares).max()),
            "cdf_error": float(np.abs(told - true).max()),
            "tail_error": float(max(abs(ranks[0] - 0.001), abs(ranks[-1] - 0.999))),
            "q90_error": float(abs(ranks[899] - 0.9)),
            "bytes": float(size),
        }

    return run


def _adding(one: Way) -> Callable[[], None]:
    """Add items to a sketch that has seen many already."""
    draw = random.Random(SEED)
    texts: list[Any] = zipf_stream(make_words(20_000), ADDED, seed=SEED)
    numbers: list[Any] = [draw.lognormvariate(0, 1) for _ in range(ADDED)]
    digest = one.name in ("TDigest", "tdigest package", "datasketches t-digest")
    run: Callable[[], None] = one.setup(numbers if digest else texts)
    return run


def _add_sketches(suite: Suite) -> None:
    distinct = suite.comparison(
        "sketches_distinct",
        title="How many different keys: error of one estimate with 16,384 registers; off_by in standard errors",
        kind="value",
        unit="%",
        sizes={"n": DISTINCT},
        metrics={"error": "%", "off_by": "sigma", "bytes": "bytes"},
    )
    for name in ("set", "HyperLogLog", "datasketches"):
        setup = partial(_distinct, name)
        distinct.add(name, setup, baseline=name == "set", needs=_needs(name))
    for n in DISTINCT:
        suite.claim(
            f"HyperLogLog is within three standard errors for {n} keys",
            value("sketches_distinct", "HyperLogLog", "off_by", n=n) <= 3,
        )
    heavy = suite.comparison(
        "sketches_heavy",
        title="The 20 most frequent of 300,000 words by Zipf's law, with 500 counters or so",
        tier="default",
        kind="value",
        unit="",
        metrics={
            "recall": Metric("", "higher"),
            "overcount": "items",
            "bound": "items",
            "bytes": "bytes",
        },
    )
    for name in ("Counter", "SpaceSaving", "CountMin", "datasketches"):
        setup = partial(_heavy, name)
        heavy.add(name, setup, baseline=name == "Counter", needs=_needs(name))
    suite.claim(
        "Space-Saving names all twenty and overcounts by at most total / k",
        value("sketches_heavy", "SpaceSaving", "recall").equals(1)
        & (value("sketches_heavy", "SpaceSaving", "overcount") <= STREAM / 500),
        tier="default",
    )
    ranks = suite.comparison(
        "sketches_quantiles",
        title="The worst rank error of 999 quantiles and of 1,000 ranks of 100,000 numbers, by their shape",
        kind="value",
        unit="",
        sizes={"shape": ["uniform", "lognormal", "zigzag"]},
        metrics={
            "rank_error": "",
            "cdf_error": "",
            "tail_error": "",
            "q90_error": "",
            "bytes": "bytes",
        },
    )
    for name in ("TDigest", "TDigest(200)", "datasketches"):
        setup = partial(_quantiles, name)
        ranks.add(name, setup, baseline=name == "TDigest", needs=_needs(name))
    error = partial(value, "sketches_quantiles", "TDigest", shape="lognormal")
    suite.claim(
        "a t-digest of 100 is within half a percent in rank",
        (error("rank_error") <= 0.005) & (error("cdf_error") <= 0.005),
    )


def _add_adding(suite: Suite) -> None:
    adding = suite.comparison(
        "sketches_add",
        title="Adding one item to a sketch",
        unit="ns",
        items=ADDED,
        rounds={"quick": 6, "default": 12},
    )
    for one in ways("sketch_adds"):
        adding.add(one.name, partial(_adding, one), baseline=one.name == "Counter", needs=one.needs)
    pure = "our t-digest adds at least 20 times as fast as the pure-Python package"
    claim_speedups(suite, adding, {pure: ("TDigest", "tdigest package", 20)})


def add_to(suite: Suite) -> None:
    """Add the comparisons of filters and sketches."""
    _add_filters(suite)
    _add_sketches(suite)
    _add_adding(suite)
