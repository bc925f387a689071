"""TF-IDF and MiniLM by the sum of 1 / (60 + rank): their scores need not be alike.

Each votes with one weight, also on queries that it knows nothing about; `hybrid_scores` does not.

Source: Cormack, Clarke and Buettcher (2009), reciprocal rank fusion; 60 is theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from velvet_nlp.contenders.searchers import minilm, tfidf_chars
from velvet_nlp.numpy_bert import NumpyBert

ENCODER = True
DAMPING = 60


class HybridRanks:
    """Two searchers whose ranks are fused."""

    def __init__(self, encoder: NumpyBert) -> None:
        self._parts = (tfidf_chars.make(), minilm.make(encoder))

    def fit(self, texts: Sequence[str]) -> None:
        """Index the texts twice."""
        for part in self._parts:
            part.fit(texts)

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return the fused score of each text."""
        ranks = [rankdata(-part.scores(query), method="average") for part in self._parts]
        return np.asarray(sum(1 / (DAMPING + rank) for rank in ranks), dtype=np.float64)


def make(encoder: NumpyBert) -> HybridRanks:
    """Return a searcher by words and by meaning."""
    return HybridRanks(encoder)
