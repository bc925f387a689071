"""Structures, parsers and caches against what they must always do."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from velvet_performance import flame, ladder, memory, scaling, stacks
from velvet_performance.caching import memoize
from velvet_performance.samples.access_steps import network_of as by_bisection
from velvet_performance.samples.programs.access_log import network_of as by_scan

FRAME = st.text("abcé (.:1)<>_", min_size=1, max_size=8).map(str.strip).filter(bool)
WEIGHTS = st.dictionaries(
    st.lists(FRAME, min_size=1, max_size=4).map(tuple),
    st.floats(0.001, 1e6),
    max_size=8,
)


@given(WEIGHTS)
def test_what_is_written_is_read_back(weights: dict[tuple[str, ...], float]) -> None:
    assert dict(stacks.parse_collapsed(stacks.dump_collapsed(weights))) == weights


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parser(noise: bytes) -> None:
    found = stacks.parse_collapsed(noise)
    assert all(weight >= 0 and all(frames) for frames, weight in found.items())


@given(WEIGHTS)
def test_boxes_lie_inside_their_parents_and_self_adds_up(weights: dict[Any, float]) -> None:
    placed = {box.path: box for box in flame.boxes(weights, 0.0)}
    for path, box in placed.items():
        if path:
            above = placed[path[:-1]]
            assert above.left - 1e-9 <= box.left
            assert box.left + box.width <= above.left + above.width + 1e-9
    if placed:
        assert math.fsum(box.own for box in placed.values()) == pytest.approx(placed[()].weight)


@given(st.dictionaries(FRAME, st.floats(0.01, 100), min_size=1), st.floats(0.05, 0.95))
def test_covering_more_needs_no_fewer_parts(weights: dict[str, float], cover: float) -> None:
    less, few = stacks.pareto(weights, cover)
    more, many = stacks.pareto(weights, 1.0)
    assert less <= more
    assert many[: len(few)] == few
    assert math.fsum(weights[part] for part in few) >= cover * math.fsum(weights.values()) - 1e-6


@given(st.floats(0.001, 0.3), st.floats(1e-5, 0.01), st.floats(1, 1e4))
def test_the_scalability_law_is_recovered_from_its_own_points(a: float, b: float, g: float) -> None:
    law = scaling.USL(a, b, g)
    loads = [1, 2, 4, 8, 16, 32]
    found = scaling.fit_usl(loads, [law.at(n) for n in loads])
    assert found.alpha == pytest.approx(a, rel=1e-6, abs=1e-8)
    assert found.beta == pytest.approx(b, rel=1e-6, abs=1e-8)
    assert found.gamma == pytest.approx(g, rel=1e-6)


@given(st.floats(0, 0.999), st.integers(2, 64))
def test_the_serial_share_is_recovered(p: float, n: int) -> None:
    assert scaling.serial_fraction(scaling.amdahl(p, n), n) == pytest.approx(1 - p, abs=1e-9)
    assert scaling.amdahl(p, n) <= scaling.amdahl(p, math.inf) + 1e-9


@given(st.integers(0, 2**32 - 1))
def test_bisection_finds_the_network_that_the_scan_finds(number: int) -> None:
    ip = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    assert by_bisection(ip) == by_scan(ip)


@settings(deadline=None)  # a busy machine may take a while
@given(st.integers(0, 10_000))
def test_steps_agree_on_any_log(seed: int) -> None:
    ladder.get("access_log").verify(12, seed)


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5))
def test_sizes_of_separate_lists_add_up(blocks: list[bytes]) -> None:
    apart = [[bytes(bytearray(block))] for block in blocks]
    alone = sum(memory.deep_size(one) for one in apart)
    import sys

    seen = {id(one[0]) for one in apart}  # one-byte strings are shared by the interpreter
    if len(seen) == len(apart):
        assert memory.deep_size(apart) == alone + sys.getsizeof(apart)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=60), st.integers(1, 5))
def test_it_counts_as_lru_cache_counts(calls: list[tuple[int, bool]], maxsize: int) -> None:
    def double(n: float) -> float:
        return n * 2

    ours = memoize(maxsize, ttl=1e9, typed=True)(double)
    theirs = functools.lru_cache(maxsize, typed=True)(double)
    for number, as_float in calls:
        n = float(number) if as_float else number
        assert ours(n) == theirs(n)
        assert tuple(ours.cache_info()) == tuple(theirs.cache_info())


class CacheMachine(RuleBasedStateMachine):
    """A cache with expiry against a list of what it must still know."""

    @initialize(maxsize=st.integers(1, 3), ttl=st.integers(2, 6))
    def begin(self, maxsize: int, ttl: int) -> None:
        self.now, self.ttl, self.maxsize = 0.0, ttl, maxsize
        self.model: dict[int, float] = {}  # key -> made at, the least recently used first
        self.calls: list[int] = []
        self.cached = memoize(maxsize, ttl=ttl, clock=lambda: self.now)(self.compute)

    def compute(self, key: int) -> int:
        self.calls.append(key)
        return key * 10

    @rule(key=st.integers(0, 4))
    def ask(self, key: int) -> None:
        fresh = key in self.model and self.now - self.model[key] < self.ttl
        before = len(self.calls)
        assert self.cached(key) == key * 10
        assert (len(self.calls) == before) == fresh
        made = self.model.pop(key, self.now) if fresh else self.now
        self.model.pop(key, None)
        self.model[key] = made
        while len(self.model) > self.maxsize:
            del self.model[next(iter(self.model))]

    @rule(seconds=st.integers(1, 4))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def clear(self) -> None:
        self.cached.cache_clear()
        self.model.clear()

    @invariant()
    def sizes_agree(self) -> None:
        if hasattr(self, "cached"):
            assert self.cached.cache_info().currsize == len(self.model)


TestCache = CacheMachine.TestCase
