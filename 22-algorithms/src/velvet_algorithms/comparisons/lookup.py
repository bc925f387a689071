"""Prefixes, disjoint sets, ranges and intervals: our structures beside the libraries."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, ratio
from velvet_algorithms.comparisons.rows import add_rows, claim_speedups
from velvet_algorithms.contenders import ways
from velvet_algorithms.samples.words import make_words

WORDS = [20_000, 86_000]
FEW = WORDS[0]  # what the quick tier measures


def _memory(make: Callable[[dict[str, int]], Any], n: int) -> Callable[[], Outcome]:
    weights = dict.fromkeys(make_words(n, seed=2), 1)
    make({"word": 1})  # imports

    def run() -> Outcome:
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        index = make(weights)
        held = tracemalloc.get_traced_memory()[0] - before
        if hasattr(index, "tobytes"):  # bytes that Python does not see
            held += len(index.tobytes())
        tracemalloc.stop()
        if "nosuchword" in index:
            raise ValueError("a word that is not there was found")
        return Outcome({"megabytes": held / 1e6, "bytes_per_word": held / n})

    return run


def _add_completions(suite: Suite) -> None:
    completions = suite.comparison(
        "autocomplete",
        title="The ten best of n words for a prefix, mean of twelve prefixes",
        unit="us",
        items=12,
        sizes={"n": [300, 1200, 5000, *WORDS]},
        default=lambda n: n in WORDS,
        quick=lambda n: n == FEW,
        rounds={"quick": 5, "default": 8},
    )
    naive = "sorted list + nlargest"
    add_rows(completions, "completions", baseline=naive)
    every = "a tree of the best finds ten completions faster than a look at all of them"
    trie = "a sorted list beats the textbook's trie"
    claims = {every: ("PrefixIndex", naive, 3), trie: ("PrefixIndex", "DictTrie", 15)}
    claim_speedups(suite, completions, claims, n=FEW)
    held = suite.comparison(
        "autocomplete_memory",
        title="Memory of an index of n words, without the words themselves",
        kind="value",
        unit="MB",
        sizes={"n": WORDS},
        quick=lambda n: n == FEW,
        metrics={"megabytes": Metric("MB"), "bytes_per_word": Metric("bytes")},
    )
    for one in ways("indexes"):
        setup = partial(_memory, one.setup)
        held.add(one.name, setup, baseline=one.name == "PrefixIndex", needs=one.needs)
    suite.claim(
        "a trie of dictionaries takes more than twenty times the memory of marisa-trie",
        ratio("autocomplete_memory", "DictTrie", "marisa-trie", "megabytes", n=FEW) >= 20,
        needs="marisa-trie",
    )


def _add_disjoint_sets(suite: Suite) -> None:
    sets = suite.comparison(
        "union_find",
        title="n random pairs joined, then every number's representative asked for",
        unit="ms",
        sizes={"n": [300, 1_000, 6_000, 20_000, 60_000, 200_000]},
        default=lambda n: n >= 6_000,
        quick=lambda n: n == 20_000,
        rounds={"quick": 3, "default": 5},
    )
    add_rows(sets, "union_find", baseline="networkx")
    port = "and take no longer than those of the AtCoder library in Python"
    compiled = "compiled code is several times faster than both"
    claims = {
        "our disjoint sets beat those of networkx": ("UnionFind", "networkx", 2.5),
        port: ("UnionFind", "atcoder", 0.85),
        compiled: ("scipy", "UnionFind.union_all", 3),
    }
    claim_speedups(suite, sets, claims, n=20_000)


def _add_ranges(suite: Suite) -> None:
    sums = suite.comparison(
        "range_queries",
        title="n times: change one of n items, ask for the sum of a range",
        unit="ms",
        sizes={"n": [100, 300, 1_000, 3_000, 10_000, 100_000]},
        default=lambda n: n in (1_000, 10_000, 100_000),
        quick=lambda n: n == 10_000,
        rounds={"quick": 3, "default": 5},
    )
    add_rows(sums, "range_sums", baseline="atcoder", most={"sum(list[a:b])": 20_000})
    port = "our Fenwick tree takes no longer than that of the AtCoder library in Python"
    sliced = "a Fenwick tree is many times faster than adding up a slice"
    claims = {port: ("Fenwick", "atcoder", 1.0), sliced: ("Fenwick", "sum(list[a:b])", 3)}
    claim_speedups(suite, sums, claims, n=10_000)
    products = suite.comparison(
        "range_products",
        title="n times: replace one of n maps, ask for the product of a range (not commutative)",
        unit="ms",
        sizes={"n": [50, 200, 1_000, 3_000, 10_000]},
        default=lambda n: n in (1_000, 10_000),
        quick=lambda n: n == 1_000,
        rounds={"quick": 4, "default": 5},
    )
    naive = "reduce(list[a:b])"
    add_rows(products, "range_products", baseline="atcoder", most={naive: 2_000})
    sliced = "a segment tree is many times faster than multiplying a slice"
    claim_speedups(suite, products, {sliced: ("SegmentTree", naive, 3)}, n=1_000)


def _add_updates(suite: Suite) -> None:
    updates = suite.comparison(
        "range_updates",
        title="n times: change a range of n items by a map, ask for the sum of another",
        unit="ms",
        sizes={"n": [50, 200, 1_000, 3_000, 10_000]},
        default=lambda n: n in (200, 1_000),
        quick=lambda n: n == 1_000,
        rounds={"quick": 3, "default": 4},
    )
    add_rows(updates, "range_updates", baseline="atcoder", most={"list rewritten": 3_000})
    port = "our lazy segment tree takes no longer than that of the AtCoder library in Python"
    claim_speedups(suite, updates, {port: ("LazySegmentTree", "atcoder", 1.0)}, n=1_000)
    items = suite.comparison(
        "sorted_items",
        title="n keys written into a mapping, asked after each 16th for the least key from a bound",
        unit="ms",
        sizes={"n": [300, 1_000, 3_000, 10_000, 30_000]},
        default=lambda n: n in (1_000, 10_000),
        quick=lambda n: n == 1_000,
        rounds={"quick": 4, "default": 5},
    )
    naive = "dict sorted anew"
    add_rows(items, "sorted_items", baseline="sortedcontainers", most={naive: 10_000})
    stays = "a mapping that stays sorted beats a dict that is sorted at each look"
    claim_speedups(suite, items, {stays: ("SortedDict", naive, 1.25)}, n=1_000)


def _add_intervals(suite: Suite) -> None:
    queries = suite.comparison(
        "intervals",
        title="Which of n intervals overlap a range: one query",
        unit="us",
        items=lambda n: n // 10,
        sizes={"n": [200, 700, 2_000, 6_000, 20_000]},
        default=lambda n: n in (2_000, 20_000),
        quick=lambda n: n == 2_000,
        rounds={"quick": 4, "default": 8},
    )
    add_rows(queries, "intervals", baseline="intervaltree", most={"scan": 5_000})
    faster = "our index answers faster than intervaltree"
    claim_speedups(suite, queries, {faster: ("IntervalIndex", "intervaltree", 1.8)}, n=2_000)
    build = suite.comparison(
        "intervals_build",
        title="Building the index of n intervals",
        unit="ms",
        sizes={"n": [2_000, 20_000]},
        quick=lambda n: n == 2_000,
        rounds={"quick": 3, "default": 5},
    )
    add_rows(build, "interval_builds", baseline="intervaltree")
    quarter = "and is built in a quarter of the time"
    claim_speedups(suite, build, {quarter: ("IntervalIndex", "intervaltree", 4)}, n=2_000)
    scan = "a scan of 2,000 intervals is many times slower"
    claim_speedups(suite, queries, {scan: ("IntervalIndex", "scan", 4)}, n=2_000)


def add_to(suite: Suite) -> None:
    """Add the comparisons of lookups."""
    _add_completions(suite)
    _add_disjoint_sets(suite)
    _add_ranges(suite)
    _add_updates(suite)
    _add_intervals(suite)
