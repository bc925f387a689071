"""Advanced examples: BERT in NumPy, smaller and faster encoders, and the bill of memory."""

from __future__ import annotations

import time

import numpy as np
from threadpoolctl import threadpool_limits

from velvet.examples import example, main
from velvet_nlp.corpus import sentences_of
from velvet_nlp.footprint import BILLS, measure
from velvet_nlp.own import load
from velvet_nlp.tiers import HINTS, TierMissing, missing, require
from velvet_nlp.word_vectors import minilm

threadpool_limits(1)  # more threads than cores make small products of matrices slower


@example("bert_in_numpy")
def bert_in_numpy() -> None:
    """One sentence through the layers of MiniLM in NumPy, and beside torch where it is there."""
    try:
        bert = minilm()
    except TierMissing as error:
        print(f"MiniLM: {error.hint}")
        return
    text = "The bank raised its rate."
    encoded = bert.tokenizer.encode(text)
    ids, mask = np.array([encoded.ids]), np.ones((1, len(encoded.ids)), np.int64)
    attention: list[np.ndarray] = []
    last = bert.hidden(ids, mask, attention=attention)
    print("pieces:", " ".join(encoded.tokens))
    for layer, weights in enumerate(attention, 1):
        row = weights[0].mean(0)[encoded.tokens.index("bank"), 1:-1]  # without [CLS] and [SEP]
        best = encoded.tokens[1 + int(row.argmax())]
        print(f"layer {layer}: weights {weights.shape}, 'bank' looks most at {best!r}")
    print("last layer:", last.shape, last.dtype)
    if missing("torch"):
        print(f"torch: {HINTS['torch']}")
        return
    from velvet_nlp.comparisons.torch_tier import TorchEncoder

    exact, _ = TorchEncoder().hidden([text])
    print(f"largest difference to torch: {np.abs(exact - last).max():.1e}")


@example("squeeze_it")
def squeeze_it() -> None:
    """The same vectors one by one, in batches, and in ONNX with 8 bits: time, size, cosine."""
    try:
        bert = minilm()
    except TierMissing as error:
        print(f"MiniLM: {error.hint}")
        return
    texts = [sentence.text for sentence in sentences_of(load())][:16]
    exact = bert.embed(texts)
    ways = {"NumPy, one by one": 1, "NumPy, batches of 8": 8}
    for name, batch in ways.items():
        begun = time.process_time()
        found = bert.embed(texts, batch_size=batch)
        spent = time.process_time() - begun
        cosine = (found * exact).sum(1).min()
        print(f"{name:21}{len(texts) / spent:6.0f} sentences/CPU-s  cosine {cosine:.4f}")
    try:
        require("onnx")
    except TierMissing as error:
        print(f"ONNX: {error.hint}")
        return
    from velvet_nlp.comparisons.torch_tier import onnx

    for int8 in (False, True):
        encoder, folder = onnx(int8=int8)
        with folder:
            begun = time.process_time()
            found = encoder.embed(texts)
            spent, size = time.process_time() - begun, encoder.path.stat().st_size / 1e6
            cosine = (found * exact).sum(1).min()
            name = f"ONNX, {'int8' if int8 else 'float32'}, {size:.0f} MB"
            print(f"{name:21}{len(texts) / spent:6.0f} sentences/CPU-s  cosine {cosine:.4f}")


@example("memory_bill")
def memory_bill() -> None:
    """Memory after import and load for each approach that is installed, as bars."""
    needs = {"numpy_minilm": "minilm", "torch_minilm": "torch"}
    for name in ("nltk", "spacy", "numpy_minilm", "torch_minilm"):
        tiers = [needs[name], "minilm"] if name in needs else ["core"]
        if absent := next((tier for tier in tiers if missing(tier)), ""):
            print(f"{name:14}{HINTS[absent]}")
            continue
        steps = measure(BILLS[name])
        bars = "".join(sign * round(step.mib / 12) for sign, step in zip("#=", steps, strict=True))
        cpu = sum(step.cpu_s for step in steps)
        print(f"{name:14}{sum(step.mib for step in steps):5.0f} MiB {cpu:5.1f} CPU-s  {bars}")
    print("# is the import, = the load and the first answer; one sign is 12 MiB")
    print("each row is a process of its own: what is imported once cannot be priced again")


if __name__ == "__main__":
    main()
