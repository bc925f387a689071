"""Every public callable by one valid call; what is hostile is put in its place by `velvet.hostile`."""

from __future__ import annotations

from velvet.hostile import Call, Fixed, HostileTests, Key, call
from velvet_algorithms import (
    adversary,
    components,
    cuckoo,
    dedupe,
    dp,
    filters,
    flow,
    geometry,
    graph,
    growth,
    hashing,
    heaps,
    linediff,
    ordered,
    pairing_heap,
    quantiles,
    ranges,
    scheduling,
    segment_tree,
    sharding,
    sketches,
    sorted_list,
    spell,
    strings,
    tries,
    unionfind,
)
from velvet_algorithms.caches import fifo, lru, traces

RANGES = [(1, 4), (2, 5)]


def cache(kind: type, *rest: float) -> Call:
    return call(kind, 3, *rest).then("setdefault", Key("a"), "b").then("get", Key("a"))


def small(function: object, *args: object, **kwargs: object) -> Call:
    """Declare what does as much work as is asked for."""
    return call(function, *args, **kwargs).but(many=200)


class TestHostile(HostileTests):
    mutable = {"external.Spill", "growth.Tally"}
    calls = (
        call(sorted_list.SortedList, [3, 1], load=10)
        .then("add", 2.0)
        .then("update", [5, 4])
        .then("discard", 2)
        .then("pop", 1)
        .then("bisect_left", 3)
        .then("count", 3)
        .then("irange", 1, 3),
        call(sorted_list.SortedDict, {1: "a"}).then("setdefault", 2.0, "b").then("peekitem", 0),
        call(ordered.SkipList, [3, 1]).then("add", 2.0).then("remove", 2.0).then("range", 1, 3),
        call(ordered.BPlusTree, [3, 1], order=4)
        .then("add", 2.0)
        .then("remove", 2.0)
        .then("range", 1, 3),
        call(heaps.IndexedHeap)
        .then("push", Key("a"), 1.0)
        .then("decrease_key", Key("a"), 0.0)
        .then("remove", Key("a")),
        call(heaps.LazyHeap).then("push", Key("a"), 1.0).then("remove", Key("a")),
        call(pairing_heap.PairingHeap).then("push", "a", 1.0),
        call(heaps.top_k, [1.0, 3.0, 2.0], 2),
        cache(lru.LRUCache),
        cache(lru.LFUCache),
        cache(lru.TTLCache, 9.0),
        cache(fifo.SieveCache),
        cache(fifo.S3FIFOCache),
        small(traces.zipf, 50, keys=10, skew=0.5, seed=Fixed(1)),
        small(traces.loop, 50, keys=10),
        small(traces.drift, 50, keys=10, skew=0.5, step=5),
        small(traces.zipf_scan, 50, keys=10, skew=0.5, every=5),
        call(traces.belady_hits, [1, 2, 1], 2),
        call(ranges.Fenwick, 5).then("add", 1, 2.0).then("range", 1, 3).then("kth", 1),
        call(ranges.SparseTable, [3, 1, 2], min).then("prod", 0, 2),
        call(segment_tree.SegmentTree, ["a", "b"], Fixed(max), "")
        .then("set", 1, "c")
        .then("prod", 0, 2)
        .then("max_right", 0, lambda _: True),
        call(segment_tree.LazySegmentTree, [3, 1], Fixed(max), Fixed(0), max, max, Fixed(0))
        .then("set", 1, 5)
        .then("apply", 0, 2, 4)
        .then("prod", 0, 2),
        call(ranges.IntervalIndex, RANGES).then("overlaps", 1, 3).then("at", 2),
        call(ranges.IntervalMap).then("set", 1, 4, "a").then("erase", 2, 3).then("get", 1),
        call(unionfind.UnionFind, 5)
        .then("union", 1, 2)
        .then("union_all", [(2, 3)])
        .then("same", 1, 3),
        call(unionfind.PotentialUnionFind, 5).then("union", 1, 2, 3.0).then("difference", 1, 2),
        call(components.toposort, {"b": ["a"]}),
        call(components.critical_path, {"a": 1, "b": 2}, {"b": ["a"]}),
        call(components.two_sat, 2, [(0, True, 1, False)]),
        call(dp.subset_sums, [3, 5]),
        call(dp.subset_sums_set, [3, 5]),
        call(dp.lis, [3, 1, 2]),
        small(dp.edit_script, "ab", "b"),
        call(dp.knapsack, [3, 5], [1, 2], 2),
        call(dp.knapsack_lists, [3, 5], [1, 2], 2),
        small(flow.MaxFlow, 3)
        .then("add_edge", 0, 2, 5.0)
        .then("change_edge", 0, 5.0, 1.0)
        .then("flow", 0, 2)
        .then("min_cut", 0),
        call(flow.hopcroft_karp, [[0], [1]], 2),
        call(geometry.orient, (0, 0), (1, 0), (1, 1)),
        call(geometry.convex_hull, [(0, 0), (1, 0), (0, 1)]),
        call(geometry.closest_pair, [(0, 0), (1, 1)]),
        small(graph.Graph, 3, [(0, 1, 2.0)], True),
        small(graph.Graph.from_edges, 3, [(0, 1)]),
        small(graph.random_graph, 5, 4, Fixed(1)),
        call(growth.fit_power, [2.0, 3.0, 4.0, 8.0], [1.0, 2.0, 4.0, 8.0]),
        call(growth.crossover, [1.0, 2.0], [1.0, 2.0], [2.0, 1.0]),
        call(hashing.hash64, "a", b"s"),
        call(hashing.hash_pair, "a", b"s"),
        call(hashing.as_bytes, "a"),
        call(hashing.fingerprint, b"s"),
        call(hashing.checked_salt, b"s"),
        call(hashing.checked_share, "error", 0.5),
        call(hashing.checked_whole, "n", 3),
        call(scheduling.weighted_intervals, [(1.0, 2.0, 3.0)]),
        call(scheduling.min_rooms, [(1.0, 2.0)]),
        call(scheduling.edf, [(1.0, 2.0)]),
        call(scheduling.lpt, [3.0, 1.0], 2),
        call(scheduling.list_schedule, {"a": 1.0}, {}, 2),
        call(sharding.jump_hash, 12345, 7),
        call(sharding.mod_hash, 12345, 7),
        call(sharding.rendezvous, "k", ["a", "b"]),
        small(sharding.HashRing, ["a", "b"], 3).then("node_for", "k"),
        call(sharding.RendezvousShards, ["a", "b"]).then("node_for", "k"),
        call(sharding.JumpShards, ["a", "b"]).then("node_for", "k"),
        call(sharding.ModShards, ["a", "b"]).then("node_for", "k"),
        small(strings.levenshtein, "kitten", "sitting"),
        small(strings.levenshtein_dp, "kitten", "sitting"),
        small(strings.lcs_length, "ab", "b"),
        call(strings.find_all, "a", "banana").but(many=10_000),
        call(strings.z_array, "aab").but(many=10_000),
        call(strings.prefix_function, "aab").but(many=10_000),
        small(strings.AhoCorasick, ["he", "she"]).then("iter", "ushers").then("count", "ushers"),
        small(strings.suffix_array, "banana"),
        small(strings.suffix_array_py, "banana"),
        call(strings.lcp_array, "ab", Fixed([0, 1])),
        small(tries.DictTrie, {"ab": 1.0})
        .then("add", "ac", 2.0)
        .then("range", "a")
        .then("top", "a", 1),
        small(tries.RadixTree, {"ab": 1.0})
        .then("add", "ac", 2.0)
        .then("range", "a")
        .then("top", "a", 1),
        call(tries.PrefixIndex, ["ab", "ac"], [1.0, 2.0]).then("range", "a").then("top", "a", 1),
        call(tries.prefix_end, "a"),
        small(filters.BloomFilter, 100, 0.01, salt=b"s").then("add", "a"),
        call(filters.BlockedBloom, 100, 0.01)
        .then("add", "a")
        .then("add_many", ["a"])
        .then("contains_many", ["a"]),
        small(cuckoo.CuckooFilter, 100, 0.01).then("add", "a").then("remove", "a"),
        call(sketches.CountMin, 0.1, 0.1).then("add", "a", 2).then("estimate", "a"),
        small(sketches.HyperLogLog, 6).then("add", "a"),
        small(sketches.SpaceSaving, 6)
        .then("add", Key("a"), 2)
        .then("bounds", Key("a"))
        .then("top", 2),
        small(quantiles.Reservoir, 6, Fixed(1)).then("add", Key("a")),
        call(quantiles.TDigest, 100)
        .then("add", 1.0)
        .then("update", [1.0, 2.0])
        .then("quantile", 0.5)
        .then("cdf", 1.0),
        small(adversary.colliding_ints, 5),
        call(adversary.colliding_floats, 5),
        call(adversary.UnbalancedTree, [2, 1]).then("add", 3),
        call(adversary.as_text, [1]),
        call(adversary.shuffled, ["a", "b"], Fixed(3)),
        call(adversary.quicksort_m3, [2, 1]),
        call(adversary.introsort, [2, 1]),
        call(dedupe.StreamDeduper, 10, 0.01).then("is_new", "a"),
        call(scheduling.JobScheduler, {"a": 1.0}, {}).then("plan", 2),
        call(linediff.LineDiff, ["a"], ["b"]).then("apply", ["a"]),
        call(spell.SpellChecker, ["ab", "ac"], [1, 2])
        .then("suggest", "ad", 1)
        .then("explain", "ad"),
        call(spell.distance_up_to_two, "ab", "ac"),
        small(spell.deletions, "abc", 2),
    )
    excepted = {
        "adversary": "measures what hostile keys cost, with their own tests",
        "spell": "the slow rivals of the checker",
        "buckets": "the inside of `SortedList`",
        "caches": "what every cache inherits, and a lock around one",
        "components": "the inside of `toposort`",
        "contract": "the checks themselves",
        "external": "sorts files; tests/failure/test_external_failures.py",
        "graph": "made by seeds for measuring, and its own message",
        "growth": "counts comparisons for measuring",
        "hierarchy": "takes a graph; tests/failure/test_saved_hierarchies.py",
        "paths": "takes a graph; tests/unit/test_paths.py",
        "saved": "files; tests/failure/test_saved_damage.py",
        "sharding": "figures about a map of shards",
        "filters.Filter": "what every filter shares",
        "trees": "takes a graph; tests/unit/test_paths.py",
    }
