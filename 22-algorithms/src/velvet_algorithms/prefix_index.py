"""Completions of a prefix from a sorted list: no trie, two bisections, and a tree of the best.

All words that begin with a prefix stand side by side in sorted order, so a trie is not needed to
find them: bisect finds both ends in C. For the k best of them a binary tree over the list
holds the position of the greatest weight below each node; the k best come out of a heap of
such nodes, whatever the number of words that match. The whole index is three flat lists.
Prefer `heapq.nlargest` over the range when prefixes are long and few words match.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import pairwise
from sys import maxunicode

from velvet_algorithms.contract import ensure, refuse_unordered


def prefix_end(prefix: str) -> str | None:
    """Return the least string that is greater than every string with this prefix; None for no end.

    >>> prefix_end("car"), prefix_end("")
    ('cas', None)
    """
    kept = prefix.rstrip(chr(maxunicode))
    return kept[:-1] + chr(ord(kept[-1]) + 1) if kept else None


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
        given = list(weights)
        if len(given) != len(listed):
            raise ValueError(f"one weight a word, got {len(given)} for {len(listed)} words")
        refuse_unordered(given)
        ranks = sorted(range(len(listed)), key=listed.__getitem__)
        self._words = [listed[i] for i in ranks]
        self._weights = [given[i] for i in ranks]
        for word, after in pairwise(self._words):
            if word == after:
                raise ValueError(f"{word!r} occurs twice; add up its weights first")
        self._size = size = 1 << max(len(listed) - 1, 0).bit_length()
        self._best = self._tree(size)

    def _tree(self, size: int) -> array[int]:
        """Return, by node, the first position of the greatest weight under it; -1 for none."""
        weights = self._weights
        level = [*range(len(weights)), *[-1] * (size - len(weights))]
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

    def span(self, prefix: str) -> tuple[int, int]:
        """Return where the words with a prefix begin and end in sorted order. O(log n)."""
        start = bisect_left(self._words, prefix)
        end = prefix_end(prefix)
        return start, len(self._words) if end is None else bisect_left(self._words, end, start)

    def range(self, prefix: str) -> list[str]:
        """Return all words with a prefix, sorted. O(log n + matches)."""
        start, stop = self.span(prefix)
        return self._words[start:stop]

    def top(self, prefix: str, k: int) -> list[str]:
        """Return the k words of greatest weight with a prefix, equal ones in sorted order.

        O(log n) and O(log n) heap steps a word that is returned.

        Raises:
            ValueError: k is negative.
        """
        if k < 0:
            raise ValueError(f"k must be >= 0 words, got {k!r}")
        best, weights, size = self._best, self._weights, self._size
        start, stop = self.span(prefix)
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

    def check(self) -> None:
        """Verify order and the tree of the best; raises AssertionError. O(n)."""
        ensure(all(a < b for a, b in pairwise(self._words)), "words out of order")
        ensure(self._best == self._tree(self._size), "the tree of the best is wrong")
