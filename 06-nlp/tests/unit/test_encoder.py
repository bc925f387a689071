"""NumpyBert against a slow implementation that shares no line with it, and against broken files."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from velvet_nlp.numpy_bert import NumpyBert, gelu, padded

Matrix = list[list[float]]


def exact_gelu(x: float) -> float:
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


def tanh_gelu(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


class SlowBert:
    """BERT by its formulas, a number at a time, in Python's doubles."""

    def __init__(self, folder: Path, bend: Callable[[float], float] = exact_gelu) -> None:
        self.w = {k: v.tolist() for k, v in load_file(folder / "model.safetensors").items()}
        self.c = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.bend = bend

    def linear(self, x: Matrix, at: str) -> Matrix:
        w, b = self.w[f"{at}.weight"], self.w[f"{at}.bias"]
        return [
            [sum(map(float.__mul__, row, col)) + c for col, c in zip(w, b, strict=True)]
            for row in x
        ]

    def norm(self, x: Matrix, at: str) -> Matrix:
        w, b, out = self.w[f"{at}.weight"], self.w[f"{at}.bias"], []
        for row in x:
            mean = sum(row) / len(row)
            spread = math.sqrt(sum((v - mean) ** 2 for v in row) / len(row) + 1e-12)
            out.append([(v - mean) / spread * g + c for v, g, c in zip(row, w, b, strict=True)])
        return out

    def attend(self, x: Matrix, at: str) -> Matrix:
        heads, q = self.c["num_attention_heads"], self.linear(x, f"{at}.self.query")
        k, v = self.linear(x, f"{at}.self.key"), self.linear(x, f"{at}.self.value")
        width = len(q[0]) // heads
        mixed: Matrix = [[] for _ in x]
        for cut in (slice(h * width, (h + 1) * width) for h in range(heads)):
            for at_row, row in enumerate(q):
                dots = [sum(map(float.__mul__, row[cut], key[cut])) / math.sqrt(width) for key in k]
                powers = [math.exp(dot - max(dots)) for dot in dots]
                shares = [power / sum(powers) for power in powers]
                columns = zip(*(value[cut] for value in v), strict=True)
                mixed[at_row] += [sum(map(float.__mul__, shares, col)) for col in columns]
        return self.linear(mixed, f"{at}.output.dense")

    def hidden(self, ids: list[int]) -> Matrix:
        e = "embeddings"
        kind = self.w[f"{e}.token_type_embeddings.weight"][0]
        words, places = (self.w[f"{e}.{n}_embeddings.weight"] for n in ("word", "position"))
        x = [
            [a + b + c for a, b, c in zip(words[i], places[n], kind, strict=True)]
            for n, i in enumerate(ids)
        ]
        x = self.norm(x, f"{e}.LayerNorm")
        for n in range(self.c["num_hidden_layers"]):
            at = f"encoder.layer.{n}"
            y = self.attend(x, f"{at}.attention")
            x = self.norm(
                [list(map(float.__add__, *two)) for two in zip(x, y, strict=True)],
                f"{at}.attention.output.LayerNorm",
            )
            wide = self.linear(x, f"{at}.intermediate.dense")
            y = self.linear([[self.bend(v) for v in row] for row in wide], f"{at}.output.dense")
            x = self.norm(
                [list(map(float.__add__, *two)) for two in zip(x, y, strict=True)],
                f"{at}.output.LayerNorm",
            )
        return x


TEXTS = ["The harbour is shut.", "a", "Quillon 🎉 中文 (really!)"]


def _error(bert: NumpyBert, slow: SlowBert) -> float:
    worst = 0.0
    for text in TEXTS:
        ids = bert.tokenizer.encode(text).ids
        fast = bert.hidden(*padded([ids]))[0]
        worst = max(worst, float(np.abs(fast - np.array(slow.hidden(ids))).max()))
    return worst


