"""The most frequent label of each word: the baseline that every tagger has to beat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from velvet_nlp.protocols import Labels, Words, checked

TASKS = frozenset({"pos"})
ENCODER = False


def most_frequent(counts: Counter[str]) -> str:
    """Return the most frequent label; among equals the first by alphabet, whatever the hash seed."""
    return min(counts, key=lambda label: (-counts[label], label))


class Dictionary:
    """Each word has one label; a word that was not seen has the most frequent of all."""

    def fit(self, sentences: Sequence[Words], labels: Sequence[Labels], *, seed: int = 0) -> None:
        """Count the labels of each word; O(tokens)."""
        del seed  # nothing is drawn at random
        checked(sentences, labels)
        counts: dict[str, Counter[str]] = {}
        for words, row in zip(sentences, labels, strict=True):
            for word, label in zip(words, row, strict=True):
                counts.setdefault(word, Counter())[label] += 1
        self._label = {word: most_frequent(found) for word, found in counts.items()}
        self._other = most_frequent(sum(counts.values(), Counter()))

    def predict(self, sentences: Sequence[Words]) -> list[Labels]:
        """Return each word's label."""
        return [[self._label.get(word, self._other) for word in words] for words in sentences]


def make(_task: str) -> Dictionary:
    """Return an untrained dictionary."""
    return Dictionary()
