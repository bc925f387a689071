"""Sketches: how wrong, how large, how fast, beside the exact answer.

Errors and bytes are exact figures of seeded streams; each error is also given in units of the
standard deviation that theory states, so a claim of "within three" can be refuted.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from algorithms_rows import SEED

from velvet.bench import Metric, Suite, speedup, value

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
            from datasketches import hll_sketch

            sketch = hll_sketch(14)
            for key in keys:
                sketch.update(key.decode())
            found, size = sketch.get_estimate(), sketch.get_updatable_serialization_bytes()
        else:
            from velvet_algorithms.sketches import HyperLogLog

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
    from collections import Counter

    from velvet_algorithms.apps.words import make_words, zipf_stream
    from velvet_algorithms.sketches import CountMin, SpaceSaving

    def run() -> dict[str, float]:
        stream = zipf_stream(make_words(WORDS), STREAM, seed=SEED)
        truth = Counter(stream)
        best = {word for word, _ in truth.most_common(20)}
        size, bound = 0.0, 0.0
        if name == "counter":
            found, over = best, 0
            size = float(sys.getsizeof(truth) + sum(map(sys.getsizeof, truth)))
        elif name == "space_saving":
            saving: SpaceSaving[str] = SpaceSaving(500)
            saving.update(stream)
            found = {heavy.item for heavy in saving.top(20)}
            over = max(heavy.count - truth[heavy.item] for heavy in saving.top(500))
            size, bound = float(saving.bytes_used), saving.error_bound()
        elif name == "count_min":
            table = CountMin(0.002, 0.01)
            for word in stream:
                table.add(word)
            counts = {word: table.estimate(word) for word in truth}
            found = set(sorted(counts, key=lambda word: -counts[word])[:20])
            over = max(counts[word] - truth[word] for word in truth)
            size, bound = float(table.bytes_used), table.error_bound()
        else:
            from datasketches import frequent_items_error_type, frequent_strings_sketch

            theirs = frequent_strings_sketch(10)
            for word in stream:
                theirs.update(word)
            rows = theirs.get_frequent_items(frequent_items_error_type.NO_FALSE_NEGATIVES, 0)
            found = {row[0] for row in rows[:20]}
            over = max(row[3] - truth[row[0]] for row in rows)
            size = float(theirs.get_serialized_size_bytes())
            bound = theirs.epsilon * STREAM
        return {
            "recall": len(found & best) / 20,
            "overcount": float(over),
            "bound": bound,
            "bytes": size,
        }

    return run


def _quantiles(name: str) -> Callable[[], dict[str, float]]:
    import random

    import numpy as np

    from velvet_algorithms.sketches import TDigest

    def run() -> dict[str, float]:
        draw = random.Random(SEED)
        numbers = [draw.lognormvariate(0, 1) for _ in range(100_000)]
        ordered = np.sort(numbers)
        size = 0.0
        if name == "datasketches":
            from datasketches import tdigest_double

            theirs = tdigest_double(100)
            for number in numbers:
                theirs.update(number)
            quantile, rank = theirs.get_quantile, theirs.get_rank
            size = float(theirs.get_serialized_size_bytes())
        else:
            ours = TDigest(200 if name == "tdigest_200" else 100)
            ours.update(np.array(numbers))
            quantile, rank, size = ours.quantile, ours.cdf, float(ours.bytes_used)
        shares = np.linspace(0.001, 0.999, 999)
        ranks = np.searchsorted(ordered, [quantile(q) for q in shares]) / len(ordered)
        told = [rank(value) for value in ordered[99::100].tolist()]
        true = np.arange(100, len(ordered) + 1, 100) / len(ordered)
        return {
            "rank_error": float(np.abs(ranks - shares).max()),
            "cdf_error": float(np.abs(np.array(told) - true).max()),
            "bytes": size,
        }

    return run


def _adding(name: str) -> Callable[[], Callable[[], None]]:
    """Add items to a sketch that has seen many already."""

    def setup() -> Callable[[], None]:
        import random

        from velvet_algorithms import sketches
        from velvet_algorithms.apps.words import make_words, zipf_stream

        draw = random.Random(SEED)
        texts: list[Any] = zipf_stream(make_words(20_000), ADDED, seed=SEED)
        numbers: list[Any] = [draw.lognormvariate(0, 1) for _ in range(ADDED)]
        makers: dict[str, Callable[[], Any]] = {
            "hyperloglog": sketches.HyperLogLog,
            "count_min": lambda: sketches.CountMin(0.002, 0.01),
            "space_saving": lambda: sketches.SpaceSaving(500),
            "tdigest": sketches.TDigest,
        }
        items = numbers if "tdigest" in name else texts
        if name in makers:
            add = makers[name]().add
        elif name == "tdigest_package":
            from tdigest import TDigest

            add = TDigest().update
        elif name == "counter":
            from collections import Counter

            counted: Counter[str] = Counter()
            return lambda: counted.update(texts)
        else:
            from datasketches import hll_sketch, tdigest_double

            add = (tdigest_double(100) if "tdigest" in name else hll_sketch(14)).update

        def run() -> None:
            for item in items:
                add(item)

        return run

    return setup


def _add_sketches(suite: Suite) -> None:
    distinct = suite.comparison(
        "sketches_distinct",
        title="How many different keys: error of one estimate, p = 14; off_by in standard errors",
        kind="value",
        unit="%",
        sizes={"n": DISTINCT},
        metrics={"error": "%", "off_by": "sigma", "bytes": "bytes"},
    )
    for name in ("set", "hyperloglog", "datasketches"):
        needs = "datasketches" if name == "datasketches" else ()
        distinct.add(name, partial(_distinct, name), baseline=name == "set", needs=needs)
    for n in DISTINCT:
        suite.claim(
            f"HyperLogLog is within three standard errors for {n} keys",
            value("sketches_distinct", "hyperloglog", "off_by", n=n) <= 3,
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
    for name in ("counter", "space_saving", "count_min", "datasketches"):
        needs = "datasketches" if name == "datasketches" else ()
        heavy.add(name, partial(_heavy, name), baseline=name == "counter", needs=needs)
    suite.claim(
        "Space-Saving names all twenty and overcounts by at most total / k",
        value("sketches_heavy", "space_saving", "recall").equals(1)
        & (value("sketches_heavy", "space_saving", "overcount") <= STREAM / 500),
        tier="default",
    )
    ranks = suite.comparison(
        "sketches_quantiles",
        title="The worst rank error of 999 quantiles and of 1,000 ranks of 100,000 lognormal numbers",
        kind="value",
        unit="",
        metrics={"rank_error": "", "cdf_error": "", "bytes": "bytes"},
    )
    for name in ("tdigest", "tdigest_200", "datasketches"):
        needs = "datasketches" if name == "datasketches" else ()
        ranks.add(name, partial(_quantiles, name), baseline=name == "tdigest", needs=needs)
    suite.claim(
        "a t-digest of 100 is within half a percent in rank",
        (value("sketches_quantiles", "tdigest", "rank_error") <= 0.005)
        & (value("sketches_quantiles", "tdigest", "cdf_error") <= 0.005),
    )


def _add_adding(suite: Suite) -> None:
    adding = suite.comparison(
        "sketches_add",
        title="Adding one item to a sketch",
        unit="ns",
        items=ADDED,
        rounds={"quick": 6, "default": 12},
    )
    peers = {
        "tdigest_package": "tdigest",
        "datasketches_tdigest": "datasketches",
        "datasketches_hll": "datasketches",
    }
    own = ("counter", "hyperloglog", "count_min", "space_saving", "tdigest")
    for name in (*own, *peers):
        adding.add(name, _adding(name), baseline=name == "counter", needs=peers.get(name, ()))
    suite.claim(
        "our t-digest adds at least 20 times as fast as the pure-Python package",
        speedup("sketches_add", "tdigest", "tdigest_package") >= 20,
        needs="tdigest",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of sketches."""
    _add_sketches(suite)
    _add_adding(suite)
