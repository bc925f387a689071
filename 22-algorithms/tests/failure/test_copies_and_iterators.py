"""Copies share nothing but values, pickles are flat, and an iterator never outlives a change."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import count, takewhile
from operator import methodcaller
from typing import Any

import pytest

from velvet_algorithms.caches import LockedCache
from velvet_algorithms.caches.fifo import S3FIFOCache, SieveCache
from velvet_algorithms.caches.lru import LFUCache, LRUCache, TTLCache
from velvet_algorithms.components import CycleError
from velvet_algorithms.cuckoo import CuckooFilter
from velvet_algorithms.dedupe import StreamDeduper
from velvet_algorithms.filters import BlockedBloom, BloomFilter
from velvet_algorithms.flow import MaxFlow
from velvet_algorithms.heaps import IndexedHeap, LazyHeap
from velvet_algorithms.ordered import BPlusTree, SkipList
from velvet_algorithms.pairing_heap import PairingHeap
from velvet_algorithms.quantiles import Reservoir, TDigest
from velvet_algorithms.ranges import Fenwick, IntervalMap
from velvet_algorithms.segment_tree import LazySegmentTree, SegmentTree
from velvet_algorithms.sketches import CountMin, HyperLogLog, SpaceSaving
from velvet_algorithms.sorted_list import SortedDict, SortedList
from velvet_algorithms.strings import AhoCorasick
from velvet_algorithms.trees import NegativeCycle
from velvet_algorithms.tries import DictTrie, RadixTree
from velvet_algorithms.unionfind import PotentialUnionFind, UnionFind

Change = Look = Callable[[Any], object]
COPIES = [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]


def written(make: Callable[[int], Any]) -> Callable[[], Any]:
    """Return the maker of a cache of three entries."""

    def made() -> Any:
        cache = make(3)
        cache.update({key: key for key in range(4)})
        return cache

    return made


def filled(make: Callable[[], Any], *items: Any) -> Callable[[], Any]:
    """Return the maker of a structure that got some items."""

    def made() -> Any:
        structure = make()
        for item in items:
            structure.add(item)
        return structure

    return made


def heap(make: Callable[[], Any]) -> Callable[[], Any]:
    """Return the maker of a heap of three keys."""

    def made() -> Any:
        found = make()
        for priority, key in enumerate("cab"):
            found.push(key, priority)
        return found

    return made


def network() -> MaxFlow:
    made = MaxFlow(2)
    made.add_edge(0, 1, 3)
    return made


def popped(structure: Any) -> list[Any]:
    """Return all that a copy of a heap gives away."""
    mine = copy.copy(structure)
    return [mine.pop() for _ in range(len(mine))]


def items(cache: Any) -> list[Any]:
    """Return a cache's entries in its order."""
    return list(cache.items())


def write(cache: Any) -> None:
    """Evict something."""
    cache[9] = 9


def adds(value: Any) -> Change:
    """Return the change that adds a value."""
    return methodcaller("add", value)


CASES: dict[str, tuple[Callable[[], Any], Change, Look]] = {
    "SortedList": (lambda: SortedList([1, 2, 3]), adds(0), list),
    "keyed SortedList": (lambda: SortedList([1, 2, 3], key=abs), adds(0), list),
    "SortedDict": (lambda: SortedDict({1: "a", 2: "b"}), lambda m: m.pop(1), items),
    "SkipList": (lambda: SkipList([1, 2, 2, 3]), adds(0), list),
    "BPlusTree": (lambda: BPlusTree(range(20), order=4), adds(0), list),
    "LRU": (written(LRUCache), write, items),
    "LFU": (written(LFUCache), write, items),
    "SIEVE": (written(SieveCache), write, items),
    "S3-FIFO": (written(S3FIFOCache), write, items),
    "TTL": (written(lambda n: TTLCache(n, 60.0)), write, items),
    "UnionFind": (lambda: UnionFind(4), lambda s: s.union(0, 1), lambda s: (s.groups(), s.count)),
    "PotentialUnionFind": (
        lambda: PotentialUnionFind(3),
        lambda s: s.union(0, 1, 2),
        lambda s: s.difference(0, 1),
    ),
    "IndexedHeap": (heap(IndexedHeap), lambda h: h.push("z", -1), popped),
    "LazyHeap": (heap(LazyHeap), lambda h: h.push("z", -1), popped),
    "PairingHeap": (heap(PairingHeap), lambda h: h.push("z", -1), popped),
    "Fenwick": (lambda: Fenwick.from_list([1, 2]), lambda f: f.add(0, 5), list),
    "SegmentTree": (lambda: SegmentTree([1, 2], max, 0), lambda t: t.set(0, 9), list),
    "LazySegmentTree": (
        lambda: LazySegmentTree([1, 2], max, 0, max, max, 0),
        lambda t: t.apply(0, 2, 7),
        list,
    ),
    "IntervalMap": (IntervalMap[str], lambda m: m.set(1, 2, "a"), lambda m: m.get(1)),
    "DictTrie": (lambda: DictTrie({"car": 1}), adds("cat"), lambda t: t.range("c")),
    "RadixTree": (lambda: RadixTree({"car": 1}), adds("cat"), lambda t: t.range("c")),
    "MaxFlow": (network, lambda n: n.flow(0, 1), lambda n: n.edges),
    "BloomFilter": (lambda: BloomFilter(9), adds("a"), lambda f: "a" in f),
    "BlockedBloom": (lambda: BlockedBloom(9), adds(b"a"), lambda f: b"a" in f),
    "CuckooFilter": (lambda: CuckooFilter(9), adds("a"), lambda f: "a" in f),
    "StreamDeduper": (
        lambda: StreamDeduper(9),
        lambda d: d.is_new("a"),
        lambda d: copy.deepcopy(d).is_new("a"),
    ),
    "CountMin": (lambda: CountMin(0.1, 0.1), adds("a"), lambda s: s.estimate("a")),
    "HyperLogLog": (lambda: HyperLogLog(4), adds("a"), lambda s: s.count()),
    "SpaceSaving": (filled(lambda: SpaceSaving(2), "a"), adds("a"), lambda s: s.top(2)),
    "Reservoir": (filled(lambda: Reservoir(2, 1), "a"), adds("b"), lambda s: s.sample),
    "TDigest": (filled(TDigest, 1.0), adds(2.0), lambda d: (len(d), d.quantile(1.0))),
}


