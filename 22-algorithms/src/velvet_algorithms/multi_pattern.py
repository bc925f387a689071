"""Many patterns in one pass over a text: the Aho-Corasick automaton.

A state is a dictionary from each letter to the next state itself, failure links already followed,
so that `itertools.accumulate` walks the whole text in C. `re` with an alternation tries the words
one after another at each place; `str.count` passes once a word. The library to prefer where it may
be installed is `pyahocorasick`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import attrgetter, getitem
from typing import NamedTuple


class Hit(NamedTuple):
    """One occurrence: where it begins, and the number of the pattern."""

    start: int
    pattern: int


class State(dict[str, "State"]):
    """What each letter leads to; a letter that no pattern goes on with leads to the root.

    Attributes:
        hits: (length, number) of the patterns that end here, longest first.
        root: the state before any letter.
    """

    __slots__ = ("hits", "root")

    def __init__(self, root: State | None) -> None:
        super().__init__()
        self.hits: tuple[tuple[int, int], ...] = ()
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
        for number, pattern in enumerate(self.patterns):
            state = self._root
            for letter in pattern:
                if letter not in state:
                    state[letter] = State(self._root)
                state = state[letter]
            state.hits += ((len(pattern), number),)
        self._complete()

    def _complete(self) -> None:
        """Fill the states breadth first: each knows all that its longest suffix knows."""
        root = self._root
        waiting = [(root, root)]
        for state, suffix in waiting:
            children = dict(state)
            if state is not root:
                state.hits += suffix.hits
                state.update(suffix)
                state.update(children)
            for letter, child in children.items():
                waiting.append((child, root if state is root else suffix[letter]))

    def iter(self, text: str) -> Iterator[Hit]:
        """Yield all hits in the order of their ends, longer ones first where ends agree.

        O(len(text) + hits).
        """
        for end, state in enumerate(accumulate(text, getitem, initial=self._root)):
            if state.hits:
                for length, number in state.hits:
                    yield Hit(end - length, number)

    def count(self, text: str) -> list[int]:
        """Return how often each pattern occurs; faster than `iter`, which makes an object a hit."""
        counts = [0] * len(self.patterns)
        states = accumulate(text, getitem, initial=self._root)
        for hits in filter(None, map(attrgetter("hits"), states)):
            for _, number in hits:
                counts[number] += 1
        return counts
