"""Patterns in a text, distances of texts in the bits of one integer, all suffixes in order.

`find_all` and `z_array` never look back in the text, so "aaab" in a text of "a"s costs no more than
any other pattern; on ordinary text prefer `str.find`. The distances treat a Python integer as one
wide register: an addition carries through a whole column of the dynamic-programming table, 30 cells
a machine word. Prefer `rapidfuzz`, and to `AhoCorasick` `pyahocorasick`, where they may be installed.
`suffix_array` doubles the compared length in each round with NumPy sorting one key a suffix. Prefer
`sorted(range(n), key=lambda i: s[i:])` below some thousand letters of ordinary text; on repetitive
text it copies and compares n^2 letters.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Text: TypeAlias = Sequence[Any]
"""A string, bytes or any sequence of hashable things, comparable where they are sorted."""

CHECK_EVERY = 16  # columns between two looks at a cutoff
KEY_BITS = 62  # of a signed 64-bit key, with one bit to spare


def prefix_function(pattern: Text) -> list[int]:
    """Return for each place the length of the longest border of the pattern up to there.

    A border is a proper prefix that is also a suffix. O(m).

    >>> prefix_function("abacaba")
    [0, 0, 1, 0, 1, 2, 3]

    Source: Knuth, Morris, Pratt, "Fast pattern matching in strings", 1977.
    """
    border = [0] * len(pattern)
    length = 0
    for place in range(1, len(pattern)):
        here = pattern[place]
        while length and pattern[length] != here:
            length = border[length - 1]
        if pattern[length] == here:
            length += 1
        border[place] = length
    return border


def find_all(pattern: Text, text: Text) -> Iterator[int]:
    """Yield every place where the pattern begins in the text, overlapping ones included.

    O(n + m) also in the worst case. Raises ValueError at once for an empty pattern.
    """
    if not len(pattern):
        raise ValueError("an empty pattern is found everywhere; search for at least one letter")
    border, size = prefix_function(pattern), len(pattern)

    def places() -> Iterator[int]:
        length = 0
        for place, here in enumerate(text, 1 - size):
            while length and (length == size or pattern[length] != here):
                length = border[length - 1]
            if pattern[length] == here:
                length += 1
            if length == size:
                yield place

    return places()


def z_array(text: Text) -> list[int]:
    """Return for each place how long the text from there agrees with the text's beginning.

    The first entry is 0 by convention. O(n).

    >>> z_array("aabaab")
    [0, 1, 0, 3, 1, 0]

    Source: Gusfield, "Algorithms on strings, trees, and sequences", 1997, section 1.3.
    """
    size = len(text)
    z = [0] * size
    left = right = 0
    for place in range(1, size):
        length = min(right - place, z[place - left]) if place < right else 0
        while place + length < size and text[length] == text[place + length]:
            length += 1
        if place + length > right:
            left, right = place, place + length
        z[place] = length
    return z


def _trimmed(a: Text, b: Text) -> tuple[Text, Text, int]:
    """Drop what both texts begin and end with; return the longer rest first, and how much it was."""
    short = min(len(a), len(b))
    start = end = 0
    while start < short and a[start] == b[start]:
        start += 1
    while end < short - start and a[-1 - end] == b[-1 - end]:
        end += 1
    a, b = a[start : len(a) - end], b[start : len(b) - end]
    return (b, a, start + end) if len(a) < len(b) else (a, b, start + end)


def _places(text: Text) -> dict[Any, int]:
    """Return for each letter the integer whose bits are set where it stands."""
    places: dict[Any, int] = {}
    for bit, letter in enumerate(text):
        places[letter] = places.get(letter, 0) | 1 << bit
    return places


def levenshtein(a: Text, b: Text, cutoff: int | None = None) -> int:
    """Return how many insertions, deletions and replacements turn one text into the other.

    Args:
        cutoff: larger distances do not matter: cutoff + 1 is returned for all of them, early.

    Raises ValueError where the cutoff is negative.

    O(n m / 30) steps of machine words, of which one Python operation does a column. Source: Myers,
    "A fast bit-vector algorithm for approximate string matching", 1999, in Hyyro's form, 2003.
    """
    if cutoff is not None and (cutoff := operator.index(cutoff)) < 0:
        raise ValueError(f"a cutoff is at least 0, not {cutoff}")
    a, b, _ = _trimmed(a, b)  # the longer one lies in the bits, so that the loop is short
    most = len(a) if cutoff is None else min(cutoff, len(a))
    if len(a) - len(b) > most:
        return most + 1
    places = _places(a)
    mask = (1 << len(a)) - 1
    # Bits of the column's cells that are one more (plus) or one less (minus) than the cell above.
    plus, minus = mask, 0
    for column, letter in enumerate(b, 1):
        equal = places.get(letter, 0)
        zero = (((equal & plus) + plus) ^ plus) | equal | minus
        right_plus = minus | (mask & ~(zero | plus))
        right_minus = plus & zero
        right_plus = (right_plus << 1) | 1
        plus = ((right_minus << 1) | ~(zero | right_plus)) & mask
        minus = right_plus & zero & mask
        if cutoff is not None and column % CHECK_EVERY == 0:
            reached = column + plus.bit_count() - minus.bit_count()
            if reached - (len(b) - column) > most:
                return most + 1
    distance = len(b) + plus.bit_count() - minus.bit_count()
    return distance if cutoff is None else min(distance, cutoff + 1)


def levenshtein_dp(a: Text, b: Text) -> int:
    """Return the same distance from the table itself, kept two rows at a time.

    O(n m) Python steps: here to compare with. Source: Wagner and Fischer, 1974.
    """
    above = list(range(len(b) + 1))
    for row, letter in enumerate(a, 1):
        here = [row]
        for column, other in enumerate(b, 1):
            if letter == other:
                here.append(above[column - 1])
            else:
                here.append(1 + min(above[column - 1], above[column], here[-1]))
        above = here
    return above[-1]


def lcs_length(a: Text, b: Text) -> int:
    """Return the length of the longest common subsequence.

    Source: Hyyro, "Bit-parallel LCS-length computation revisited", 2004.
    """
    a, b, common = _trimmed(a, b)
    places = _places(a)
    row = mask = (1 << len(a)) - 1
    for letter in b:
        taken = row & places.get(letter, 0)
        if taken:
            row = ((row + taken) | (row - taken)) & mask
    return common + len(a) - row.bit_count()


class Hit(NamedTuple):
    """One occurrence: where it begins, and the number of the pattern."""

    start: int
    pattern: int


class _State(dict[str, "_State"]):
    """What each letter leads to; a letter that no pattern goes on with leads to the root.

    Attributes:
        hits: (length, number) of the patterns that end here.
        above: the state of the longest proper suffix at which a pattern ends, or None.
        root: the state before any letter.
    """

    __slots__ = ("above", "hits", "root")

    def __init__(self, root: _State | None) -> None:
        super().__init__()
        self.hits: Sequence[tuple[int, int]] = ()
        self.above: _State | None = None
        self.root = self if root is None else root  # an empty state is false

    def __missing__(self, letter: str) -> _State:
        return self.root


class AhoCorasick:
    """An automaton that finds all occurrences of all patterns, overlapping ones included.

    A state is a dictionary from each letter to the next state itself, failure links already
    followed, so that `itertools.accumulate` walks the whole text in C.

    Attributes:
        patterns: what is searched for, in the order in which hits number it.

    Building costs O(states * letters) time and memory at worst; afterwards threads may share it.

    Raises ValueError where there is no pattern, or one is empty; it would be found everywhere.

    Source: Aho and Corasick, "Efficient string matching: an aid to bibliographic search", 1975.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = list(patterns)
        if not self.patterns:
            raise ValueError("there is no pattern to search for; give at least one")
        self._root = _State(None)
        ends: dict[str, list[tuple[int, int]]] = {}
        for number, pattern in enumerate(self.patterns):
            if not pattern:
                raise ValueError(f"pattern {number} is empty, and would be found everywhere")
            if pattern not in ends:
                state = self._root
                for letter in pattern:
                    if letter not in state:
                        state[letter] = _State(self._root)
                    state = state[letter]
                ends[pattern] = state.hits = []
            ends[pattern].append((len(pattern), number))
        # Fill the states breadth first: each knows all that its longest suffix knows.
        root = self._root
        waiting = [(root, root)]
        for state, suffix in waiting:
            children = dict(state)
            if state is not root:
                state.above = suffix if suffix.hits else suffix.above
                state.update(suffix)
                state.update(children)
            for letter, child in children.items():
                waiting.append((child, root if state is root else suffix[letter]))
        self._states = [state for state, _ in waiting]

    def __reduce__(self) -> Any:
        return type(self), (self.patterns,)

    def iter(self, text: str) -> Iterator[Hit]:
        """Yield all hits in the order of their ends, longer ones first where ends agree.

        O(len(text) + hits).
        """
        for end, state in enumerate(accumulate(text, operator.getitem, initial=self._root)):
            node: _State | None = state
            while node is not None:
                for length, number in node.hits:
                    yield Hit(end - length, number)
                node = node.above

    def count(self, text: str) -> list[int]:
        """Return how often each pattern occurs. O(len(text) + states), whatever the hits.

        Counted is how often each state is entered, in C; what ends there ends at its suffixes too.
        """
        states = accumulate(text, operator.getitem, initial=self._root)
        entered = Counter(map(id, states))
        counts = [0] * len(self.patterns)
        for state in reversed(self._states):
            times = entered[id(state)]
            if times:
                if state.above is not None:
                    entered[id(state.above)] += times
                for _, number in state.hits:
                    counts[number] = times
        return counts


