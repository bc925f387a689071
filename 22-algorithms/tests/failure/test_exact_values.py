"""Inputs that once gave a wrong value or took quadratic time, each with what is right."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from velvet_algorithms.caches.traces import loop
from velvet_algorithms.components import CycleError, critical_path, toposort
from velvet_algorithms.dp import knapsack, knapsack_lists, lis, subset_sums, subset_sums_set
from velvet_algorithms.flow import MaxFlow
from velvet_algorithms.geometry import closest_pair, convex_hull, orient
from velvet_algorithms.graph import Graph
from velvet_algorithms.heaps import top_k
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.ordered import BPlusTree, SkipList
from velvet_algorithms.paths import dijkstra
from velvet_algorithms.quantiles import TDigest
from velvet_algorithms.ranges import Fenwick, IntervalIndex
from velvet_algorithms.scheduling import edf, list_schedule, lpt, min_rooms, weighted_intervals
from velvet_algorithms.segment_tree import LazySegmentTree, SegmentTree
from velvet_algorithms.sharding import HashRing, RendezvousShards, jump_hash, rendezvous
from velvet_algorithms.sketches import CountMin, SpaceSaving
from velvet_algorithms.sorted_list import SortedList
from velvet_algorithms.spell import SpellChecker
from velvet_algorithms.strings import AhoCorasick, levenshtein, suffix_array, suffix_array_py
from velvet_algorithms.tries import DictTrie, PrefixIndex, RadixTree

NAN = math.nan
DECIMAL_NAN: Any = Decimal("NaN")


def test_the_closest_pair_is_exact_where_distances_round_to_the_same_float() -> None:
    points = [(0.0, 0.0), (1e9, 0.0), (-1e9, 1.0)]

    assert closest_pair(points) == (1e9, 0, 1)
    assert closest_pair([points[0], points[2], points[1]]) == (1e9, 0, 2)


@pytest.mark.parametrize(
    "weights", [(2**53 + 1, 0.5), (0.1, 2**60 + 1), (3, 5), (0.25, 1e-3), (2**53 + 1, 1e-300)]
)
def test_a_saved_hierarchy_answers_to_the_last_digit(
    tmp_path: Path, weights: tuple[float, float]
) -> None:
    graph = Graph.from_edges(3, [(0, 1, weights[0]), (1, 2, weights[1])])
    built = ContractionHierarchy.build(graph)
    built.save(tmp_path / "roads.npz")

    loaded = ContractionHierarchy.load(tmp_path / "roads.npz")

    for source, target in ((0, 1), (1, 2), (0, 2)):
        assert loaded.query(source, target).distance == built.query(source, target).distance


def test_a_saved_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    built = ContractionHierarchy.build(Graph.from_edges(2, [(0, 1)]))
    real, link = tmp_path / "real.npz", tmp_path / "link.npz"
    built.save(real)
    real.chmod(0o600)
    link.symlink_to(real)
    before = real.read_bytes()

    ContractionHierarchy.build(Graph.from_edges(3, [(0, 1)])).save(link)

    assert link.is_symlink()
    assert real.read_bytes() != before
    assert real.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5], [7], [1, 1, 2]])
def test_a_digest_of_a_few_numbers_is_exact(values: list[float]) -> None:
    made = TDigest()
    made.update(values)

    for value in values:
        share = sum(each <= value for each in values) / len(values)
        assert made.cdf(value) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    "runs",
    [{200.0: 3000, 404.0: 3000, 500.0: 3000}, {0.1: 3000, 0.7: 3000}, {5.0: 9000}],
)
def test_ties_are_within_the_bound_that_is_stated(runs: dict[float, int]) -> None:
    made = TDigest()
    made.update([value for value, times in runs.items() for _ in range(times)])
    total, upto = sum(runs.values()), 0

    for value, times in runs.items():
        upto += times
        assert made.cdf(value) == pytest.approx(upto / total, abs=made.error_bound())
        assert made.quantile((upto - times / 2) / total) == value


@pytest.mark.parametrize("shape", ["uniform", "lognormal", "zigzag"])
@pytest.mark.parametrize("q", [0.001, 0.01, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_quantiles_are_close_at_the_ends_and_in_the_middle(shape: str, q: float) -> None:
    n = 40_000
    draw = np.random.default_rng(1)
    numbers = {
        "uniform": draw.random(n),
        "lognormal": draw.lognormal(0, 1, n),
        "zigzag": np.array([v for i in range(n // 2) for v in (i, n - i)], dtype=float),
    }[shape]
    made = TDigest()
    made.update(numbers)

    rank = np.searchsorted(np.sort(numbers), made.quantile(q)) / n

    assert abs(rank - q) <= (0.0003 if q in (0.001, 0.999) else 0.012)


def test_a_counter_that_would_overflow_changes_no_row() -> None:
    for conservative in (True, False):
        made = CountMin(0.1, 0.1, conservative=conservative)
        made.add("a", 2**64 - 2)
        with pytest.raises(ValueError, match="64 bits"):
            made.add("a", 2)
        with pytest.raises(OverflowError):
            made.merge(copy.copy(made))
        assert made.estimate("a") == made.total == 2**64 - 2


def test_an_infinite_flow_is_refused_and_an_infinite_capacity_is_not() -> None:
    network = MaxFlow(2)
    network.add_edge(0, 1, 1)

    with pytest.raises(ValueError, match="finite flow"):
        network.change_edge(0, math.inf, math.inf)

    network.change_edge(0, math.inf, 1)
    assert network.edge(0).capacity == math.inf


def test_sums_and_products_are_walked_and_searched_like_sequences() -> None:
    assert list(Fenwick.from_list([3, 1, 4])) == [3, 1, 4]
    assert 4 in Fenwick.from_list([3, 1, 4])
    assert 5 not in Fenwick.from_list([3, 1, 4])
    assert list(SegmentTree("abc", lambda a, b: a + b, "")) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: top_k([1.0, NAN, 2.0, 3.0], 2), "nan is not ordered"),
        (lambda: top_k([1.0, NAN, 2.0, 3.0], 4), "nan is not ordered"),
        (lambda: lis([1.0, NAN, 2.0]), "nan is not ordered"),
        (lambda: edf([(1, NAN), (2, 2)]), "a deadline must be a number"),
        (lambda: Fenwick.from_list([math.inf, 1.0]), "finite"),
        (lambda: Fenwick(2).add(0, -math.inf), "finite"),
        (lambda: Fenwick(2).add(0, Decimal("NaN")), "NaN"),  # type: ignore[arg-type]
        (lambda: IntervalIndex([(Decimal("NaN"), Decimal(1))]), "start < stop"),
        (lambda: Graph.from_edges(2, [(0, 1, Decimal("NaN"))]), "finite"),  # type: ignore[list-item]
        (lambda: MaxFlow(2).add_edge(0, 1, DECIMAL_NAN), "a capacity is at least 0"),
        (lambda: MaxFlow(2).flow(0, 1, DECIMAL_NAN), "limit NaN"),
        (lambda: edf([(DECIMAL_NAN, 1)]), "durations must be at least 0"),
        (lambda: edf([(1, DECIMAL_NAN)]), "a deadline must be a number"),
        (lambda: critical_path({"a": DECIMAL_NAN}, {}), "needs a duration"),
        (lambda: min_rooms([(DECIMAL_NAN, 1)]), "not ordered"),
        (lambda: weighted_intervals([(0, 1, DECIMAL_NAN)]), "weights must be at least 0"),
        (lambda: TDigest().add(DECIMAL_NAN), "finite"),
        (lambda: TDigest().quantile(DECIMAL_NAN), "between 0 and 1"),
        (lambda: TDigest().add(10**400), "finite"),
        (lambda: rendezvous("key", []), "got none"),
    ],
)
def test_what_has_no_place_in_an_order_or_a_sum_is_refused(
    call: Callable[[], object], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        call()


def test_small_integers_of_numpy_do_not_wrap_around() -> None:
    roads = Graph(3, [(0, 1, np.uint8(200)), (1, 2, np.uint8(100))], True)
    network = MaxFlow(2)
    for _ in range(2):
        network.add_edge(0, 1, np.uint8(200))
    sums = Fenwick.from_list(np.array([200, 100], np.uint8))
    sums.add(0, np.int8(100))

    assert dijkstra(roads, 0, 2).distance == 300
    assert network.flow(0, 1) == 400
    assert sums.prefix(2) == 400
    corners = np.array([(0, 0), (2**20, 0), (2**20, 2**20)], np.int32)
    points = [tuple(corner) for corner in corners]
    assert orient(*points) == 1
    assert len(convex_hull(points)) == 3
    assert critical_path({"a": np.uint8(200), "b": np.uint8(100)}, {"b": ["a"]}).length == 300
    weight = np.uint8(200)
    assert weighted_intervals([(0, 1, weight), (1, 2, weight)]).weight == 400
    assert lpt([np.uint8(3), weight, np.uint8(0)], 1).start == (200, 0, 203)
    checker = SpellChecker(["ab", "ac"], [np.uint8(1), weight])
    assert [one.word for one in checker.suggest("a")] == ["ac", "ab"]
    for sketch in (CountMin(0.1, 0.1), SpaceSaving[str](2)):
        sketch.add("a", weight)
        sketch.add("a", weight)
        assert sketch.total == 400
    assert jump_hash(np.uint8(200), 50) == jump_hash(200, 50)


def test_positions_weights_and_limits_of_numpy_do_not_wrap_around() -> None:
    last, many = np.uint8(255), range(300)
    sums = Fenwick.from_list(many)
    sums.add(last, np.int8(1))

    assert sums[last] == 256
    assert len(Fenwick(last)) == 255
    assert SegmentTree(many, max, 0)[last] == 255
    assert SegmentTree(many, max, 0).prod(last, 300) == 299
    assert SegmentTree(many, max, 0).max_right(last, lambda most: most < 290) == 290
    assert LazySegmentTree(many, max, 0, max, max, 0)[last] == 255
    for kind in (SortedList, SkipList, BPlusTree):
        assert kind(many)[last] == 255
        assert kind(many)[np.int8(-1)] == 299
    assert list(SortedList(many, load=np.uint8(200))) == list(many)
    for completer in (PrefixIndex, DictTrie, RadixTree):
        assert completer({"a": np.uint8(200), "b": np.uint8(1)}).top("", 1) == ["a"]
    assert levenshtein("a" * 300, "b" * 300, last) == 256
    assert loop(300, keys=last)[299] == 44
    pair = [np.uint8(200)] * 2
    assert subset_sums(pair).bit_length() == 401
    assert subset_sums_set(pair) == {0, 200, 400}
    assert knapsack(pair, pair, 400) == knapsack_lists(pair, pair, 400) == (400, (0, 1))
    assert closest_pair([(np.int8(-100), 0), (np.int8(100), 0), (10, 0)]) == (90, 1, 2)


def test_letters_beyond_machine_words_have_suffixes() -> None:
    text = [2**63, 0, 2**70, 2**63]

    assert suffix_array(text).tolist() == suffix_array_py(text) == [1, 3, 0, 2]


def test_a_weight_beyond_floats_is_a_weight() -> None:
    graph = Graph.from_edges(2, [(0, 1, 10**400)])

    assert dijkstra(graph, 0, 1).distance == 10**400


def test_neighbours_that_can_be_walked_once_count_every_time() -> None:
    once = {"b": iter(["a"]), "c": iter(["b"])}
    assert critical_path({"a": 1, "b": 2, "c": 4}, once).length == 7
    plan = list_schedule({"a": 1, "b": 2}, {"b": iter(["a"])}, 2)
    assert plan.start == (0.0, 1.0)
    with pytest.raises(CycleError, match=r"a -> b -> a|b -> a -> b"):
        toposort({"a": iter(["b"]), "b": iter(["a"])})


def test_a_name_counts_whole_however_long_and_whatever_its_letters() -> None:
    names = ["x" * 64 + "a", "x" * 64 + "b"]
    keys = [f"key-{number}" for number in range(200)]

    owners = {rendezvous(key, names) for key in keys}

    assert owners == set(names)
    assert {RendezvousShards(names).node_for(key) for key in keys} == set(names)
    assert {HashRing(names).node_for(key) for key in keys} == set(names)
    assert rendezvous("key", ["\ud800"]) == "\ud800"


def test_equal_patterns_cost_no_more_than_different_ones() -> None:
    machine = AhoCorasick(["ab"] * 80_000)

    assert machine.count("abcab") == [2] * 80_000
    assert sum(1 for _ in machine.iter("ab")) == 80_000


def test_patterns_that_end_in_each_other_are_counted_without_their_hits() -> None:
    machine = AhoCorasick(["a" * length for length in range(1, 400)])

    assert machine.count("a" * 1_000) == [1_001 - length for length in range(1, 400)]
    assert [hit.pattern for hit in machine.iter("aaa")] == [0, 1, 0, 2, 1, 0]


def test_a_hull_of_fractions_stays_exact() -> None:
    third = Fraction(1, 3)

    assert orient((0, 0), (third, third), (1, 1)) == 0


def test_a_check_finds_a_broken_invariant_also_under_python_o() -> None:
    program = (
        "from velvet_algorithms.sorted_list import SortedList\n"
        "bag = SortedList([1, 2])\n"
        "bag._lists[0][0] = 9\n"
        "bag.check()\n"
    )

    done = subprocess.run(
        [sys.executable, "-O", "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "AssertionError" in done.stderr
