"""Near matches: an edit distance to learn from, and the libraries to use.

`rapidfuzz` computes the same distances in C++; `difflib` is in the standard library, slower, and
measures something else (matching blocks), so its scores are not comparable.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from velvet_text.errors import TextError
from velvet_text.normalize import canonical_key

Scorer = Callable[[str, str], float]


@dataclass(frozen=True)
class Match:
    """The best choice, its score from 0 to 100, and its place."""

    choice: str
    score: float
    index: int


def levenshtein(a: str, b: str) -> int:
    """Return the insertions, deletions and substitutions between two texts; O(len(a) len(b)).

    Two rows instead of a table: O(min) memory. It is a metric, in code points.

    >>> levenshtein("kitten", "sitting")
    3
    """
    if len(a) < len(b):
        a, b = b, a
    above = list(range(len(b) + 1))
    for i, c in enumerate(a, 1):
        row = [i]
        for j, d in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (c != d)))
        above = row
    return above[-1]


def ratio_own(a: str, b: str) -> float:
    """Return 100 for equal texts, less for each edit."""
    return 100.0 * (1 - levenshtein(a, b) / max(len(a), len(b), 1))


def ratio_difflib(a: str, b: str) -> float:
    """Return the score of `difflib`, which depends on the order of its arguments."""
    return 100.0 * difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()


def ratio_rapidfuzz(a: str, b: str) -> float:
    """Return the score of `ratio_own`, from rapidfuzz.

    Raises:
        ImportError: rapidfuzz is absent.
    """
    from rapidfuzz.distance import Levenshtein

    return 100.0 * Levenshtein.normalized_similarity(a, b)


def best_match(
    query: str, choices: Sequence[str], *, scorer: Scorer = ratio_rapidfuzz, cutoff: float = 0.0
) -> Match | None:
    """Return the choice nearest to a query by their search keys, or None below the cutoff.

    The first of equally good choices wins.

    Raises:
        TextError: a cutoff outside of 0 to 100.

    >>> best_match("Zurich", ["Geneva", "Zürich", "Zug"])
    Match(choice='Zürich', score=100.0, index=1)
    """
    _check(cutoff)
    key = canonical_key(query, "search")
    best: Match | None = None
    for i, choice in enumerate(choices):
        score = scorer(key, canonical_key(choice, "search"))
        if score >= cutoff and (best is None or score > best.score):
            best = Match(choice, score, i)
    return best


def dedupe(
    strings: Iterable[str], *, threshold: float, scorer: Scorer = ratio_rapidfuzz
) -> list[list[str]]:
    """Return groups of texts that are near to each other, in order of first appearance.

    Only texts that share the beginning of a word are compared, so the work is not quadratic for
    varied texts; a pair that shares none is never found.

    Raises:
        TextError: a threshold outside of 0 to 100.
    """
    _check(threshold)
    texts = list(strings)
    keys = [canonical_key(text, "search") for text in texts]
    leader = list(range(len(texts)))

    def root(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    blocks: dict[str, list[int]] = {}
    for i, key in enumerate(keys):
        near = {j for word in key.split() for j in blocks.get(word[:3], ())}
        for j in sorted(near):
            if root(i) != root(j) and scorer(keys[i], keys[j]) >= threshold:
                low, high = sorted((root(i), root(j)))
                leader[high] = low
        for start in {word[:3] for word in key.split()}:
            blocks.setdefault(start, []).append(i)
    groups: dict[int, list[str]] = {}
    for i, text in enumerate(texts):
        groups.setdefault(root(i), []).append(text)
    return list(groups.values())


def _check(score: float) -> None:
    if not 0 <= score <= 100:
        raise TextError(f"a score lies between 0 and 100, not {score}")
