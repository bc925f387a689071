"""The AtCoder Library as ported to pure Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from velvet_algorithms.contenders.ours import composed, dinic, products, updates
from velvet_algorithms.graph import Graph
from velvet_algorithms.samples.workloads import (
    Arcs,
    Pairs,
    Products,
    Sums,
    Updates,
    changed,
    then,
    together,
)

NEEDS = "ac-library-python"


def union_find(pairs: Pairs) -> Callable[[], int]:
    """Join pairs, and ask for every representative."""
    make = import_module("atcoder.dsu").DSU

    def run() -> int:
        sets = make(len(pairs))
        for a, b in pairs:
            sets.merge(a, b)
        return len(set(map(sets.leader, range(len(pairs)))))

    return run


def range_sums(given: Sums) -> Callable[[], int]:
    """Change items and add up ranges with its Fenwick tree."""
    make = import_module("atcoder.fenwicktree").FenwickTree

    def run() -> int:
        tree, total = make(len(given.items)), 0
        for place, item in enumerate(given.items):
            tree.add(place, item)
        for place, amount, start, stop in given.steps:
            tree.add(place, amount)
            total ^= tree.sum(start, stop)
        return total

    return run


def range_products(given: Products) -> Callable[[], int]:
    """Replace maps and multiply ranges with its segment tree."""
    make = import_module("atcoder.segtree").SegTree
    return partial(products, lambda maps: make(then, (1, 0), maps), given)


def range_updates(given: Updates) -> Callable[[], int]:
    """Change ranges and add ranges up with its lazy segment tree."""
    make = import_module("atcoder.lazysegtree").LazySegTree
    start = partial(make, together, (0, 0), changed, composed, (1, 0))
    return partial(updates, start, given)


def flow(given: Arcs) -> Callable[[], int]:
    """Find the maximum flow from a list of arcs."""
    return partial(dinic, import_module("atcoder.maxflow").MFGraph, given)


def components(given: Graph) -> Callable[[], int]:
    """Count strongly connected components."""
    made = import_module("atcoder.scc").SCCGraph(given.n)
    for tail, head, _ in given.edges:
        made.add_edge(tail, head)
    return lambda: len(made.scc())


def suffix_array(text: str) -> Callable[[], Any]:
    """Sort suffixes with SA-IS, in linear time."""
    build = import_module("atcoder.string").suffix_array
    return lambda: build(text)
