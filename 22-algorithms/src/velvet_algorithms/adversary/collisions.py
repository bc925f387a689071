"""Keys that a dictionary cannot tell apart quickly, and the two defences that work.

CPython's hash of an int is its remainder by 2**61 - 1 (documentation, "Hashing of numeric types"), without
any salt, unlike that of str and bytes. Multiples of that prime all hash to 0, so a dictionary compares
each new one with all before it: Crosby and Wallach (2003, "Denial of service via algorithmic complexity
attacks"). Wrapping the numbers in tuples does not help, because equal hashes give equal tuple hashes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

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


def within_64_bits(keys: Sequence[int]) -> Sequence[int]:
    """Return the keys if all fit into 64 bits, the second defence: at most nine of them share a hash.

    Raises:
        ValueError: one does not fit; the message names it.
    """
    for key in keys:
        if not -(2**63) <= key < 2**63:
            raise ValueError(f"an identifier must fit into 64 bits, got {key}")
    return keys
