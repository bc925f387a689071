"""The contenders that need torch: taggers and encoders with the same functions as the others.

They are here and not among `contenders` because nothing of the lesson needs torch; without it their
rows have the sentence that installs it. Everything heavy is imported when a contender is made.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from velvet_nlp import tiers
from velvet_nlp.contenders.tokenizers import wordpiece
from velvet_nlp.numpy_bert import Array
from velvet_nlp.protocols import Labels, Words, checked

EPOCHS = {"fine_tuned": 2, "from_scratch": 12}
RATE = {"fine_tuned": 3e-4, "from_scratch": 1e-3}
BATCH, IGNORED = 16, -100
MODEL = "minilm.onnx"


def _torch() -> Any:
    tiers.require("torch")
    torch: Any = import_module("torch")
    torch.set_num_threads(1)
    return torch


def _transformers() -> Any:
    found: Any = import_module("transformers")
    found.utils.logging.disable_progress_bar()
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what the exporter says of every tracing; a test compares the graph with torch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


class TorchTagger:
    """A token classifier: MiniLM trained further, or a small Transformer that begins from nothing."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def _build(self, texts: list[str], labels: int) -> None:
        """Make tokenizer and model."""
        self._auto: Any = _transformers()
        if self._kind == "fine_tuned":
            where = tiers.minilm_folder()
            self._cut = self._auto.AutoTokenizer.from_pretrained(where)._tokenizer
            self._cut.no_padding()
            self._cut.enable_truncation(512)
            kind = self._auto.AutoModelForTokenClassification
            self._model = kind.from_pretrained(where, num_labels=labels, use_safetensors=True)
        else:
            self._cut = wordpiece.make(texts).tokenizer
            config = self._auto.BertConfig(
                vocab_size=wordpiece.VOCABULARY,
                hidden_size=64,
                num_hidden_layers=2,
                num_attention_heads=4,
                intermediate_size=256,
                num_labels=labels,
            )
            self._model = self._auto.BertForTokenClassification(config)

    def _batch(self, sentences: Sequence[Words]) -> tuple[Any, Any, list[list[int]]]:
        """Return ids, mask, and where each word's first piece is."""
        encoded = self._cut.encode_batch(list(sentences), is_pretokenized=True)
        length = max(len(one.ids) for one in encoded)
        ids = np.zeros((len(encoded), length), np.int64)
        mask, firsts = np.zeros_like(ids), []
        for at, (one, words) in enumerate(zip(encoded, sentences, strict=True)):
            ids[at, : len(one.ids)], mask[at, : len(one.ids)] = one.ids, 1
            firsts.append([one.word_ids.index(n) for n in range(len(words))])
        torch = _torch()
        return torch.from_numpy(ids), torch.from_numpy(mask), firsts

    def fit(self, sentences: Sequence[Words], labels: Sequence[Labels], *, seed: int = 0) -> None:
        """Train for a fixed number of passes on the first piece of each word."""
        checked(sentences, labels)
        torch = _torch()
        torch.manual_seed(seed)
        self._names = sorted({label for row in labels for label in row})
        at = {name: number for number, name in enumerate(self._names)}
        self._build([" ".join(words) for words in sentences], len(at))
        optimizer = torch.optim.AdamW(self._model.parameters(), lr=RATE[self._kind])
        self._model.train()
        for _ in range(EPOCHS[self._kind]):
            order = torch.randperm(len(sentences)).tolist()
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                ids, mask, firsts = self._batch([sentences[n] for n in rows])
                gold = torch.full(ids.shape, IGNORED)
                for place, row in enumerate(rows):
                    gold[place, firsts[place]] = torch.tensor([at[one] for one in labels[row]])
                loss = self._model(input_ids=ids, attention_mask=mask, labels=gold).loss
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def predict(self, sentences: Sequence[Words]) -> list[Labels]:
        """Return each word's label."""
        torch, found = _torch(), []
        self._model.eval()
        with torch.inference_mode():
            for start in range(0, len(sentences), BATCH):
                part = sentences[start : start + BATCH]
                ids, mask, firsts = self._batch(part)
                best = self._model(input_ids=ids, attention_mask=mask).logits.argmax(-1)
                for row, places in zip(best.tolist(), firsts, strict=True):
                    found.append([self._names[row[place]] for place in places])
        return found


