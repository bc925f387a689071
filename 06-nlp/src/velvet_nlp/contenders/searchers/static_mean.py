"""The mean of an encoder's input vectors: its vocabulary without its layers, word order lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from velvet_nlp.numpy_bert import NumpyBert

ENCODER = True


class StaticMean:
    """Cosine of means of piece vectors before the first layer, positions left out."""

    def __init__(self, encoder: NumpyBert) -> None:
        self._encoder = encoder

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        pieces = self._encoder.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        table = self._encoder.table
        rows = [table[one.ids or [0]].mean(0) for one in pieces]
        vectors = np.stack(rows)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)

    def fit(self, texts: Sequence[str]) -> None:
        """Index the texts."""
        self._rows = self._encode(texts)

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return the cosine of the query with each text."""
        return np.asarray(self._rows @ self._encode([query])[0], dtype=np.float64)


def make(encoder: NumpyBert) -> StaticMean:
    """Return a searcher by an encoder's input vectors."""
    return StaticMean(encoder)
