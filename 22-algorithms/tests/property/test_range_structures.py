"""Range structures, intervals, disjoint sets and tries against the plainest code for the same."""

from __future__ import annotations

import heapq
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.ranges import Fenwick, IntervalIndex, IntervalMap, SparseTable
from velvet_algorithms.segment_tree import LazySegmentTree, SegmentTree
from velvet_algorithms.tries import DictTrie, PrefixIndex, RadixTree
from velvet_algorithms.unionfind import PotentialUnionFind, UnionFind

QUICK = settings(max_examples=40, deadline=None)
Matrix = tuple[int, int, int, int]
ITEMS = st.lists(st.integers(-9, 9), min_size=1, max_size=20)


def times(a: Matrix, b: Matrix) -> Matrix:
    """Multiply two matrices of 2 by 2."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
    )


@given(ITEMS, st.lists(st.tuples(st.integers(0, 19), st.integers(-9, 9)), max_size=20))
@QUICK
def test_a_fenwick_tree_sums_as_a_list_does(
    items: list[int], changes: list[tuple[int, int]]
) -> None:
    tree = Fenwick.from_list(items)

    for index, amount in changes:
        tree.add(index % len(items), amount)
        items[index % len(items)] += amount

    assert list(tree) == items
    for stop in range(len(items) + 1):
        assert tree.prefix(stop) == sum(items[:stop])
        for start in range(stop + 1):
            assert tree.range(start, stop) == sum(items[start:stop])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
@QUICK
def test_the_kth_of_counts_is_the_kth_of_the_things_counted(counts: list[int]) -> None:
    tree = Fenwick.from_list(counts)
    things = [i for i, count in enumerate(counts) for _ in range(count)]

    found = [tree.kth(k) for k in range(len(things))]

    assert found == things
    with pytest.raises(ValueError, match="less than the sum"):
        tree.kth(len(things))


@given(
    st.lists(st.tuples(*[st.integers(-2, 2)] * 4), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.tuples(*[st.integers(-2, 2)] * 4)), max_size=8),
)
@QUICK
def test_products_keep_the_order_of_matrices(
    items: list[Matrix], changes: list[tuple[int, Matrix]]
) -> None:
    one = (1, 0, 0, 1)
    tree = SegmentTree(items, times, one)

    for index, matrix in changes:
        tree.set(index % len(items), matrix)
        items[index % len(items)] = matrix

    assert [tree[i] for i in range(len(tree))] == items
    for start in range(len(items) + 1):
        for stop in range(start, len(items) + 1):
            assert tree.prod(start, stop) == reduce(times, items[start:stop], one)


@given(st.text("ab", max_size=17), st.integers(0, 6))
@QUICK
def test_the_searches_find_the_longest_range_that_holds(text: str, most: int) -> None:
    tree = SegmentTree(text, lambda a, b: a + b, "")

    def holds(part: str) -> bool:
        return part.count("a") <= most

    for end in range(len(text) + 1):
        stops = [stop for stop in range(end, len(text) + 1) if holds(text[end:stop])]
        starts = [start for start in range(end + 1) if holds(text[start:end])]
        assert tree.max_right(end, holds) == max(stops)
        assert tree.min_left(end, holds) == min(starts)


def test_the_searches_look_at_a_few_nodes_of_many() -> None:
    seen: list[int] = []
    tree = SegmentTree(range(1_024), lambda a, b: seen.append(a) or max(a, b), -1)
    seen.clear()
    assert (tree.min_left(1_023, lambda _: True), tree.max_right(1, lambda _: True)) == (0, 1_024)
    assert len(seen) <= 2 * 2 * 10


@given(
    st.lists(st.integers(-9, 9), max_size=17),
    st.lists(
        st.tuples(st.integers(0, 17), st.integers(0, 17), st.integers(0, 3), st.integers(-3, 3))
    ),
)
@QUICK
def test_lazy_changes_of_ranges_are_as_good_as_changes_of_each_item(
    items: list[int], changes: list[tuple[int, int, int, int]]
) -> None:
    # Sums under x -> m x + c: not commutative, so the order of changes shows.
    tree = LazySegmentTree(
        [(item, 1) for item in items],
        lambda a, b: (a[0] + b[0], a[1] + b[1]),
        (0, 0),
        lambda f, a: (f[0] * a[0] + f[1] * a[1], a[1]),
        lambda new, old: (new[0] * old[0], new[0] * old[1] + new[1]),
        (1, 0),
    )

    for a, b, m, c in changes:
        start, stop = sorted((a % (len(items) + 1), b % (len(items) + 1)))
        assert tree.prod(start, stop)[0] == sum(items[start:stop])
        tree.apply(start, stop, (m, c))
        items[start:stop] = [m * item + c for item in items[start:stop]]
        if stop < len(items):
            tree.set(stop, (c, 1))
            items[stop] = c

    assert [tree[i][0] for i in range(len(tree))] == items


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=17),
    st.lists(st.tuples(st.integers(0, 17), st.integers(0, 17), st.integers(0, 9))),
)
@QUICK
def test_a_change_that_fails_on_its_way_changes_nothing(
    items: list[int], changes: list[tuple[int, int, int]]
) -> None:
    def small(number: int) -> int:
        if number > 200:
            raise OverflowError(number)
        return number

    tree = LazySegmentTree(
        items, lambda a, b: small(a + b), 0, lambda f, x: small(f * x), lambda f, g: f * g, 1
    )

    for a, b, times in changes:
        start, stop = sorted((a % (len(items) + 1), b % (len(items) + 1)))
        changed = [*items[:start], *(item * times for item in items[start:stop]), *items[stop:]]
        try:
            tree.apply(start, stop, times)
            items = changed
        except OverflowError:
            assert sum(changed) > 200
        try:
            tree.set(start % len(items), 20 * times)
            items[start % len(items)] = 20 * times
        except OverflowError:
            assert sum(items) + 20 * times > 200

    assert [tree[i] for i in range(len(tree))] == items


@given(ITEMS)
@QUICK
def test_a_sparse_table_gives_every_minimum_and_maximum(items: list[int]) -> None:
    least, most = SparseTable(items, min), SparseTable(items, max)

    for start in range(len(items)):
        for stop in range(start + 1, len(items) + 1):
            assert least.prod(start, stop) == min(items[start:stop])
            assert most.prod(start, stop) == max(items[start:stop])


INTERVALS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: (pair[0], sum(pair))),
    max_size=150,
)


@given(INTERVALS, st.integers(-5, 90), st.integers(1, 30))
@QUICK
def test_the_interval_index_finds_what_a_scan_finds(
    intervals: list[tuple[int, int]], start: int, length: int
) -> None:
    index, stop = IntervalIndex(intervals), start + length

    overlapping, at = index.overlaps(start, stop), index.at(start)

    assert overlapping == sorted((a, b) for a, b in intervals if a < stop and start < b)
    assert at == sorted((a, b) for a, b in intervals if a <= start < b)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12), st.sampled_from("ab ")), max_size=25)
)
@QUICK
def test_an_interval_map_is_a_value_for_every_point(steps: list[tuple[int, int, str]]) -> None:
    ours, model = IntervalMap[str](), dict[int, str]()

    for start, length, value in steps:
        points = range(start, start + length)
        if value == " ":
            ours.erase(start, start + length)
            for point in points:
                model.pop(point, None)
        else:
            ours.set(start, start + length, value)
            model.update(dict.fromkeys(points, value))
        assert all(start < stop for start, stop, _ in ours)
        for (_, stop, left), (after, _, right) in pairwise(ours):
            assert stop < after or (stop == after and left != right), "ranges touch or overlap"

    assert {p: v for a, b, v in ours for p in range(a, b)} == model
    assert all(ours.get(point) == model.get(point) for point in range(-1, 45))
    assert sum(1 for _ in ours) == len(ours)


PAIRS = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=25)


@given(PAIRS)
@QUICK
def test_disjoint_sets_are_those_of_naive_merging(pairs: list[tuple[int, int]]) -> None:
    sets, at_once = UnionFind(15), UnionFind(15)
    naive = [{x} for x in range(15)]

    for a, b in pairs:
        one = next(group for group in naive if a in group)
        two = next(group for group in naive if b in group)
        assert sets.union(a, b) == (one is not two)
        if one is not two:
            naive.remove(two)
            one |= two
    joined = at_once.union_all(pairs)

    assert sets.groups() == at_once.groups() == sorted(sorted(group) for group in naive)
    assert 15 - joined == sets.count == at_once.count == len(naive)
    for group in naive:
        assert all(sets.size(x) == len(group) and sets.same(x, min(group)) for x in group)


@given(st.lists(st.fractions(max_denominator=9), min_size=2, max_size=12), PAIRS)
@QUICK
def test_differences_follow_from_what_was_stated(
    worth: list[Fraction], pairs: list[tuple[int, int]]
) -> None:
    n = len(worth)
    sets, plain = PotentialUnionFind(n), UnionFind(n)

    for a, b in pairs:
        x, y = a % n, b % n
        assert sets.union(x, y, worth[x] - worth[y]) == plain.union(x, y)  # type: ignore[arg-type]

    for x in range(n):
        for y in range(n):
            known = worth[x] - worth[y] if plain.same(x, y) else None
            assert sets.difference(x, y) == known


WORDS = st.dictionaries(st.text("ab\U0010ffff", max_size=6), st.integers(-3, 3), max_size=25)


@given(WORDS, st.text("ab\U0010ffff", max_size=4), st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_all_completers_find_the_same_words(words: dict[str, int], prefix: str, k: int) -> None:
    matches = [word for word in words if word.startswith(prefix)]
    best = heapq.nsmallest(k, matches, key=lambda word: (-words[word], word))

    completers: list[Any] = [PrefixIndex(words), DictTrie(words), RadixTree(words)]

    for one in completers:
        assert one.range(prefix) == sorted(matches)
        assert one.top(prefix, k) == best
        assert (prefix in one) == (prefix in words)
        assert len(one) == len(words)
    completers[2].check()
