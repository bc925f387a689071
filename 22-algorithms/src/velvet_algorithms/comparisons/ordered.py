"""Sorted containers: what one operation costs in a container of n values, what it moves and holds.

Every operation leaves the container as large as it was: what `add` adds is removed again, untimed,
before the next round, and what `remove` removes is added again. The operation `mix` is an add, a
look, a k-th and a remove in turn, so that no contender can leave an index unbuilt.
"""

from __future__ import annotations

import random
import tracemalloc
from bisect import bisect_right
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import (
    Metric,
    Outcome,
    Suite,
    Timed,
    geometric_mean,
    growth,
    ratio,
    value,
)
from velvet_algorithms.comparisons.rows import add_rows, claim_speedups
from velvet_algorithms.contenders import Way, ways
from velvet_algorithms.sorted_list import SortedList

BATCH = 200
LARGE = 10**5
OPERATIONS: dict[str, tuple[int, ...]] = {"add": (10**3, 10**4, LARGE), "iter": (10**4,)}
OPERATIONS |= dict.fromkeys(("in", "kth", "add+kth", "remove"), (10**4, LARGE))
OPERATIONS |= {"mix": (10**3, 10**4, LARGE, 5 * 10**5)}
MOVES = (1_000, 2_500, 6_000, 15_000, 40_000)


def _operation(one: Way, n: int, op: str) -> Any:
    rng = random.Random(1)
    values = [rng.random() for _ in range(n)]
    fresh = [rng.random() for _ in range(BATCH)]
    looks = [rng.choice(values) if i % 2 else rng.random() for i in range(BATCH)]
    places = [rng.randrange(n) for _ in range(BATCH)]
    made = one.setup(values)
    add, remove, has, get = made.add, made.remove, made.__contains__, made.__getitem__
    there: list[bool] = []  # whether the fresh values are in

    def settle(inside: bool) -> None:
        if bool(there) is not inside:
            for new in fresh:
                (add if inside else remove)(new)
            there[:] = [True] * inside

    def added() -> int:
        for new in fresh:
            add(new)
        there[:] = [True]
        return len(made)

    def removed() -> int:
        for new in fresh:
            remove(new)
        there.clear()
        return len(made)

    def added_and_asked() -> float:
        total = 0.0
        for new, place in zip(fresh, places, strict=True):
            add(new)
            total += get(place)
        there[:] = [True]
        return total

    def mixed() -> float:
        total = 0.0
        for new, look, place in zip(fresh, looks, places, strict=True):
            add(new)
            total += has(look) + get(place)
            remove(new)
        return total

    calls: dict[str, Any] = {
        "add": Timed(lambda _: added(), prepare=lambda: settle(False)),
        "remove": Timed(lambda _: removed(), prepare=lambda: settle(True)),
        "add+kth": Timed(lambda _: added_and_asked(), prepare=lambda: settle(False)),
        "in": lambda: sum(map(has, looks)),
        "kth": lambda: sum(map(get, places)),
        "mix": mixed,
        "iter": lambda: sum(made),
    }
    return calls[op]


def _quick(n: int, op: str) -> bool:
    if n == LARGE:
        return op in ("add", "mix")
    return (n == 10**4 and op in ("add+kth", "mix")) or (n == 10**3 and op == "add")


