"""Near matches: an edit distance to learn from, and the libraries to use.

`rapidfuzz` computes the same distances in C++; `difflib` is in the standard library, slower, and
measures something else (matching blocks), so its scores are not comparable.
"""

from __future__ import annotations

import difflib


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
