"""Which words are at most two letters away? Precompute the deletions of the words, not of the query.

Two words within distance d share a text that remains after at most d deletions from each (Mor and Fraenkel 1982,
"A hash code method for detecting and correcting spelling errors"). So an index of all such remainders
answers with some dozens of look-ups where an alphabet of 26 letters makes tens of thousands of edits.
It pays with memory: about 30 entries a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from velvet_algorithms.apps.near_words import Suggestion, distance_up_to_two, ranked
from velvet_algorithms.hashing import checked_whole


def deletions(word: str, most: int) -> set[str]:
    """Return what remains of a word after deleting up to `most` letters, itself included."""
    size = len(word)
    kept = {word}
    for count in range(1, min(most, size) + 1):
        kept.update(map("".join, combinations(word, size - count)))
    return kept


class SpellChecker:
    """Suggests known words within a Levenshtein distance.

    Args:
        words: known words.
        weights: how common each is; equal by default.
        max_distance: insertions, deletions and replacements that are looked through, 1 or 2.

    Raises:
        ValueError: `max_distance` is not 1 or 2, lengths differ, a word is empty or there twice.

    Building takes O(letters^max_distance) time and entries a word; a suggestion as many look-ups
    as its query has deletions.

    >>> checker = SpellChecker(["apple", "ample", "maple"], [5, 2, 1])
    >>> [one.word for one in checker.suggest("aple")]
    ['apple', 'ample', 'maple']
    """

    def __init__(
        self,
        words: Sequence[str],
        weights: Sequence[int] | None = None,
        *,
        max_distance: int = 2,
    ) -> None:
        self.max_distance = checked_whole("max_distance", max_distance, 1, 2)
        counts = [1] * len(words) if weights is None else weights
        if len(counts) != len(words):
            raise ValueError(
                f"{len(words)} words and {len(counts)} weights; give one of each a word"
            )
        self._weights = dict(zip(words, counts, strict=True))
        if len(self._weights) != len(words) or "" in self._weights:
            raise ValueError("words must be different and not empty")
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
