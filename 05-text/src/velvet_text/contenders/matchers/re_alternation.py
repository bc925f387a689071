"""One pattern of `re` with all keywords, the longest first; it tries them one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from velvet_text.keywords import Hit, KeywordMatcher, is_word


class _Alternation:
    def __init__(self, keywords: Sequence[str], *, whole: bool) -> None:
        ordered = sorted(keywords, key=len, reverse=True)
        plain = all(is_word(word[0]) and is_word(word[-1]) for word in ordered)
        parts = [_bordered(word) if whole and not plain else re.escape(word) for word in ordered]
        pattern = "|".join(parts) or r"(?!)"
        # One check of the borders around all is many times cheaper than one around each.
        self._pattern = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)" if whole and plain else pattern)

    def find(self, text: str) -> list[Hit]:
        return [Hit(*one.span(), one.group()) for one in self._pattern.finditer(text)]


def _bordered(word: str) -> str:
    before = r"(?<!\w)" if is_word(word[0]) else ""
    return before + re.escape(word) + (r"(?!\w)" if is_word(word[-1]) else "")


def build(keywords: Sequence[str], *, whole: bool) -> KeywordMatcher:
    """Return the alternation."""
    return _Alternation(keywords, whole=whole)
