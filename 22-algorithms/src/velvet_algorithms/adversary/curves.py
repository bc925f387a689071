"""Attack, ordinary input and defence side by side, as plain numbers for tables and charts.

Operations are counted, so they are equal on every machine; seconds are measured with the clock that is
handed in.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from velvet_algorithms.adversary.keys import (
    UnbalancedTree,
    as_text,
    colliding_ints,
    dict_comparisons,
    shuffled,
    sorted_insert_killer,
)
from velvet_algorithms.adversary.sorting import antiqsort, introsort, quicksort_m3
from velvet_algorithms.growth import counting

SECRET = 20_011  # stands for what only the defender knows


@dataclass(frozen=True)
class Attack:
    """A victim with its killer.

    Attributes:
        ordinary, hostile: make n keys.
        victim, defended: what is run on them.
        victim_operations, defended_operations: the comparisons that this takes.
        largest: size that still takes under a second or two.
    """

    name: str
    ordinary: Callable[[int], list[Any]]
    hostile: Callable[[int], list[Any]]
    victim: Callable[[list[Any]], object]
    defended: Callable[[list[Any]], object]
    victim_operations: Callable[[list[Any]], int]
    defended_operations: Callable[[list[Any]], int]
    largest: int


@dataclass(frozen=True)
class AttackPoint:
    """One size: seconds and comparisons of the victim on ordinary and hostile keys, and of the defence."""

    n: int
    ordinary_seconds: float
    hostile_seconds: float
    defended_seconds: float
    ordinary_operations: int
    hostile_operations: int
    defended_operations: int


def _sort_operations(sort: Callable[[Sequence[Any]], object], values: Sequence[Any]) -> int:
    keys, tally = counting(values)
    sort(keys)
    return tally.comparisons


def _mixed(n: int) -> list[int]:
    return shuffled(range(n), 1)


def _ids(n: int) -> list[int]:
    draw = random.Random(n)
    return [draw.getrandbits(60) for _ in range(n)]


def _tree_operations(values: list[Any]) -> int:
    return UnbalancedTree(values).comparisons


ATTACKS = {
    attack.name: attack
    for attack in (
        Attack(
            "hash flood",
            _ids,
            colliding_ints,
            dict.fromkeys,
            lambda keys: dict.fromkeys(as_text(keys)),
            dict_comparisons,
            lambda keys: dict_comparisons(as_text(keys)),
            4000,
        ),
        Attack(
            "quicksort killer",
            _mixed,
            lambda n: antiqsort(quicksort_m3, n),
            quicksort_m3,
            introsort,
            lambda keys: _sort_operations(quicksort_m3, keys),
            lambda keys: _sort_operations(introsort, keys),
            4000,
        ),
        Attack(
            "sorted inserts",
            _mixed,
            sorted_insert_killer,
            UnbalancedTree,
            lambda keys: UnbalancedTree(shuffled(keys, SECRET)),
            _tree_operations,
            lambda keys: _tree_operations(shuffled(keys, SECRET)),
            4000,
        ),
    )
}


def attack_curve(
    name: str, sizes: Sequence[int], *, timer: Callable[[], float] = time.perf_counter
) -> list[AttackPoint]:
    """Return a point per size for one of `ATTACKS`.

    Raises:
        KeyError: there is no such attack.
        ValueError: a size is smaller than 1 or larger than the attack's `largest`.
    """
    attack = ATTACKS[name]

    def seconds(run: Callable[[list[Any]], object], keys: list[Any]) -> float:
        began = timer()
        run(keys)
        return timer() - began

    points = []
    for n in sizes:
        if not 1 <= n <= attack.largest:
            raise ValueError(f"{name}: a size must be between 1 and {attack.largest}, got {n}")
        ordinary, hostile = attack.ordinary(n), attack.hostile(n)
        points.append(
            AttackPoint(
                n,
                seconds(attack.victim, ordinary),
                seconds(attack.victim, hostile),
                seconds(attack.defended, hostile),
                attack.victim_operations(ordinary),
                attack.victim_operations(hostile),
                attack.defended_operations(hostile),
            )
        )
    return points
