"""The delete index finds exactly what measuring the distance to every word finds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.samples.words import make_words, misspell, zipf_weights
from velvet_algorithms.spell import (
    SpellChecker,
    deletions,
    distance_up_to_two,
    edits2_suggest,
    scan_suggest,
)
from velvet_algorithms.strings import levenshtein_dp

WORD = st.text("abc", min_size=1, max_size=7)


@settings(max_examples=150, deadline=None)
@given(st.text("ab", max_size=7), st.text("abc", max_size=7))
def test_the_short_distance_is_the_one_of_the_table(a: str, b: str) -> None:
    assert distance_up_to_two(a, b) == min(3, levenshtein_dp(a, b))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORD, st.integers(1, 9), max_size=12), st.text("abc", max_size=8))
def test_the_index_finds_what_a_scan_finds(weights: dict[str, int], query: str) -> None:
    checker = SpellChecker(list(weights), list(weights.values()))

    found = checker.suggest(query)

    assert found == scan_suggest(query, weights)
    assert found[:2] == checker.suggest(query, 2)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(WORD, st.integers(1, 9), max_size=12), st.text("abc", max_size=4))
def test_making_all_edits_finds_the_same(weights: dict[str, int], query: str) -> None:
    assert edits2_suggest(query, weights) == scan_suggest(query, weights)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORD, st.integers(1, 9), max_size=12), st.text("abc", max_size=8))
def test_an_index_of_distance_one_finds_only_that(weights: dict[str, int], query: str) -> None:
    checker = SpellChecker(list(weights), list(weights.values()), max_distance=1)

    assert checker.suggest(query) == [s for s in scan_suggest(query, weights) if s.distance < 2]


def test_deletions_are_all_texts_that_remain() -> None:
    assert deletions("abc", 1) == {"abc", "ab", "ac", "bc"}
    assert deletions("a", 2) == {"a", ""}


def test_misspelled_words_lead_back_to_their_origin() -> None:
    words = make_words(800)
    checker = SpellChecker(words, zipf_weights(800))

    for word in words[::20]:
        typed = misspell(word, edits=1, seed=4)
        near = checker.suggest(typed)
        # A swap of neighbours is two edits of the kinds that are counted here.
        assert word in [one.word for one in near]
    assert len(checker) == 800
    assert words[0] in checker


def test_an_explanation_counts_the_work() -> None:
    told = SpellChecker(["cat", "car", "dog"]).explain("cap")

    assert told == {
        "words": 3,
        "entries": len(deletions("cat", 2) | deletions("car", 2) | deletions("dog", 2)),
        "lookups": 7,
        "candidates": 2,
        "suggestions": 2,
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SpellChecker(["a"], max_distance=3), "max_distance must be between 1 and 2"),
        (lambda: SpellChecker(["a"], [1, 2]), "1 words and 2 weights"),
        (lambda: SpellChecker(["a", "a"]), "different and not empty"),
        (lambda: SpellChecker([""]), "different and not empty"),
        (lambda: SpellChecker(["a" * 201]), "up to 200 letters"),
        (lambda: SpellChecker(["a"]).suggest("a", -1), "k must be at least 0, got -1"),
    ],
)
def test_impossible_requests_of_words_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
