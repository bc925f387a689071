"""Inputs with ill intent: what they cost, counted exactly and timed, and what the defences cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from velvet.bench import Suite, growth, speedup

ATTACK_SIZES = [64, 128, 256, 512, 1024, 2048]


def _operations(name: str, side: str, n: int) -> Callable[[], dict[str, float]]:
    from velvet_algorithms.adversary import ATTACKS

    attack = ATTACKS[name]

    def run() -> dict[str, float]:
        keys = attack.hostile(n)
        count = attack.victim_operations if side == "victim" else attack.defended_operations
        return {"comparisons": float(count(keys) + n)}

    return run


@cache
def _hostile(name: str, n: int) -> list[Any]:
    """Make the killer once a process: that of quicksort takes as long as the attack itself."""
    from velvet_algorithms.adversary import ATTACKS

    return ATTACKS[name].hostile(n)


def _attacked(name: str, side: str, n: int) -> Callable[[], Any]:
    from velvet_algorithms.adversary import ATTACKS

    attack = ATTACKS[name]
    keys = attack.ordinary(n) if side == "ordinary" else _hostile(name, n)
    if side == "sorted()":
        return lambda: len(sorted(keys))
    act = attack.defended if side == "defended" else attack.victim

    def run() -> int:
        act(keys)
        return len(keys)

    return run


FLOOD, KILLER, TREE = "hash flood", "quicksort killer", "sorted inserts"
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


def _add_adversary(suite: Suite) -> None:
    counted = suite.comparison(
        "adversary_growth",
        title="Comparisons (and one visit a key) that hostile keys cost, exact on every machine",
        kind="value",
        unit="comparisons",
        sizes={"n": ATTACK_SIZES},
        metrics={"comparisons": "comparisons"},
    )
    texts = {FLOOD: "colliding integers", KILLER: "the killer of quicksort", TREE: "sorted inserts"}
    for name, text in texts.items():
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
        most = {FLOOD: 8000, KILLER: 4000, TREE: 1000}[name]
        timed.add(
            row,
            partial(_attacked, name, side),
            baseline=row == "dict",
            when=lambda n, most=most: n <= most,
        )
    timed.same_result()
    suite.claim(
        "a dictionary of 2,000 colliding integers takes 50 times as long as one of others",
        speedup("adversary", "dict", "hash flood", n=2000) >= 50,
    )
    suite.claim(
        "the killer makes a median-of-three quicksort ten times slower at 2,000",
        speedup("adversary", "quicksort", "killed quicksort", n=2000) >= 10,
    )
    suite.claim(
        "the built-in sort does not notice it",
        speedup("adversary", "killed sorted()", "killed quicksort", n=2000) >= 300,
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of attacks."""
    _add_adversary(suite)
