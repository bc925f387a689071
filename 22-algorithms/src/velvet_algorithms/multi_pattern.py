"""Many patterns in one pass over a text: the Aho-Corasick automaton.

Each state has a full table of what every letter leads to, so a step over the text is one lookup
and failure links are needed only while building. `re` with an alternation tries the words one after
another at each place; `str.count` passes once a word. The library to prefer where it may be
installed is `pyahocorasick`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Hit(NamedTuple):
    """One occurrence: where it begins, and the number of the pattern."""

    start: int
    pattern: int


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
        self._tables: list[dict[str, int]] = [{}]
        ends: dict[int, list[int]] = {}
        for number, pattern in enumerate(self.patterns):
            state = 0
            for letter in pattern:
                row = self._tables[state]
                if letter not in row:
                    row[letter] = len(self._tables)
                    self._tables.append({})
                state = row[letter]
            ends.setdefault(state, []).append(number)
        self._hits: list[tuple[tuple[int, int], ...]] = [()] * len(self._tables)
        self._complete(ends)

    def _complete(self, ends: dict[int, list[int]]) -> None:
        """Fill the tables breadth first: a state knows all that its longest suffix knows."""
        waiting = [(0, 0)]
        for state, suffix in waiting:
            own = tuple((len(self.patterns[number]), number) for number in ends.get(state, ()))
            children = self._tables[state]
            if state:
                self._hits[state] = own + self._hits[suffix]
                table = self._tables[suffix].copy()
                waiting += [(child, table.get(letter, 0)) for letter, child in children.items()]
                table.update(children)
                self._tables[state] = table
            else:
                waiting += [(child, 0) for child in children.values()]

    def iter(self, text: str) -> Iterator[Hit]:
        """Yield all hits in the order of their ends, longer ones first where ends agree.

        O(len(text) + hits).
        """
        tables, hits = self._tables, self._hits
        table = tables[0]
        state = 0
        for end, letter in enumerate(text, 1):
            state = table.get(letter, 0)
            table = tables[state]
            if hits[state]:
                for length, number in hits[state]:
                    yield Hit(end - length, number)

    def count(self, text: str) -> list[int]:
        """Return how often each pattern occurs, counting visits of states instead of hits."""
        tables = self._tables
        visits = [0] * len(tables)
        state = 0
        for letter in text:
            state = tables[state].get(letter, 0)
            visits[state] += 1
        counts = [0] * len(self.patterns)
        for state, times in enumerate(visits):
            if times:
                for _, number in self._hits[state]:
                    counts[number] += times
        return counts
