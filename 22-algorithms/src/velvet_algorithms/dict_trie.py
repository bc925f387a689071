"""The textbook's trie: a dictionary a letter, and every completion visited.

In Python it costs about 600 bytes a word and loses to a sorted list in every respect but one:
words can be added cheaply. It is here as the naive contender; see `PrefixIndex`. Everything is
iterative: a word of a million letters is as good as any.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from velvet_algorithms.ordering import refuse_nan

_END = ""  # the key under which a word's weight is kept; no letter is empty


class DictTrie:
    """Words with weights in nested dictionaries."""

    __slots__ = ("_root", "_size")

    def __init__(self, words: Mapping[str, float] | Iterable[tuple[str, float]] = ()) -> None:
        self._root: dict[str, Any] = {}
        self._size = 0
        for word, weight in words.items() if isinstance(words, Mapping) else words:
            self.add(word, weight)

    def __len__(self) -> int:
        return self._size

    def add(self, word: str, weight: float = 0) -> None:
        """Add a word or change its weight. O(letters); raises ValueError for NaN."""
        refuse_nan(weight)
        node = self._root
        for letter in word:
            node = node.setdefault(letter, {})
        self._size += _END not in node
        node[_END] = weight

    def _node(self, prefix: str) -> dict[str, Any] | None:
        node = self._root
        for letter in prefix:
            if letter not in node:
                return None
            node = node[letter]
        return node

    def __contains__(self, word: str) -> bool:
        node = self._node(word)
        return node is not None and _END in node

    def _below(self, prefix: str) -> Iterator[tuple[str, float]]:
        # One list of letters for all words: a string a node would make a deep chain quadratic.
        node = self._node(prefix)
        path: list[str] = []
        waiting = [] if node is None else [(0, prefix, node)]
        while waiting:
            depth, letter, node = waiting.pop()
            del path[depth:]
            path.append(letter)
            for after, below in node.items():
                if after == _END:
                    yield "".join(path), below
                else:
                    waiting.append((depth + 1, after, below))

    def range(self, prefix: str) -> list[str]:
        """Return all words with a prefix, sorted."""
        return sorted(word for word, _ in self._below(prefix))

    def top(self, prefix: str, k: int) -> list[str]:
        """Return the k words of greatest weight with a prefix; visits every match.

        Raises:
            ValueError: k is negative.
        """
        if k < 0:
            raise ValueError(f"k must be >= 0 words, got {k!r}")
        best = heapq.nsmallest(k, ((-weight, word) for word, weight in self._below(prefix)))
        return [word for _, word in best]
