"""Search: the best texts for a query, and how a set of queries is judged.

A searcher ranks all texts. `evaluate` scores ranks; ties get the middle rank, because a searcher
that scores all texts 0 must not win by the order of the list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from velvet_nlp import evaluate
from velvet_nlp.corpus import Pair
from velvet_nlp.intervals import Score, bootstrap_ci
from velvet_nlp.protocols import Searcher

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Hit:
    """One text of an answer: its place in the indexed list, and its score."""

    at: int
    score: float


@dataclass(frozen=True)
class Judged:
    """How a searcher did on a set of queries; `ranks` are from 1, in order of the queries."""

    ranks: tuple[float, ...]
    mrr: Score
    hit: Score


def search(searcher: Searcher, query: str, k: int = 3) -> list[Hit]:
    """Return the k best texts, best first; equal scores in order of the list.

    Raises:
        ValueError: k is below 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}: choose at least 1")
    scores = searcher.scores(query)
    best = np.argsort(-scores, kind="stable")[:k]
    return [Hit(int(at), float(scores[at])) for at in best]


def judge(searcher: Searcher, pairs: Sequence[Pair], kind: str) -> Judged:
    """Index the texts of all pairs and ask the queries of one kind.

    Raises:
        ValueError: there is no query of that kind.
    """
    pairs = list(pairs)
    searcher.fit([pair.text for pair in pairs])
    asked = [(at, pair.query) for at, pair in enumerate(pairs) if pair.kind == kind and pair.query]
    if not asked:
        raise ValueError(f"no pair is of kind {kind!r}")
    ranks = [evaluate.rank_of(searcher.scores(query), at) for at, query in asked]
    mrr, hit = evaluate.mrr_counts(ranks), evaluate.hit_counts(ranks)
    return Judged(tuple(ranks), bootstrap_ci(mrr), bootstrap_ci(hit))


def word_overlap(pairs: Sequence[Pair], kind: str) -> float:
    """Return the mean share of a query's words that stand in its text, too."""
    shares = []
    for pair in pairs:
        words = {word.lower() for word in _WORD.findall(pair.query)}
        if pair.kind == kind and words:
            text = {word.lower() for word in _WORD.findall(pair.text)}
            shares.append(len(words & text) / len(words))
    return sum(shares) / len(shares) if shares else 0.0
