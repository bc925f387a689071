"""Contenders for "was this key added?": exact sets, and filters that never deny one that was."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from velvet_algorithms.contenders import contender, workload
from velvet_algorithms.filters import BlockedBloom, BloomFilter, CuckooFilter

ERROR = 0.01
PROBES = 5000


class Membership(NamedTuple):
    """Keys that are added, some of them to ask for, and as many that were not added."""

    added: list[bytes]
    probes: list[bytes]
    absent: list[bytes]


@workload("membership")
def _membership(n: int, seed: int) -> Membership:
    """Return n keys to add, and up to 5,000 of them with as many others to ask for."""
    added = [b"order-%d-%d" % (seed, number) for number in range(n)]
    present = added[:: max(1, n // PROBES)][:PROBES]
    absent = [b"absent-%d-%d" % (seed, number) for number in range(len(present))]
    return Membership(added, present, absent)


def _one_by_one(made: Any, given: Membership) -> Callable[[], int]:
    """Ask for every probe; the answer is how many of the added ones are found, which must be all."""
    for key in given.added:
        made.add(key)

    def run() -> int:
        for key in given.absent:
            key in made  # noqa: B015 - asked for its cost; a filter may answer wrongly
        return sum(key in made for key in given.probes)

    return run


@contender("membership", "set", "builtin")
def _(given: Membership) -> Callable[[], int]:
    return _one_by_one(set(), given)


@contender("membership", "bloom", "ours")
def _(given: Membership) -> Callable[[], int]:
    return _one_by_one(BloomFilter(max(1, len(given.added)), ERROR), given)


@contender("membership", "cuckoo", "ours")
def _(given: Membership) -> Callable[[], int]:
    return _one_by_one(CuckooFilter(max(1, len(given.added)), ERROR), given)


@contender("membership", "blocked_bloom", "numpy")
def _(given: Membership) -> Callable[[], int]:
    made = BlockedBloom(max(1, len(given.added)), ERROR)
    made.add_many(given.added)

    def run() -> int:
        made.contains_many(given.absent)
        return int(made.contains_many(given.probes).sum())

    return run


@contender("membership", "rbloom", "compiled", needs="rbloom")
def _(given: Membership) -> Callable[[], int]:
    bloom: Any = importlib.import_module("rbloom").Bloom
    return _one_by_one(bloom(max(1, len(given.added)), ERROR), given)
