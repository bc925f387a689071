"""How many keys move and how even the load is, against what theory says for each way."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.sharding import (
    HashRing,
    JumpShards,
    ModShards,
    RendezvousShards,
    imbalance,
    jump_hash,
    mod_hash,
    moved,
    rendezvous,
)

TEN = [f"node-{number}" for number in range(10)]
ELEVEN = [*TEN, "node-10"]
KEYS = [f"key-{number}" for number in range(8000)]
# A share p of n keys has a standard deviation of sqrt(p (1 - p) / n): 0.0032 for 1/11 of 8,000.
FOUR_SIGMA = 4 * math.sqrt(1 / 11 * 10 / 11 / len(KEYS))


@pytest.mark.parametrize(
    ("key", "nodes", "expected"),
    [(1, 1, 0), (42, 57, 43), (0xDEAD10CC, 1, 0), (0xDEAD10CC, 666, 361), (256, 1024, 520)],
)
def test_jump_hash_gives_the_known_answers(key: int, nodes: int, expected: int) -> None:
    assert jump_hash(key, nodes) == expected


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(1, 500))
def test_a_key_jumps_only_to_the_new_node(key: int, nodes: int) -> None:
    before, after = jump_hash(key, nodes), jump_hash(key, nodes + 1)

    assert 0 <= before < nodes
    assert after in (before, nodes)


@pytest.mark.parametrize("kind", [JumpShards, RendezvousShards])
def test_one_node_more_takes_its_share_and_no_more(kind: Any) -> None:
    share = moved(kind(TEN), kind(ELEVEN), KEYS)

    assert abs(share - 1 / 11) <= FOUR_SIGMA


def test_modulo_moves_nearly_everything() -> None:
    share = moved(ModShards(TEN), ModShards(ELEVEN), KEYS)

    # A key stays when its hash is the same modulo 10 and 11: 10 of 110 residues.
    assert abs(share - 10 / 11) <= FOUR_SIGMA


@pytest.mark.parametrize("kind", [RendezvousShards, HashRing])
def test_only_keys_of_a_lost_node_move(kind: Any) -> None:
    whole, without = kind(ELEVEN), kind([node for node in ELEVEN if node != "node-3"])

    for key in KEYS[:1000]:
        owner = whole.node_for(key)
        assert without.node_for(key) == owner or owner == "node-3"


def test_more_points_on_the_ring_even_out_the_load() -> None:
    loads = [imbalance(HashRing(TEN, vnodes), 10, KEYS) for vnodes in (1, 10, 1000)]

    assert loads == sorted(loads, reverse=True)
    assert loads[0] > 2
    assert loads[-1] < 1.2


def test_the_order_of_names_does_not_matter_to_ring_and_rendezvous() -> None:
    for kind in (HashRing, RendezvousShards):
        assert moved(kind(TEN), kind(TEN[::-1]), KEYS[:500]) == 0.0
    assert rendezvous(b"key", iter(TEN)) == rendezvous("key", TEN[::-1])


def test_perfect_balance_is_one_and_a_lonely_node_gets_all() -> None:
    assert imbalance(ModShards(["only"]), 1, KEYS[:10]) == 1.0
    assert imbalance(ModShards(["only"]), 4, KEYS[:10]) == 4.0
    assert mod_hash(23, 10) == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jump_hash(1, 0), "nodes must be at least 1, got 0"),
        (lambda: jump_hash(-1, 3), "unsigned number of 64 bits, got -1"),
        (lambda: mod_hash(1, 0), "nodes must be at least 1"),
        (lambda: rendezvous("a", []), "at least one node, got none"),
        (lambda: HashRing([]), "different and at least one"),
        (lambda: ModShards(["a", "a"]), "different and at least one"),
        (lambda: HashRing(["a"], 0), "vnodes must be at least 1"),
        (lambda: moved(ModShards(TEN), ModShards(TEN), []), "at least one key"),
        (lambda: imbalance(ModShards(TEN), 10, []), "at least one key"),
    ],
)
def test_impossible_shards_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
