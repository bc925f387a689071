"""NLTK's averaged perceptron: words, endings and the last labels as features, weights learnt here.

`PerceptronTagger()` wants a data package; `PerceptronTagger(load=False)` wants none. It shuffles
with the global `random`, which is seeded for the training and put back afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from nltk.tag.perceptron import PerceptronTagger  # type: ignore[import-untyped]

from velvet_nlp.protocols import Labels, Words, checked

TASKS = frozenset({"pos", "ner"})
ENCODER = False
ROUNDS = 5  # NLTK's default


class Perceptron:
    """The tagger; for entities it learns BIO labels as if they were parts of speech."""

    def fit(self, sentences: Sequence[Words], labels: Sequence[Labels], *, seed: int = 0) -> None:
        """Train for `ROUNDS` passes; the caller's random state is as before."""
        checked(sentences, labels)
        rows = [list(zip(*both, strict=True)) for both in zip(sentences, labels, strict=True)]
        rows = [row for row in rows if row]
        state = random.getstate()
        try:
            random.seed(seed)
            self._tagger = PerceptronTagger(load=False)
            self._tagger.train(rows, nr_iter=ROUNDS)
        finally:
            random.setstate(state)

    def predict(self, sentences: Sequence[Words]) -> list[Labels]:
        """Return each word's label."""
        return [
            [label for _, label in self._tagger.tag(words)] if words else [] for words in sentences
        ]


def make(_task: str) -> Perceptron:
    """Return an untrained perceptron."""
    return Perceptron()
