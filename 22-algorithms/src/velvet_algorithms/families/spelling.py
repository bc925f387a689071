"""Contenders for "which known words are at most two edits away?", with equal answers."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from velvet_algorithms.apps.near_words import Suggestion, edits2_suggest, ranked, scan_suggest
from velvet_algorithms.apps.spell import SpellChecker
from velvet_algorithms.apps.words import make_words, misspell, zipf_weights
from velvet_algorithms.contenders import contender, workload

QUERIES = 2
Answers = Callable[[], list[list[Suggestion]]]


class Spelling(NamedTuple):
    """Known words with their frequencies, and misspelled ones."""

    weights: dict[str, int]
    queries: list[str]


@workload("spelling")
def _spelling(n: int, seed: int) -> Spelling:
    """Return n words, and two of them misspelled by one and by two edits."""
    words = make_words(n, seed=seed)
    chosen = [words[len(words) * place // QUERIES] for place in range(QUERIES)] if words else []
    typed = [misspell(word, edits=1 + at, seed=seed) for at, word in enumerate(chosen)]
    return Spelling(dict(zip(words, zipf_weights(n), strict=True)), typed)


def _each(suggest: Callable[[str], list[Suggestion]], given: Spelling) -> Answers:
    return lambda: [suggest(query) for query in given.queries]


@contender("spelling", "delete_index", "ours")
def _(given: Spelling) -> Answers:
    checker = SpellChecker(list(given.weights), list(given.weights.values()))
    return _each(checker.suggest, given)


@contender("spelling", "edits_of_edits", "python")
def _(given: Spelling) -> Answers:
    return _each(lambda query: edits2_suggest(query, given.weights), given)


@contender("spelling", "scan", "python")
def _(given: Spelling) -> Answers:
    return _each(lambda query: scan_suggest(query, given.weights), given)


@contender("spelling", "rapidfuzz_scan", "compiled", needs="rapidfuzz")
def _(given: Spelling) -> Answers:
    process: Any = importlib.import_module("rapidfuzz.process")
    distance = importlib.import_module("rapidfuzz.distance").Levenshtein.distance
    words = list(given.weights)

    def suggest(query: str) -> list[Suggestion]:
        rows = process.extract(query, words, scorer=distance, score_cutoff=2, limit=None)
        return ranked(Suggestion(word, far, given.weights[word]) for word, far, _ in rows)

    return _each(suggest, given)
