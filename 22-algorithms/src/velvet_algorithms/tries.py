"""Completions of a prefix: a sorted list with a tree of the best, and the tries that it beats.

All words that begin with a prefix stand side by side in sorted order: `PrefixIndex` finds both ends
by bisect, in C, and the k best between them by a tree of the positions of the greatest weights,
whatever the number of words that match. The whole index is three flat lists. `DictTrie` is the
textbook's: a dictionary a letter, about 600 bytes a word, and every completion visited; but words
can be added cheaply. `RadixTree` (Morrison 1968) makes each chain without branches one labelled edge,
and every node knows the greatest weight below it; use it when words come and go. Everything is
iterative: a word of a million letters is as good as any.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, pairwise
from sys import maxunicode
from typing import Any

from velvet_algorithms.contract import (
    changed_meanwhile,
    ensure,
    plain,
    refuse_nan,
    refuse_unordered,
)

_END = ""  # the key under which `DictTrie` keeps a word's weight; no letter is empty
Words = Mapping[str, float] | Iterable[tuple[str, float]]


def prefix_end(prefix: str) -> str | None:
    """Return the least string that is greater than every string with this prefix; None for no end.

    >>> prefix_end("car"), prefix_end("")
    ('cas', None)
    """
    kept = prefix.rstrip(chr(maxunicode))
    return kept[:-1] + chr(ord(kept[-1]) + 1) if kept else None


def _refuse_negative(k: int) -> None:
    if k < 0:
        raise ValueError(f"k must be >= 0 words, got {k!r}")


class PrefixIndex:
    """A fixed set of words with weights.

    Args:
        words: different ones, in any order; or a mapping from words to weights.
        weights: one a word, the greater the better; without them `top` is in sorted order.

    Raises:
        ValueError: a word occurs twice, a weight is NaN, or there are more or fewer weights
            than words.

    >>> index = PrefixIndex(["car", "cat", "cart", "dog"], [5, 9, 1, 3])
    >>> index.range("car"), index.top("ca", 2)
    (['car', 'cart'], ['cat', 'car'])
    """

    __slots__ = ("_best", "_size", "_weights", "_words")

    def __init__(
        self, words: Iterable[str] | Mapping[str, float], weights: Iterable[float] | None = None
    ) -> None:
        listed = list(words)
        if weights is None:
            weights = words.values() if isinstance(words, Mapping) else [0] * len(listed)
        given = list(map(plain, weights))
        if len(given) != len(listed):
            raise ValueError(f"one weight a word, got {len(given)} for {len(listed)} words")
        refuse_unordered(given)
        ranks = sorted(range(len(listed)), key=listed.__getitem__)
        self._words = [listed[i] for i in ranks]
        self._weights = [given[i] for i in ranks]
        for word, after in pairwise(self._words):
            if word == after:
                raise ValueError(f"{word!r} occurs twice; add up its weights first")
        self._size = 1 << max(len(listed) - 1, 0).bit_length()
        self._best = self._tree()

    def _tree(self) -> array[int]:
        """Return, by node, the first position of the greatest weight under it; -1 for none."""
        weights = self._weights
        level = [*range(len(weights)), *[-1] * (self._size - len(weights))]
        levels = [level]
        while len(level) > 1:
            level = [
                a if b < 0 or weights[a] >= weights[b] else b
                for a, b in zip(level[::2], level[1::2], strict=True)
            ]
            levels.append(level)
        best = array("l", [-1])
        for level in reversed(levels):
            best.extend(level)
        return best

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: str) -> bool:
        place = bisect_left(self._words, word)
        return place < len(self._words) and self._words[place] == word

    def _span(self, prefix: str) -> tuple[int, int]:
        """Return where the words with a prefix begin and end in sorted order. O(log n)."""
        start = bisect_left(self._words, prefix)
        end = prefix_end(prefix)
        return start, len(self._words) if end is None else bisect_left(self._words, end, start)

    def range(self, prefix: str) -> list[str]:
        """Return all words with a prefix, sorted. O(log n + matches)."""
        start, stop = self._span(prefix)
        return self._words[start:stop]

    def top(self, prefix: str, k: int) -> list[str]:
        """Return the k words of greatest weight with a prefix, equal ones in sorted order.

        O(log n) and O(log n) heap steps a word that is returned. Raises ValueError for a negative k.
        """
        _refuse_negative(k)
        best, weights, size = self._best, self._weights, self._size
        start, stop = self._span(prefix)
        start, stop = start + size, stop + size
        heap: list[tuple[float, int, int]] = []
        while start < stop:  # the nodes that together are the range
            if start & 1:
                heap.append((-weights[best[start]], best[start], start))
                start += 1
            if stop & 1:
                stop -= 1
                heap.append((-weights[best[stop]], best[stop], stop))
            start >>= 1
            stop >>= 1
        heapq.heapify(heap)
        found: list[str] = []
        while heap and len(found) < k:
            _, place, node = heapq.heappop(heap)
            found.append(self._words[place])
            leaf = place + size
            # What is left of this node: the sibling at every step from the leaf up to it.
            while leaf != node:
                other = best[leaf ^ 1]
                if other >= 0:
                    heapq.heappush(heap, (-weights[other], other, leaf ^ 1))
                leaf >>= 1
        return found


class DictTrie:
    """Words with weights in nested dictionaries."""

    __slots__ = ("_root", "_size")

    def __init__(self, words: Words = ()) -> None:
        self._root: dict[str, Any] = {}
        self._size = 0
        for word, weight in words.items() if isinstance(words, Mapping) else words:
            self.add(word, weight)

    def __reduce__(self) -> Any:
        return type(self), (list(self._below("")),)

    def __len__(self) -> int:
        return self._size

    def add(self, word: str, weight: float = 0) -> None:
        """Add a word or change its weight. O(letters); raises ValueError for NaN."""
        weight = plain(weight)
        refuse_nan(weight)
        node = self._root
        for letter in word:
            node = node.setdefault(letter, {})
        self._size += _END not in node
        node[_END] = weight

    def _node(self, prefix: str) -> dict[str, Any]:
        """Return the node that a prefix leads to, an empty one where none does."""
        node = self._root
        for letter in prefix:
            if letter not in node:
                return {}
            node = node[letter]
        return node

    def __contains__(self, word: str) -> bool:
        return _END in self._node(word)

    def _below(self, prefix: str) -> Iterator[tuple[str, float]]:
        # One list of letters for all words: a string a node would make a deep chain quadratic.
        path: list[str] = []
        waiting = [(0, prefix, self._node(prefix))]
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

        Raises ValueError for a negative k.
        """
        _refuse_negative(k)
        best = heapq.nsmallest(k, ((-weight, word) for word, weight in self._below(prefix)))
        return [word for _, word in best]


