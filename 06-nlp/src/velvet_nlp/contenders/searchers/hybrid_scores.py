"""TF-IDF and MiniLM by the sum of their cosines: who is sure counts more than who is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from velvet_nlp.contenders.searchers import minilm, tfidf_chars
from velvet_nlp.numpy_bert import NumpyBert

ENCODER = True


class HybridScores:
    """Two searchers whose cosines are added, both with weight 1."""

    def __init__(self, encoder: NumpyBert) -> None:
        self._parts = (tfidf_chars.make(), minilm.make(encoder))

    def fit(self, texts: Sequence[str]) -> None:
        """Index the texts twice."""
        for part in self._parts:
            part.fit(texts)

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return the sum of both cosines for each text."""
        words, meaning = (part.scores(query) for part in self._parts)
        return words + meaning


def make(encoder: NumpyBert) -> HybridScores:
    """Return a searcher by words and by meaning."""
    return HybridScores(encoder)
