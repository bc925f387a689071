"""Latent semantic analysis: TF-IDF in 50 dimensions; synonyms only if these texts show them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

ENCODER = False
DIMENSIONS = 50


class Lsa:
    """Cosine of TF-IDF vectors after a truncated singular value decomposition."""

    def fit(self, texts: Sequence[str]) -> None:
        """Index the texts."""
        self._vectorizer = TfidfVectorizer(sublinear_tf=True)
        rows = self._vectorizer.fit_transform(texts)
        size = max(1, min(DIMENSIONS, min(rows.shape) - 1))
        self._svd = TruncatedSVD(size, random_state=0)
        self._rows = normalize(self._svd.fit_transform(rows))

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return the cosine of the query with each text."""
        vector = normalize(self._svd.transform(self._vectorizer.transform([query])))
        return np.asarray(self._rows @ vector[0], dtype=np.float64)


def make() -> Lsa:
    """Return the searcher."""
    return Lsa()
