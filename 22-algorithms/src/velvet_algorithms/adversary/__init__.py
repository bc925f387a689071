"""Inputs chosen by somebody who has read the code: each with its victim and its defence."""

from velvet_algorithms.adversary.collisions import (
    as_text,
    colliding_floats,
    colliding_ints,
    dict_comparisons,
    within_64_bits,
)
from velvet_algorithms.adversary.curves import ATTACKS, Attack, AttackPoint, attack_curve
from velvet_algorithms.adversary.sorting import antiqsort, introsort, quicksort_m3
from velvet_algorithms.adversary.structures import (
    UnbalancedTree,
    bloom_polluter,
    dismantle,
    insert_by_loop,
    insert_by_recursion,
    shuffled,
    sorted_insert_killer,
    trie_deep_chain,
)

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
    "dismantle",
    "insert_by_loop",
    "insert_by_recursion",
    "introsort",
    "quicksort_m3",
    "shuffled",
    "sorted_insert_killer",
    "trie_deep_chain",
    "within_64_bits",
]
