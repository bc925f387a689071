"""A loop of `in` and `find`: the wrong way, it counts `cat` inside `category`."""

from __future__ import annotations

from collections.abc import Sequence

from velvet_text.keywords import Hit, KeywordMatcher


class _Naive:
    def __init__(self, keywords: Sequence[str]) -> None:
        self._keywords = keywords

    def find(self, text: str) -> list[Hit]:
        """Return every occurrence of every keyword: borders and overlaps are ignored."""
        hits = []
        for word in self._keywords:
            at = text.find(word)
            while at >= 0:
                hits.append(Hit(at, at + len(word), word))
                at = text.find(word, at + len(word))
        return sorted(hits)


def build(keywords: Sequence[str], *, whole: bool) -> KeywordMatcher:  # noqa: ARG001 - ignored
    """Return the naive matcher, which cannot tell whole words."""
    return _Naive(keywords)
