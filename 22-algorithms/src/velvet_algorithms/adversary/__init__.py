"""Inputs chosen by an attacker who has read the code: each with its victim and its defence."""

from velvet_algorithms.adversary.curves import ATTACKS, Attack, AttackPoint, attack_curve
from velvet_algorithms.adversary.keys import (
    UnbalancedTree,
    as_text,
    bloom_polluter,
    colliding_floats,
    colliding_ints,
    dict_comparisons,
    shuffled,
    sorted_insert_killer,
)
from velvet_algorithms.adversary.sorting import antiqsort, introsort, quicksort_m3

__all__ = [
    "ATTACKS",
    "Attack",
    "AttackPoint",
    "UnbalancedTree",
    "antiqsort",
    "as_text",
    "attack_curve",
    "bloom_polluter",
    "colliding_floats",
    "colliding_ints",
    "dict_comparisons",
    "introsort",
    "quicksort_m3",
    "shuffled",
    "sorted_insert_killer",
]
