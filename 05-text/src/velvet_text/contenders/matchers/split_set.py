"""Split the text into words and look each up in a set: single words only, and hard to beat."""

from __future__ import annotations

import re
from collections.abc import Sequence

from velvet_text.errors import TextError
from velvet_text.keywords import Hit, KeywordMatcher, is_word

_WORD = re.compile(r"\w+")


class _SplitSet:
    def __init__(self, keywords: Sequence[str]) -> None:
        self._keywords = frozenset(keywords)

    def find(self, text: str) -> list[Hit]:
        known = self._keywords
        found = ((one.span(), one.group()) for one in _WORD.finditer(text))
        return [Hit(*span, word) for span, word in found if word in known]


def build(keywords: Sequence[str], *, whole: bool) -> KeywordMatcher:
    """Return the set; a TextError for what is no single whole word."""
    if not whole or not all(is_word(c) for word in keywords for c in word):
        raise TextError("a set of words finds whole single words only: use a trie")
    return _SplitSet(keywords)