def test_it_computes_what_the_formulas_say(bert: NumpyBert, bert_folder: Path) -> None:
    assert _error(bert, SlowBert(bert_folder)) <= 5e-5


def test_the_bound_would_catch_the_other_gelu(bert: NumpyBert, bert_folder: Path) -> None:
    assert _error(bert, SlowBert(bert_folder, tanh_gelu)) > 5e-5


def test_gelu_is_exact_to_float32() -> None:
    x = np.linspace(-6, 6, 2001, dtype=np.float32)
    exact = np.array([exact_gelu(float(one)) for one in x])

    assert gelu(x).dtype == np.float32
    assert np.abs(gelu(x) - exact).max() <= 2e-6


def test_neither_padding_nor_batch_size_changes_a_vector(bert: NumpyBert) -> None:
    texts = [*TEXTS, "one more " * 9, ""]

    together = bert.embed(texts, batch_size=5)

    for batch in (1, 2):
        assert np.abs(together - bert.embed(texts, batch_size=batch)).max() <= 1e-5
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert together.dtype == np.float32


def test_layers_and_attention_can_be_looked_at(bert: NumpyBert) -> None:
    ids, mask = padded([bert.tokenizer.encode(text).ids for text in TEXTS])
    seen: list[Any] = []

    last = bert.hidden(ids, mask, attention=seen)

    assert len(seen) == bert.layers
    assert seen[0].shape == (3, bert.heads, ids.shape[1], ids.shape[1])
    assert seen[0].sum(-1) == pytest.approx(np.ones(seen[0].shape[:3]), abs=1e-5)
    assert float(seen[0][1, :, :, mask[1].sum() :].max()) == 0
    assert not np.array_equal(bert.hidden(ids, mask, layer=0), last)
    with pytest.raises(ValueError, match="layer 9 of 3"):
        bert.hidden(ids, mask, layer=9)
    with pytest.raises(ValueError, match="65 of 64 ids"):
        bert.hidden(np.zeros((1, 65), np.int64), np.ones((1, 65), np.int64))


def test_a_text_is_cut_at_the_limit_and_keeps_its_last_piece(bert: NumpyBert) -> None:
    whole = bert.tokenizer.encode("word " * 600).ids
    ids, mask = padded([[*whole[: bert.limit - 1], whole[-1]]])
    mean = bert.hidden(ids, mask)[0].mean(0)

    assert bert.embed(["word " * 600])[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_a_batch_has_at_least_one_text(bert: NumpyBert) -> None:
    with pytest.raises(ValueError, match="batch_size is 0"):
        bert.embed(["a"], batch_size=0)
    assert bert.embed([]).shape == (0, 32)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(bert_folder: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(bert_folder, tmp_path / "copy")
    (tmp_path / "copy" / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        NumpyBert.load(tmp_path / "copy")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda w: w.pop("encoder.layer.2.output.dense.weight"), "no tensor 'encoder.layer.2"),
        (lambda w: w.pop("embeddings.word_embeddings.weight"), "no tensor 'embeddings.word"),
        (
            lambda w: w.update({"embeddings.word_embeddings.weight": np.ones((3, 3), np.float32)}),
            "the weights are of another model",
        ),
    ],
)
def test_weights_of_another_model_are_refused(
    bert_folder: Path, tmp_path: Path, harm: Callable[[Any], Any], says: str
) -> None:
    shutil.copytree(bert_folder, tmp_path / "copy")
    weights = load_file(tmp_path / "copy" / "model.safetensors")
    harm(weights)
    save_file(weights, tmp_path / "copy" / "model.safetensors")
    with pytest.raises(ValueError, match=says):
        NumpyBert.load(tmp_path / "copy")


def test_weights_that_are_cut_off_are_refused(bert_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(bert_folder, tmp_path / "copy")
    file = tmp_path / "copy" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match="cannot be read"):
        NumpyBert.load(tmp_path / "copy")
