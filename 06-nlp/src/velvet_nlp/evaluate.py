"""Scores as counts per sentence, from which every score and every interval is computed.

Accuracy, F1, recall, MRR: each is a sum of numerators over a sum of denominators. So one function a
score returns an array of shape (units, 2), `ratio` divides the sums, and `intervals` resamples the
rows. What cannot be written so, agreement of annotators, has a function of its own.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from velvet_nlp.bio import Span, spans_from_bio

Counts = NDArray[np.float64]


class Prf(NamedTuple):
    """Precision, recall and their harmonic mean; 0 where nothing is to be divided."""

    precision: float
    recall: float
    f1: float


def ratio(counts: Counts) -> float:
    """Return the sum of the first column over the sum of the second; 0 of nothing is 0."""
    over = float(counts[:, 1].sum())
    return float(counts[:, 0].sum()) / over if over else 0.0


def _array(rows: Sequence[tuple[float, float]]) -> Counts:
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _same_length(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> None:
    if [len(row) for row in gold] != [len(row) for row in predicted]:
        raise ValueError("gold and predicted labels are of different lengths")


def accuracy_counts(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Counts:
    """Return (right, all) tokens of each sentence."""
    _same_length(gold, predicted)
    pairs = zip(gold, predicted, strict=True)
    return _array([(sum(map(str.__eq__, one, two)), len(one)) for one, two in pairs])


def overlap_counts(
    gold: Sequence[Collection[Hashable]], predicted: Sequence[Collection[Hashable]]
) -> Counts:
    """Return (2 x common, gold + predicted) of each unit: the sums of F1 of exact matches.

    >>> ratio(overlap_counts([[(0, 4), (5, 9)]], [[(0, 4)]]))
    0.6666666666666666
    """
    rows = []
    for one, two in zip(gold, predicted, strict=True):
        ours, theirs = set(one), set(two)
        rows.append((2 * len(ours & theirs), len(ours) + len(theirs)))
    return _array(rows)


def span_counts(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Counts:
    """Return the F1 counts of exact entities, extent and type, from BIO labels."""
    _same_length(gold, predicted)
    spans = ([spans_from_bio(row) for row in rows] for rows in (gold, predicted))
    return overlap_counts(*spans)


def span_prf(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, Prf]:
    """Return precision, recall and F1 of exact entities: all together as ``""``, then each type."""
    _same_length(gold, predicted)
    counts: dict[str, Counter[str]] = {}
    for one, two in zip(gold, predicted, strict=True):
        right, guessed = set(spans_from_bio(one)), set(spans_from_bio(two))
        for name, spans in (("gold", right), ("guess", guessed), ("common", right & guessed)):
            for span in spans:
                for key in ("", span.label):
                    counts.setdefault(key, Counter())[name] += 1
    found = {}
    for key, seen in sorted(counts.items()):
        precision = seen["common"] / seen["guess"] if seen["guess"] else 0.0
        recall = seen["common"] / seen["gold"] if seen["gold"] else 0.0
        both = seen["gold"] + seen["guess"]
        found[key] = Prf(precision, recall, 2 * seen["common"] / both)
    return found or {"": Prf(0.0, 0.0, 0.0)}


def recall_counts(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    wanted: Sequence[Collection[Span]],
) -> Counts:
    """Return (found, all) of the wanted gold entities of each sentence."""
    _same_length(gold, predicted)
    rows = []
    for one, two, these in zip(gold, predicted, wanted, strict=True):
        spans = set(spans_from_bio(one)) & set(these)
        rows.append((len(spans & set(spans_from_bio(two))), len(spans)))
    return _array(rows)


def rank_of(scores: NDArray[np.float64], target: int) -> float:
    """Return the rank of one text from 1; among equal scores the middle rank, not the luckiest.

    >>> rank_of(np.array([0.5, 0.5, 0.9]), 0)
    2.5

    Raises:
        IndexError: there is no such text.
        ValueError: a score is not a number, which no other score is above or below.
    """
    if np.isnan(scores).any():
        raise ValueError("a score is NaN: it has no rank")
    mine = scores[operator.index(target)]
    return float(1 + (scores > mine).sum() + ((scores == mine).sum() - 1) / 2)


def mrr_counts(ranks: Sequence[float]) -> Counts:
    """Return (1 / rank, 1) of each query: the ratio is the mean reciprocal rank.

    Raises:
        ValueError: a rank is below 1.
    """
    return _array([(1 / rank, 1.0) for rank in _from_one(ranks)])


def _from_one(ranks: Sequence[float]) -> list[float]:
    given = list(ranks)
    if not all(rank >= 1 for rank in given):
        raise ValueError(f"ranks are counted from 1, not {given}")
    return given


def hit_counts(ranks: Sequence[float], k: int = 1) -> Counts:
    """Return (whether the rank is at most k, 1) of each query.

    Raises:
        ValueError: k or a rank is below 1.
    """
    if not k >= 1:
        raise ValueError(f"k is {k}: choose at least 1")
    return _array([(float(rank <= k), 1.0) for rank in _from_one(ranks)])


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the agreement of two annotators beyond chance, 1 at most (Cohen 1960).

    Raises:
        ValueError: they did not label the same, non-empty list.
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"{len(first)} and {len(second)} labels cannot be compared")
    total = len(first)
    observed = sum(map(str.__eq__, first, second)) / total
    one, two = Counter(first), Counter(second)
    chance = sum(one[label] * two[label] for label in one) / total**2
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)