@pytest.mark.parametrize("how", COPIES, ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize("name", CASES)
def test_a_copy_is_equal_and_shares_nothing_but_its_values(
    name: str, how: Callable[[Any], Any]
) -> None:
    make, change, look = CASES[name]
    ours = make()
    before = look(ours)

    theirs = how(ours)
    assert look(theirs) == before
    change(theirs)
    after = look(theirs)

    assert look(ours) == before != after
    change(ours)
    assert look(theirs) == after
    for one in (ours, theirs):
        if hasattr(one, "check"):
            one.check()


@pytest.mark.parametrize("how", COPIES[1:], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: SieveCache(5_000),
        lambda: SkipList(range(3_000)),
        lambda: BPlusTree(range(20_000), order=8),
        lambda: AhoCorasick(["ab" * 1_500]),
        lambda: DictTrie({"a" * 3_000: 1}),
        lambda: RadixTree({"a" * length: 1 for length in range(1, 1_100)}),
    ],
)
def test_a_structure_of_many_links_is_copied_and_pickled_flat(
    make: Callable[[], Any], how: Callable[[Any], Any]
) -> None:
    structure = make()
    if isinstance(structure, SieveCache):
        structure.update(dict.fromkeys(range(5_000)))

    assert type(how(structure)) is type(structure)


@pytest.mark.parametrize("how", COPIES[1:], ids=["deepcopy", "pickle"])
def test_a_heap_of_thousands_of_links_is_copied_and_pickled_flat(how: Callable[[Any], Any]) -> None:
    ours = PairingHeap[int]()
    for number in range(3_000, 0, -1):
        ours.push(number, number)

    theirs = how(ours)

    assert [theirs.pop()[0] for _ in range(3_000)] == list(range(1, 3_001))


@pytest.mark.parametrize("error", [CycleError(["a", "b", "a"]), NegativeCycle([1, 2, 1])])
def test_an_error_survives_the_way_from_another_process(error: Any) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert (str(again), again.cycle) == (str(error), error.cycle)


STALE: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], Change]] = {
    "SortedList.irange": (
        lambda: SortedList(range(20)),
        lambda s: s.irange(5, 10),
        lambda s: s.remove(0),
    ),
    "SortedList.islice": (lambda: SortedList(range(20)), lambda s: s.islice(5), adds(3)),
    "iter(SortedList)": (lambda: SortedList(range(20)), iter, lambda s: s.clear()),
    "SortedDict.irange": (
        lambda: SortedDict({n: n for n in range(9)}),
        lambda m: m.irange(2, 5),
        lambda m: m.pop(0),
    ),
    "BPlusTree.range": (lambda: BPlusTree(range(20)), lambda t: t.range(5, 10), adds(6)),
    "SkipList.range": (lambda: SkipList(range(20)), lambda t: t.range(5, 10), adds(6)),
    "iter(LRUCache)": (written(LRUCache), iter, write),
    "iter(LFUCache)": (written(LFUCache), iter, write),
    "iter(SieveCache)": (written(SieveCache), iter, write),
    "iter(S3FIFOCache)": (written(S3FIFOCache), iter, write),
}


@pytest.mark.parametrize("name", STALE)
def test_an_iterator_that_was_made_before_a_change_says_so(name: str) -> None:
    make, walk, change = STALE[name]
    structure = make()

    walking = walk(structure)
    change(structure)

    with pytest.raises(RuntimeError, match="changed during iteration"):
        list(walking)