class _Node:
    """A node: its edges by their first letters, its word's weight, the greatest weight below."""

    __slots__ = ("best", "edges", "weight")

    def __init__(self, weight: float | None, best: float) -> None:
        self.edges: dict[str, tuple[str, _Node]] = {}
        self.weight, self.best = weight, best


class RadixTree:
    """Words with weights; a chain of letters without a branch is one edge."""

    __slots__ = ("_changes", "_root", "_size")

    def __init__(self, words: Words = ()) -> None:
        self._root = _Node(None, float("-inf"))
        self._size = self._changes = 0
        for word, weight in words.items() if isinstance(words, Mapping) else words:
            self.add(word, weight)

    def __reduce__(self) -> Any:
        return type(self), ([(word, self._weight(word)) for word in self.range("")],)

    def __len__(self) -> int:
        return self._size

    def add(self, word: str, weight: float = 0) -> None:
        """Add a word, or raise its weight; raises ValueError for NaN or less. O(letters)."""
        stamp, weight = self._changes, plain(weight)
        refuse_nan(weight)
        known = self._weight(word)
        if known is not None and weight < known:
            raise ValueError(f"{word!r} weighs {known!r} already; it cannot become {weight!r}")
        node, place, path = self._root, 0, [self._root]
        cut: tuple[_Node, str, _Node] | None = None
        while place < len(word) and word[place] in node.edges:
            label, below = node.edges[word[place]]
            if not word.startswith(label, place):
                shared, rest = 1, word[place : place + len(label)]
                while shared < len(rest) and rest[shared] == label[shared]:
                    shared += 1
                middle = _Node(None, below.best)
                middle.edges[label[shared]] = (label[shared:], below)
                label, below = label[:shared], middle
                cut = node, label, middle
            node, place = below, place + len(label)
            path.append(node)
        # The last comparisons, which may raise or come back, before anything changes.
        bests = [max(above.best, weight) for above in path]
        if self._changes != stamp:
            raise changed_meanwhile()
        if cut is not None:
            cut[0].edges[cut[1][0]] = cut[1:]
        if place < len(word):
            fresh = _Node(None, weight)
            node.edges[word[place]] = (word[place:], fresh)
            node = fresh
        self._size += node.weight is None
        node.weight = weight
        for above, best in zip(path, bests, strict=True):
            above.best = best
        self._changes += 1

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
            for _, (label, below) in sorted(node.edges.items(), reverse=True):
                waiting.append((word + label, below))
        return words

    def top(self, prefix: str, k: int) -> list[str]:
        """Return the k words of greatest weight with a prefix, equal ones in sorted order.

        Best first: a node is opened only when nothing better is left. Raises ValueError for a
        negative k.
        """
        _refuse_negative(k)
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
