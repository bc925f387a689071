"""Distances of up to two edits without a table, and the two naive ways of finding near words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from velvet_algorithms.apps.words import LETTERS

FAR = 3
"""What `distance_up_to_two` returns for everything beyond two."""


class Suggestion(NamedTuple):
    """A known word, how many edits away it is, and how common."""

    word: str
    distance: int
    weight: int


def ranked(found: Iterable[Suggestion]) -> list[Suggestion]:
    """Return suggestions with the nearest first, then the most common, then by alphabet."""
    return sorted(found, key=lambda one: (one.distance, -one.weight, one.word))


def distance_up_to_two(a: str, b: str) -> int:
    """Return the Levenshtein distance if it is 0, 1 or 2, else 3; O(len(a)).

    Without what both begin and end with, one of two edits must be at the front and the other at the
    back, so all that is left to compare are the middles.

    >>> distance_up_to_two("kitten", "mitten"), distance_up_to_two("abcd", "dcba")
    (1, 3)
    """
    if len(a) < len(b):
        a, b = b, a
    longer = len(a) - len(b)
    if longer > 2:
        return FAR
    start, end = 0, len(b)
    while start < end and a[start] == b[start]:
        start += 1
    while end > start and a[end - 1 + longer] == b[end - 1]:
        end -= 1
    a, b = a[start : end + longer], b[start:end]
    if not b or len(a) == 1:
        return len(a)
    middle = a[1:-1]
    if longer == 2:
        near = middle == b
    elif longer == 1:
        near = middle in (b[:-1], b[1:])
    else:
        near = middle == b[1:-1] or a[1:] == b[:-1] or a[:-1] == b[1:]
    return 2 if near else FAR


def edits2_suggest(word: str, weights: dict[str, int]) -> list[Suggestion]:
    """Return the known words within distance 2 by making every edit of every edit: the naive way.

    About (54 letters)^2 texts are made and looked up. Only words of the letters a to z are found.
    """
    once = _edits(word)
    near: dict[str, int] = {}
    for distance, texts in enumerate(([word], once, (far for one in once for far in _edits(one)))):
        for text in texts:
            if text in weights:
                near.setdefault(text, distance)
    return ranked(Suggestion(text, far, weights[text]) for text, far in near.items())


def _edits(word: str) -> set[str]:
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(head + tail[1:] for head, tail in splits if tail),
        *(head + letter + tail[1:] for head, tail in splits if tail for letter in LETTERS),
        *(head + letter + tail for head, tail in splits for letter in LETTERS),
    } - {word}


def scan_suggest(
    word: str,
    weights: dict[str, int],
    distance: Callable[[str, str], int] = distance_up_to_two,
) -> list[Suggestion]:
    """Return the known words within distance 2 by measuring the distance to every one of them.

    Args:
        distance: of two words; anything over 2 is too far.
    """
    near = ((known, distance(word, known), weight) for known, weight in weights.items())
    return ranked(Suggestion(*one) for one in near if one[1] <= 2)
