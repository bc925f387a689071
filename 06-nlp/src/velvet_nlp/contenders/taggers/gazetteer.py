"""A list of the names that training had, longest match first: entities it knows, and no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from velvet_nlp.bio import Span, bio_from_spans, repair, spans_from_bio
from velvet_nlp.contenders.taggers.dictionary import most_frequent
from velvet_nlp.protocols import Labels, Words, checked

TASKS = frozenset({"ner"})
ENCODER = False


class Gazetteer:
    """Names as they were seen, with their most frequent type."""

    def fit(self, sentences: Sequence[Words], labels: Sequence[Labels], *, seed: int = 0) -> None:
        """Collect the names; O(tokens)."""
        del seed  # nothing is drawn at random
        checked(sentences, labels)
        counts: dict[tuple[str, ...], Counter[str]] = {}
        for words, row in zip(sentences, labels, strict=True):
            for span in spans_from_bio(repair(row)):
                name = tuple(words[span.first : span.end])
                counts.setdefault(name, Counter())[span.label] += 1
        self._kind = {name: most_frequent(found) for name, found in counts.items()}
        self._longest = max(map(len, self._kind), default=0)

    def predict(self, sentences: Sequence[Words]) -> list[Labels]:
        """Return BIO labels; from each word on, the longest name that is known."""
        return [bio_from_spans(self._found(words), len(words)) for words in sentences]

    def _found(self, words: Words) -> list[Span]:
        spans, at = [], 0
        while at < len(words):
            for end in range(min(at + self._longest, len(words)), at, -1):
                if kind := self._kind.get(tuple(words[at:end])):
                    spans.append(Span(at, end, kind))
                    at = end - 1
                    break
            at += 1
        return spans


def make(_task: str) -> Gazetteer:
    """Return an empty list of names."""
    return Gazetteer()
