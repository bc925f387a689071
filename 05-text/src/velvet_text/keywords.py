"""Find keywords in text: one contract, seven ways, from ten keywords to ten thousand.

The contract: leftmost, the longest where several begin at one place, never overlapping, whole
words on request. A word's border is where one side is a letter, digit or underscore of Unicode and
the other is not, as in `re`; languages without spaces need `whole=False`. Every contender in
`contenders/matchers` keeps it, but for those that are kept to be shown wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from velvet_text import contenders
from velvet_text.errors import TextError

MATCHERS = contenders.names("matchers")


@dataclass(frozen=True, order=True)
class Hit:
    """A keyword found between two offsets in code points."""

    start: int
    end: int
    keyword: str


class KeywordMatcher(Protocol):
    """A set of keywords, ready to search; thread-safe after it is built."""

    def find(self, text: str) -> list[Hit]:
        """Return the keywords in a text by the contract."""


def build(name: str, keywords: Iterable[str], *, whole: bool = True) -> KeywordMatcher:
    """Return a matcher by name.

    Raises:
        TextError: an empty keyword, or one that this matcher cannot search for.
        ImportError: its library is absent.
    """
    distinct = tuple(dict.fromkeys(keywords))
    if not all(distinct):
        raise TextError("an empty keyword is found everywhere; leave it out")
    made: KeywordMatcher = contenders.load("matchers", name).build(distinct, whole=whole)
    return made


def is_word(c: str) -> bool:
    """Return whether `re` calls a character a part of a word."""
    return c.isalnum() or c == "_"


def bordered(text: str, start: int, end: int) -> bool:
    """Return whether neither end of a part of a text lies within a word."""
    if start and is_word(text[start]) and is_word(text[start - 1]):
        return False
    return not (end < len(text) and is_word(text[end - 1]) and is_word(text[end]))


def select(hits: Iterable[Hit]) -> list[Hit]:
    """Return the leftmost-longest hits that do not overlap; O(n log n)."""
    kept: list[Hit] = []
    free = 0
    for hit in sorted(hits, key=lambda one: (one.start, -one.end)):
        if hit.start >= free:
            kept.append(hit)
            free = hit.end
    return kept


def encodable(text: str) -> str:
    """Return a text that a library in Rust or C++ takes.

    Raises:
        TextError: a lone surrogate, which UTF-8 does not have.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TextError(f"a lone surrogate at {error.start}: decode the bytes again") from error
    return text


def replace(text: str, mapping: Mapping[str, str], *, matcher: str = "trie") -> str:
    """Return a text with whole keywords replaced in one pass; what was put in is not searched.

    >>> replace("cats and dogs and cat", {"cats": "dogs", "dogs": "cats", "cat": "pet"})
    'dogs and cats and pet'
    """
    parts, at = [], 0
    for hit in build(matcher, mapping).find(text):
        parts += [text[at : hit.start], mapping[hit.keyword]]
        at = hit.end
    return "".join(parts) + text[at:]


def from_automaton(found: Iterable[Any], text: str, *, whole: bool) -> list[Hit]:
    """Return the contract's hits from all (start, end, keyword) that an automaton reports."""
    hits = (Hit(start, end, word) for start, end, word in found)
    return select(one for one in hits if not whole or bordered(text, one.start, one.end))
