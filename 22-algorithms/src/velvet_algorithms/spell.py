"""Which words are at most two letters away? Precompute the deletions of the words, not of the query.

Two words within distance d share a text that remains after at most d deletions from each (Mor and
Fraenkel 1982, "A hash code method for detecting and correcting spelling errors"). So an index of all
such remainders answers with some dozens of look-ups where an alphabet of 26 letters makes tens of
thousands of edits. It pays with memory: about 30 entries a word. The two naive ways stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from velvet_algorithms.contract import plain
from velvet_algorithms.hashing import checked_whole
from velvet_algorithms.samples.words import LETTERS

LONGEST = 200  # letters of a known word: a text of n letters has n**2 / 2 remainders
FAR = 3
"""What `distance_up_to_two` returns for everything beyond two."""


class Suggestion(NamedTuple):
    """A known word, how many edits away it is, and how common."""

    word: str
    distance: int
    weight: int


def ranked(found: Iterable[Suggestion]) -> list[Suggestion]:
    """Return suggestions with the nearest first, then the most common, then by alphabet."""
    return sorted(found, key=lambda one: (one.distance, -plain(one.weight), one.word))


def distance_up_to_two(a: str, b: str) -> int:
    """Return the Levenshtein distance if it is 0, 1 or 2, else 3; O(len(a)).

    Without what both begin and end with, one of two edits must be at the front and the other at the
    back, so all that is left to compare are the middles.

    >>> distance_up_to_two("kitten", "mitten"), distance_up_to_two("abcd", "dcba")
    (1, 3)
    """
    if len(a) < len(b):
        a, b = b, a
    longer = len(a) - len(b)
    if longer > 2:
        return FAR
    start, end = 0, len(b)
    while start < end and a[start] == b[start]:
        start += 1
    while end > start and a[end - 1 + longer] == b[end - 1]:
        end -= 1
    a, b = a[start : end + longer], b[start:end]
    if not b or len(a) == 1:
        return len(a)
    middle = a[1:-1]
    if longer == 2:
        near = middle == b
    elif longer == 1:
        near = middle in (b[:-1], b[1:])
    else:
        near = middle == b[1:-1] or a[1:] == b[:-1] or a[:-1] == b[1:]
    return 2 if near else FAR


def edits2_suggest(word: str, weights: dict[str, int]) -> list[Suggestion]:
    """Return the known words within distance 2 by making every edit of every edit: the naive way.

    About (54 letters)^2 texts are made and looked up. Only words of the letters a to z are found.
    """
    once = _edits(word)
    near: dict[str, int] = {}
    for distance, texts in enumerate(([word], once, (far for one in once for far in _edits(one)))):
        for text in texts:
            if text in weights:
                near.setdefault(text, distance)
    return ranked(Suggestion(text, far, weights[text]) for text, far in near.items())


def _edits(word: str) -> set[str]:
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(head + tail[1:] for head, tail in splits if tail),
        *(head + letter + tail[1:] for head, tail in splits if tail for letter in LETTERS),
        *(head + letter + tail for head, tail in splits for letter in LETTERS),
    } - {word}


def scan_suggest(word: str, weights: dict[str, int]) -> list[Suggestion]:
    """Return the known words within distance 2 by measuring the distance to every one of them."""
    near = ((known, distance_up_to_two(word, known), each) for known, each in weights.items())
    return ranked(Suggestion(*one) for one in near if one[1] <= 2)


def deletions(word: str, most: int) -> set[str]:
    """Return what remains of a word after deleting up to `most` letters, itself included.

    A text that is too long to be near a known word remains as it is.
    """
    size = len(word)
    kept = {word}
    for count in range(1, 1 if size > LONGEST + most else min(most, size) + 1):
        kept.update(map("".join, combinations(word, size - count)))
    return kept


class SpellChecker:
    """Suggests known words within a Levenshtein distance.

    Args:
        words: known words.
        weights: how common each is; equal by default.
        max_distance: insertions, deletions and replacements that are looked through, 1 or 2.

    Raises:
        ValueError: `max_distance` is not 1 or 2, lengths differ, a word is empty, there twice or
            of more than 200 letters.

    Building takes O(letters^max_distance) time and entries a word; a suggestion as many look-ups
    as its query has deletions.

    >>> checker = SpellChecker(["apple", "ample", "maple"], [5, 2, 1])
    >>> [one.word for one in checker.suggest("aple")]
    ['apple', 'ample', 'maple']
    """

    def __init__(
        self, words: Sequence[str], weights: Sequence[int] | None = None, *, max_distance: int = 2
    ) -> None:
        self.max_distance = checked_whole("max_distance", max_distance, 1, 2)
        counts = [1] * len(words) if weights is None else weights
        if len(counts) != len(words):
            raise ValueError(
                f"{len(words)} words and {len(counts)} weights; give one of each a word"
            )
        self._weights = dict(zip(words, counts, strict=True))
        if len(self._weights) != len(words) or not all(0 < len(one) <= LONGEST for one in words):
            raise ValueError(f"words must be different and not empty, of up to {LONGEST} letters")
        # Most remainders come from one word: a bare str there saves a list of 64 bytes.
        index: dict[str, str | list[str]] = {}
        for word in words:
            for rest in deletions(word, max_distance):
                other = index.setdefault(rest, word)
                if other is not word:
                    if isinstance(other, list):
                        other.append(word)
                    else:
                        index[rest] = [other, word]
        self._index = index

    def __len__(self) -> int:
        """How many words are known."""
        return len(self._weights)

    def __contains__(self, word: object) -> bool:
        return word in self._weights

    @property
    def entries(self) -> int:
        """How many remainders are in the index."""
        return len(self._index)

    def _candidates(self, word: str) -> set[str]:
        index = self._index
        found: set[str] = set()
        for rest in deletions(word, self.max_distance):
            known = index.get(rest)
            if known is not None:
                if isinstance(known, str):
                    found.add(known)
                else:
                    found.update(known)
        return found

    def suggest(self, word: str, k: int | None = None) -> list[Suggestion]:
        """Return known words within the distance, nearest and then most common first; at most k.

        Raises:
            ValueError: k is negative.
        """
        limit = None if k is None else checked_whole("k", k, 0)
        found = []
        for known in self._candidates(word):
            distance = distance_up_to_two(word, known)
            if distance <= self.max_distance:
                found.append(Suggestion(known, distance, self._weights[known]))
        return ranked(found)[:limit]

    def explain(self, word: str) -> dict[str, int]:
        """Return what a suggestion takes: look-ups, candidates, and how many of them are near enough."""
        return {
            "words": len(self),
            "entries": self.entries,
            "lookups": len(deletions(word, self.max_distance)),
            "candidates": len(self._candidates(word)),
            "suggestions": len(self.suggest(word)),
        }
