"""Caches against literal-minded reference policies: same keys inside, same hits, same victims."""

from __future__ import annotations

import itertools
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from velvet_algorithms.caches import Cache
from velvet_algorithms.caches.fifo import S3FIFOCache, SieveCache
from velvet_algorithms.caches.lru import LFUCache, LRUCache, TTLCache
from velvet_algorithms.caches.traces import belady_hits, simulate

KEYS = st.integers(0, 12)


class Reference:
    """A list of [key, value, uses] rows, the oldest first; a policy says who leaves."""

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.rows: list[list[Any]] = []
        self.hits = self.misses = 0

    def row(self, key: int) -> list[Any] | None:
        return next((row for row in self.rows if row[0] == key), None)

    def use(self, row: list[Any]) -> None:
        raise NotImplementedError

    def victim(self) -> list[Any]:
        raise NotImplementedError

    def get(self, key: int) -> Any:
        row = self.row(key)
        if row is None:
            self.misses += 1
            return None
        self.hits += 1
        self.use(row)
        return row[1]

    def put(self, key: int, value: int) -> None:
        row = self.row(key)
        if row is not None:
            row[1] = value
            self.use(row)
            return
        if len(self.rows) == self.maxsize:
            self.rows.remove(self.victim())
        self.rows.append([key, value, 1])

    def delete(self, key: int) -> None:
        self.rows = [row for row in self.rows if row[0] != key]


class ReferenceLRU(Reference):
    def use(self, row: list[Any]) -> None:
        self.rows.remove(row)
        self.rows.append(row)

    def victim(self) -> list[Any]:
        return self.rows[0]


class ReferenceLFU(Reference):
    def use(self, row: list[Any]) -> None:
        self.rows.remove(row)
        self.rows.append(row)
        row[2] += 1

    def victim(self) -> list[Any]:
        return min(self.rows, key=lambda row: row[2])  # the first of equals: the oldest use


class ReferenceSieve(Reference):
    hand: int | None = None  # the key that the hand is at

    def use(self, row: list[Any]) -> None:
        row[2] = 2

    def victim(self) -> list[Any]:
        keys = [row[0] for row in self.rows]
        i = keys.index(self.hand) if self.hand in keys else 0
        while self.rows[i][2] == 2:
            self.rows[i][2] = 1
            i = (i + 1) % len(self.rows)
        self.hand = keys[i + 1] if i + 1 < len(keys) else None
        return self.rows[i]

    def delete(self, key: int) -> None:
        keys = [row[0] for row in self.rows]
        if self.hand == key:
            i = keys.index(key)
            self.hand = keys[i + 1] if i + 1 < len(keys) else None
        super().delete(key)


class CacheMachine(RuleBasedStateMachine):
    """One cache beside its reference."""

    ours_type: Callable[[int], Cache[int, int]] = LRUCache
    model_type: Callable[[int], Reference] = ReferenceLRU

    @initialize(maxsize=st.integers(1, 6))
    def begin(self, maxsize: int) -> None:
        self.ours = type(self).ours_type(maxsize)
        self.model = type(self).model_type(maxsize)

    @rule(key=KEYS)
    def get(self, key: int) -> None:
        assert self.ours.get(key) == self.model.get(key)

    @rule(key=KEYS)
    def index(self, key: int) -> None:
        expected = self.model.get(key)
        if expected is None:
            with pytest.raises(KeyError):
                self.ours[key]
        else:
            assert self.ours[key] == expected

    @rule(key=KEYS, value=st.integers(1, 99))
    def put(self, key: int, value: int) -> None:
        self.ours[key] = value
        self.model.put(key, value)

    @rule(key=KEYS)
    def delete(self, key: int) -> None:
        if self.model.row(key) is None:
            with pytest.raises(KeyError):
                del self.ours[key]
        else:
            del self.ours[key]
            self.model.delete(key)

    @invariant()
    def same(self) -> None:
        if hasattr(self, "ours"):
            assert sorted(self.ours) == sorted(row[0] for row in self.model.rows)
            assert (self.ours.hits, self.ours.misses) == (self.model.hits, self.model.misses)
            assert len(self.ours) <= self.ours.maxsize
            assert all(key in self.ours for key in self.ours)


class LFUMachine(CacheMachine):
    ours_type, model_type = LFUCache, ReferenceLFU


class SieveMachine(CacheMachine):
    ours_type, model_type = SieveCache, ReferenceSieve


class TTLMachine(CacheMachine):
    """With a clock that stands still, a cache with an age limit is the plain one."""

    ours_type, model_type = (
        staticmethod(lambda n: TTLCache(n, 5.0, timer=lambda: 1.0)),
        ReferenceLRU,
    )


