"""The smallest automaton of all substrings of a text, grown letter by letter.

Where a suffix array answers after sorting everything, this one grows with its text and answers
membership, counts and common substrings in time that does not depend on the text's length. It
costs several dictionaries a letter: prefer `str.count` and `in` for a handful of questions.
"""

from __future__ import annotations


class SuffixAutomaton:
    """All substrings of a text, in at most two states a letter.

    Not thread-safe while it grows.

    Source: Blumer et al., "The smallest automaton recognizing the subwords of a text", 1985.
    """

    def __init__(self, text: str = "") -> None:
        self._next: list[dict[str, int]] = [{}]
        self._link = [-1]
        self._length = [0]
        self._first_end = [0]
        self._own = [0]  # 1 where the state is a whole prefix, not a copy
        self._last = 0
        self._counts: list[int] | None = None
        self.extend(text)

    def _state(self, row: dict[str, int], link: int, length: int, first_end: int, own: int) -> int:
        self._next.append(row)
        self._link.append(link)
        self._length.append(length)
        self._first_end.append(first_end)
        self._own.append(own)
        return len(self._next) - 1

    def extend(self, text: str) -> None:
        """Append letters to the text. O(1) amortised a letter."""
        follow, link, length = self._next, self._link, self._length
        self._counts = None
        for letter in text:
            size = length[self._last] + 1
            new = self._state({}, 0, size, size, 1)
            state, self._last = self._last, new
            while state >= 0 and letter not in follow[state]:
                follow[state][letter] = new
                state = link[state]
            if state < 0:
                continue
            target = follow[state][letter]
            if length[state] + 1 == length[target]:
                link[new] = target
                continue
            copy = self._state(
                follow[target].copy(), link[target], length[state] + 1, self._first_end[target], 0
            )
            while state >= 0 and follow[state].get(letter) == target:
                follow[state][letter] = copy
                state = link[state]
            link[target] = link[new] = copy

    def __len__(self) -> int:
        """The length of the text."""
        return self._length[self._last]

    def _walk(self, piece: str) -> int | None:
        state: int | None = 0
        for letter in piece:
            state = self._next[state].get(letter) if state is not None else None
        return state

    def __contains__(self, piece: str) -> bool:
        """Whether the text has this piece. O(len(piece))."""
        return self._walk(piece) is not None

    def occurrences(self, piece: str) -> int:
        """Return how often a piece occurs, overlapping ones included.

        O(len(piece)), after O(n) for the first question since the text grew.

        Raises:
            ValueError: the piece is empty.
        """
        if not piece:
            raise ValueError("an empty piece occurs everywhere; count at least one letter")
        state = self._walk(piece)
        if state is None:
            return 0
        if self._counts is None:
            self._counts = list(self._own)
            for each in sorted(range(1, len(self._link)), key=lambda one: -self._length[one]):
                self._counts[self._link[each]] += self._counts[each]
        return self._counts[state]

    def first(self, piece: str) -> int:
        """Return where a piece begins for the first time, or -1; as `str.find`."""
        state = self._walk(piece)
        return -1 if state is None else self._first_end[state] - len(piece)

    @property
    def distinct(self) -> int:
        """The number of different non-empty substrings. O(n)."""
        return sum(
            self._length[state] - self._length[self._link[state]]
            for state in range(1, len(self._link))
        )

    def longest_common(self, other: str) -> str:
        """Return the longest piece of `other` that the text has, the first of several. O(len(other))."""
        state = matched = best = best_end = 0
        for end, letter in enumerate(other, 1):
            while state and letter not in self._next[state]:
                state = self._link[state]
                matched = self._length[state]
            if letter in self._next[state]:
                state = self._next[state][letter]
                matched += 1
            if matched > best:
                best, best_end = matched, end
        return other[best_end - best : best_end]
