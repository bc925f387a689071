"""What this module wrote itself, under the name of the class or of the algorithm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from velvet_algorithms import dp
from velvet_algorithms.caches import LockedCache
from velvet_algorithms.caches.fifo import S3FIFOCache, SieveCache
from velvet_algorithms.caches.lru import LFUCache, LRUCache, TTLCache
from velvet_algorithms.components import scc, toposort
from velvet_algorithms.contenders import timed
from velvet_algorithms.contenders.builtin import checked, one_by_one, sums_by_steps
from velvet_algorithms.cuckoo import CuckooFilter
from velvet_algorithms.filters import BlockedBloom, BloomFilter
from velvet_algorithms.flow import MaxFlow
from velvet_algorithms.geometry import closest_pair as find_pair
from velvet_algorithms.geometry import convex_hull
from velvet_algorithms.graph import Graph, beeline
from velvet_algorithms.heaps import IndexedHeap, LazyHeap
from velvet_algorithms.ordered import BPlusTree, SkipList
from velvet_algorithms.pairing_heap import PairingHeap
from velvet_algorithms.paths import astar, bidirectional, dijkstra, naive_dijkstra
from velvet_algorithms.quantiles import TDigest
from velvet_algorithms.ranges import Fenwick, IntervalIndex
from velvet_algorithms.samples.workloads import (
    Arcs,
    Membership,
    Pairs,
    Products,
    Roads,
    Spelling,
    Updates,
    changed,
    then,
    together,
)
from velvet_algorithms.segment_tree import LazySegmentTree, SegmentTree
from velvet_algorithms.sketches import CountMin, HyperLogLog, SpaceSaving
from velvet_algorithms.sorted_list import SortedDict, SortedList
from velvet_algorithms.spell import SpellChecker, Suggestion, edits2_suggest, scan_suggest
from velvet_algorithms.strings import AhoCorasick, levenshtein, levenshtein_dp, suffix_array_py
from velvet_algorithms.trees import shortest_paths
from velvet_algorithms.tries import DictTrie, PrefixIndex, RadixTree
from velvet_algorithms.unionfind import UnionFind

NEEDS = ""
Route = Callable[[int, int], float]

sorted_values = {"SortedList": SortedList, "BPlusTree": BPlusTree, "SkipList": SkipList}


def _updated(make: Callable[[], Any], lower: str, given: Pairs) -> list[int]:
    heap = make()
    for key, (first, _) in enumerate(given):
        heap.push(key, first)
    move = getattr(heap, lower)
    for key in range(0, len(given), 2):
        move(key, given[key][1])
    return [heap.pop()[0] for _ in given]


def _updated_by_handle(given: Pairs) -> list[int]:
    heap = PairingHeap[int]()
    handles = [heap.push(key, first) for key, (first, _) in enumerate(given)]
    for key in range(0, len(given), 2):
        heap.decrease_key(handles[key], given[key][1])
    return [heap.pop()[0] for _ in given]


queue_updates = {
    "LazyHeap": timed(partial(_updated, LazyHeap, "push")),
    "IndexedHeap": timed(partial(_updated, IndexedHeap, "decrease_key")),
    "PairingHeap": timed(_updated_by_handle),
}
caches = {
    "LRU": LRUCache,
    "LFU": LFUCache,
    "SIEVE": SieveCache,
    "S3-FIFO": S3FIFOCache,
    "TTL": partial(TTLCache, ttl=3600.0),
    "LRU behind a lock": lambda size: LockedCache(LRUCache(size)),
}


def _completions(make: Callable[[Any], Any]) -> Callable[[Any], Callable[[], list[list[str]]]]:
    def setup(given: tuple[dict[str, int], list[str]]) -> Callable[[], list[list[str]]]:
        index, prefixes = make(given[0]), given[1]
        return lambda: [index.top(prefix, 10) for prefix in prefixes]

    return setup


indexes: dict[str, Callable[[dict[str, int]], Any]] = {
    "PrefixIndex": PrefixIndex,
    "RadixTree": RadixTree,
    "DictTrie": DictTrie,
}
completions = {name: _completions(make) for name, make in indexes.items()}


def _blocked(given: Membership) -> Callable[[], int]:
    made = BlockedBloom(max(1, len(given.added)), 0.01)
    made.add_many(given.added)

    def run() -> int:
        made.contains_many(given.absent)
        return int(made.contains_many(given.probes).sum())

    return run


membership = {
    "BloomFilter": lambda given: one_by_one(BloomFilter(max(1, len(given.added)), 0.01), given),
    "CuckooFilter": lambda given: one_by_one(CuckooFilter(max(1, len(given.added)), 0.01), given),
    "BlockedBloom": _blocked,
}


def _united(pairs: Pairs) -> int:
    sets = UnionFind(len(pairs))
    for a, b in pairs:
        sets.union(a, b)
    return len(set(map(sets.find, range(len(pairs)))))


def _united_at_once(pairs: Pairs) -> int:
    sets = UnionFind(len(pairs))
    sets.union_all(pairs)
    return len(set(map(sets.find, range(len(pairs)))))


union_find = {"UnionFind": timed(_united), "UnionFind.union_all": timed(_united_at_once)}
range_sums = {"Fenwick": timed(partial(sums_by_steps, Fenwick.from_list))}


def products(make: Callable[[Any], Any], given: Products) -> int:
    """Replace and ask a tree with `set` and `prod`."""
    tree, total = make(given.maps), 0
    for place, one, start, stop in given.steps:
        tree.set(place, one)
        total ^= tree.prod(start, stop)[1]
    return total


range_products = {
    "SegmentTree": timed(partial(products, lambda maps: SegmentTree(maps, then, (1, 0))))
}


def updates(make: Callable[[Any], Any], given: Updates) -> int:
    """Change and ask a tree with `apply` and `prod`."""
    tree, total = make(given.items), 0
    for start, stop, change, low, high in given.steps:
        tree.apply(start, stop, change)
        total ^= tree.prod(low, high)[0]
    return total


def composed(new: Any, old: Any) -> Any:
    """Return the map that does `old` and then `new`."""
    return then(old, new)


def _lazy(items: Any) -> Any:
    return LazySegmentTree(items, together, (0, 0), changed, composed, (1, 0))


range_updates = {"LazySegmentTree": timed(partial(updates, _lazy))}


def looks(make: Callable[[], Any], keys: list[int]) -> int:
    """Write keys, and after each 16th ask for the least key from a bound."""
    kept, total = make(), 0
    for place, key in enumerate(keys):
        kept[key] = place
        if not place % 16:
            total += next(kept.irange(key // 2), 0)
    return total


sorted_items = {"SortedDict": timed(partial(looks, SortedDict))}


def _overlaps(given: tuple[Pairs, Pairs]) -> Callable[[], list[int]]:
    index = IntervalIndex(given[0])
    return lambda: [len(index.overlaps(low, high)) for low, high in given[1]]


intervals = {"IntervalIndex": _overlaps}
interval_builds = {"IntervalIndex": lambda given: lambda: len(IntervalIndex(given[0]))}


def from_one(search: Callable[[Graph, int], Any], given: Roads) -> Callable[[], list[float]]:
    """Return the callable that finds the distances of four crossings from a fifth one."""
    source, targets = given.pairs[0][0], [target for _, target in given.pairs]

    def run() -> list[float]:
        distance = search(given.graph, source)
        return [float(distance[target]) for target in targets]

    return run


sssp = {"Dijkstra": partial(from_one, lambda graph, source: shortest_paths(graph, source).distance)}


def each(route: Route, given: Roads) -> Callable[[], list[float]]:
    """Return the callable that asks for each of four routes."""
    return lambda: [route(source, target) for source, target in given.pairs]


def _route(search: Callable[..., Any]) -> Callable[[Roads], Callable[[], list[float]]]:
    def setup(given: Roads) -> Callable[[], list[float]]:
        return each(lambda s, t: float(search(given.graph, s, t).distance), given)

    return setup


def _astar(given: Roads) -> Callable[[], list[float]]:
    bounds = {target: beeline(given.graph, target).__getitem__ for _, target in given.pairs}
    return each(lambda s, t: float(astar(given.graph, s, t, bounds[t]).distance), given)


def _landmarks(given: Roads) -> Callable[[], list[float]]:
    route = given.landmarks().route
    return each(lambda s, t: float(route(s, t).distance), given)


def _hierarchy(given: Roads) -> Callable[[], list[float]]:
    query = given.hierarchy().query
    return each(lambda s, t: float(query(s, t).distance), given)


routes = {
    "sorted list": _route(naive_dijkstra),
    "Dijkstra": _route(dijkstra),
    "bidirectional": _route(bidirectional),
    "A*": _astar,
    "landmarks": _landmarks,
    "hierarchy": _hierarchy,
}


def dinic(make: Callable[[int], Any], given: Arcs) -> int:
    """Make a network from its arcs and push through it from the first node to the last."""
    n, arcs = given
    network = make(n)
    for tail, head, capacity in arcs:
        network.add_edge(tail, head, capacity)
    return int(network.flow(0, n - 1))


flow = {"Dinic": timed(partial(dinic, MaxFlow))}
components = {"Tarjan": lambda given: lambda: len(scc(given))}


def _kahn(given: dict[int, list[int]]) -> Callable[[], int]:
    order = checked(lambda: toposort(given), given)
    return lambda: len(order())


tasks = {"Kahn": _kahn}
edit_distance = {
    "table": lambda given: lambda: levenshtein_dp(*given),
    "big integer": lambda given: lambda: levenshtein(*given),
}


def _automaton(given: tuple[list[str], str]) -> Callable[[], int]:
    machine, text = AhoCorasick(given[0]), given[1]
    return lambda: sum(machine.count(text))


multi_pattern = {"AhoCorasick": _automaton}
suffix_array = {"doubling": timed(suffix_array_py)}
subset_sums = {"big integer": lambda given: lambda: dp.subset_sums(given).bit_count()}


def _spelling(suggest: Callable[[str], list[Suggestion]], given: Spelling) -> Callable[[], Any]:
    return lambda: [suggest(query) for query in given.queries]


def _delete_index(given: Spelling) -> Callable[[], Any]:
    checker = SpellChecker(list(given.weights), list(given.weights.values()))
    return _spelling(checker.suggest, given)


spelling = {
    "delete index": _delete_index,
    "edits of edits": lambda given: _spelling(lambda q: edits2_suggest(q, given.weights), given),
    "scan": lambda given: _spelling(lambda q: scan_suggest(q, given.weights), given),
}
hull = {"monotone chain": lambda given: lambda: set(convex_hull(given))}
closest_pair = {"grid": lambda given: lambda: find_pair(given)}


def added(make: Callable[[], Any], method: str = "add") -> Callable[[Any], Callable[[], None]]:
    """Return the set-up that adds items to a sketch, which goes on seeing more of them."""

    def setup(items: list[Any]) -> Callable[[], None]:
        add = getattr(make(), method)

        def run() -> None:
            for item in items:
                add(item)

        return run

    return setup


sketch_adds = {
    "HyperLogLog": added(HyperLogLog),
    "CountMin": added(lambda: CountMin(0.002, 0.01)),
    "SpaceSaving": added(lambda: SpaceSaving(500)),
    "TDigest": added(TDigest),
}
