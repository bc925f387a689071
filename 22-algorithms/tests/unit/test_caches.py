"""Traces, simulations and what each policy is known for, with seeded traces and exact counts."""

from __future__ import annotations

from typing import Any

import pytest

from velvet_algorithms.caches import LockedCache, traces
from velvet_algorithms.caches.fifo import S3FIFOCache, SieveCache
from velvet_algorithms.caches.lru import LFUCache, LRUCache, TTLCache
from velvet_algorithms.caches.traces import HitStats, belady_hits, simulate

POLICIES = {"LRU": LRUCache, "LFU": LFUCache, "SIEVE": SieveCache, "S3-FIFO": S3FIFOCache}


def ratios(trace: list[int], size: int) -> dict[str, float]:
    """Return the hit ratio of every policy on a trace."""
    return {name: simulate(policy(size), trace).ratio for name, policy in POLICIES.items()}


def test_popularity_that_stays_is_kept_better_by_sieve_than_by_lru() -> None:
    found = ratios(traces.zipf(20_000, keys=2_000), 200)

    assert found["SIEVE"] > found["LRU"] + 0.03
    assert found["S3-FIFO"] > found["LRU"] + 0.03


def test_popularity_that_drifts_is_lost_by_counting_uses() -> None:
    found = ratios(traces.drift(20_000, keys=500), 200)

    assert found["LRU"] > found["SIEVE"] > 3 * found["LFU"]


def test_a_scan_flushes_an_lru_and_hardly_touches_the_new_policies() -> None:
    calm = ratios(traces.zipf(20_000, keys=2_000), 200)
    scanned = ratios(traces.zipf_scan(20_000, keys=2_000, every=500), 200)

    assert scanned["S3-FIFO"] - scanned["LRU"] > 0.03
    assert calm["LRU"] > scanned["LRU"]


def test_a_loop_one_too_long_has_no_hit_in_an_lru() -> None:
    trace = traces.loop(5_000, keys=101)

    assert simulate(LRUCache(100), trace).hits == 0
    # Belady keeps 99 of 101 keys and misses the other two in turn: (5,000 - 101) / 100 misses.
    assert belady_hits(trace, 100) == 5_000 - 101 - (5_000 - 101) // 100 - 0


def test_traces_are_seeded_and_of_the_length_asked_for() -> None:
    for make in (traces.zipf, traces.zipf_scan, traces.drift):
        assert make(777, seed=1) == make(777, seed=1)
        assert make(777, seed=1) != make(777, seed=2)
        assert len(make(777)) == 777
    assert traces.loop(5, keys=3) == [0, 1, 2, 0, 1]


def test_scanned_keys_are_asked_for_once() -> None:
    trace = traces.zipf_scan(3_000, keys=50, every=500)
    scanned = [key for key in trace if key >= 50]

    assert len(scanned) == len(set(scanned)) >= 400


def test_a_simulation_counts_on_any_mapping() -> None:
    assert simulate({}, [1, 2, 1, 1]) == HitStats(requests=4, hits=2)
    assert simulate(LRUCache(1), []).ratio == 0.0


def test_one_eviction_of_sieve_step_by_step() -> None:
    cache = SieveCache[str, int](4)
    for value, key in enumerate("abcd"):
        cache[key] = value
    cache["a"]
    cache["b"]

    before, hand = cache.queue()
    cache["e"] = 4

    assert before == [("a", True), ("b", True), ("c", False), ("d", False)]
    assert hand == 0
    assert cache.queue() == ([("a", False), ("b", False), ("d", False), ("e", False)], 2)


def test_deleting_the_entry_at_the_hand_moves_the_hand_on() -> None:
    cache = SieveCache[str, int](3)
    for value, key in enumerate("abcd"):
        cache[key] = value

    del cache["b"]

    assert cache.queue() == ([("c", False), ("d", False)], 0)


def test_the_least_used_leave_first_and_of_those_the_oldest() -> None:
    cache = LFUCache[str, int](3)
    cache.update(a=1, b=2, c=3)
    cache["a"]
    cache["d"] = 4

    assert sorted(cache) == ["a", "c", "d"]
    assert cache._uses["a"] == 2
    del cache["d"], cache["c"]
    cache.update(x=1, y=2, z=3)
    assert "a" in cache


def test_an_entry_expires_by_writing_and_not_by_reading() -> None:
    now = [0.0]
    cache = TTLCache[str, int](2, 10.0, timer=lambda: now[0])
    cache["a"] = 1
    now[0] = 6.0
    assert cache["a"] == 1
    cache["b"] = 2
    now[0] = 12.0

    assert "a" not in cache
    assert cache.get("a", 0) == 0
    assert list(cache) == ["b"]
    assert len(cache) == 1
    cache["b"] = 3
    now[0] = 21.0
    assert cache["b"] == 3
    assert len(cache) == 1


def test_items_and_values_can_be_walked_although_reading_reorders() -> None:
    for make in (*POLICIES.values(), lambda n: TTLCache(n, 60)):
        cache: Any = make(3)
        cache.update(a=1, b=2)

        assert sorted(cache.items()) == [("a", 1), ("b", 2)]
        assert sorted(cache.values()) == [1, 2]
        assert repr(cache).endswith("(maxsize=3, 2 entries, 4 hits, 0 misses)")


def test_whole_operations_of_a_dictionary_are_whole_behind_the_lock() -> None:
    cache = LockedCache(LRUCache[str, int](3))
    cache.update(a=1, b=2)

    assert cache.setdefault("a", 9) == 1
    assert cache.setdefault("c", 3) == 3
    assert cache.snapshot() == {"a": 1, "b": 2, "c": 3}
    assert cache.pop("b") == 2
    assert cache.pop("b", None) is None
    with pytest.raises(KeyError):
        cache.pop("b")
    assert cache.popitem() == ("a", 1)
    assert "c" in cache
    del cache["c"]
    assert len(cache) == 0
    assert cache.get("c", 7) == 7
    with pytest.raises(KeyError):
        cache["c"]
    cache["d"] = 4
    cache.clear()
    assert len(cache) == 0


@pytest.mark.parametrize("make", [*POLICIES.values(), lambda n: TTLCache(n, 60)])
def test_a_cache_can_be_emptied_and_filled_again(make: Any) -> None:
    cache = make(12)
    for key in range(30):
        cache[key] = key
    for key in list(cache)[::2]:
        del cache[key]
    cache.clear()
    for key in range(20):
        cache[key] = -key

    assert len(cache) == 12
    assert all(cache[key] == -key for key in cache)


def test_queues_of_s3_fifo_forget_entries_that_were_deleted() -> None:
    cache = S3FIFOCache[int, int](100)

    for key in range(2_000):
        cache[key] = key
        cache[key] += 1
        cache.get(key)
        if key % 3:
            del cache[key]

    assert len(cache) <= 100
    assert len(cache._small) + len(cache._main) == len(cache)
    for key in range(5_000, 5_300):
        cache[key] = key
    assert len(cache) == 100


@pytest.mark.parametrize("make", [*POLICIES.values(), lambda n: TTLCache(n, 60)])
def test_clearing_a_cache_looks_no_key_up(make: Any) -> None:
    class Counted:
        hashes = 0

        def __hash__(self) -> int:
            Counted.hashes += 1
            return id(self)

    cache = make(100)
    for _ in range(100):
        cache[Counted()] = 1
    before = Counted.hashes

    cache.clear()

    assert Counted.hashes == before
    assert len(cache) == 0
