"""Items that cannot be hashed are refused by the contender that hashes, and by no other."""

import pytest

from velvet_numerical.contenders import load


def test_an_unhashable_item_is_refused() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        load("dictionary").unique([[1]])


def test_the_list_needs_no_hash() -> None:
    assert load("remembering_list").unique([[1], [2], [1]]) == [[1], [2]]
