"""One pattern in a text, and the distance of two texts in the bits of one integer.

`find_all` and `z_array` never look back in the text, so a pattern such as "aaab" in a text of
"a"s costs no more than any other; on ordinary text `str.find` is the built-in to prefer. The
distances treat a Python integer as one wide register: an addition carries through a whole
column of the dynamic-programming table, 30 cells a machine word. Prefer `rapidfuzz` where it may
be installed. All functions take strings, bytes or any sequences of hashable things.

Many patterns in one pass over a text: the Aho-Corasick automaton.

A state is a dictionary from each letter to the next state itself, failure links already followed,
so that `itertools.accumulate` walks the whole text in C. `re` with an alternation tries the words
one after another at each place; `str.count` passes once a word. The library to prefer where it may
be installed is `pyahocorasick`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import accumulate
from operator import attrgetter, getitem
from typing import Any, NamedTuple

Text = Sequence[Hashable]

CHECK_EVERY = 16  # columns between two looks at a cutoff


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

    O(n + m) also in the worst case.

    Raises:
        ValueError: the pattern is empty; it would be everywhere.
    """
    if not len(pattern):
        raise ValueError("an empty pattern is found everywhere; search for at least one letter")
    return _find_all(pattern, text)


def _find_all(pattern: Text, text: Text) -> Iterator[int]:
    border = prefix_function(pattern)
    size = len(pattern)
    length = 0
    for place, here in enumerate(text, 1 - size):
        while length and (length == size or pattern[length] != here):
            length = border[length - 1]
        if pattern[length] == here:
            length += 1
        if length == size:
            yield place


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


def _trimmed(a: Text, b: Text) -> tuple[Text, Text]:
    """Drop what both texts begin and end with; it never adds to their distance."""
    short = min(len(a), len(b))
    start = 0
    while start < short and a[start] == b[start]:
        start += 1
    end = 0
    while end < short - start and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[start : len(a) - end], b[start : len(b) - end]


def _places(text: Text) -> dict[Hashable, int]:
    """Return for each letter the integer whose bits are set where it stands."""
    places: dict[Hashable, int] = {}
    bit = 1
    for letter in text:
        places[letter] = places.get(letter, 0) | bit
        bit <<= 1
    return places


def levenshtein(a: Text, b: Text, cutoff: int | None = None) -> int:
    """Return how many insertions, deletions and replacements turn one text into the other.

    Args:
        cutoff: larger distances do not matter: cutoff + 1 is returned for all of them, early.

    Raises:
        ValueError: the cutoff is negative.

    O(n m / 30) steps of machine words, of which one Python operation does a column. Source: Myers,
    "A fast bit-vector algorithm for approximate string matching", 1999, in Hyyro's form, 2003.
    """
    if cutoff is not None and cutoff < 0:
        raise ValueError(f"a cutoff is at least 0, not {cutoff}")
    a, b = _trimmed(a, b)
    if len(a) < len(b):
        a, b = b, a  # the longer one lies in the bits, so that the loop is short
    most = len(a) if cutoff is None else min(cutoff, len(a))
    if len(a) - len(b) > most:
        return most + 1
    if not b:
        return len(a)
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
    head = len(a)
    a, b = _trimmed(a, b)
    common = head - len(a)
    if len(a) < len(b):
        a, b = b, a
    places = _places(a)
    mask = (1 << len(a)) - 1
    row = mask
    for letter in b:
        taken = row & places.get(letter, 0)
        if taken:
            row = ((row + taken) | (row - taken)) & mask
    return common + len(a) - row.bit_count()


class Hit(NamedTuple):
    """One occurrence: where it begins, and the number of the pattern."""

    start: int
    pattern: int


class State(dict[str, "State"]):
    """What each letter leads to; a letter that no pattern goes on with leads to the root.

    Attributes:
        hits: (length, number) of the patterns that end here.
        above: the state of the longest proper suffix at which a pattern ends, or None.
        number: its place among all states, the shorter ones first.
        root: the state before any letter.
    """

    __slots__ = ("above", "hits", "number", "root")

    def __init__(self, root: State | None) -> None:
        super().__init__()
        self.hits: tuple[tuple[int, int], ...] = ()
        self.above: State | None = None
        self.number = 0
        self.root = self if root is None else root  # an empty state is false

    def __missing__(self, letter: str) -> State:
        return self.root


class AhoCorasick:
    """An automaton that finds all occurrences of all patterns, overlapping ones included.

    Attributes:
        patterns: what is searched for, in the order in which hits number it.

    Building costs O(states * letters) time and memory at worst; afterwards threads may share it.

    Raises:
        ValueError: there is no pattern, or one is empty; it would be found everywhere.

    Source: Aho and Corasick, "Efficient string matching: an aid to bibliographic search", 1975.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = list(patterns)
        if not self.patterns:
            raise ValueError("there is no pattern to search for; give at least one")
        if "" in self.patterns:
            raise ValueError(
                f"pattern {self.patterns.index('')} is empty, and would be found everywhere"
            )
        self._root = State(None)
        ends: dict[str, list[tuple[int, int]]] = {}
        for number, pattern in enumerate(self.patterns):
            ends.setdefault(pattern, []).append((len(pattern), number))
        for pattern, hits in ends.items():
            state = self._root
            for letter in pattern:
                if letter not in state:
                    state[letter] = State(self._root)
                state = state[letter]
            state.hits = tuple(hits)
        self._complete()

    def __reduce__(self) -> Any:
        return type(self), (self.patterns,)

    def _complete(self) -> None:
        """Fill the states breadth first: each knows all that its longest suffix knows."""
        root = self._root
        waiting = [(root, root)]
        for number, (state, suffix) in enumerate(waiting):
            children = dict(state)
            state.number = number
            if state is not root:
                state.above = suffix if suffix.hits else suffix.above
                state.update(suffix)
                state.update(children)
            for letter, child in children.items():
                waiting.append((child, root if state is root else suffix[letter]))
        self._states = [state for state, _ in waiting]

    def iter(self, text: str) -> Iterator[Hit]:
        """Yield all hits in the order of their ends, longer ones first where ends agree.

        O(len(text) + hits).
        """
        for end, state in enumerate(accumulate(text, getitem, initial=self._root)):
            node: State | None = state
            while node is not None:
                for length, number in node.hits:
                    yield Hit(end - length, number)
                node = node.above

    def count(self, text: str) -> list[int]:
        """Return how often each pattern occurs. O(len(text) + states), whatever the hits.

        Counted is how often each state is entered, in C; what ends there ends at its suffixes too.
        """
        states = accumulate(text, getitem, initial=self._root)
        entered = Counter(map(attrgetter("number"), states))
        counts = [0] * len(self.patterns)
        for state in reversed(self._states):
            times = entered[state.number]
            if times:
                if state.above is not None:
                    entered[state.above.number] += times
                for _, number in state.hits:
                    counts[number] = times
        return counts