for machine in (CacheMachine, LFUMachine, SieveMachine, TTLMachine):
    machine.TestCase.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
TestLRU = CacheMachine.TestCase
TestLFU = LFUMachine.TestCase
TestSieve = SieveMachine.TestCase
TestTTL = TTLMachine.TestCase


class Slow3Fifo:
    """Algorithm 1 of the paper with two lists, and nothing clever."""

    def __init__(self, maxsize: int) -> None:
        self.maxsize, self.most_small = maxsize, max(1, maxsize // 10)
        self.small: list[list[int]] = []
        self.main: list[list[int]] = []
        self.ghosts: list[int] = []

    def request(self, key: int) -> bool:
        for row in self.small + self.main:
            if row[0] == key:
                row[1] = min(row[1] + 1, 3)
                return True
        while len(self.small) + len(self.main) >= self.maxsize:
            if len(self.small) >= self.most_small:
                self.evict_small()
            else:
                self.evict_main()
        if key in self.ghosts:
            self.ghosts.remove(key)
            self.main.append([key, 0])
        else:
            self.small.append([key, 0])
        return False

    def evict_small(self) -> None:
        while self.small:
            row = self.small.pop(0)
            if row[1] > 1:
                self.main.append(row)
                if len(self.main) > self.maxsize - self.most_small:
                    self.evict_main()
                continue
            self.ghosts.append(row[0])
            self.ghosts = self.ghosts[-(self.maxsize - self.most_small) or len(self.ghosts) :]
            return

    def evict_main(self) -> None:
        while self.main:
            row = self.main.pop(0)
            if not row[1]:
                return
            self.main.append([row[0], row[1] - 1])


@given(st.lists(st.integers(0, 25), max_size=300), st.integers(1, 15))
@settings(max_examples=80, deadline=None)
def test_s3_fifo_follows_the_paper_s_algorithm(trace: list[int], maxsize: int) -> None:
    cache, model = S3FIFOCache[int, bool](maxsize), Slow3Fifo(maxsize)

    for key in trace:
        hit = cache.get(key) is not None
        if not hit:
            cache[key] = True

        assert hit == model.request(key)
        assert sorted(cache) == sorted(row[0] for row in model.small + model.main)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8)), max_size=200), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_s3_fifo_survives_deletions_anywhere(steps: list[tuple[int, int]], maxsize: int) -> None:
    cache: S3FIFOCache[int, int] = S3FIFOCache(maxsize)

    for action, key in steps:
        if action == 0:
            cache[key] = key
        elif action == 1:
            assert cache.get(key, key) == key
        else:
            cache.pop(key, None)

        assert len(cache) == len(set(cache)) <= maxsize
        assert len(cache._small) + len(cache._main) == len(cache)


def best_by_trying(trace: list[int], size: int) -> int:
    """The most hits of any choice of victims, by trying every one of them."""
    states: dict[frozenset[int], int] = {frozenset(): 0}
    for key in trace:
        after: dict[frozenset[int], int] = {}
        for state, hits in states.items():
            if key in state:
                choices = [(state, hits + 1)]
            elif len(state) < size:
                choices = [(state | {key}, hits)]
            else:
                choices = [((state - {gone}) | {key}, hits) for gone in state]
            for choice, found in choices:
                after[choice] = max(after.get(choice, 0), found)
        states = after
    return max(states.values())


@given(st.lists(st.integers(0, 5), max_size=14), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_belady_s_rule_is_the_best_of_all_choices(trace: list[int], size: int) -> None:
    assert belady_hits(trace, size) == best_by_trying(trace, size)


@given(st.lists(st.integers(0, 20), max_size=150), st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_no_policy_has_more_hits_than_belady(trace: list[int], size: int) -> None:
    best = belady_hits(trace, size)
    policies: list[MutableMapping[int, bool]] = [
        LRUCache(size),
        LFUCache(size),
        SieveCache(size),
        S3FIFOCache(size),
    ]

    hits = [simulate(policy, trace).hits for policy in policies]

    assert max(hits) <= best


@given(st.lists(st.sampled_from("gpt"), max_size=60), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_nothing_older_than_its_time_to_live_is_given_out(actions: list[str], maxsize: int) -> None:
    now, keys = [0.0], itertools.cycle(range(5))
    cache = TTLCache[int, float](maxsize, 3.0, timer=lambda: now[0])

    for action in actions:
        key = next(keys)
        if action == "t":
            now[0] += 1.0
        elif action == "p":
            cache[key] = now[0]
        else:
            written = cache.get(key)
            assert written is None or now[0] - written < 3.0

        assert all(now[0] - cache[one] < 3.0 for one in cache)
        assert len(cache) == len(list(cache)) <= maxsize
