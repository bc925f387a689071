"""The real weights, and torch beside NumPy; skipped with the command where a tier is absent."""

from __future__ import annotations

import numpy as np
import pytest

from velvet_nlp import contenders, tiers
from velvet_nlp.corpus import sentences_of
from velvet_nlp.numpy_bert import padded
from velvet_nlp.own import load, load_pairs
from velvet_nlp.search import judge
from velvet_nlp.word_vectors import minilm

# `transformers` and the exporter warn about themselves, and torch keeps its threads.
TORCH = [
    pytest.mark.minilm,
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.leaves("torch and ONNX Runtime keep their pools of threads"),
]


def texts() -> list[str]:
    found = [one.text for one in sentences_of(load())][:45]
    return [*found, "", "🎉 ok 🎉", "中文 も 한국어", "word " * 600, "naïve café"]


@pytest.mark.minilm
def test_the_weights_of_the_wheel_find_paraphrases() -> None:
    minilm.cache_clear()
    found = judge(contenders.searcher("minilm"), load_pairs(), "paraphrase")
    words = judge(contenders.searcher("tfidf_words"), load_pairs(), "paraphrase")

    assert found.mrr.low > words.mrr.high
    assert minilm().size == 384


class TestTorch:
    """Everything that needs torch."""

    pytestmark = TORCH

    def test_numpy_equals_torch_on_fifty_texts(self) -> None:
        from velvet_nlp.comparisons.torch_tier import TorchEncoder

        encoder, bert = TorchEncoder(), minilm()
        worst = 0.0
        for text in texts():
            exact, _ = encoder.hidden([text])
            ids = bert.tokenizer.encode(text).ids
            ids = ids if len(ids) <= 512 else [*ids[:511], ids[-1]]
            worst = max(worst, float(np.abs(exact[0] - bert.hidden(*padded([ids]))[0]).max()))

        assert worst <= 5e-5

    def test_onnx_equals_torch_and_eight_bits_are_near(self) -> None:
        from velvet_nlp.comparisons.torch_tier import TorchEncoder, onnx

        some = texts()[:8]
        exact = TorchEncoder().embed(some)
        for int8, bound in ((False, 0.9999), (True, 0.9)):
            encoder, folder = onnx(int8=int8)
            with folder:
                found = encoder.embed(some)
                assert (found * exact).sum(1).min() >= bound
                if not int8:
                    assert np.abs(found - exact).max() <= 1e-4

    @pytest.mark.parametrize("kind", ["fine_tuned", "from_scratch"])
    def test_a_torch_tagger_learns(self, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        from velvet_nlp.comparisons import torch_tier

        monkeypatch.setattr(torch_tier, "EPOCHS", {kind: 6 if kind == "fine_tuned" else 25})
        some = sentences_of(load())[:24]
        words, labels = [one.words for one in some], [one.upos for one in some]
        tagger = torch_tier.tagger(kind)()

        tagger.fit(words, labels, seed=1)

        right = [
            a == b
            for x, y in zip(tagger.predict(words), labels, strict=True)
            for a, b in zip(x, y, strict=True)
        ]
        assert sum(right) / len(right) > 0.5


def test_torch_contenders_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from velvet_nlp.comparisons import torch_tier

    monkeypatch.setattr(tiers, "find_spec", lambda _: None)
    for call in (torch_tier.TorchEncoder, lambda: torch_tier.tagger("fine_tuned"), torch_tier.onnx):
        with pytest.raises(tiers.TierMissing, match=r"requirements-torch\.txt"):
            call()