def test_a_delete_that_is_refused_changes_nothing() -> None:
    m: SortedDict[Any, str] = SortedDict({1: "a", 2: "b"})
    tree = RadixTree({"ce": 1})

    with pytest.raises(TypeError):
        del m[1 + 0j]
    with pytest.raises(TypeError):
        tree.add("cd", "x")  # type: ignore[arg-type]

    m.check()
    tree.check()
    assert list(m.items()) == [(1, "a"), (2, "b")]
    assert tree.range("c") == ["ce"]


def test_a_push_that_is_refused_leaves_the_heap_usable() -> None:
    ours = LazyHeap[Any]()
    ours.push("a", 1)

    with pytest.raises(TypeError, match="unhashable"):
        ours.push(["x"], 0)

    ours.check()
    assert ours.pop() == ("a", 1)


def test_a_comparison_that_fails_while_a_heap_shrinks_changes_nothing() -> None:
    class Moody:
        calm = True

        def __init__(self, rank: int) -> None:
            self.rank = rank

        def __lt__(self, other: Moody) -> bool:
            if not Moody.calm:
                raise RuntimeError("not now")
            return self.rank < other.rank

    ours = LazyHeap[int]()
    for number in range(40):
        ours.push(number, Moody(number))
    for number in range(39, 26, -1):
        ours.remove(number)
    Moody.calm = False
    removed = list(takewhile(partial(removes, ours), range(26)))
    Moody.calm = True

    ours.check()
    assert removed == list(range(len(removed)))
    assert len(removed) < 26
    assert ours.pop()[0] == len(removed)


def removes(heap: LazyHeap[int], key: int) -> bool:
    """Remove a key, or return False where that was refused."""
    try:
        heap.remove(key)
    except RuntimeError:
        return False
    return True


def test_a_change_that_fails_half_way_is_still_pending() -> None:
    def act(change: int, product: int) -> int:
        if change == 1:
            raise ValueError("refused")
        return product + change

    tree = LazySegmentTree([0, 0, 0, 0], max, 0, act, lambda new, old: new + old, 0)
    tree.apply(0, 4, 7)
    with pytest.raises(ValueError, match="refused"):
        tree.apply(0, 1, 1)
    assert list(tree) == [7, 7, 7, 7]

    def at_most(change: int, product: int) -> int:
        if product + change > 100:
            raise ValueError("more than 100")
        return product + change

    least = LazySegmentTree([1, 90], min, 200, at_most, lambda new, old: new + old, 0)
    least.apply(0, 2, 20)
    for _ in range(2):
        with pytest.raises(ValueError, match="more than 100"):
            least[1]


def test_an_expired_key_is_gone_whatever_is_asked() -> None:
    now = [0.0]
    cache: TTLCache[str, int] = TTLCache(3, 5.0, timer=lambda: now[0])
    cache["a"] = 1
    now[0] = 6.0

    with pytest.raises(KeyError):
        del cache["a"]
    with pytest.raises(KeyError):
        cache.pop("a")
    with pytest.raises(KeyError, match="empty"):
        cache.popitem()
    assert cache.pop("a", 7) == 7
    assert len(cache) == 0


def test_a_clock_that_moves_with_every_look_spoils_no_mapping_method() -> None:
    def ticking(ttl: float = 8.0) -> TTLCache[int, int]:
        cache: TTLCache[int, int] = TTLCache(100, ttl, timer=count().__next__)
        for key in range(4):
            cache[key] = key
        return cache

    assert LockedCache(ticking()).snapshot() == {0: 0, 1: 1, 2: 2, 3: 3}
    assert list(ticking().values()) == [0, 1, 2, 3]
    assert ticking() == {0: 0, 1: 1, 2: 2, 3: 3}
    assert ticking(30).popitem() == (0, 0)
    cache = ticking()
    cache.clear()
    assert len(cache) == 0
    with pytest.raises(TypeError, match="shared and not copied"):
        copy.copy(LockedCache(cache))


@pytest.mark.parametrize(
    "make", [LRUCache, LFUCache, SieveCache, S3FIFOCache, lambda n: TTLCache(n, 60.0)]
)
def test_a_value_that_writes_back_when_it_goes_spoils_no_count(make: Any) -> None:
    cache = make(10)

    class Writes:
        def __init__(self, key: int) -> None:
            self.key = key

        def __del__(self) -> None:
            if self.key < 1_000:
                cache[self.key + 1_000] = Writes(self.key + 1_000)

    for key in range(30):
        cache[key] = Writes(key)
    gc.collect()

    assert len(cache) == len(list(cache)) == 10
    cache.clear()
    assert len(cache) <= 10


@pytest.mark.parametrize("make", [SortedList, SkipList, BPlusTree, PairingHeap, LazyHeap])
@pytest.mark.parametrize("nan", [Decimal("NaN"), Decimal("sNaN")])
def test_a_nan_of_decimal_is_refused_like_any_other(make: Any, nan: Decimal) -> None:
    ours = make()
    add = ours.add if hasattr(ours, "add") else lambda value: ours.push("x", value)
    add(Decimal(1))

    with pytest.raises(ValueError, match=r"NaN.* is not ordered"):
        add(nan)

    ours.check()
