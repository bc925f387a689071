"""Patterns in texts, distances of texts, many patterns at once."""

from __future__ import annotations

import pytest

from velvet_algorithms.strings import (
    AhoCorasick,
    Hit,
    find_all,
    lcs_length,
    levenshtein,
    levenshtein_dp,
    prefix_function,
    z_array,
)


def test_borders_of_the_textbook_pattern() -> None:
    assert prefix_function("ababaca") == [0, 0, 1, 2, 3, 0, 1]  # CLRS, figure 32.11
    assert prefix_function("") == []


def test_gusfields_z_array() -> None:
    expected = [0, 1, 0, 0, 4, 1, 0, 0, 0, 8, 1, 0, 0, 5, 1, 0, 0, 1, 0]

    assert z_array("aabxaabxcaabxaabxay") == expected
    assert z_array("") == []


@pytest.mark.parametrize(
    ("pattern", "text", "places"),
    [
        ("aa", "aaaa", [0, 1, 2]),
        ("aba", "ababa", [0, 2]),
        ("abc", "ab", []),
        ("x", "", []),
        (b"\x00\x01", b"\x00\x00\x01", [1]),
        ([1, 2], [1, 2, 1, 2], [0, 2]),
        ("🐍", "a🐍b🐍", [1, 3]),
    ],
)
def test_all_places_are_found(pattern: object, text: object, places: list[int]) -> None:
    assert list(find_all(pattern, text)) == places  # type: ignore[arg-type]


def test_an_empty_pattern_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="empty pattern is found everywhere"):
        find_all("", "text")


class CountedText(str):
    """A text that counts how many of its letters are compared."""

    compared = 0

    def __getitem__(self, place: object) -> str:
        CountedText.compared += 1
        return super().__getitem__(place)  # type: ignore[index]


def test_the_worst_pattern_looks_at_a_letter_only_a_few_times() -> None:
    counts = []
    for size in (400, 800):
        CountedText.compared = 0
        list(find_all(CountedText("a" * (size // 4) + "b"), "a" * size))
        counts.append(CountedText.compared)

    assert counts[1] <= 2.1 * counts[0]
    assert counts[1] < 4 * 800


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        ("kitten", "sitting", 3),
        ("intention", "execution", 5),
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "abc", 0),
        ("flaw", "lawn", 2),
        ("naïve 🐍", "naive", 3),
        ("a" * 200, "b" * 200, 200),
        ("ab" * 100, "ba" * 100, 2),
    ],
)
def test_known_distances(a: str, b: str, distance: int) -> None:
    assert levenshtein(a, b) == levenshtein(b, a) == levenshtein_dp(a, b) == distance


def test_other_sequences_have_distances_too() -> None:
    assert levenshtein([1, 2, 3], [1, 3]) == 1
    assert levenshtein(b"abc", b"axc") == 1


@pytest.mark.parametrize("cutoff", [0, 1, 2, 3, 4, 50])
def test_a_cutoff_hides_only_what_is_beyond_it(cutoff: int) -> None:
    assert levenshtein("kitten", "sitting", cutoff) == min(3, cutoff + 1)
    assert levenshtein("a" * 90, "b" * 90, cutoff) == min(90, cutoff + 1)
    assert levenshtein("abc", "abc", cutoff) == 0


def test_a_negative_cutoff_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0, not -1"):
        levenshtein("a", "b", -1)


@pytest.mark.parametrize(
    ("a", "b", "length"),
    [("ABCBDAB", "BDCABA", 4), ("", "x", 0), ("same", "same", 4), ("abc", "xyz", 0)],
)
def test_known_common_subsequences(a: str, b: str, length: int) -> None:
    assert lcs_length(a, b) == lcs_length(b, a) == length


def test_the_textbook_automaton_has_seven_hits() -> None:
    words = ["a", "ab", "bab", "bc", "bca", "c", "caa"]

    hits = list(AhoCorasick(words).iter("abccab"))

    assert [(start, words[number]) for start, number in hits] == [
        (0, "a"),
        (0, "ab"),
        (1, "bc"),
        (2, "c"),
        (3, "c"),
        (4, "a"),
        (4, "ab"),
    ]


def test_equal_patterns_are_both_reported() -> None:
    assert list(AhoCorasick(["x", "x"]).iter("yx")) == [Hit(1, 0), Hit(1, 1)]


def test_longer_hits_come_first_where_they_end_together() -> None:
    assert [hit.start for hit in AhoCorasick(["c", "bc", "abc"]).iter("abc")] == [0, 1, 2]


def test_counts_are_those_of_the_hits() -> None:
    machine = AhoCorasick(["a", "aa", "b"])

    assert machine.count("aaab") == [3, 2, 1]
    assert machine.count("") == [0, 0, 0]


@pytest.mark.parametrize(
    ("patterns", "message"), [([], "no pattern"), (["a", ""], "pattern 1 is empty")]
)
def test_nothing_to_search_for_is_refused(patterns: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AhoCorasick(patterns)
