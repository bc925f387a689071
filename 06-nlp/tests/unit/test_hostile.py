"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from velvet.hostile import Fixed, HostileTests, call
from velvet_nlp import (
    bio,
    conllu,
    corpus,
    evaluate,
    footprint,
    intervals,
    numpy_bert,
    own,
    pretrained,
    protocols,
    search,
    sentences,
    tiers,
    validation,
)

TAGS, GUESSED = [["B-PER", "I-PER", "O"], ["O"]], [["B-PER", "O", "O"], ["O"]]
COUNTS = Fixed(np.array([[1.0, 2.0], [2.0, 2.0], [0.0, 1.0]]))
DOCUMENTS = ["a", "a", "b"]
LINES = ["# newdoc id = a\n", "1\tYes\t_\tINTJ\t_\t_\t_\t_\t_\t_\n", "\n"]
YES = corpus.Sentence("s", "Yes", (corpus.Token("Yes", 0, 3, "INTJ"),))
PAPERS = [corpus.Document(name, "mail", (YES,)) for name in "abc"]
PAIRS = [corpus.Pair("1", "lexical", "a dog", "The dog barks."), corpus.Pair("2", "", "", "A cat.")]

SPLIT = Fixed(protocols.Split(tuple(PAPERS[:2]), tuple(PAPERS[2:])))


class Equal:
    """A searcher and a tagger to which everything is equal."""

    def fit(self, texts: Sequence[object], *_: object, **__: object) -> None:
        self.count = len(texts)

    def scores(self, query: str) -> NDArray[np.float64]:
        return np.zeros(2)

    def predict(self, sentences: Sequence[list[str]]) -> list[list[str]]:
        return [["X"] * len(words) for words in sentences]


class TestHostile(HostileTests):
    calls = (
        call(bio.split_tag, "B-PER", "BIO"),
        call(bio.spans_from_bio, ["B-PER", "I-PER", "O"], "BIO"),
        call(bio.bio_from_spans, [(0, 2, "PER")], 3, "BIO"),
        call(bio.repair, ["O", "I-PER", "I-LOC"]),
        call(bio.read_bio, ["Ann B-PER\n", "\n", "ran O\n"], columns=(0, -1)),
        call(conllu.read_conllu, LINES),
        call(conllu.read_documents, LINES, domain="mail"),
        call(conllu.write_conllu, [YES]),
        call(evaluate.accuracy_counts, TAGS, GUESSED),
        call(evaluate.overlap_counts, [[(0, 4), (5, 9)]], [[(0, 4)]]),
        call(evaluate.span_counts, TAGS, GUESSED),
        call(evaluate.span_prf, TAGS, GUESSED),
        call(evaluate.recall_counts, TAGS, GUESSED, [[(0, 2, "PER")], []]),
        call(evaluate.rank_of, Fixed(np.array([0.5, 0.5, 0.9])), 0).but(errors=(IndexError,)),
        call(evaluate.mrr_counts, [1.0, 2.5]),
        call(evaluate.hit_counts, [1.0, 2.5], 2),
        call(evaluate.cohen_kappa, ["a", "b", "b"], ["a", "a", "b"]),
        call(corpus.Sentence, "s", "Yes", (corpus.Token("Yes", 0, 3, "INTJ"),)).then(
            "labels", "pos"
        ),
        call(footprint.total, [footprint.Step("import", 1.0, 0.5)]),
        call(intervals.by_document, COUNTS, DOCUMENTS),
        call(intervals.bootstrap_ci, COUNTS, DOCUMENTS, draws=20, level=0.9, seed=3),
        call(intervals.paired_bootstrap, COUNTS, COUNTS, DOCUMENTS, draws=20, level=0.9, seed=3),
        call(intervals.holm, [0.01, 0.04, 0.03]),
        call(intervals.minimum_detectable, 100, 0.5, power=0.8, level=0.95),
        call(numpy_bert.padded, [[1, 2], [3]]).but(errors=(OverflowError,)),
        call(own.load, "second_pass"),
        call(pretrained.upos_of, "NNS"),
        call(pretrained.entity_of, "B-PERSON"),
        call(protocols.checked, [["Ann", "ran"]], [["B-PER", "O"]]),
        call(search.search, Fixed(Equal()), "a dog", 2),
        call(search.judge, Fixed(Equal()), PAIRS, "lexical"),
        call(search.word_overlap, PAIRS, "lexical"),
        call(sentences.by_rule(), "Yes. No!").but(of=(sentences.by_rule,)),
        call(sentences.punkt, ["One text. Another."]).but(many=10_000),
        call(sentences.sentencizer(), "Yes. No!").but(of=(sentences.sentencizer,), many=100),
        call(tiers.missing, "core"),
        call(tiers.require, "core"),
        call(validation.grouped_folds, PAPERS, 3),
        call(validation.training_sentences, SPLIT, 1, 3),
        call(
            validation.cross_validate, Fixed(Equal), PAPERS, "pos", folds=3, sentences=1, seed=3
        ).but(same=False),
        call(validation.task_counts, "ner", TAGS, GUESSED),
    )
    excepted = {
        "__main__": "prints a table",
        "fetch": "needs a network; tests/failure/test_outside.py",
        "footprint.measure": "starts processes; tests/failure/test_outside.py",
        "numpy_bert.NumpyBert": "takes weights; tests/unit/test_encoder.py",
        "pretrained": "loads what is not installed with the module; tests/failure/test_outside.py",
        "validation.verdicts": "takes what `cross_validate` returned",
        "word_vectors": "takes an encoder; tests/unit/test_encoder.py",
    }