def _ranks(text: Text) -> list[int]:
    """Return the letters as their ranks among all letters of the text, from 1."""
    ranks = {letter: rank for rank, letter in enumerate(sorted(set(text)), 1)}
    return [ranks[letter] for letter in text]


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
    ranks = np.array(_ranks(text), dtype=np.int64)
    bits = int(np.max(ranks)).bit_length()
    width = 1
    while 2 * width * bits <= KEY_BITS and width < size:
        ranks = (ranks << (width * bits)) | _shifted(ranks, width)
        width *= 2
    while True:
        order = np.argsort(ranks)
        ordered = ranks[order]
        changes = np.ones(size, dtype=np.int64)
        np.not_equal(ordered[1:], ordered[:-1], out=changes[1:])
        classes = np.cumsum(changes)
        if classes[-1] == size:
            return order
        ranks = np.empty(size, dtype=np.int64)
        ranks[order] = classes
        ranks = ranks * (size + 1) + _shifted(ranks, min(width, size))
        width *= 2


def suffix_array_py(text: Text) -> list[int]:
    """Return the same order with lists only; O(n log^2 n)."""
    size, ranks = len(text), _ranks(text)
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
    """Return how many letters each suffix of an order shares with the one before; 0 for the first.

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
        length = max(length - 1, 0)
    return lcp
