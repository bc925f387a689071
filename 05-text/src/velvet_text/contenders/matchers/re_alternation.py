"""One pattern of `re` with all keywords, the longest first; it tries them one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from velvet_text.keywords import Hit, KeywordMatcher, is_word


class _Alternation:
    def __init__(self, keywords: Sequence[str], *, whole: bool) -> None:
        ordered = sorted(keywords, key=len, reverse=True)
        pattern = "|".join(_bordered(word) if whole else re.escape(word) for word in ordered)
        self._pattern = re.compile(pattern or r"(?!)")

    def find(self, text: str) -> list[Hit]:
        return [Hit(*one.span(), one.group()) for one in self._pattern.finditer(text)]


def _bordered(word: str) -> str:
    before = r"(?<!\w)" if is_word(word[0]) else ""
    return before + re.escape(word) + (r"(?!\w)" if is_word(word[-1]) else "")


def build(keywords: Sequence[str], *, whole: bool) -> KeywordMatcher:
    """Return the alternation."""
    return _Alternation(keywords, whole=whole)
