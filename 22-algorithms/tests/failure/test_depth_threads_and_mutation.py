"""Chains of a million, eight threads in one cache, and changes in the middle of a walk."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from velvet_algorithms.caches import Cache, LockedCache
from velvet_algorithms.caches.fifo import S3FIFOCache, SieveCache
from velvet_algorithms.caches.lru import LFUCache, LRUCache, TTLCache
from velvet_algorithms.ordered import BPlusTree, SkipList
from velvet_algorithms.pairing_heap import PairingHeap
from velvet_algorithms.sorted_list import SortedDict, SortedList
from velvet_algorithms.tries import DictTrie, PrefixIndex, RadixTree
from velvet_algorithms.unionfind import PotentialUnionFind, UnionFind

MILLION = 1_000_000
CACHES: list[Callable[[int], Cache[int, int]]] = [
    LRUCache,
    LFUCache,
    SieveCache,
    S3FIFOCache,
    lambda maxsize: TTLCache(maxsize, 60.0),
]


def test_a_word_of_a_million_letters_is_found_in_every_trie() -> None:
    word = "ab" * (MILLION // 2)

    for completer in (DictTrie({word: 1}), RadixTree({word: 1}), PrefixIndex({word: 1})):
        assert word in completer
        assert completer.top("a", 1) == [word]


def test_a_radix_tree_as_deep_as_its_longest_word_is_walked() -> None:
    words = {"a" * i: i for i in range(1, 1_200)}

    tree = RadixTree(words)

    tree.check()
    assert tree.range("a" * 1_190) == ["a" * i for i in range(1_190, 1_200)]
    assert tree.top("", 1) == ["a" * 1_199]


def test_a_chain_of_a_million_parents_is_halved_and_not_recursed_into() -> None:
    sets = UnionFind(MILLION)
    sets._parent = [-MILLION, *range(MILLION - 1)]

    root = sets.find(MILLION - 1)

    assert root == 0
    assert sets._parent[MILLION - 1] == MILLION - 3


def test_a_chain_of_differences_is_added_up_without_recursion() -> None:
    n = 200_000
    sets = PotentialUnionFind(n)
    sets._parent = [-n, *range(n - 1)]
    sets._weight = [0, *[1] * (n - 1)]

    assert sets.difference(n - 1, 0) == n - 1


def test_a_pairing_heap_as_deep_as_it_is_large_is_emptied() -> None:
    heap = PairingHeap[int]()
    for i in range(30_000, 0, -1):  # each new root takes the old one as its only child
        heap.push(i, i)

    heap.check()
    assert [heap.pop()[0] for _ in range(30_000)] == list(range(1, 30_001))


@pytest.mark.parametrize("make", CACHES)
def test_eight_threads_behind_the_lock_keep_the_size_and_every_count(
    make: Callable[[int], Cache[int, int]],
) -> None:
    inner = make(50)
    cache = LockedCache(inner, lock=threading.Lock())
    start = threading.Barrier(8)

    def work(seed: int) -> int:
        rng, sizes = random.Random(seed), []
        start.wait(10)
        for _ in range(1_000):
            key = rng.randrange(120)
            if cache.get(key) is None:
                cache[key] = key
            if not key % 40:
                cache.pop(key, None)
            sizes.append(len(cache))
        return max(sizes)

    with ThreadPoolExecutor(8) as pool:
        largest = max(pool.map(work, range(8)))

    assert largest <= 50
    assert len(cache) == len(list(cache)) <= 50
    assert inner.hits + inner.misses >= 8_000
    assert all(cache.get(key) == key for key in cache)


@pytest.mark.parametrize("make", [SortedList, SkipList, BPlusTree])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("change", ["add", "remove"])
def test_a_walk_over_sorted_values_ends_when_they_change(
    make: Callable[[Any], Any], whole: bool, change: str
) -> None:
    ours = make(range(100))
    in_range = ours.irange if make is SortedList else ours.range
    walking = iter(ours) if whole else in_range(2, 90)
    next(walking)

    getattr(ours, change)(50)

    with pytest.raises(RuntimeError, match="changed during iteration"):
        list(walking)
    ours.check()


def test_adding_and_removing_as_many_is_noticed_too() -> None:
    bag = SortedList(range(100))
    walking, backwards = iter(bag), bag.islice(0, 50, reverse=True)
    next(walking)
    next(backwards)

    bag.add(7)
    bag.remove(7)

    for walk in (walking, backwards):
        with pytest.raises(RuntimeError, match="changed during iteration"):
            list(walk)


def test_a_walk_over_a_map_ends_when_its_keys_change_and_not_when_a_value_does() -> None:
    m = SortedDict({i: i for i in range(10)})
    walking = iter(m)
    next(walking)

    m[3] = 30
    assert next(walking) == 1
    m[33] = 33

    with pytest.raises(RuntimeError, match="changed during iteration"):
        list(walking)


@pytest.mark.parametrize("make", CACHES)
def test_a_walk_over_a_cache_ends_when_a_key_comes_and_another_goes(
    make: Callable[[int], Cache[int, int]],
) -> None:
    cache = make(3)
    for key in range(3):
        cache[key] = key
    walking = iter(cache)
    next(walking)

    cache[9] = 9

    with pytest.raises(RuntimeError, match="changed during iteration"):
        list(walking)
    assert len(cache) == 3
