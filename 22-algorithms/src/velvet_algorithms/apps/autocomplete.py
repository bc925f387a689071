"""What does the user mean to type: the most common words that begin so, while the counts keep moving.

The index is static, because sorted arrays answer fastest. What is learned since lies in a small
dictionary beside it, is merged into each answer, and goes into the index when it has grown.
"""

from __future__ import annotations

from collections.abc import Mapping

from velvet_algorithms.hashing import checked_whole
from velvet_algorithms.prefix_index import PrefixIndex


class Autocompleter:
    """Completes prefixes by the most frequent words.

    Args:
        counts: how often each word was chosen.
        pending: learned words that may lie beside the index before it is rebuilt.

    Raises:
        ValueError: a count is NaN, or `pending` is smaller than 1.

    `complete` is O(log n + (k + pending) log k); `learn` O(1) but for the rebuilding. Not
    thread-safe.

    >>> words = Autocompleter({"car": 5, "cat": 9, "dog": 1})
    >>> words.complete("ca", 1)
    ['cat']
    >>> words.learn("car", 10)
    >>> words.complete("ca", 1)
    ['car']
    """

    def __init__(self, counts: Mapping[str, float], *, pending: int = 1000) -> None:
        self.pending = checked_whole("pending", pending)
        self._counts = dict(counts)
        self._learned: set[str] = set()
        self._index = PrefixIndex(self._counts)

    def __len__(self) -> int:
        """How many words are known."""
        return len(self._counts)

    def learn(self, word: str, times: float = 1) -> None:
        """Count a word that was chosen; it may be a new one.

        Raises:
            ValueError: `times` is not above 0.
        """
        if not times > 0:
            raise ValueError(f"times must be above 0, got {times!r}")
        self._counts[word] = self._counts.get(word, 0) + times
        self._learned.add(word)
        if len(self._learned) > self.pending:
            self._index = PrefixIndex(self._counts)
            self._learned.clear()

    def complete(self, prefix: str, k: int = 10) -> list[str]:
        """Return at most k words with the prefix, the most frequent first, then by alphabet.

        Raises:
            ValueError: k is negative.
        """
        checked_whole("k", k, 0)
        fresh = [word for word in self._learned if word.startswith(prefix)]
        # Counts only rise, so an old word that belongs here is among the first k of the others.
        known = self._index.top(prefix, k + len(fresh))
        found = {*known, *fresh}
        return sorted(found, key=lambda word: (-self._counts[word], word))[:k]
