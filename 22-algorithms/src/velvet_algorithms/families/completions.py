"""Family `completions`: the ten heaviest words for prefixes of one to three letters."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from velvet_algorithms.contenders import contender, library, workload

Data = tuple[dict[str, int], list[str]]
Run = Callable[[], list[list[str]]]
BEST = 10


@workload("completions")
def words_and_prefixes(n: int, seed: int) -> Data:
    """Return n words with Zipf weights, no two alike, and twelve prefixes of one to three letters."""
    from velvet_algorithms.apps.words import make_words

    words = make_words(n, seed=seed + 1)
    weights = {word: n - rank for rank, word in enumerate(words)}
    prefixes = [words[i * 7 % n][: 1 + i % 3] for i in range(12)]
    return weights, prefixes


def _all(index: Any, prefixes: list[str]) -> Run:
    return lambda: [index.top(prefix, BEST) for prefix in prefixes]


@contender("completions", "sorted list + nlargest", "builtin")
def bisect_and_nlargest(data: Data) -> Run:
    from bisect import bisect_left

    from velvet_algorithms.prefix_index import prefix_end

    weights, prefixes = data
    words = sorted(weights)

    def top(prefix: str) -> list[str]:
        end = prefix_end(prefix)
        stop = len(words) if end is None else bisect_left(words, end)
        matches = words[bisect_left(words, prefix) : stop]
        return heapq.nlargest(BEST, matches, key=weights.__getitem__)

    return lambda: [top(prefix) for prefix in prefixes]


@contender("completions", "PrefixIndex", "ours")
def prefix_index(data: Data) -> Run:
    from velvet_algorithms.prefix_index import PrefixIndex

    return _all(PrefixIndex(data[0]), data[1])


@contender("completions", "RadixTree", "ours")
def radix_tree(data: Data) -> Run:
    from velvet_algorithms.radix_tree import RadixTree

    return _all(RadixTree(data[0]), data[1])


@contender("completions", "DictTrie", "python")
def dict_trie(data: Data) -> Run:
    from velvet_algorithms.dict_trie import DictTrie

    return _all(DictTrie(data[0]), data[1])


@contender("completions", "pygtrie", "python", needs="pygtrie")
def pygtrie(data: Data) -> Run:
    weights, prefixes = data
    trie = library("pygtrie").CharTrie(weights)

    def top(prefix: str) -> list[str]:
        matches = trie.iteritems(prefix)
        return [word for word, _ in heapq.nlargest(BEST, matches, key=lambda item: item[1])]

    return lambda: [top(prefix) for prefix in prefixes]


@contender("completions", "marisa-trie", "compiled", needs="marisa-trie")
def marisa(data: Data) -> Run:
    weights, prefixes = data
    trie = library("marisa_trie").Trie(sorted(weights))
    return lambda: [
        heapq.nlargest(BEST, trie.keys(prefix), key=weights.__getitem__) for prefix in prefixes
    ]
