"""Aho-Corasick in Rust: one pass over the text, whatever the number of keywords."""

from __future__ import annotations

from collections.abc import Sequence

import ahocorasick_rs

from velvet_text.keywords import Hit, KeywordMatcher, encodable, from_automaton


class _Automaton:
    def __init__(self, keywords: Sequence[str], *, whole: bool) -> None:
        self._whole, self._keywords = whole, [encodable(word) for word in keywords]
        # Overlapping hits are needed for whole words: the longest may have no border.
        kind = (
            ahocorasick_rs.MatchKind.Standard if whole else ahocorasick_rs.MatchKind.LeftmostLongest
        )
        self._automaton = ahocorasick_rs.AhoCorasick(self._keywords, matchkind=kind)

    def find(self, text: str) -> list[Hit]:
        found = self._automaton.find_matches_as_indexes(encodable(text), overlapping=self._whole)
        words = self._keywords
        if not self._whole:
            return [Hit(start, end, words[i]) for i, start, end in found]
        spans = ((start, end, words[i]) for i, start, end in found)
        return from_automaton(spans, text, whole=True)


def build(keywords: Sequence[str], *, whole: bool) -> KeywordMatcher:
    """Return the automaton."""
    return _Automaton(keywords, whole=whole)
