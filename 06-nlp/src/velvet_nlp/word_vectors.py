"""Vectors of words in a sentence, out of an encoder that sees pieces of words.

A word may be several pieces; its vector is that of its first piece beside that of its last. A
middle layer serves tagging better than the last, which this encoder spends on whole sentences. A
vector depends on its own sentence and on nothing else in the batch, so a tagger keeps it; folds share
none, so that each one pays for its own. What does not fit into the encoder is reported in
`truncated`, never labelled in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from velvet_nlp import tiers
from velvet_nlp.numpy_bert import Array, NumpyBert, padded

LAYER = 4
BATCH = 16


class WordVectors:
    """The vectors of an encoder's words, kept for each sentence.

    Attributes:
        truncated: words beyond the encoder's limit in all sentences so far; their vectors are 0.
        size: width of a word's vector.
    """

    def __init__(self, encoder: NumpyBert, *, layer: int = LAYER) -> None:
        self.encoder, self.layer = encoder, min(layer, encoder.layers)
        self.size = 2 * encoder.size
        self.truncated = 0
        self._kept: dict[tuple[str, ...], Array] = {}

    def __call__(self, sentences: Sequence[list[str]]) -> list[Array]:
        """Return an array (words, size) for each sentence."""
        new = sorted({tuple(words) for words in sentences} - self._kept.keys(), key=len)
        for start in range(0, len(new), BATCH):
            self._encode(new[start : start + BATCH])
        return [self._kept[tuple(words)] for words in sentences]

    def fits(self, words: Sequence[str]) -> int:
        """Return how many of a sentence's words fit into the encoder."""
        vectors = self([list(words)])[0]
        return int(np.count_nonzero(np.abs(vectors).sum(1)))

    def _encode(self, sentences: Sequence[tuple[str, ...]]) -> None:
        tok, limit = self.encoder.tokenizer, self.encoder.limit
        texts = [[word or " " for word in words] for words in sentences]
        encoded = tok.encode_batch(texts, is_pretokenized=True)
        ids, mask = padded([one.ids[:limit] for one in encoded])
        hidden = self.encoder.hidden(ids, mask, layer=self.layer)
        for at, (words, one) in enumerate(zip(sentences, encoded, strict=True)):
            vectors = np.zeros((len(words), self.size), np.float32)
            whole = one.word_ids[:limit]
            for number in range(len(words)):
                places = [place for place, word in enumerate(whole) if word == number]
                if places and (len(one.ids) <= limit or places[-1] < limit - 1):
                    vectors[number] = hidden[at, (places[0], places[-1])].ravel()
            if len(one.ids) > limit:
                self.truncated += int((~vectors.any(1)).sum())
            self._kept[words] = vectors


@lru_cache(maxsize=1)
def minilm() -> NumpyBert:
    """Return MiniLM in NumPy, loaded once.

    Raises:
        TierMissing: its wheel is not installed.
    """
    return NumpyBert.load(tiers.minilm_folder())
