"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]
MAX_TEXT = 200
FOLDS = 4


def _one_thread() -> None:
    """Keep BLAS on one thread: more threads than cores make small products slower."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def arena(task: str = "pos", sentences: int = 100, encoder: bool = True) -> Iterator[Event]:
    """Train every tagger of a task on the same sentences; tell scores, then verdicts."""
    if task not in ("pos", "ner") or not 10 <= sentences <= 250:
        raise ValueError(f"task {task!r}, {sentences} sentences: choose pos or ner, 10 to 250")
    from velvet_nlp import contenders
    from velvet_nlp.intervals import bootstrap_ci
    from velvet_nlp.own import load
    from velvet_nlp.tiers import TierMissing
    from velvet_nlp.validation import OutOfFold, cross_validate, verdicts

    _one_thread()
    quick = {"dictionary": 0, "gazetteer": 0, "backoff": 1, "perceptron": 2}
    names = sorted(contenders.taggers_of(task), key=lambda name: quick.get(name, 3))
    names = [name for name in names if encoder or name != "frozen_encoder"]
    yield {"type": "plan", "total": len(names)}
    results: dict[str, OutOfFold] = {}
    for name in names:
        try:
            make = contenders.tagger(name, task)
        except TierMissing as error:
            yield {"type": "absent", "name": name, "reason": str(error)}
            continue
        found = cross_validate(make, load(), task, sentences=sentences, folds=FOLDS)
        results[name] = found
        score = found.score
        event: Event = {"type": "score", "name": name, "task": task}
        event |= {"value": score.value, "low": score.low, "high": score.high}
        words = sum(map(len, found.gold))
        event |= {"fit_s": found.fit_s / FOLDS, "per_s": words / max(found.predict_s, 1e-6)}
        if task == "ner":
            unseen = bootstrap_ci(found.unseen_counts, found.documents)
            event |= {"unseen": unseen.value}
        yield event
    for (a, b), one in verdicts(results).items():
        yield {
            "type": "verdict",
            "a": a,
            "b": b,
            "delta": one.delta,
            "low": one.low,
            "high": one.high,
            "p": one.p,
            "verdict": one.verdict,
        }


def read(text: str = "", task: str = "pos") -> Iterator[Event]:
    """Cut a text by all tokenizers, then label it by taggers trained on a third of the corpus."""
    if not text.strip() or len(text) > MAX_TEXT:
        raise ValueError(f"the text has {len(text)} characters: write 1 to {MAX_TEXT}")
    from velvet_nlp import contenders
    from velvet_nlp.bio import repair
    from velvet_nlp.corpus import sentences_of
    from velvet_nlp.own import load
    from velvet_nlp.tiers import TierMissing

    _one_thread()
    cutters = contenders.names("tokenizers")
    taggers = contenders.taggers_of(task)
    yield {"type": "plan", "total": len(cutters) + len(taggers)}
    training = [document.text for document in load()]
    for name in cutters:
        spans = contenders.tokenizer(name, training).spans(text)
        yield {"type": "cut", "name": name, "tokens": [text[a:b] for a, b in spans]}
    words = [text[a:b] for a, b in contenders.tokenizer("spacy").spans(text)]
    train = sentences_of(load())[::3]  # enough to show what each one gets wrong
    for name in taggers:
        try:
            tagger = contenders.tagger(name, task)()
        except TierMissing as error:
            yield {"type": "absent", "name": name, "reason": str(error)}
            continue
        tagger.fit([one.words for one in train], [one.labels(task) for one in train])
        (labels,) = tagger.predict([words])
        labels = repair(labels) if task == "ner" else labels
        yield {"type": "labels", "name": name, "words": words, "labels": labels}


def search(kind: str = "paraphrase") -> Iterator[Event]:
    """Ask every searcher the queries of one kind, then draw the map of the vectors."""
    from velvet_nlp import contenders
    from velvet_nlp.own import load_pairs
    from velvet_nlp.search import judge, word_overlap
    from velvet_nlp.tiers import TierMissing

    _one_thread()
    pairs = load_pairs()
    names = contenders.names("searchers")
    names = tuple(sorted(names, key=lambda name: contenders.load("searchers", name).ENCODER))
    yield {"type": "plan", "total": len(names)}
    for name in names:
        try:
            found = judge(contenders.searcher(name), pairs, kind)
        except TierMissing as error:
            yield {"type": "absent", "name": name, "reason": str(error)}
            continue
        yield {
            "type": "found",
            "name": name,
            "mrr": found.mrr.value,
            "low": found.mrr.low,
            "high": found.mrr.high,
            "first": found.hit.value,
            "overlap": word_overlap(pairs, kind),
        }
    yield from _map(kind)


def _map(kind: str) -> Iterator[Event]:
    """Yield where queries and their texts lie on the two main axes of MiniLM's vectors."""
    import numpy as np

    from velvet_nlp.own import load_pairs
    from velvet_nlp.tiers import missing
    from velvet_nlp.word_vectors import minilm

    if missing("minilm"):
        return
    pairs = [pair for pair in load_pairs() if pair.kind == kind][:20]
    vectors = minilm().embed([*(pair.query for pair in pairs), *(pair.text for pair in pairs)])
    centred = vectors - vectors.mean(0)
    flat = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    for at, pair in enumerate(pairs):
        query, text = flat[at].round(3).tolist(), flat[at + len(pairs)].round(3).tolist()
        yield {"type": "point", "query": pair.query, "text": pair.text, "from": query, "to": text}


def bills() -> Iterator[Event]:
    """Price each approach in a process of its own."""
    from velvet_nlp.footprint import BILLS, measure
    from velvet_nlp.tiers import HINTS, missing

    needs = {"numpy_minilm": ("minilm",), "torch_minilm": ("minilm", "torch")}
    needs["sentence_transformers"] = needs["torch_minilm"]
    yield {"type": "plan", "total": len(BILLS)}
    for name, steps in BILLS.items():
        if absent := [tier for tier in needs.get(name, ()) if missing(tier)]:
            yield {"type": "absent", "name": name, "reason": HINTS[absent[-1]]}
            continue
        for step in measure(steps):
            yield {
                "type": "step",
                "name": name,
                "step": step.name,
                "mib": step.mib,
                "cpu": step.cpu_s,
            }


def attention(text: str = "") -> Iterator[Event]:
    """Tell which piece looks at which, layer by layer, the mean over the heads."""
    if not text.strip() or len(text) > MAX_TEXT:
        raise ValueError(f"the text has {len(text)} characters: write 1 to {MAX_TEXT}")
    from velvet_nlp.numpy_bert import padded
    from velvet_nlp.tiers import TierMissing
    from velvet_nlp.word_vectors import minilm

    _one_thread()
    try:
        bert = minilm()
    except TierMissing as error:
        raise ValueError(str(error)) from None
    encoded = bert.tokenizer.encode(text)
    yield {"type": "plan", "total": bert.layers}
    seen: list[Any] = []
    bert.hidden(*padded([encoded.ids]), attention=seen)
    for layer, weights in enumerate(seen, 1):
        rows = weights[0].mean(0).astype(float).round(4).tolist()
        yield {"type": "layer", "layer": layer, "pieces": encoded.tokens, "rows": rows}
