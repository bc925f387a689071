"""All suffixes of a text in order, which makes every substring question a binary search.

`suffix_array` doubles the compared length in each round with NumPy sorting one key a suffix;
`suffix_array_py` does the same with lists. Plain `sorted(range(n), key=lambda i: s[i:])` is the
built-in to prefer below some thousand letters of ordinary text; on repetitive text it copies and
compares n^2 letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

Text = str | bytes | Sequence[int]
KEY_BITS = 62  # of a signed 64-bit key, with one bit to spare


def _codes(text: Text) -> npt.NDArray[np.int64]:
    """Return the letters as ranks 1..sigma."""
    if isinstance(text, str):
        raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    elif isinstance(text, bytes):
        raw = np.frombuffer(text, dtype=np.uint8)
    else:
        raw = np.asarray(text, dtype=np.int64)
    return np.unique(raw, return_inverse=True)[1].astype(np.int64) + 1


def _shifted(ranks: npt.NDArray[np.int64], by: int) -> npt.NDArray[np.int64]:
    """Return each place's rank `by` places on; 0 behind the end."""
    moved = np.zeros_like(ranks)
    moved[: len(ranks) - by] = ranks[by:]
    return moved


def suffix_array(text: Text) -> npt.NDArray[np.int64]:
    """Return where the suffixes begin, in their order; an empty text has none.

    O(n log^2 n) at worst, fewer rounds the less a text repeats itself: as many letters as fit
    into 62 bits are compared in the first.

    >>> suffix_array("banana").tolist()
    [5, 3, 1, 0, 4, 2]

    Source: Manber and Myers, "Suffix arrays: a new method for on-line string searches", 1993.
    """
    size = len(text)
    if size < 2:
        return np.arange(size, dtype=np.int64)
    ranks = _codes(text)
    bits = int(np.max(ranks)).bit_length()
    width = 1
    while 2 * width * bits <= KEY_BITS and width < size:
        ranks = (ranks << (width * bits)) | _shifted(ranks, width)
        width *= 2
    base = size + 1
    while True:
        order = np.argsort(ranks)
        ordered = ranks[order]
        changes = np.empty(size, dtype=np.int64)
        changes[0] = 1
        np.not_equal(ordered[1:], ordered[:-1], out=changes[1:])
        classes = np.cumsum(changes)
        if classes[-1] == size:
            return order
        ranks = np.empty(size, dtype=np.int64)
        ranks[order] = classes
        ranks = ranks * base + _shifted(ranks, min(width, size))
        width *= 2


def suffix_array_py(text: Text) -> list[int]:
    """Return the same order with lists only; O(n log^2 n)."""
    size = len(text)
    codes = [ord(letter) for letter in text] if isinstance(text, str) else list(text)
    letters = {code: rank for rank, code in enumerate(sorted(set(codes)), 1)}
    ranks = [letters[code] for code in codes]
    order = sorted(range(size), key=ranks.__getitem__)
    width, base = 1, size + 2
    while True:
        keys = [
            rank * base + after
            for rank, after in zip(ranks, ranks[width:] + [0] * min(width, size), strict=True)
        ]
        order.sort(key=keys.__getitem__)
        steps = [keys[a] != keys[b] for a, b in pairwise(order)]
        classes = list(accumulate(steps, initial=1))
        if size < 2 or classes[-1] == size:
            return order
        for place, rank in zip(order, classes, strict=True):
            ranks[place] = rank
        width *= 2


def lcp_array(text: Text, order: Sequence[int] | npt.NDArray[np.int64]) -> list[int]:
    """Return how many letters each suffix shares with the one before it; 0 for the first.

    Args:
        order: the suffix array of the text.

    O(n). Raises ValueError when the order is of another length than the text.

    Source: Kasai et al., "Linear-time longest-common-prefix computation in suffix arrays", 2001.
    """
    size = len(text)
    places = order.tolist() if isinstance(order, np.ndarray) else list(order)
    if len(places) != size:
        raise ValueError(f"{len(places)} suffixes for a text of {size}: not its suffix array")
    rank = [0] * size
    for number, place in enumerate(places):
        rank[place] = number
    lcp = [0] * size
    length = 0
    for place in range(size):
        if not rank[place]:
            length = 0
            continue
        before = places[rank[place] - 1]
        most = size - max(place, before)
        while length < most and text[place + length] == text[before + length]:
            length += 1
        lcp[rank[place]] = length
        if length:
            length -= 1
    return lcp
