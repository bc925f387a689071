"""Keys that a dictionary cannot tell apart quickly, and the two defences that work.

CPython's hash of an int is its remainder by 2**61 - 1 (documentation, "Hashing of numeric types"), without
any salt, unlike that of str and bytes. Multiples of that prime all hash to 0, so a dictionary compares
each new one with all before it: Crosby and Wallach (2003, "Denial of service via algorithmic complexity
attacks"). Wrapping the numbers in tuples does not help, because equal hashes give equal tuple hashes.

Inputs that break search trees, tries and Bloom filters, each with the structure that stands.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Sequence

from velvet_algorithms.filters import BloomFilter
from velvet_algorithms.hashing import checked_whole

MODULUS = sys.hash_info.modulus
FIRST_POWER, LAST_POWER = -17, 16  # of 2**61, from the smallest float to the largest


def colliding_ints(n: int) -> list[int]:
    """Return n different integers with one hash: the multiples of 2**61 - 1.

    Keep n at 8,000 or below: putting them into a dictionary takes n * (n - 1) / 2 comparisons.

    Raises:
        ValueError: n is negative.

    >>> {hash(number) for number in colliding_ints(100)}
    {0}
    """
    return [number * MODULUS for number in range(checked_whole("n", n, 0))]


def colliding_floats(n: int) -> list[float]:
    """Return n different floats with one hash: powers of 2**61, of which there are 34.

    A float has 53 significant bits and the hash 61, so no longer list exists for any hash: floats, unlike
    ints, are no way to flood a dictionary.

    Raises:
        ValueError: n is negative or over 34.

    >>> {hash(number) for number in colliding_floats(34)}
    {1}
    """
    checked_whole("n", n, 0, LAST_POWER - FIRST_POWER + 1)
    return [2.0 ** (61 * (FIRST_POWER + number)) for number in range(n)]


class _Counted:
    """A key with the hash of a value that counts how often it is compared."""

    __slots__ = ("tally", "value")

    def __init__(self, value: object, tally: list[int]) -> None:
        self.value, self.tally = value, tally

    def __hash__(self) -> int:
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        self.tally[0] += 1
        return isinstance(other, _Counted) and self.value == other.value


def dict_comparisons(keys: Iterable[object]) -> int:
    """Return how many comparisons of keys it takes to put them into a dictionary.

    A dictionary compares two keys only when their whole hashes agree, so this is the same on every
    machine: 0 for different integers of ordinary size, n * (n - 1) / 2 for colliding ones.
    """
    tally = [0]
    dict.fromkeys(_Counted(key, tally) for key in keys)
    return tally[0]


def as_text(keys: Iterable[int]) -> list[str]:
    """Return the keys as text, the first defence: hashes of str are salted anew in every process."""
    return [str(key) for key in keys]


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


Trie = dict[str, "Trie"]
