"""Inputs with ill intent: what they cost, counted exactly and timed, and what the defences cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from velvet.bench import Suite, growth
from velvet_algorithms.adversary import ATTACKS
from velvet_algorithms.comparisons.rows import claim_speedups

ATTACK_SIZES = [64, 128, 256, 512, 1024, 2048]


def _operations(name: str, side: str, n: int) -> Callable[[], dict[str, float]]:
    attack = ATTACKS[name]

    def run() -> dict[str, float]:
        keys = attack.hostile(n)
        count = attack.victim_operations if side == "victim" else attack.defended_operations
        return {"comparisons": float(count(keys) + n)}

    return run


@cache
def _hostile(name: str, n: int) -> list[Any]:
    """Make the killer once a process: that of quicksort takes as long as the attack itself."""
    return ATTACKS[name].hostile(n)


def _attacked(name: str, side: str, n: int) -> Callable[[], Any]:
    attack = ATTACKS[name]
    keys = attack.ordinary(n) if side == "ordinary" else _hostile(name, n)
    if side == "sorted()":
        return lambda: len(sorted(keys))
    act = attack.defended if side == "defended" else attack.victim

    def run() -> int:
        act(keys)
        return len(keys)

    return run


FLOOD, KILLER, TREE = ATTACKS
MOST = {FLOOD: 8000, KILLER: 4000, TREE: 1000}
TEXTS = {FLOOD: "colliding integers", KILLER: "the killer of quicksort", TREE: "sorted inserts"}
ROWS = {
    "dict": (FLOOD, "ordinary"),
    "hash flood": (FLOOD, "hostile"),
    "hash flood as text": (FLOOD, "defended"),
    "quicksort": (KILLER, "ordinary"),
    "killed quicksort": (KILLER, "hostile"),
    "killed introsort": (KILLER, "defended"),
    "killed sorted()": (KILLER, "sorted()"),
    "tree": (TREE, "ordinary"),
    "tree of sorted keys": (TREE, "hostile"),
    "tree of shuffled keys": (TREE, "defended"),
}


def add_to(suite: Suite) -> None:
    """Add the comparisons of attacks."""
    counted = suite.comparison(
        "adversary_growth",
        title="Comparisons (and one visit a key) that hostile keys cost, exact on every machine",
        kind="value",
        unit="comparisons",
        sizes={"n": ATTACK_SIZES},
        metrics={"comparisons": "comparisons"},
    )
    for name, text in TEXTS.items():
        for side in ("victim", "defended"):
            counted.add(f"{name} {side}", partial(_operations, name, side))
        suite.claim(
            f"{text} cost quadratic work",
            growth("adversary_growth", f"{name} victim", over="n").between(1.7, 2.3),
        )
        suite.claim(
            f"the defence against {text} does not",
            growth("adversary_growth", f"{name} defended", over="n") <= 1.4,
        )
    timed = suite.comparison(
        "adversary",
        title="n keys into a dictionary, a quicksort, a search tree: ordinary, hostile, defended",
        unit="ms",
        sizes={"n": [1000, 2000, 4000, 8000]},
        quick=lambda n: n == 2000,
        rounds={"quick": 2, "default": 3},
    )
    for row, (name, side) in ROWS.items():
        setup = partial(_attacked, name, side)
        timed.add(row, setup, baseline=row == "dict", when=lambda n, most=MOST[name]: n <= most)
    timed.same_result()
    flood = "a dictionary of 2,000 colliding integers takes 50 times as long as one of others"
    killer = "the killer makes a median-of-three quicksort ten times slower at 2,000"
    claims = {
        flood: ("dict", "hash flood", 50),
        killer: ("quicksort", "killed quicksort", 10),
        "the built-in sort does not notice it": ("killed sorted()", "killed quicksort", 300),
    }
    claim_speedups(suite, timed, claims, n=2000)
