"""The contenders on graphs, texts and points give equal answers before anybody times them."""

from __future__ import annotations

import pytest

from velvet_algorithms.contenders import check, contenders
from velvet_algorithms.families.roads import KeyedPairingHeap, roads
from velvet_algorithms.families.tasks import checked
from velvet_algorithms.families.texts import text_of
from velvet_algorithms.trees import dijkstra_decrease_key, shortest_paths

FAMILIES = {
    "sssp": 7,
    "routes": 11,
    "flow": 5,
    "components": 6,
    "tasks": 3,
    "edit_distance": 4,
    "multi_pattern": 4,
    "suffix_array": 4,
    "hull": 2,
    "closest_pair": 3,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_all_contenders_of_a_family_agree(family: str) -> None:
    known = contenders(family)
    present = [one.name for one in known if not one.absent]

    agreed = check(family, seed=3, n=90)

    assert len(known) == FAMILIES[family]
    assert agreed == present
    assert "ours" in {one.kind for one in known if one.name in agreed}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_least_input_is_no_special_case(family: str) -> None:
    assert check(family, seed=1, n=4)


def test_a_pairing_heap_whose_entries_are_moved_by_item_finds_the_same_distances() -> None:
    given = roads(100, seed=2)

    moved = dijkstra_decrease_key(given.graph, 0, KeyedPairingHeap)

    assert moved.distance == shortest_paths(given.graph, 0).distance


def test_the_kinds_of_text_are_what_they_are_called() -> None:
    assert text_of("same", 4, 1) == "aaaa"
    assert text_of("fibonacci", 8, 1) == "abaababa"
    assert text_of("random", 9, 1) == text_of("random", 9, 1) != text_of("random", 9, 2)


def test_an_order_that_is_none_is_refused_before_it_is_timed() -> None:
    with pytest.raises(ValueError, match="came before its predecessor"):
        checked(lambda: [1, 2], {1: [2], 2: []})
