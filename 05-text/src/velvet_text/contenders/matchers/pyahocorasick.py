"""Aho-Corasick in C: one pass over the text, whatever the number of keywords."""

from __future__ import annotations

from collections.abc import Sequence

import ahocorasick  # type: ignore[import-not-found]

from velvet_text.keywords import Hit, KeywordMatcher, from_automaton


class _Automaton:
    def __init__(self, keywords: Sequence[str], *, whole: bool) -> None:
        self._whole = whole
        self._automaton = ahocorasick.Automaton()
        for word in keywords:
            self._automaton.add_word(word, word)
        self._empty = not keywords
        self._automaton.make_automaton()

    def find(self, text: str) -> list[Hit]:
        if self._empty:  # the library refuses to search with no keyword
            return []
        found = self._automaton.iter(text)
        spans = ((last + 1 - len(word), last + 1, word) for last, word in found)
        return from_automaton(spans, text, whole=self._whole)


def build(keywords: Sequence[str], *, whole: bool) -> KeywordMatcher:
    """Return the automaton."""
    return _Automaton(keywords, whole=whole)
