"""Sketches: how wrong, how large, how fast, beside the exact answer.

Errors and bytes are exact figures of seeded streams; each error is also given in units of the
standard deviation that theory states, so a claim of "within three" can be refuted.
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Metric, Suite, speedup, value
from velvet_algorithms.comparisons.rows import SEED
from velvet_algorithms.contenders import Way, load, ways
from velvet_algorithms.samples.words import make_words, zipf_stream
from velvet_algorithms.sketches import CountMin, HyperLogLog, SpaceSaving, TDigest

STREAM, WORDS = 300_000, 86_000
ADDED = 2000  # items in one timed call
DISTINCT = [100, 1000, 10_000, 200_000]


def _set_bytes(keys: list[bytes]) -> float:
    exact = set(keys)
    return float(sys.getsizeof(exact) + sum(map(sys.getsizeof, exact)))


def _distinct(name: str, n: int) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        keys = [b"user-%d" % number for number in range(n)]
        if name == "set":
            return {"error": 0.0, "off_by": 0.0, "bytes": _set_bytes(keys)}
        if name == "datasketches":
            found, size = load("datasketches").distinct(keys)
        else:
            ours = HyperLogLog(14)
            for key in keys:
                ours.add(key)
            found, size = ours.count(), ours.bytes_used
        error = abs(found / n - 1)
        return {
            "error": 100 * error,
            "off_by": error / (1.04 / math.sqrt(2**14)),
            "bytes": float(size),
        }

    return run


def _heavy(name: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        stream = zipf_stream(make_words(WORDS), STREAM, seed=SEED)
        truth = Counter(stream)
        best = {word for word, _ in truth.most_common(20)}
        size, bound = 0.0, 0.0
        if name == "Counter":
            found, over = best, 0
            size = float(sys.getsizeof(truth) + sum(map(sys.getsizeof, truth)))
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


def _quantiles(name: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        draw = random.Random(SEED)
        numbers = [draw.lognormvariate(0, 1) for _ in range(100_000)]
        ordered = np.sort(numbers)
        size = 0.0
        if name == "datasketches":
            quantile, rank, size = load("datasketches").quantiles(numbers)
        else:
            ours = TDigest(200 if name == "TDigest(200)" else 100)
            ours.update(np.array(numbers))
            quantile, rank, size = ours.quantile, ours.cdf, float(ours.bytes_used)
        shares = np.linspace(0.001, 0.999, 999)
        ranks = np.searchsorted(ordered, [quantile(q) for q in shares]) / len(ordered)
        told = [rank(value) for value in ordered[99::100].tolist()]
        true = np.arange(100, len(ordered) + 1, 100) / len(ordered)
        return {
            "rank_error": float(np.abs(ranks - shares).max()),
            "cdf_error": float(np.abs(np.array(told) - true).max()),
            "tail_error": float(max(abs(ranks[0] - 0.001), abs(ranks[-1] - 0.999))),
            "bytes": size,
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
        title="How many different keys: error of one estimate, p = 14; off_by in standard errors",
        kind="value",
        unit="%",
        sizes={"n": DISTINCT},
        metrics={"error": "%", "off_by": "sigma", "bytes": "bytes"},
    )
    for name in ("set", "HyperLogLog", "datasketches"):
        needs = "datasketches" if name == "datasketches" else ()
        distinct.add(name, partial(_distinct, name), baseline=name == "set", needs=needs)
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
        needs = "datasketches" if name == "datasketches" else ()
        heavy.add(name, partial(_heavy, name), baseline=name == "Counter", needs=needs)
    suite.claim(
        "Space-Saving names all twenty and overcounts by at most total / k",
        value("sketches_heavy", "SpaceSaving", "recall").equals(1)
        & (value("sketches_heavy", "SpaceSaving", "overcount") <= STREAM / 500),
        tier="default",
    )
    ranks = suite.comparison(
        "sketches_quantiles",
        title="The worst rank error of 999 quantiles and of 1,000 ranks of 100,000 lognormal numbers",
        kind="value",
        unit="",
        metrics={"rank_error": "", "cdf_error": "", "tail_error": "", "bytes": "bytes"},
    )
    for name in ("TDigest", "TDigest(200)", "datasketches"):
        needs = "datasketches" if name == "datasketches" else ()
        ranks.add(name, partial(_quantiles, name), baseline=name == "TDigest", needs=needs)
    suite.claim(
        "a t-digest of 100 is within half a percent in rank",
        (value("sketches_quantiles", "TDigest", "rank_error") <= 0.005)
        & (value("sketches_quantiles", "TDigest", "cdf_error") <= 0.005),
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
    suite.claim(
        "our t-digest adds at least 20 times as fast as the pure-Python package",
        speedup("sketches_add", "TDigest", "tdigest package") >= 20,
        needs="tdigest",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of sketches."""
    _add_sketches(suite)
    _add_adding(suite)
