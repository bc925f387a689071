"""A pretrained encoder that is not trained any further, and a logistic regression on its vectors.

The encoder has read far more text than any other contender here: it is pretrained, and every table
says so. What is learnt from our sentences is one linear layer. For entities it also sees seven flags
of each word's shape, because this encoder reads all text in lower case.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from velvet_nlp.protocols import Labels, Words, checked
from velvet_nlp.word_vectors import WordVectors

TASKS = frozenset({"pos", "ner"})
ENCODER = True
STRENGTH = 1.0  # C of the regression, fixed beforehand
STEPS = 200
OUTSIDE = {"pos": "X", "ner": "O"}  # what a word beyond the encoder's limit is called


def shape(words: Sequence[str]) -> NDArray[np.float32]:
    """Return seven flags a word: capital, all capitals, inner capital, digit, mark, first, link."""
    return np.array(
        [
            (
                word[:1].isupper(),
                word.isupper() and len(word) > 1,
                any(letter.isupper() for letter in word[1:]),
                any(letter.isdigit() for letter in word),
                not any(letter.isalnum() for letter in word),
                at == 0,
                "@" in word or "://" in word or "_" in word,
            )
            for at, word in enumerate(words)
        ],
        dtype=np.float32,
    ).reshape(len(words), 7)


class FrozenEncoder:
    """The regression on the vectors of an encoder.

    Attributes:
        truncated: words of the last `predict` that the encoder did not see.
    """

    def __init__(self, task: str, vectors: WordVectors) -> None:
        self._task, self._vectors = task, vectors
        self.truncated = 0

    def _features(self, sentences: Sequence[Words]) -> list[NDArray[np.float32]]:
        found = self._vectors(sentences)
        if self._task == "pos":
            return found
        pairs = zip(found, sentences, strict=True)
        return [np.hstack([vectors, shape(words)]) for vectors, words in pairs]

    def fit(self, sentences: Sequence[Words], labels: Sequence[Labels], *, seed: int = 0) -> None:
        """Fit the linear layer; deterministic, whatever the seed."""
        del seed  # nothing is drawn at random
        checked(sentences, labels)
        flat = [label for row in labels for label in row]
        self._only = flat[0] if len(set(flat)) == 1 else ""
        if self._only:
            return
        self._head = LogisticRegression(C=STRENGTH, max_iter=STEPS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that 200 steps did not converge is known and fixed
            self._head.fit(np.vstack(self._features(sentences)), flat)

    def predict(self, sentences: Sequence[Words]) -> list[Labels]:
        """Return each word's label; words beyond the encoder's limit are `OUTSIDE` and counted."""
        rows: list[Labels] = []
        self.truncated = 0
        for words, features in zip(sentences, self._features(sentences), strict=True):
            if not words:
                rows.append([])
                continue
            if self._only:
                labels = [self._only] * len(words)
            else:
                labels = [str(label) for label in self._head.predict(features)]
            unseen = np.asarray(~features[:, : self._vectors.size].any(axis=1))
            self.truncated += int(unseen.sum())
            other = OUTSIDE[self._task]
            rows.append([other if no else one for one, no in zip(labels, unseen, strict=True)])
        return rows


def make(task: str, vectors: WordVectors) -> FrozenEncoder:
    """Return an untrained regression on the vectors of an encoder."""
    return FrozenEncoder(task, vectors)
