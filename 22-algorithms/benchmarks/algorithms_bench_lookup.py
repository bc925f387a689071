"""Prefixes, disjoint sets, ranges and intervals: the contenders of the families, timed.

The rows are those of `velvet_algorithms.families`, so that the dashboard's growth lab and the tests
of equal answers see the same code.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Comparison, Metric, Outcome, Suite, ratio, speedup
from velvet_algorithms.contenders import Contender, contenders

WORDS = [20_000, 86_000]
FEW = WORDS[0]  # what the quick tier measures


def _prepare(one: Contender, n: int, **_: Any) -> Callable[[], Any]:
    return one.prepare(n, seed=1)


def _rows(comparison: Comparison, family: str, baseline: str) -> None:
    for one in contenders(family):
        comparison.add(
            one.name,
            partial(_prepare, one),
            baseline=one.name == baseline,
            needs=one.needs or (),
            when=lambda n, one=one: one.takes(n),
        )
    comparison.same_result()


def _index(name: str, weights: dict[str, int]) -> tuple[Any, float]:
    """Build an index of words; return it and the bytes that Python does not see."""
    if name == "marisa-trie":
        from marisa_trie import Trie

        trie = Trie(sorted(weights))
        return trie, float(len(trie.tobytes()))
    if name == "pygtrie":
        from pygtrie import CharTrie

        return CharTrie(weights), 0.0
    from velvet_algorithms.dict_trie import DictTrie
    from velvet_algorithms.prefix_index import PrefixIndex
    from velvet_algorithms.radix_tree import RadixTree

    makers = {"PrefixIndex": PrefixIndex, "DictTrie": DictTrie, "RadixTree": RadixTree}
    return makers[name](weights), 0.0


def _memory(name: str, n: int) -> Callable[[], Outcome]:
    from velvet_algorithms.apps.words import make_words

    weights = dict.fromkeys(make_words(n, seed=2), 1)
    _index(name, {"word": 1})  # imports

    def run() -> Outcome:
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        index, outside = _index(name, weights)
        held = tracemalloc.get_traced_memory()[0] - before + outside
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
        sizes={"n": WORDS},
        quick=lambda n: n == FEW,
        rounds={"quick": 5, "default": 8},
    )
    _rows(completions, "completions", "sorted list + nlargest")
    held = suite.comparison(
        "autocomplete_memory",
        title="Memory of an index of n words, without the words themselves",
        kind="value",
        unit="MB",
        sizes={"n": WORDS},
        quick=lambda n: n == FEW,
        metrics={"megabytes": Metric("MB"), "bytes_per_word": Metric("bytes")},
    )
    for name in ("PrefixIndex", "RadixTree", "DictTrie"):
        held.add(name, partial(_memory, name), baseline=name == "PrefixIndex")
    held.add("pygtrie", partial(_memory, "pygtrie"), needs="pygtrie")
    held.add("marisa-trie", partial(_memory, "marisa-trie"), needs="marisa-trie")
    suite.claim(
        "a tree of the best finds ten completions faster than a look at all of them",
        speedup("autocomplete", "PrefixIndex", "sorted list + nlargest", n=FEW) >= 3,
    )
    suite.claim(
        "a sorted list beats the textbook's trie",
        speedup("autocomplete", "PrefixIndex", "DictTrie", n=FEW) >= 15,
    )
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
        sizes={"n": [6_000, 20_000, 60_000, 200_000]},
        quick=lambda n: n == 20_000,
        rounds={"quick": 3, "default": 5},
    )
    _rows(sets, "union_find", "networkx")
    suite.claim(
        "our disjoint sets beat those of networkx",
        speedup("union_find", "UnionFind.union", "networkx", n=20_000) >= 2.5,
        needs="networkx",
    )
    suite.claim(
        "and take no longer than those of the AtCoder library in Python",
        speedup("union_find", "UnionFind.union", "ac-library-python", n=20_000) >= 0.85,
        needs="ac-library-python",
    )
    suite.claim(
        "compiled code is several times faster than both",
        speedup("union_find", "scipy", "UnionFind.union_all", n=20_000) >= 3,
        needs="scipy",
    )


def _add_ranges(suite: Suite) -> None:
    sums = suite.comparison(
        "range_queries",
        title="n times: change one of n items, ask for the sum of a range",
        unit="ms",
        sizes={"n": [1_000, 10_000, 100_000]},
        quick=lambda n: n == 10_000,
        rounds={"quick": 3, "default": 5},
    )
    _rows(sums, "range_sums", "ac-library-python")
    products = suite.comparison(
        "range_products",
        title="n times: replace one of n maps, ask for the product of a range (not commutative)",
        unit="ms",
        sizes={"n": [1_000, 10_000]},
        quick=lambda n: n == 1_000,
        rounds={"quick": 4, "default": 5},
    )
    _rows(products, "range_products", "ac-library-python")
    suite.claim(
        "our Fenwick tree takes no longer than that of the AtCoder library in Python",
        speedup("range_queries", "Fenwick", "ac-library-python", n=10_000) >= 1.0,
        needs="ac-library-python",
    )
    suite.claim(
        "a Fenwick tree is many times faster than adding up a slice",
        speedup("range_queries", "Fenwick", "sum(list[a:b])", n=10_000) >= 3,
    )
    suite.claim(
        "a segment tree is many times faster than multiplying a slice",
        speedup("range_products", "SegmentTree", "reduce(list[a:b])", n=1_000) >= 3,
    )


def _build(name: str, n: int) -> Callable[[], int]:
    from velvet_algorithms.families.interval_queries import intervals_and_ranges

    intervals, _ = intervals_and_ranges(n, 1)
    if name == "intervaltree":
        from intervaltree import IntervalTree

        return lambda: len(IntervalTree.from_tuples(intervals))
    from velvet_algorithms.intervals import IntervalIndex

    return lambda: len(IntervalIndex(intervals))


def _add_intervals(suite: Suite) -> None:
    queries = suite.comparison(
        "intervals",
        title="Which of n intervals overlap a range: one query",
        unit="us",
        items=lambda n: n // 10,
        sizes={"n": [2_000, 20_000]},
        quick=lambda n: n == 2_000,
        rounds={"quick": 4, "default": 8},
    )
    _rows(queries, "intervals", "intervaltree")
    build = suite.comparison(
        "intervals_build",
        title="Building the index of n intervals",
        unit="ms",
        sizes={"n": [2_000, 20_000]},
        quick=lambda n: n == 2_000,
        rounds={"quick": 3, "default": 5},
    )
    build.add("IntervalIndex", partial(_build, "IntervalIndex"))
    build.add("intervaltree", partial(_build, "intervaltree"), baseline=True, needs="intervaltree")
    build.same_result()
    suite.claim(
        "our index answers faster than intervaltree",
        speedup("intervals", "IntervalIndex", "intervaltree", n=2_000) >= 1.8,
        needs="intervaltree",
    )
    suite.claim(
        "and is built in a quarter of the time",
        speedup("intervals_build", "IntervalIndex", "intervaltree", n=2_000) >= 4,
        needs="intervaltree",
    )
    suite.claim(
        "a scan of 2,000 intervals is many times slower",
        speedup("intervals", "IntervalIndex", "scan", n=2_000) >= 4,
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of lookups."""
    _add_completions(suite)
    _add_disjoint_sets(suite)
    _add_ranges(suite)
    _add_intervals(suite)
