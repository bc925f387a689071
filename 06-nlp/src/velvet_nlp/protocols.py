"""What contenders share, so that one loop trains and measures them all.

A tagger sees words and labels and nothing else: no document, no domain, no test sentence. `Split`
refuses a test document that is also in the training set, whole or by a sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from velvet_nlp.corpus import Document, Sentence, sentences_of

Words = list[str]
Labels = list[str]
# Short sentences such as "Great!" may well be written twice.
MIN_LEAK_WORDS = 5


class Tokenizer(Protocol):
    """Cuts text into tokens."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return (start, end) of each token, ascending, without overlap, never white space."""


class Tagger(Protocol):
    """Learns labels of tokens; one class for parts of speech and for entities."""

    def fit(self, sentences: Sequence[Words], labels: Sequence[Labels], *, seed: int = 0) -> None:
        """Learn; forget what was learnt before. An empty training set is a ValueError."""

    def predict(self, sentences: Sequence[Words]) -> list[Labels]:
        """Return a label for each word."""


class Searcher(Protocol):
    """Ranks texts by how well they answer a query."""

    def fit(self, texts: Sequence[str]) -> None:
        """Index the texts."""

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return a score for each text, higher is better."""


class LeakageError(ValueError):
    """Training and test share a document or a sentence."""


@dataclass(frozen=True)
class Split:
    """Training and test documents that have nothing in common.

    Raises:
        LeakageError: a document, or a sentence of five words or more, is in both.
    """

    train: tuple[Document, ...]
    test: tuple[Document, ...]

    def __post_init__(self) -> None:
        both = {one.doc_id for one in self.train} & {one.doc_id for one in self.test}
        if both:
            raise LeakageError(f"in training and in test: {', '.join(sorted(both))}")
        tested = {one.text for one in sentences_of(self.test)}
        for sentence in sentences_of(self.train):
            if _leaks(sentence, tested):
                raise LeakageError(f"a test sentence is in the training set: {sentence.text!r}")

    @classmethod
    def without_repeats(cls, train: tuple[Document, ...], test: tuple[Document, ...]) -> Split:
        """Return a split whose training is without the long sentences that the test has, too."""
        tested = {one.text for one in sentences_of(test)}
        kept = [tuple(s for s in one.sentences if not _leaks(s, tested)) for one in train]
        pairs = zip(train, kept, strict=True)
        return cls(tuple(replace(one, sentences=left) for one, left in pairs), test)


def _leaks(sentence: Sentence, tested: Collection[str]) -> bool:
    return len(sentence.words) >= MIN_LEAK_WORDS and sentence.text in tested


def checked(sentences: Sequence[Words], labels: Sequence[Labels]) -> None:
    """Return if a training set can be learnt from.

    Raises:
        ValueError: it is empty, or a sentence has not one label for each word.
    """
    if not any(sentences):
        raise ValueError("the training set is empty: give at least one labelled sentence")
    if len(sentences) != len(labels):
        raise ValueError(f"{len(sentences)} sentences have {len(labels)} rows of labels")
    for number, (words, row) in enumerate(zip(sentences, labels, strict=True)):
        if len(words) != len(row):
            raise ValueError(f"sentence {number} has {len(words)} words and {len(row)} labels")
