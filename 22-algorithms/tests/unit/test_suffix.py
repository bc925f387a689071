"""Suffix arrays and the suffix automaton."""

from __future__ import annotations

import itertools

import pytest

from velvet_algorithms.strings import lcp_array, suffix_array, suffix_array_py

KNOWN = {
    "banana": [5, 3, 1, 0, 4, 2],
    "mississippi": [10, 7, 4, 1, 0, 9, 8, 6, 3, 5, 2],
    "abracadabra": [10, 7, 0, 3, 5, 8, 1, 4, 6, 9, 2],
    "": [],
    "x": [0],
}


@pytest.mark.parametrize(("text", "order"), KNOWN.items())
def test_known_orders(text: str, order: list[int]) -> None:
    assert suffix_array(text).tolist() == suffix_array_py(text) == order


def test_every_short_text_of_two_letters_is_in_order() -> None:
    for size in range(9):
        for letters in itertools.product("ab", repeat=size):
            text = "".join(letters)
            expected = sorted(range(size), key=lambda start, text=text: text[start:])
            assert suffix_array(text).tolist() == expected, text
            assert suffix_array_py(text) == expected, text


@pytest.mark.parametrize(
    "text", ["a" * 300, "ab" * 150, "🐍é\x00" * 40, "".join(map(chr, range(300))), "\ud800x\ud800"]
)
def test_repetitive_and_wide_texts_are_in_order(text: str) -> None:
    expected = sorted(range(len(text)), key=lambda start: text[start:])

    assert suffix_array(text).tolist() == suffix_array_py(text) == expected


def test_bytes_and_numbers_have_suffixes_too() -> None:
    assert suffix_array(b"banana").tolist() == KNOWN["banana"]
    assert suffix_array_py(b"banana") == KNOWN["banana"]
    assert suffix_array([-5, 7, -5]).tolist() == suffix_array_py([-5, 7, -5]) == [2, 0, 1]


def test_shared_beginnings_of_neighbours() -> None:
    assert lcp_array("banana", suffix_array("banana")) == [0, 1, 3, 0, 0, 2]
    assert lcp_array("aaa", [2, 1, 0]) == [0, 1, 2]
    assert lcp_array("", []) == []


def test_an_order_of_another_text_is_refused() -> None:
    with pytest.raises(ValueError, match="2 suffixes for a text of 3"):
        lcp_array("abc", [1, 0])
