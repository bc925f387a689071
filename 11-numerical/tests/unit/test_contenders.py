"""A contender is found by the name of its file, and does what the others do."""

import pytest

from velvet_numerical.contenders import NAMES, load


@pytest.mark.parametrize("name", NAMES)
def test_the_first_of_each_item_is_kept_in_order(name: str) -> None:
    assert load(name).unique("abracadabra") == ["a", "b", "r", "c", "d"]


def test_an_unknown_name_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="'tree' is no contender; known are dictionary, rem"):
        load("tree")
