"""Words weighed by how rare they are: exact, explainable, and blind to every synonym."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

ENCODER = False


class TfIdf:
    """Cosine of TF-IDF vectors."""

    def __init__(self, vectorizer: TfidfVectorizer) -> None:
        self._vectorizer = vectorizer

    def fit(self, texts: Sequence[str]) -> None:
        """Index the texts; O(characters)."""
        self._rows = self._vectorizer.fit_transform(texts)

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return the cosine of the query with each text."""
        found = self._rows @ self._vectorizer.transform([query]).T
        return np.asarray(found.todense(), dtype=np.float64).ravel()


def make() -> TfIdf:
    """Return a searcher by whole words."""
    return TfIdf(TfidfVectorizer(sublinear_tf=True))