def _add_operations(suite: Suite) -> None:
    ops = suite.comparison(
        "sorted_containers",
        title="One operation on n sorted values (iter: one value of a walk over all)",
        unit="ns",
        sizes={"n": [300, 10**3, 3000, 10**4, LARGE, 5 * 10**5], "op": list(OPERATIONS)},
        items=lambda n, op: n if op == "iter" else BATCH * (4 if op == "mix" else 1),
        default=lambda n, op: n in OPERATIONS[op],
        quick=_quick,
        rounds={"quick": 6, "default": 8},
    )
    most = {"BPlusTree": LARGE, "SkipList": 10**4}
    add_rows(ops, "sorted_values", baseline="sortedcontainers", setup=_operation, most=most)
    compared = partial(ratio, "sorted_containers", "SortedList", "sortedcontainers")
    for n in (10**4, LARGE):
        suite.claim(
            "over add, in, k-th, add + k-th and remove together, SortedList takes no longer than "
            f"sortedcontainers at {n:,} values",
            geometric_mean(
                *(compared(n=n, op=op) for op in ("add", "in", "kth", "add+kth", "remove"))
            )
            <= 1.0,
            needs="sortedcontainers",
            tier="default",
        )
        suite.claim(
            f"a mix of add, in, k-th and remove takes SortedList no longer than sortedcontainers, {n:,}",
            compared(n=n, op="mix") <= 1.0,
            needs="sortedcontainers",
        )
    suite.claim(
        "so does a sorted list that is asked for its k-th value after every add",
        compared(n=10**4, op="add+kth") <= 1.0,
        needs="sortedcontainers",
    )
    large = "at 100,000 values an add to a sorted list costs several times one to SortedList"
    claim_speedups(suite, ops, {large: ("SortedList", "list+insort", 4)}, n=LARGE, op="add")
    small = "at 1,000 values the plain list is faster than SortedList"
    claim_speedups(suite, ops, {small: ("list+insort", "SortedList", 1.0)}, n=10**3, op="add")
    tree = "a B+ tree loses to buckets under one level of maxima"
    claim_speedups(suite, ops, {tree: ("SortedList", "BPlusTree", 1.25)}, n=LARGE, op="mix")
    skip = {"and a skip list loses by several times": ("SortedList", "SkipList", 2.5)}
    claim_speedups(suite, ops, skip, n=10**4, op="mix")


def _moves(kind: str, n: int) -> Callable[[], Outcome]:
    """Count the values that n adds in random order move up by one place, or into a new bucket."""
    values = random.Random(n).sample(range(10 * n), n)

    def run() -> Outcome:
        kept = SortedList[int](load=10**9 if kind == "one list" else 1000)
        moved = 0
        for one in values:
            if kept:
                bucket = min(bisect_right(kept._maxes, one), len(kept._maxes) - 1)
                size = len(kept._lists[bucket])
                moved += size - bisect_right(kept._lists[bucket], one)
                if size + 1 > kept._most:
                    moved += size + 1 - kept._load
            kept.add(one)
        return Outcome({"moves": moved / n})

    return run


def _traced(make: Callable[[list[float]], Any], n: int) -> Callable[[], Outcome]:
    values = [float(i) for i in range(n)]
    make(values[:1])  # imports

    def run() -> Outcome:
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        container = make(values)
        held = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        if len(container) != n:
            raise ValueError(f"{len(container)} values instead of {n}")
        return Outcome({"bytes": held / n})

    return run


def add_to(suite: Suite) -> None:
    """Add the comparisons of sorted containers."""
    _add_operations(suite)
    moves = suite.comparison(
        "sorted_moves",
        title="Values moved by one add, counted (mean of n adds in random order)",
        kind="value",
        unit="values",
        metrics={"moves": Metric("values")},
        sizes={"n": list(MOVES)},
    )
    for kind in ("one list", "buckets"):
        moves.add(kind, partial(_moves, kind), baseline=kind == "one list")
    suite.claim(
        "in one list the values moved by an add grow with the list",
        growth("sorted_moves", "one list", over="n", metric="moves").between(0.95, 1.05),
    )
    suite.claim(
        "in buckets they stop growing at about a bucket's half",
        value("sorted_moves", "buckets", "moves", n=MOVES[-1]) <= 1_000,
    )
    held = suite.comparison(
        "sorted_bytes",
        title="Bytes a value, without the value itself",
        kind="value",
        unit="bytes",
        metrics={"bytes": Metric("bytes")},
        sizes={"n": [10_000]},
    )
    for one in ways("sorted_values"):
        setup = partial(_traced, one.setup)
        held.add(one.name, setup, baseline=one.name == "list+insort", needs=one.needs)
    suite.claim(
        "SortedList holds hardly more than a list, a skip list ten times as much",
        (value("sorted_bytes", "SortedList", "bytes") <= 10)
        & (value("sorted_bytes", "SkipList", "bytes") >= 80),
    )
