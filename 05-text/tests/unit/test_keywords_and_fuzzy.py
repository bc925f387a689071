"""Keywords by one contract; distances and scores of near texts."""

from __future__ import annotations

import pytest

from velvet_text import fuzzy, keywords
from velvet_text.errors import TextError
from velvet_text.keywords import MATCHERS, Hit, build

KEEP_THE_CONTRACT = [name for name in MATCHERS if name != "naive_in"]


@pytest.mark.parametrize("name", KEEP_THE_CONTRACT)
def test_whole_words_leftmost_longest(name: str) -> None:
    hits = build(name, ["cat", "cats", "dog"]).find("cats, category; dog cat_ éscat cat")

    assert hits == [Hit(0, 4, "cats"), Hit(16, 19, "dog"), Hit(31, 34, "cat")]


@pytest.mark.parametrize("name", KEEP_THE_CONTRACT)
def test_languages_without_spaces_need_parts_of_words(name: str) -> None:
    if name == "split_set":
        with pytest.raises(TextError, match="single words"):
            build(name, ["東京"], whole=False)
    else:
        assert build(name, ["東京", "東京都"], whole=False).find("私は東京都に") == [
            Hit(2, 5, "東京都")
        ]
        assert build(name, ["東京"]).find("私は東京都に") == []


@pytest.mark.parametrize("name", KEEP_THE_CONTRACT)
def test_keywords_of_several_words_and_signs(name: str) -> None:
    words = ["new york", "york", "C++", "new"]
    if name in ("split_set", "re2_alternation"):
        with pytest.raises(TextError, match="word"):
            build(name, words)
    else:
        found = [hit.keyword for hit in build(name, words).find("new york, C++ and new yorker")]
        assert found == ["new york", "C++", "new"]


@pytest.mark.parametrize("name", MATCHERS)
def test_no_keyword_an_empty_one_and_a_surrogate(name: str) -> None:
    assert build(name, []).find("text") == []
    with pytest.raises(TextError, match="empty"):
        build(name, ["a", ""])
    if name in ("ahocorasick_rs", "re2_alternation"):
        with pytest.raises(TextError, match="surrogate"):
            build(name, ["a"]).find("\ud800 a")
    else:
        assert build(name, ["a"]).find("\ud800 a") == [Hit(2, 3, "a")]


def test_hits_are_ordered_by_their_places() -> None:
    hits = [Hit(1, 3, "a"), Hit(0, 9, "z"), Hit(1, 2, "b"), Hit(1, 2, "a")]

    assert sorted(hits) == [hits[1], hits[3], hits[2], hits[0]]


def test_counting_substrings_counts_too_many() -> None:
    text = "the cat in the category"

    assert len(build("naive_in", ["cat"]).find(text)) == 2
    assert len(build("trie", ["cat"]).find(text)) == 1


def test_what_is_put_in_is_not_searched_again() -> None:
    assert keywords.replace("a b", {"a": "b", "b": "a"}) == "b a"
    with pytest.raises(ValueError, match="no contender"):
        build("grep", ["a"])


@pytest.mark.parametrize(("a", "b", "edits"), [("", "", 0), ("abc", "", 3), ("flaw", "lawn", 2)])
def test_edits(a: str, b: str, edits: int) -> None:
    assert fuzzy.levenshtein(a, b) == fuzzy.levenshtein(b, a) == edits


def test_difflib_measures_something_else() -> None:
    assert fuzzy.ratio_difflib("abcd", "bcde") == 75
    assert fuzzy.ratio_own("abcd", "bcde") == fuzzy.ratio_rapidfuzz("abcd", "bcde") == 50
