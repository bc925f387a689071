"""Inputs chosen by an attacker who has read the code: each with its victim and its defence.

- **Hash flood.** CPython's hash of an int is its remainder by 2**61 - 1 (documentation, "Hashing of
  numeric types"), without any salt. Multiples of that prime all hash to 0, so a dictionary compares
  each new one with all before it (Crosby and Wallach 2003, "Denial of service via algorithmic
  complexity attacks"). Tuples of them do not help; text does, because its hash is salted.
- **Quicksort killer.** McIlroy (1999, "A killer adversary for quicksort") decides the values only
  while they are compared: what the sort uses as a pivot is made small, everything else stays
  undecided and larger. Musser (1997, introsort) answers with a limit of the depth.
- **Sorted inserts** make a list of an unbalanced tree; a shuffle undoes it.
- **Bloom pollution**: keys that set more bits than chance would; a secret salt undoes it.

What is counted is equal on every machine.
"""

from __future__ import annotations

import heapq
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from velvet_algorithms.filters import BloomFilter
from velvet_algorithms.growth import counting
from velvet_algorithms.hashing import checked_whole

MODULUS = sys.hash_info.modulus
FIRST_POWER, LAST_POWER = -17, 16  # of 2**61, from the smallest float to the largest
SMALL = 16  # below this size insertion sort takes fewer comparisons
SECRET = 20_011  # stands for what only the defender knows


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
    """
    checked_whole("n", n, 0, LAST_POWER - FIRST_POWER + 1)
    return [2.0 ** (61 * (FIRST_POWER + number)) for number in range(n)]


def as_text(keys: Iterable[int]) -> list[str]:
    """Return the keys as text, the first defence: hashes of str are salted anew in every process."""
    return [str(key) for key in keys]


class UnbalancedTree:
    """A binary search tree without balancing: the victim of sorted input.

    O(log n) per operation for random input, O(n) for sorted input. Prefer a sorted list with `bisect`.
    """

    __slots__ = ("_root", "comparisons")

    def __init__(self, values: Iterable[int] = ()) -> None:
        self._root: list[Any] | None = None
        self.comparisons = 0
        for value in values:
            self.add(value)

    def add(self, value: int) -> None:
        """Add a value; repeats are kept once."""
        node = self._root
        if node is None:
            self._root = [value, None, None]
            return
        while True:
            self.comparisons += 1
            if value == node[0]:
                return
            side = 1 if value < node[0] else 2
            if node[side] is None:
                node[side] = [value, None, None]
                return
            node = node[side]


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


def quicksort_m3(values: Sequence[Any]) -> list[Any]:
    """Return the values sorted by quicksort with the median of three as pivot: the victim.

    O(n log n) on average and O(n^2) for `antiqsort`; O(log n) extra space. Prefer `sorted`.
    """
    return _quicksort(list(values), None)


def introsort(values: Sequence[Any]) -> list[Any]:
    """Return the values sorted by the same quicksort that gives up in time: the defence.

    A part that was split more than 2 log2 n times goes to a heap, so it is O(n log n) always.
    """
    rows = list(values)
    return _quicksort(rows, 2 * len(rows).bit_length())


def _quicksort(rows: list[Any], limit: int | None) -> list[Any]:
    waiting = [(0, len(rows) - 1, 0)]
    while waiting:
        low, high, depth = waiting.pop()
        while high - low >= SMALL:
            if limit is not None and depth >= limit:
                part = rows[low : high + 1]
                heapq.heapify(part)
                rows[low : high + 1] = [heapq.heappop(part) for _ in range(len(part))]
                break
            left, right = _split(rows, low, high)
            depth += 1
            # The larger part waits, so at most log2 n parts do.
            if right - low < high - left:
                waiting.append((left, high, depth))
                high = right
            else:
                waiting.append((low, right, depth))
                low = left
        else:
            _insertion(rows, low, high)
    return rows


def _split(rows: list[Any], low: int, high: int) -> tuple[int, int]:
    """Part rows[low..high] around the median of its first, middle and last (Hoare 1962)."""
    middle = (low + high) // 2
    if rows[middle] < rows[low]:
        rows[low], rows[middle] = rows[middle], rows[low]
    if rows[high] < rows[middle]:
        rows[middle], rows[high] = rows[high], rows[middle]
        if rows[middle] < rows[low]:
            rows[low], rows[middle] = rows[middle], rows[low]
    pivot = rows[middle]
    left, right = low + 1, high - 1
    while left <= right:
        while rows[left] < pivot:
            left += 1
        while pivot < rows[right]:
            right -= 1
        if left <= right:
            rows[left], rows[right] = rows[right], rows[left]
            left += 1
            right -= 1
    return left, right


def _insertion(rows: list[Any], low: int, high: int) -> None:
    for at in range(low + 1, high + 1):
        value = rows[at]
        place = at
        while place > low and value < rows[place - 1]:
            rows[place] = rows[place - 1]
            place -= 1
        rows[place] = value


def antiqsort(sort: Callable[[Sequence[Any]], object], n: int) -> list[int]:
    """Return a permutation of 0..n-1 that makes `sort` quadratic if it is a quicksort.

    Args:
        sort: sorts what it is given by comparing; it is run once on n undecided values.
        n: how many; the run itself is quadratic, so keep it at some thousands.

    Raises:
        ValueError: n is negative.
    """
    checked_whole("n", n, 0)
    gas = n  # larger than every decided value
    value = [gas] * n
    solid = candidate = 0

    def compare(x: int, y: int) -> int:
        nonlocal solid, candidate
        if value[x] == gas and value[y] == gas:
            # One of two undecided must become small, and it shall be the pivot.
            value[x if x == candidate else y] = solid
            solid += 1
        if value[x] == gas:
            candidate = x
        elif value[y] == gas:
            candidate = y
        return value[x] - value[y]

    sort(list(map(cmp_to_key(compare), range(n))))
    left = iter(range(solid, n))
    return [next(left) if number == gas else number for number in value]


def _comparisons(use: Callable[[Any], object], keys: Sequence[Any]) -> int:
    """Return how many comparisons it takes to sort keys, or to put them into a dictionary."""
    counted, tally = counting(keys)
    use(counted)
    return tally.comparisons


@dataclass(frozen=True)
class Attack:
    """A victim with its killer.

    Attributes:
        ordinary, hostile: make n keys.
        victim, defended: what is run on them.
        victim_operations, defended_operations: the comparisons that this takes.
        largest: size that still takes under a second or two.
    """

    name: str
    ordinary: Callable[[int], list[Any]]
    hostile: Callable[[int], list[Any]]
    victim: Callable[[list[Any]], object]
    defended: Callable[[list[Any]], object]
    victim_operations: Callable[[list[Any]], int]
    defended_operations: Callable[[list[Any]], int]
    largest: int = 4000

    def sides(self, n: int) -> dict[str, tuple[int, float]]:
        """Return comparisons and seconds for `ordinary` keys, `hostile` ones, and `defended`.

        Raises:
            ValueError: n is smaller than 1 or above `largest`.
        """
        checked_whole(f"keys of the {self.name}", n, 1, self.largest)
        hostile = self.hostile(n)
        found = {}
        for side, keys, act, count in (
            ("ordinary", self.ordinary(n), self.victim, self.victim_operations),
            ("hostile", hostile, self.victim, self.victim_operations),
            ("defended", hostile, self.defended, self.defended_operations),
        ):
            began = time.perf_counter()
            act(keys)
            took = time.perf_counter() - began
            found[side] = (count(keys), took)
        return found


def _ids(n: int) -> list[int]:
    draw = random.Random(n)
    return [draw.getrandbits(60) for _ in range(n)]


def _mixed(n: int) -> list[int]:
    return shuffled(range(n), 1)


ATTACKS = {
    "hash flood": Attack(
        "hash flood",
        ordinary=_ids,
        hostile=colliding_ints,
        victim=dict.fromkeys,
        defended=lambda keys: dict.fromkeys(as_text(keys)),
        victim_operations=lambda keys: _comparisons(dict.fromkeys, keys),
        defended_operations=lambda keys: _comparisons(dict.fromkeys, as_text(keys)),
    ),
    "quicksort killer": Attack(
        "quicksort killer",
        ordinary=_mixed,
        hostile=lambda n: antiqsort(quicksort_m3, n),
        victim=quicksort_m3,
        defended=introsort,
        victim_operations=lambda keys: _comparisons(quicksort_m3, keys),
        defended_operations=lambda keys: _comparisons(introsort, keys),
    ),
    "sorted inserts": Attack(
        "sorted inserts",
        ordinary=_mixed,
        hostile=lambda n: list(range(n)),
        victim=UnbalancedTree,
        defended=lambda keys: UnbalancedTree(shuffled(keys, SECRET)),
        victim_operations=lambda keys: UnbalancedTree(keys).comparisons,
        defended_operations=lambda keys: UnbalancedTree(shuffled(keys, SECRET)).comparisons,
    ),
}
