"""NLTK's chain of n-gram taggers: trigram, else bigram, else word, else ending, else noun."""

from __future__ import annotations

from collections.abc import Sequence

from nltk.tag import (  # type: ignore[import-untyped]
    AffixTagger,
    BigramTagger,
    DefaultTagger,
    TrigramTagger,
    UnigramTagger,
)

from velvet_nlp.protocols import Labels, Words, checked

TASKS = frozenset({"pos"})
ENCODER = False
ENDING = -3  # letters of a word's end that stand for a word that was not seen


class Backoff:
    """Each tagger answers where it has seen the context, and else asks the next one."""

    def fit(self, sentences: Sequence[Words], labels: Sequence[Labels], *, seed: int = 0) -> None:
        """Train the chain from its last link to its first."""
        del seed  # nothing is drawn at random
        checked(sentences, labels)
        rows = [list(zip(*both, strict=True)) for both in zip(sentences, labels, strict=True)]
        tagger = AffixTagger(rows, backoff=DefaultTagger("NOUN"), affix_length=ENDING)
        for link in (UnigramTagger, BigramTagger, TrigramTagger):
            tagger = link(rows, backoff=tagger)
        self._tagger = tagger

    def predict(self, sentences: Sequence[Words]) -> list[Labels]:
        """Return each word's label."""
        return [[label for _, label in self._tagger.tag(words)] for words in sentences]


def make(_task: str) -> Backoff:
    """Return an untrained chain."""
    return Backoff()
