"""MiniLM in NumPy: one vector a text, near for near meanings; pretrained on a billion pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from velvet_nlp.numpy_bert import NumpyBert

ENCODER = True


class MiniLm:
    """Cosine of sentence vectors."""

    def __init__(self, encoder: NumpyBert) -> None:
        self._encoder = encoder

    def fit(self, texts: Sequence[str]) -> None:
        """Encode the texts; this is the part that costs."""
        self._rows = self._encoder.embed(texts)

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return the cosine of the query with each text."""
        return np.asarray(self._rows @ self._encoder.embed([query])[0], dtype=np.float64)


def make(encoder: NumpyBert) -> MiniLm:
    """Return a searcher by an encoder's vectors."""
    return MiniLm(encoder)
