"""One automaton of RE2 with all keywords, on bytes, so that the text is converted once.

RE2 has no lookaround and its `\\b` is ASCII, so borders of whole words are checked afterwards: the
pattern takes the whole run of word characters, and only what is a keyword in full is kept. That
needs keywords that are one word each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import re2  # type: ignore[import-untyped]

from velvet_text.contenders.engines.re2 import options
from velvet_text.errors import TextError
from velvet_text.keywords import Hit, KeywordMatcher, bordered, encodable, is_word


class _Alternation:
    def __init__(self, keywords: Sequence[str], *, whole: bool) -> None:
        if whole and not all(is_word(c) for word in keywords for c in word):
            raise TextError("re2 finds whole keywords of one word only: use whole=False")
        self._whole = whole
        ordered = sorted(keywords, key=len, reverse=True)
        pattern = "|".join(re2.escape(encodable(word)) for word in ordered) or r"[^\x00-\x{10FFFF}]"
        self._pattern: Any = re2.compile(pattern.encode(), options())
        self._words: Any = None
        if whole:
            words = rf"(?:^|[^\pL\pN_])({pattern})(?:[^\pL\pN_]|$)"
            self._words = re2.compile(words.encode(), options())

    def find(self, text: str) -> list[Hit]:
        data = encodable(text).encode()
        spans = list(self._whole_spans(data) if self._whole else self._spans(data))
        hits, at, points = [], 0, 0
        ascii_only = text.isascii()
        for start, end in spans:
            word = data[start:end].decode()
            points = start if ascii_only else points + len(data[at:start].decode())
            hits.append(Hit(points, points + len(word), word))
            points, at = points + len(word), end
        return [one for one in hits if not self._whole or bordered(text, one.start, one.end)]

    def _spans(self, data: bytes) -> list[tuple[int, int]]:
        return [one.span() for one in self._pattern.finditer(data)]

    def _whole_spans(self, data: bytes) -> list[tuple[int, int]]:
        spans, at = [], 0
        while (found := self._words.search(data, at)) is not None:
            spans.append(found.span(1))
            at = found.end(1)  # the border behind a word may be the border before the next
        return spans


def build(keywords: Sequence[str], *, whole: bool) -> KeywordMatcher:
    """Return the automaton; a TextError for keywords of several words with `whole`."""
    return _Alternation(keywords, whole=whole)
