"""The textbook's trie: a dictionary a letter, and every completion visited.

In Python it costs about 600 bytes a word and loses to a sorted list in every respect but one:
words can be added cheaply. It is here as the naive contender; see `PrefixIndex`. Everything is
iterative: a word of a million letters is as good as any.

A trie whose chains without branches are one labelled edge each (Morrison 1968).

Every node also knows the greatest weight below it, so the best completions are found without a
walk over all of them. Use it when words come and go; for a fixed set `PrefixIndex` is
smaller and faster, and marisa-trie smaller by far. Everything is iterative.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from velvet_algorithms.contract import OwnCopies, ensure, refuse_nan

_END = ""  # the key under which a word's weight is kept; no letter is empty


class DictTrie(OwnCopies):
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

    def _state(self) -> Any:
        return list(self._below(""))

    def _restore(self, state: Any) -> None:
        DictTrie.__init__(self, state)

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


class _Node:
    """A node: its edges by their first letters, its word's weight, the greatest weight below."""

    __slots__ = ("best", "edges", "weight")

    def __init__(self, weight: float | None, best: float) -> None:
        self.edges: dict[str, tuple[str, _Node]] = {}
        self.weight, self.best = weight, best


class RadixTree(OwnCopies):
    """Words with weights; a chain of letters without a branch is one edge."""

    __slots__ = ("_root", "_size")

    def __init__(self, words: Mapping[str, float] | Iterable[tuple[str, float]] = ()) -> None:
        self._root = _Node(None, float("-inf"))
        self._size = 0
        for word, weight in words.items() if isinstance(words, Mapping) else words:
            self.add(word, weight)

    def __len__(self) -> int:
        return self._size

    def add(self, word: str, weight: float = 0) -> None:
        """Add a word, or raise its weight. O(letters).

        Raises:
            ValueError: NaN, or a weight below the word's; `best` of the nodes above only grows.
        """
        refuse_nan(weight)
        known = self._weight(word)
        if known is not None and weight < known:
            raise ValueError(f"{word!r} weighs {known!r} already; it cannot become {weight!r}")
        max(weight, self._root.best)  # a weight that cannot be compared is refused here
        node, place, path = self._root, 0, [self._root]
        while place < len(word) and word[place] in node.edges:
            label, below = node.edges[word[place]]
            if not word.startswith(label, place):
                shared, rest = 1, word[place : place + len(label)]
                while shared < len(rest) and rest[shared] == label[shared]:
                    shared += 1
                middle = _Node(None, below.best)
                middle.edges[label[shared]] = (label[shared:], below)
                node.edges[label[0]] = (label[:shared], middle)
                label, below = label[:shared], middle
            node, place = below, place + len(label)
            path.append(node)
        if place < len(word):
            fresh = _Node(None, weight)
            node.edges[word[place]] = (word[place:], fresh)
            node = fresh
        self._size += node.weight is None
        node.weight = weight
        for above in (*path, node):
            above.best = max(above.best, weight)

    def _find(self, prefix: str) -> tuple[str, _Node] | None:
        """Return the first node at or below a prefix, and the word that leads there."""
        node, place = self._root, 0
        while place < len(prefix):
            edge = node.edges.get(prefix[place])
            if edge is None:
                return None
            label, node = edge
            shared = min(len(label), len(prefix) - place)
            if not prefix.startswith(label[:shared], place):
                return None
            if shared < len(label):
                return prefix + label[shared:], node
            place += shared
        return prefix, node

    def _weight(self, word: str) -> float | None:
        found = self._find(word)
        return found[1].weight if found is not None and found[0] == word else None

    def _state(self) -> Any:
        return [(word, self._weight(word)) for word in self.range("")]

    def _restore(self, state: Any) -> None:
        RadixTree.__init__(self, state)

    def __contains__(self, word: str) -> bool:
        return self._weight(word) is not None

    def range(self, prefix: str) -> list[str]:
        """Return all words with a prefix, sorted. O(letters of the matches)."""
        start = self._find(prefix)
        words: list[str] = []
        waiting = [] if start is None else [start]
        while waiting:
            word, node = waiting.pop()
            if node.weight is not None:
                words.append(word)
            for letter in sorted(node.edges, reverse=True):
                label, below = node.edges[letter]
                waiting.append((word + label, below))
        return words

    def top(self, prefix: str, k: int) -> list[str]:
        """Return the k words of greatest weight with a prefix, equal ones in sorted order.

        Best first: a node is opened only when nothing better is left.

        Raises:
            ValueError: k is negative.
        """
        if k < 0:
            raise ValueError(f"k must be >= 0 words, got {k!r}")
        start, turn = self._find(prefix), count()
        heap: list[tuple[float, str, int, _Node | None]] = []
        if start is not None:
            heap.append((-start[1].best, start[0], next(turn), start[1]))
        found: list[str] = []
        while heap and len(found) < k:
            _, word, _, node = heapq.heappop(heap)
            if node is None:
                found.append(word)
                continue
            if node.weight is not None:
                heapq.heappush(heap, (-node.weight, word, next(turn), None))
            for label, below in node.edges.values():
                heapq.heappush(heap, (-below.best, word + label, next(turn), below))
        return found

    def check(self) -> None:
        """Verify edges, weights and the count of words; raises AssertionError. O(nodes)."""
        words, waiting = 0, [self._root]
        while waiting:
            node = waiting.pop()
            below = [child for _, child in node.edges.values()]
            words += node.weight is not None
            own = [] if node.weight is None else [node.weight]
            best = max([*own, *(child.best for child in below)], default=float("-inf"))
            ensure(node.best == best, "a wrong greatest weight")
            ensure(all(key == label[0] for key, (label, _) in node.edges.items()), "a wrong edge")
            ensure(node is self._root or node.weight is not None or len(below) > 1, "a chain")
            waiting.extend(below)
        ensure(words == self._size, f"{words} words, but the count is {self._size}")
