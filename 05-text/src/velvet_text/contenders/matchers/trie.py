"""Our own trie, after FlashText: walk down from each border of a word, keep the longest.

Its time does not depend on the number of keywords, and it is Python, so each character costs a
dictionary look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from velvet_text.keywords import Hit, KeywordMatcher, bordered, is_word

_END = ""  # no character is empty, so it can mark where a keyword ends


class TrieMatcher:
    """Keywords in a tree of dictionaries; O(text * longest keyword), independent of their number."""

    def __init__(self, keywords: Sequence[str], *, whole: bool) -> None:
        self._whole = whole
        self._root: dict[str, Any] = {}
        for word in keywords:
            node = self._root
            for c in word:
                node = node.setdefault(c, {})
            node[_END] = word

    def find(self, text: str) -> list[Hit]:
        """Return the hits by the contract."""
        hits: list[Hit] = []
        root, at, size = self._root, 0, len(text)
        while at < size:
            node = root.get(text[at])
            if node is None or (self._whole and self._inside(text, at)):
                at += 1
                continue
            hit, end = None, at + 1
            while node is not None:
                word = node.get(_END)
                if word is not None and (not self._whole or bordered(text, at, end)):
                    hit = Hit(at, end, word)
                node = node.get(text[end]) if end < size else None
                end += 1
            if hit is not None:
                hits.append(hit)
            at = at + 1 if hit is None else hit.end
        return hits

    @staticmethod
    def _inside(text: str, at: int) -> bool:
        return at > 0 and is_word(text[at]) and is_word(text[at - 1])


def build(keywords: Sequence[str], *, whole: bool) -> KeywordMatcher:
    """Return the trie."""
    return TrieMatcher(keywords, whole=whole)
