"""What systems are made of: who owns a key, and sorting more than memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from velvet.bench import Outcome, Suite, ratio, value
from velvet_algorithms.comparisons.rows import claim_speedups
from velvet_algorithms.external import Spill, external_sort
from velvet_algorithms.sharding import (
    HashRing,
    JumpShards,
    ModShards,
    RendezvousShards,
    Shards,
    imbalance,
    moved,
)

KEYS = 20_000
LOOKUPS = 1000  # keys in one timed call
NODES = [f"node-{number}" for number in range(11)]
RINGS = (1, 10, 100, 1000)


SHARDS: dict[str, Callable[[list[str]], Shards]] = {
    "mod": ModShards,
    "jump": JumpShards,
    "rendezvous": RendezvousShards,
    **{f"ring of {vnodes}": partial(HashRing, vnodes=vnodes) for vnodes in RINGS},
}


def _placement(name: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        keys: list[bytes | str] = [f"key-{number}" for number in range(KEYS)]
        ten, eleven = SHARDS[name](NODES[:10]), SHARDS[name](NODES)
        return {"moved": moved(ten, eleven, keys), "fullest": imbalance(ten, 10, keys)}

    return run


def _owners(name: str) -> Callable[[], Any]:
    shards = SHARDS[name](NODES[:10])
    keys = [b"key-%d" % number for number in range(LOOKUPS)]
    return lambda: [shards.node_for(key) for key in keys]


def _add_sharding(suite: Suite) -> None:
    placement = suite.comparison(
        "sharding",
        title="20,000 keys on 10 nodes: the share that moves to 11, and the fullest node over the mean",
        kind="value",
        unit="",
        metrics={"moved": "", "fullest": ""},
    )
    lookups = suite.comparison(
        "sharding_lookups",
        title="Finding the node of one key among 10",
        unit="ns",
        items=LOOKUPS,
        rounds={"quick": 6, "default": 12},
    )
    for name in SHARDS:
        placement.add(name, partial(_placement, name), baseline=name == "mod")
        lookups.add(name, partial(_owners, name), baseline=name == "mod")
    suite.claim("modulo moves nearly every key", value("sharding", "mod", "moved") >= 0.85)
    suite.claim(
        "jump hashing moves one in eleven, within a percent",
        value("sharding", "jump", "moved").between(1 / 11 - 0.01, 1 / 11 + 0.01),
    )
    suite.claim(
        "a ring with 1,000 points a node fills its fullest node by less than a fifth too much",
        value("sharding", "ring of 1000", "fullest") <= 1.2,
    )
    suite.claim(
        "a ring with one point a node more than doubles the load of its fullest",
        value("sharding", "ring of 1", "fullest") >= 2,
    )
    slow = "rendezvous pays for every node: at ten it is three times as slow as jump hashing"
    claim_speedups(suite, lookups, {slow: ("jump", "rendezvous", 2)})


def _lines(count: int) -> Iterator[str]:
    """Lines in an order that only looks random, made as they are read: the input takes no memory."""
    return (f"{number * 2_654_435_761 % 2**32:010} {number}" for number in range(count))


def _sorting(limit: int, lines: int) -> Callable[[], Outcome]:
    def run() -> Outcome:
        spill = Spill()
        if limit:
            ordered: Any = external_sort(_lines(lines), max_lines=limit, spill=spill)
        else:
            ordered = sorted(_lines(lines))
        count, before, total = 0, "", 0
        for line in ordered:
            if line < before:
                raise ValueError(f"{line!r} came after {before!r}")
            before, count = line, count + 1
            total += int(line[11:])
        return Outcome({"runs": float(spill.runs)}, result=(count, total))

    return run


def _add_external(suite: Suite) -> None:
    sorting = suite.comparison(
        "external_sort",
        title="Sorting lines that are made as they are read; delta_mb is the peak above the imports",
        kind="run",
        unit="s",
        sizes={"lines": [200_000, 1_000_000]},
        quick=lambda lines: lines == 200_000,
        metrics={"runs": "runs"},
        rounds={"quick": 1, "default": 3},
        floor=True,
    )
    for name, limit in (
        ("sorted", 0),
        ("external 100k", 100_000),
        ("external 20k", 20_000),
    ):
        sorting.add(name, partial(_sorting, limit), baseline=name == "sorted")
    sorting.same_result()
    suite.claim(
        "sorting on disk takes at most a third of the memory",
        ratio("external_sort", "external 20k", "sorted", "delta_mb", lines=1_000_000) <= 1 / 3,
        tier="default",
    )
    suite.claim(
        "for at most 2.5 times the processor time",
        ratio("external_sort", "external 20k", "sorted", "cpu_s", lines=1_000_000) <= 2.5,
        tier="default",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of sharding and external sorting."""
    _add_sharding(suite)
    _add_external(suite)
