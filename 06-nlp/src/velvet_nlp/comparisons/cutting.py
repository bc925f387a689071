"""Tokens and sentences: how fast they are cut, and how often the cuts are those of the corpus."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from velvet.bench import Estimate, Metric, Suite, speedup, value
from velvet_nlp import contenders
from velvet_nlp.corpus import sentences_of
from velvet_nlp.evaluate import Counts, overlap_counts
from velvet_nlp.intervals import Score, bootstrap_ci, paired_bootstrap
from velvet_nlp.own import load
from velvet_nlp.sentences import SPLITTERS

BETTER = Metric("", "higher")
NAMES = contenders.names("tokenizers")
TEXTS = tuple(one.text for one in load())
CHARACTERS = sum(map(len, TEXTS))


def estimate(score: Score) -> Estimate:
    """Return a score as the harness stores it."""
    return Estimate(score.value, score.low, score.high, 1)


def _speed(name: str) -> Callable[[], int]:
    cut = contenders.tokenizer(name, TEXTS).spans
    return lambda: sum(len(cut(text)) for text in TEXTS)


@cache
def _counts(name: str) -> Counts:
    sentences = sentences_of(load())
    cut = contenders.tokenizer(name, TEXTS).spans
    return overlap_counts([one.offsets for one in sentences], [cut(one.text) for one in sentences])


def _agreement(name: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        documents = [one.doc_id for one in load() for _ in one.sentences]
        lead = paired_bootstrap(_counts(name), _counts("regex"), documents)
        return {
            "f1": estimate(bootstrap_ci(_counts(name), documents)),
            "lead": Estimate(lead.delta, lead.low, lead.high, 1),
        }

    return run


@cache
def _ends(name: str) -> Counts:
    """Return the counts of a splitter that never saw the document which it cuts."""
    rows = []
    for document in load():
        others = [one.text for one in load() if one is not document]
        rows.append(SPLITTERS[name](others)(document.text))
    return overlap_counts([one.sentence_ends for one in load()], rows)


def _splitting(name: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        lead = paired_bootstrap(_ends(name), _ends("by_rule"))
        return {
            "f1": estimate(bootstrap_ci(_ends(name))),
            "lead": Estimate(lead.delta, lead.low, lead.high, 1),
            "verdict": {"A": "better", "B": "worse"}.get(lead.verdict, "undecided"),
        }

    return run


def _sane(total: int) -> bool:
    return bool(np.isfinite(total)) and total > len(TEXTS)


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    speed = suite.comparison(
        "tokenize_speed",
        title="Cutting the raw text of the corpus into tokens",
        unit="chars/s",
        items=CHARACTERS,
    )
    agreement = suite.comparison(
        "tokenize_f1",
        title="Tokens that the corpus has, too; lead is the paired difference to regex",
        kind="value",
        unit="F1",
        metrics={"f1": BETTER, "lead": BETTER},
    )
    for name in NAMES:
        speed.add(name, partial(_speed, name), baseline=name == "regex")
        agreement.add(name, partial(_agreement, name), baseline=name == "regex")
    speed.check(_sane)
    splitting = suite.comparison(
        "sentence_split",
        title="Sentence ends that the corpus has, too; lead is the paired difference to the rule",
        kind="value",
        unit="F1",
        metrics={"f1": BETTER, "lead": BETTER, "verdict": "label"},
    )
    for name in SPLITTERS:
        splitting.add(name, partial(_splitting, name), baseline=name == "by_rule")
    suite.claim(
        "spaCy's and NLTK's rules cut at least 0.02 better than a regular expression",
        (value("tokenize_f1", "spacy", "lead") >= 0.02)
        & (value("tokenize_f1", "treebank", "lead") >= 0.02)
        & (value("tokenize_f1", "nltk_word", "lead") >= 0.02),
    )
    suite.claim(
        "white space alone cuts at least 0.15 worse than a regular expression",
        value("tokenize_f1", "whitespace", "lead") <= -0.15,
    )
    suite.claim(
        "white space is at least 5x faster than spaCy's rules",
        speedup("tokenize_speed", "whitespace", "spacy") >= 5,
    )