class TorchEncoder:
    """MiniLM in torch, with the surface of `NumpyBert.embed`."""

    def __init__(self) -> None:
        torch = _torch()
        where = tiers.minilm_folder()
        auto: Any = _transformers()
        self._torch, self.model = (
            torch,
            auto.AutoModel.from_pretrained(where, attn_implementation="eager").eval(),
        )
        self._cut = auto.AutoTokenizer.from_pretrained(where)

    def pieces(self, texts: Sequence[str]) -> Any:
        """Return ids and mask as tensors."""
        options = {"padding": True, "truncation": True, "max_length": 512, "return_tensors": "pt"}
        return self._cut(list(texts), **options)

    def hidden(self, texts: Sequence[str]) -> tuple[Array, Array]:
        """Return the last layer and the mask."""
        given = self.pieces(texts)
        with self._torch.inference_mode():
            out = self.model(**given).last_hidden_state
        return out.numpy(), given["attention_mask"].numpy()

    def embed(self, texts: Sequence[str], *, batch_size: int = 32) -> Array:
        """Return one vector of length 1 for each text."""
        parts = [texts[at : at + batch_size] for at in range(0, len(texts), batch_size)]
        return np.vstack([pooled(*self.hidden(part)) for part in parts])


class OnnxEncoder:
    """MiniLM exported once into a folder and run by ONNX Runtime; int8 by dynamic quantisation."""

    def __init__(self, folder: Path, *, int8: bool) -> None:
        encoder = TorchEncoder()
        torch, runtime = _torch(), import_module("onnxruntime")
        self.path = folder / MODEL
        given = encoder.pieces(["one sentence", "and one more of them"])
        names = ["input_ids", "attention_mask"]
        axes = {name: {0: "batch", 1: "length"} for name in [*names, "last_hidden_state"]}

        class Last(torch.nn.Module):  # type: ignore[misc, name-defined]
            """The last layer by two named inputs, which is what the exporter can trace."""

            def __init__(self) -> None:
                super().__init__()
                self.model = encoder.model

            def forward(self, input_ids: Any, attention_mask: Any) -> Any:
                given = {"input_ids": input_ids, "attention_mask": attention_mask}
                return self.model(**given).last_hidden_state

        with _quiet():
            torch.onnx.export(
                Last().eval(),
                (given["input_ids"], given["attention_mask"]),
                str(self.path),
                input_names=names,
                output_names=["last_hidden_state"],
                dynamic_axes=axes,
                dynamo=False,
            )
            if int8:
                quantization = import_module("onnxruntime.quantization")
                self.path = folder / f"int8-{MODEL}"
                quantization.quantize_dynamic(
                    folder / MODEL, self.path, weight_type=quantization.QuantType.QInt8
                )
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._run = runtime.InferenceSession(
            str(self.path), options, providers=["CPUExecutionProvider"]
        ).run
        self._pieces = encoder.pieces

    def embed(self, texts: Sequence[str], *, batch_size: int = 32) -> Array:
        """Return one vector of length 1 for each text."""
        found = []
        for at in range(0, len(texts), batch_size):
            given = self._pieces(texts[at : at + batch_size])
            mask = given["attention_mask"].numpy()
            fed = {"input_ids": given["input_ids"].numpy(), "attention_mask": mask}
            found.append(pooled(self._run(None, fed)[0], mask))
        return np.vstack(found)


def pooled(hidden: Array, mask: Array) -> Array:
    """Return the mean over the pieces of each text, of length 1."""
    weight = mask[:, :, None].astype(np.float32)
    mean = (hidden * weight).sum(1) / weight.sum(1)
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)


def tagger(kind: str) -> Callable[[], TorchTagger]:
    """Return a function that makes an untrained tagger: ``fine_tuned`` or ``from_scratch``."""
    _torch()
    return lambda: TorchTagger(kind)


def onnx(*, int8: bool = False) -> tuple[OnnxEncoder, tempfile.TemporaryDirectory[str]]:
    """Return an encoder and the temporary folder that holds its model."""
    tiers.require("onnx")
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    return OnnxEncoder(Path(folder.name), int8=int8), folder
