"""The made words are different, pronounceable, equal everywhere for a seed, and misspelled within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.samples.words import LETTERS, make_words, misspell, zipf_stream, zipf_weights


def test_a_seed_gives_the_same_words_on_every_machine() -> None:
    assert make_words(4, seed=1) == ["prastir", "titoutpre", "plaitateci", "sisam"]
    assert make_words(4, seed=2) != make_words(4, seed=1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 9))
def test_fewer_words_are_the_beginning_of_more(fewer: int, more: int, seed: int) -> None:
    fewer, more = sorted((fewer, more))

    words = make_words(more, seed=seed)

    assert make_words(fewer, seed=seed) == words[:fewer]
    assert len(set(words)) == more
    assert set("".join(words)) <= set(LETTERS)


def damerau(a: str, b: str) -> int:
    """Distance with swaps of neighbours, by the textbook table (each letter swapped once)."""
    rows = [list(range(len(b) + 1))]
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 2 : i] == b[j - 2 : j][::-1]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@settings(max_examples=60, deadline=None)
@given(st.text(LETTERS, max_size=9), st.integers(0, 1), st.integers(0, 50))
def test_one_edit_moves_a_word_by_one_at_most(word: str, edits: int, seed: int) -> None:
    assert damerau(word, misspell(word, edits=edits, seed=seed)) <= edits


def test_a_stream_draws_the_first_word_most_often() -> None:
    stream = zipf_stream(["a", "b", "c"], 3000, seed=5)

    assert stream == zipf_stream(["a", "b", "c"], 3000, seed=5)
    assert stream.count("a") > stream.count("b") > stream.count("c") > 0


def test_weights_fall_as_zipf_says() -> None:
    assert zipf_weights(4, scale=12) == [12, 6, 4, 3]
    assert zipf_weights(3, scale=1) == [1, 1, 1]


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1,000,000 words, got -1"):
        make_words(-1)
    with pytest.raises(ValueError, match="exponent > 0"):
        zipf_weights(3, exponent=0)
    with pytest.raises(ValueError, match="a stream needs words"):
        zipf_stream([], 3)
    with pytest.raises(ValueError, match="edits must be >= 0"):
        misspell("word", edits=-1, seed=1)
