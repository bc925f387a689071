"""What is refused is refused by name, and leaves the structure passing its own check."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from velvet_algorithms.caches import traces
from velvet_algorithms.caches.fifo import S3FIFOCache, SieveCache
from velvet_algorithms.caches.lru import LFUCache, LRUCache, TTLCache
from velvet_algorithms.caches.traces import belady_hits
from velvet_algorithms.heaps import IndexedHeap, LazyHeap, top_k
from velvet_algorithms.ordered import BPlusTree, SkipList
from velvet_algorithms.pairing_heap import PairingHeap
from velvet_algorithms.ranges import Fenwick, IntervalIndex, IntervalMap, SparseTable
from velvet_algorithms.segment_tree import LazySegmentTree, SegmentTree
from velvet_algorithms.sorted_list import SortedDict, SortedList
from velvet_algorithms.tries import DictTrie, PrefixIndex, RadixTree
from velvet_algorithms.unionfind import PotentialUnionFind, UnionFind

NAN = math.nan
VALUES = [1.0, 2.0, 3.0]


@pytest.mark.parametrize("make", [SortedList, SkipList, BPlusTree])
@pytest.mark.parametrize("given", [[], VALUES])
def test_nan_has_no_place_among_sorted_values(
    make: Callable[[Any], Any], given: list[float]
) -> None:
    ours = make(given)

    with pytest.raises(ValueError, match="nan is not ordered"):
        ours.add(NAN)

    ours.check()
    assert list(ours) == given


@pytest.mark.parametrize("make", [SortedList, SkipList, BPlusTree])
def test_what_cannot_be_compared_is_refused_by_the_comparison(make: Callable[[Any], Any]) -> None:
    ours = make(VALUES)

    for act in (ours.add, ours.remove, ours.__contains__):
        with pytest.raises(TypeError, match="not supported"):
            act("a")

    ours.check()
    assert list(ours) == VALUES


@pytest.mark.parametrize("batch", [[0.5, "a"], [0.5, NAN], ["a", "b"]])
@pytest.mark.parametrize("size", [3, 100])
def test_an_update_takes_all_values_or_none(batch: list[Any], size: int) -> None:
    before = [float(i) for i in range(size)]
    bag: SortedList[Any] = SortedList(before, load=10)

    with pytest.raises((TypeError, ValueError)):
        bag.update(batch)

    bag.check()
    assert list(bag) == before
    with pytest.raises((TypeError, ValueError)):
        SortedList([*before, *batch])


def test_a_key_without_a_place_is_refused_too() -> None:
    bag = SortedList([1.0], key=lambda value: value if value < 5 else NAN)

    for act in (lambda: bag.add(9.0), lambda: bag.update([2.0, 9.0])):
        with pytest.raises(ValueError, match="nan is not ordered"):
            act()

    bag.check()
    assert list(bag) == [1.0]


def test_a_map_refuses_keys_without_order_and_keeps_its_values() -> None:
    m: SortedDict[Any, int] = SortedDict({1: 1})

    with pytest.raises(ValueError, match="nan is not ordered"):
        m[NAN] = 2
    with pytest.raises(TypeError):
        m["a"] = 2

    m.check()
    assert dict(m) == {1: 1}


@pytest.mark.parametrize("make", [IndexedHeap, LazyHeap, PairingHeap])
def test_a_heap_refuses_priorities_without_order(make: Callable[[], Any]) -> None:
    heap = make()
    heap.push("a", 1)

    with pytest.raises(ValueError, match="nan is not ordered"):
        heap.push("b", NAN)
    with pytest.raises(TypeError, match="not supported"):
        heap.push("b", "high")

    heap.check()
    assert heap.pop() == ("a", 1)
    assert len(heap) == 0
    with pytest.raises(IndexError, match="empty heap"):
        heap.peek()


def test_a_priority_without_order_changes_nothing_either() -> None:
    heap, pairing = IndexedHeap[str](), PairingHeap[str]()
    heap.push("a", 1)
    handle = pairing.push("a", 1)

    for act in (
        lambda p: heap.update("a", p),
        lambda p: heap.decrease_key("a", p),
        lambda p: pairing.decrease_key(handle, p),
    ):
        with pytest.raises((TypeError, ValueError)):
            act(NAN)
        with pytest.raises(TypeError):
            act("low")

    heap.check()
    pairing.check()
    assert heap.priority("a") == pairing.peek()[1] == 1
    with pytest.raises(ValueError, match="with itself"):
        pairing.meld(pairing)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: SortedList(load=3), "load must be >= 4"),
        (lambda: BPlusTree(order=3), "order must be >= 4"),
        (lambda: top_k([1], -1), "k must be >= 0"),
        (lambda: UnionFind(-1), "n must be >= 0"),
        (lambda: PotentialUnionFind(-1), "n must be >= 0"),
        (lambda: UnionFind(3).find(3), r"3 is not in 0\.\.2"),
        (lambda: UnionFind(3).find(-1), r"-1 is not in 0\.\.2"),
        (lambda: UnionFind(3).union_all([(0, 1), (0, -1)]), r"-1 is not in 0\.\.2"),
        (lambda: UnionFind(3).union_all([(0, 1), (0, 3)]), r"3 is not in 0\.\.2"),
        (lambda: PotentialUnionFind(3).union(0, 3, 1), r"3 is not in 0\.\.2"),
        (lambda: PotentialUnionFind(3).union(0, 1, NAN), "nan is not ordered"),
        (lambda: Fenwick(-1), "n must be >= 0"),
        (lambda: Fenwick(3).add(3, 1), r"index must be in 0\.\.2"),
        (lambda: Fenwick(3).add(-1, 1), r"index must be in 0\.\.2"),
        (lambda: Fenwick(3).prefix(4), "need 0 <= start <= stop <= 3, got 0, 4"),
        (lambda: Fenwick(3).range(2, 1), "need 0 <= start <= stop <= 3"),
        (lambda: Fenwick(3).kth(-1), "k must be >= 0"),
        (lambda: Fenwick(0).kth(0), "less than the sum of all, 0"),
        (lambda: Fenwick.from_list([1, NAN]), "nan is not ordered"),
        (lambda: SegmentTree([1], max, 0).set(1, 2), r"index must be in 0\.\.0"),
        (lambda: SegmentTree([1], max, 0)[-1], r"index must be in 0\.\.0"),
        (lambda: SegmentTree([1], max, 0).prod(0, 2), "need 0 <= start <= stop <= 1"),
        (lambda: SegmentTree([1], max, 0).max_right(2, bool), r"an end must be in 0\.\.1"),
        (lambda: SegmentTree([1], max, 0).min_left(1, bool), "true for the identity"),
        (lambda: SparseTable([1, 2], min).prod(1, 1), "need 0 <= start < stop <= 2"),
        (lambda: SparseTable([], min).prod(0, 1), "need 0 <= start < stop <= 0"),
        (lambda: IntervalIndex([(2, 2)]), r"needs start < stop, got \[2, 2\)"),
        (lambda: IntervalIndex([(1, NAN)]), "needs start < stop"),
        (lambda: IntervalIndex([(1, 2)]).overlaps(3, 1), r"got \[3, 1\)"),
        (lambda: IntervalMap().set(2, 1, "a"), "needs start < stop"),
        (lambda: IntervalMap().erase(1, 1), "needs start < stop"),
        (lambda: PrefixIndex(["a", "b", "a"]), "'a' occurs twice"),
        (lambda: PrefixIndex(["a"], [1, 2]), "one weight a word, got 2 for 1 words"),
        (lambda: PrefixIndex(["a"], [NAN]), "nan is not ordered"),
        (lambda: PrefixIndex(["a"]).top("a", -1), "k must be >= 0"),
        (lambda: DictTrie().top("a", -1), "k must be >= 0"),
        (lambda: RadixTree().top("a", -1), "k must be >= 0"),
        (lambda: DictTrie({"a": NAN}), "nan is not ordered"),
        (lambda: RadixTree({"a": NAN}), "nan is not ordered"),
        (lambda: LRUCache(0), "maxsize must be > 0"),
        (lambda: LFUCache(-1), "maxsize must be > 0"),
        (lambda: SieveCache(0), "maxsize must be > 0"),
        (lambda: S3FIFOCache(0), "maxsize must be > 0"),
        (lambda: TTLCache(1, 0.0), "ttl must be > 0"),
        (lambda: TTLCache(1, NAN), "ttl must be > 0"),
        (lambda: belady_hits([1], 0), "size must be > 0"),
        (lambda: traces.zipf(0), "n must be at least 1, got 0"),
        (lambda: traces.loop(1, keys=0), "keys must be at least 1, got 0"),
    ],
)
def test_the_bad_value_the_rule_and_the_bound_are_named(
    call: Callable[[], object], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        call()


def test_lazy_trees_refuse_ranges_outside_and_change_nothing() -> None:
    tree = LazySegmentTree([1, 2], max, 0, lambda f, x: f + x, lambda f, g: f + g, 0)

    for act in (
        lambda: tree.apply(0, 3, 1),
        lambda: tree.prod(2, 1),
        lambda: tree.set(2, 0),
        lambda: tree[-1],
    ):
        with pytest.raises(ValueError, match="got"):
            act()

    assert [tree[0], tree[1]] == [1, 2]


def test_a_fenwick_tree_refuses_nan_and_keeps_its_sums() -> None:
    tree = Fenwick.from_list([1.0, 2.0])

    with pytest.raises(ValueError, match="nan is not ordered"):
        tree.add(0, NAN)

    assert list(tree) == [1.0, 2.0]
    assert tree[1] == 2.0


def test_a_segment_tree_whose_operation_fails_is_as_it_was() -> None:
    tree: SegmentTree[Any] = SegmentTree(list("abcde"), lambda a, b: a + b, "")

    with pytest.raises(TypeError):
        tree.set(2, 7)

    for start in range(6):
        assert all(tree.prod(start, stop) == "abcde"[start:stop] for stop in range(start, 6))


def test_a_contradiction_is_refused_and_what_was_stated_stands() -> None:
    sets = PotentialUnionFind(3)
    sets.union(0, 1, 2)
    sets.union(1, 2, 3)

    with pytest.raises(ValueError, match="0 is worth 5 more than 2 already, not 4"):
        sets.union(0, 2, 4)

    assert sets.difference(0, 2) == 5
    assert sets.union(0, 2, 5) is False


def test_pairs_before_the_bad_one_stay_joined_and_counted() -> None:
    sets = UnionFind(4)

    with pytest.raises(ValueError, match="9 is not in"):
        sets.union_all([(0, 1), (1, 2), (3, 9)])

    assert sets.groups() == [[0, 1, 2], [3]]


def test_a_weight_in_a_radix_tree_only_grows() -> None:
    tree = RadixTree({"car": 5})

    with pytest.raises(ValueError, match="'car' weighs 5 already"):
        tree.add("car", 4)

    tree.add("car", 6)
    tree.check()
    assert tree.top("c", 1) == ["car"]


def test_empty_structures_answer_without_an_index_error() -> None:
    assert IntervalIndex([]).overlaps(0, 1) == IntervalIndex([]).at(0) == []
    assert len(IntervalIndex([])) == 0
    assert IntervalMap[str]().get(0, "none") == "none"
    for completer in (PrefixIndex([]), DictTrie(), RadixTree()):
        assert completer.range("a") == completer.top("a", 3) == []
        assert completer.range("") == completer.top("", 3) == []
        assert "a" not in completer
    tree = SegmentTree[int]([], max, 0)
    assert tree.prod(0, 0) == tree.max_right(0, lambda _: True) == 0
    assert list(Fenwick(0)) == []
    assert len(Fenwick(0)) == len(SparseTable([], min)) == 0
    assert UnionFind(0).groups() == []
    assert top_k([], 3) == top_k([1], 0) == []
