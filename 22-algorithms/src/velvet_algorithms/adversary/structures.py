"""Inputs that break search trees, tries and Bloom filters, each with the structure that stands."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from velvet_algorithms.filters import BloomFilter
from velvet_algorithms.hashing import checked_whole


class UnbalancedTree:
    """A binary search tree without balancing: the victim of sorted input.

    O(log n) per operation for random input, O(n) for sorted input. Prefer a sorted list with `bisect`.
    """

    __slots__ = ("_root", "comparisons")

    def __init__(self, values: Iterable[int] = ()) -> None:
        self._root: list[object] | None = None
        self.comparisons = 0
        for value in values:
            self.add(value)

    def add(self, value: int) -> None:
        """Add a value; repeats are kept once."""
        node: object = self._root
        if node is None:
            self._root = [value, None, None]
            return
        while True:
            self.comparisons += 1
            here: list[object] = node  # type: ignore[assignment]
            if value == here[0]:
                return
            side = 1 if value < here[0] else 2  # type: ignore[operator]
            node = here[side]
            if node is None:
                here[side] = [value, None, None]
                return


def sorted_insert_killer(n: int) -> list[int]:
    """Return 0..n-1 in order: what every import from a database looks like.

    Raises:
        ValueError: n is negative.
    """
    return list(range(checked_whole("n", n, 0)))


def shuffled(values: Sequence[int], secret: int) -> list[int]:
    """Return the values in an order that only `secret` knows, the defence of a tree that is built once."""
    mixed = list(values)
    random.Random(secret).shuffle(mixed)
    return mixed


def bloom_polluter(capacity: int, error: float, *, tries: int = 20, seed: int = 1) -> list[str]:
    """Return `capacity` keys that set many more bits of an unsalted Bloom filter than chance would.

    Gerbet, Kumar and Lauradoux (2015, "The power of evil choices in Bloom filters"): the attacker builds the
    same filter, and of `tries` keys sends the one that sets most new bits. A salted filter is not
    impressed, because these keys are random ones for it.

    Raises:
        ValueError: `capacity` or `tries` is smaller than 1, or `error` is not between 0 and 1.
    """
    checked_whole("tries", tries)
    model = BloomFilter(capacity, error)
    taken: set[int] = set()
    chosen: list[str] = []
    number = seed * 1_000_000_000
    while len(chosen) < capacity:
        best: tuple[int, str, set[int]] = (-1, "", set())
        for _ in range(tries):
            key = f"user-{number}"
            number += 1
            fresh = set(model.positions(key)) - taken
            if len(fresh) > best[0]:
                best = (len(fresh), key, fresh)
                if len(fresh) == model.hashes:
                    break
        taken |= best[2]
        chosen.append(best[1])
    return chosen


def trie_deep_chain(n: int) -> str:
    """Return a word of n equal letters: a trie of it is a chain n deep.

    Raises:
        ValueError: n is negative.
    """
    return "a" * checked_whole("n", n, 0)


Trie = dict[str, "Trie"]


def insert_by_recursion(trie: Trie, word: str) -> None:
    """Insert a word the way textbooks do it: the victim, one Python frame a letter.

    Raises:
        RecursionError: the word is longer than the stack is deep (about 1,000 letters).
    """
    if word:
        insert_by_recursion(trie.setdefault(word[0], {}), word[1:])


def insert_by_loop(trie: Trie, word: str) -> None:
    """Insert a word with a loop, the defence: any length, no stack."""
    for letter in word:
        trie = trie.setdefault(letter, {})


def dismantle(trie: Trie) -> None:
    """Empty a deep trie from the top, so that freeing it does not recurse either."""
    waiting = [trie]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.values())
        node.clear()
