"""intervaltree: a balanced tree of intervals in pure Python."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from velvet_algorithms.samples.workloads import Pairs

NEEDS = "intervaltree"


def intervals(given: tuple[Pairs, Pairs]) -> Callable[[], list[int]]:
    """Count the overlaps of each range."""
    tree = import_module("intervaltree").IntervalTree.from_tuples(given[0])
    return lambda: [len(tree.overlap(low, high)) for low, high in given[1]]


def interval_builds(given: tuple[Pairs, Pairs]) -> Callable[[], int]:
    """Build the tree."""
    make = import_module("intervaltree").IntervalTree.from_tuples
    return lambda: len(make(given[0]))
