"""Train on some documents and test on others, until each sentence has been tested once.

Folds are of whole documents, because sentences of one document share names and habits. All
contenders of one call see the same sentences in the same order. Hyper-parameters are fixed in the
contenders' files; nothing is tuned on a test fold.
"""

from __future__ import annotations

import operator
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from velvet_nlp import evaluate
from velvet_nlp.bio import Span, repair, spans_from_bio
from velvet_nlp.corpus import Document, Sentence, sentences_of
from velvet_nlp.evaluate import Counts
from velvet_nlp.intervals import Difference, Score, bootstrap_ci, holm, paired_bootstrap
from velvet_nlp.protocols import Split, Tagger


def grouped_folds(documents: Sequence[Document], k: int = 4) -> list[Split]:
    """Return k splits; each document is tested once, those of one domain in different folds.

    Public corpora repeat sentences, such as a mail's last line: training is without those of the test.

    Raises:
        ValueError: k is below 2, or above the number of documents.
    """
    if not 2 <= k <= len(documents):
        raise ValueError(f"{len(documents)} documents cannot make {k} folds")
    ordered = sorted(documents, key=lambda one: (one.domain, one.doc_id))
    parts = [tuple(ordered[at::k]) for at in range(k)]
    return [
        Split.without_repeats(tuple(one for one in ordered if one not in test), test)
        for test in parts
    ]


@dataclass(frozen=True)
class OutOfFold:
    """What one contender predicted for every sentence, never having seen its document.

    Attributes:
        documents: the document of each sentence.
        unseen: for `ner`, the gold entities whose text no training sentence had as an entity.
        fold_scores: the score of each fold; their range shows what one split would have hidden.
        fit_s, predict_s: CPU seconds, all folds together.
    """

    task: str
    gold: tuple[list[str], ...]
    predicted: tuple[list[str], ...]
    documents: tuple[str, ...]
    unseen: tuple[frozenset[Span], ...]
    fold_scores: tuple[float, ...]
    fit_s: float
    predict_s: float

    @property
    def counts(self) -> Counts:
        """The counts of the task's score: accuracy for `pos`, F1 of exact entities for `ner`."""
        return task_counts(self.task, self.gold, self.predicted)

    @property
    def unseen_counts(self) -> Counts:
        """The counts of recall on entities that training did not have."""
        return evaluate.recall_counts(self.gold, self.predicted, self.unseen)

    @property
    def score(self) -> Score:
        """The score with its interval."""
        return bootstrap_ci(self.counts, self.documents)


def task_counts(
    task: str, gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]
) -> Counts:
    """Return the counts of the score by which a task is judged."""
    counted = evaluate.accuracy_counts if task == "pos" else evaluate.span_counts
    return counted(gold, predicted)


def training_sentences(split: Split, sentences: int | None, seed: int) -> list[Sentence]:
    """Return the split's training sentences in a seeded order, or the first so many of them."""
    found = sentences_of(split.train)
    random.Random(operator.index(seed)).shuffle(found)
    if sentences is not None and not 0 < sentences <= len(found):
        raise ValueError(f"{sentences} sentences: this fold has 1 to {len(found)} to train on")
    return found[:sentences]


def cross_validate(
    make: Callable[[], Tagger],
    documents: Sequence[Document],
    task: str,
    *,
    folds: int = 4,
    sentences: int | None = None,
    seed: int = 0,
) -> OutOfFold:
    """Train a new tagger for each fold and return its predictions for the fold's documents.

    Args:
        make: returns an untrained tagger.
        sentences: how many training sentences each fold may use; all by default.
    """
    order = {one.doc_id: number for number, one in enumerate(documents)}
    rows: list[tuple[int, int, Sentence, list[str], frozenset[Span]]] = []
    scores, fit_s, predict_s = [], 0.0, 0.0
    for split in grouped_folds(documents, folds):
        train = training_sentences(split, sentences, seed)
        known = {text for one in train for text, _ in one.entities}
        tagger, begun = make(), time.process_time()
        tagger.fit([one.words for one in train], [one.labels(task) for one in train], seed=seed)
        fitted = time.process_time()
        test = sentences_of(split.test)
        predicted = tagger.predict([one.words for one in test])
        predict_s += time.process_time() - fitted
        fit_s += fitted - begun
        if task == "ner":
            predicted = [repair(one) for one in predicted]
        where = [(order[one.doc_id], n) for one in split.test for n in range(len(one.sentences))]
        for (document, n), sentence, labels in zip(where, test, predicted, strict=True):
            spans = spans_from_bio(sentence.ner)
            new = frozenset(span for span in spans if sentence.phrase(span) not in known)
            rows.append((document, n, sentence, labels, new))
        gold = [one.labels(task) for one in test]
        scores.append(evaluate.ratio(task_counts(task, gold, predicted)))
    rows.sort(key=lambda row: row[:2])
    return OutOfFold(
        task,
        tuple(row[2].labels(task) for row in rows),
        tuple(row[3] for row in rows),
        tuple(documents[row[0]].doc_id for row in rows),
        tuple(row[4] for row in rows),
        tuple(scores),
        fit_s,
        predict_s,
    )


def verdicts(results: dict[str, OutOfFold]) -> dict[tuple[str, str], Difference]:
    """Return the difference of every pair, with p-values that Holm corrected for their number.

    A difference whose corrected p is above 0.05 is undecided, whatever its own interval says.
    """
    found = {
        (a, b): paired_bootstrap(results[a].counts, results[b].counts, results[a].documents)
        for a, b in combinations(results, 2)
    }
    corrected = holm([one.p for one in found.values()])
    return {
        pair: Difference(one.delta, one.low, one.high, p, one.verdict if p <= 0.05 else "undecided")
        for (pair, one), p in zip(found.items(), corrected, strict=True)
    }
