"""rapidfuzz: bit-parallel edit distances in C++."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from velvet_algorithms.samples.workloads import Spelling
from velvet_algorithms.spell import Suggestion, ranked

NEEDS = "rapidfuzz"


def edit_distance(given: tuple[str, str]) -> Callable[[], int]:
    """Measure the distance of two texts."""
    distance = import_module("rapidfuzz.distance").Levenshtein.distance
    return lambda: int(distance(*given))


def spelling(given: Spelling) -> Callable[[], list[list[Suggestion]]]:
    """Scan all words for those within two edits."""
    extract = import_module("rapidfuzz.process").extract
    distance = import_module("rapidfuzz.distance").Levenshtein.distance
    words = list(given.weights)

    def suggest(query: str) -> list[Suggestion]:
        rows = extract(query, words, scorer=distance, score_cutoff=2, limit=None)
        return ranked(Suggestion(word, far, given.weights[word]) for word, far, _ in rows)

    return lambda: [suggest(query) for query in given.queries]
