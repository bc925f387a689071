"""The contenders on graphs, texts and points give equal answers before anybody times them."""

from __future__ import annotations

import pytest

from velvet_algorithms.contenders import check, contenders

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
