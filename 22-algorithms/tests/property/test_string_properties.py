"""Strings: every clever answer equals the obvious one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.strings import (
    AhoCorasick,
    find_all,
    lcp_array,
    lcs_length,
    levenshtein,
    levenshtein_dp,
    suffix_array,
    suffix_array_py,
    z_array,
)

TEXT = st.text("ab🐍", max_size=30)
PIECE = st.text("ab🐍", min_size=1, max_size=5)
modest = settings(max_examples=60, deadline=None)


@modest
@given(PIECE, TEXT)
def test_kmp_z_and_find_see_the_same_places(pattern: str, text: str) -> None:
    places, start = [], text.find(pattern)
    while start >= 0:
        places.append(start)
        start = text.find(pattern, start + 1)
    size = len(pattern)

    by_z = [
        place for place, run in enumerate(z_array(f"{pattern}|{text}")[size + 1 :]) if run >= size
    ]

    assert list(find_all(pattern, text)) == by_z == places


@modest
@given(st.lists(PIECE, min_size=1, max_size=6), TEXT)
def test_the_automaton_finds_what_looking_everywhere_finds(patterns: list[str], text: str) -> None:
    machine = AhoCorasick(patterns)

    expected = sorted(
        (start, number)
        for number, pattern in enumerate(patterns)
        for start in range(len(text))
        if text.startswith(pattern, start)
    )
    assert sorted(machine.iter(text)) == expected
    assert machine.count(text) == [
        sum(number == each for _, number in expected) for each in range(len(patterns))
    ]


@modest
@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 50))
def test_bits_and_table_agree_on_any_unicode(a: str, b: str, cutoff: int) -> None:
    distance = levenshtein_dp(a, b)

    assert levenshtein(a, b) == distance
    assert levenshtein(a, b, cutoff) == min(distance, cutoff + 1)


@modest
@given(TEXT, TEXT, st.integers(0, 20))
def test_bits_and_table_agree_where_much_is_alike(a: str, b: str, cutoff: int) -> None:
    a, b = a + b + a, b + a + b
    distance = levenshtein_dp(a, b)

    assert levenshtein(a, b) == distance
    assert levenshtein(a, b, cutoff) == min(distance, cutoff + 1)


def lcs_table(a: str, b: str) -> int:
    above = [0] * (len(b) + 1)
    for letter in a:
        here = [0]
        for column, other in enumerate(b, 1):
            here.append(above[column - 1] + 1 if letter == other else max(above[column], here[-1]))
        above = here
    return above[-1]


@modest
@given(TEXT, TEXT)
def test_the_common_subsequence_is_as_long_as_the_table_says(a: str, b: str) -> None:
    assert lcs_length(a, b) == lcs_table(a, b)


@modest
@given(st.one_of(TEXT, st.text(max_size=60)))
def test_suffixes_are_sorted_and_their_prefixes_counted(text: str) -> None:
    expected = sorted(range(len(text)), key=lambda start: text[start:])

    order = suffix_array(text)

    assert order.tolist() == suffix_array_py(text) == expected
    for rank, shared in enumerate(lcp_array(text, order)):
        if rank:
            a, b = text[expected[rank - 1] :], text[expected[rank] :]
            assert a[:shared] == b[:shared]
            assert a[shared : shared + 1] != b[shared : shared + 1] or not a[shared:]
