"""Answers about streams that do not fit into memory, each with a bound on its error.

How often did this key come (`CountMin`), how many different ones are there (`HyperLogLog`), which
come most often (`SpaceSaving`)? Quantiles and fair samples are in `velvet_algorithms.quantiles`.
Prefer `collections.Counter` and ``len(set(keys))`` while the items fit into memory: they are exact
and faster. None of the three is thread-safe.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from velvet_algorithms.contract import OwnCopies
from velvet_algorithms.hashing import checked_share, checked_whole, hash64, hash_pair
from velvet_algorithms.saved import pack, refuse_unlike, unpack

T = TypeVar("T", bound=Hashable)


class CountMin(OwnCopies):
    """Counts keys: never too low, and at most `eps` * total too high with probability 1 - `delta`.

    Cormode and Muthukrishnan (2005, "An improved data stream summary: the count-min sketch").

    Args:
        eps: share of the total by which an estimate may be too high.
        delta: probability that one estimate exceeds that.
        conservative: raise only the counters that have to rise (Estan and Varghese 2002), which makes
            estimates of rare keys several times better.

    Raises:
        ValueError: `eps` or `delta` is not between 0 and 1.

    O(log 1/delta) per operation.

    >>> clicks = CountMin(0.01, 0.01)
    >>> clicks.add("home", 3)
    >>> clicks.estimate("home"), clicks.estimate("away")
    (3, 0)
    """

    def __init__(self, eps: float, delta: float, *, conservative: bool = True) -> None:
        self.eps = checked_share("eps", eps)
        self.delta = checked_share("delta", delta)
        self.conservative = bool(conservative)
        self.width = math.ceil(math.e / self.eps)
        self.depth = max(1, math.ceil(math.log(1.0 / self.delta)))
        self.total = 0
        self._cells = array("Q", bytes(8 * self.width * self.depth))

    def _places(self, key: bytes | str) -> list[int]:
        first, step = hash_pair(key)
        width = self.width
        return [row * width + (first + row * step) % width for row in range(self.depth)]

    def add(self, key: bytes | str, count: int = 1) -> None:
        """Count a key `count` times.

        Raises:
            ValueError: `count` is negative, or a counter would overflow; nothing is changed then.
        """
        count = checked_whole("count", count, 0)
        cells, places = self._cells, self._places(key)
        now = [cells[place] for place in places]
        if (min(now) if self.conservative else max(now)) + count >= 1 << 64:
            raise ValueError(f"a counter has 64 bits: {max(now)} and {count} more do not fit")
        if self.conservative:
            least = min(now) + count
            for place in places:
                if cells[place] < least:
                    cells[place] = least
        else:
            for place in places:
                cells[place] += count
        self.total += count

    def estimate(self, key: bytes | str) -> int:
        """Return an upper bound of how often the key was counted."""
        cells = self._cells
        return min([cells[place] for place in self._places(key)])

    def error_bound(self) -> float:
        """Return by how much an estimate may be too high (with probability 1 - delta): eps * total."""
        return self.eps * self.total

    @property
    def bytes_used(self) -> int:
        """Bytes of the counters."""
        return len(self._cells) * self._cells.itemsize

    def _parameters(self) -> dict[str, Any]:
        return {"eps": self.eps, "delta": self.delta, "conservative": self.conservative}

    def merge(self, other: CountMin) -> None:
        """Take in what another one counted.

        Without `conservative` the result is exactly that of one sketch for both streams; with it,
        estimates stay upper bounds, but may be higher than one sketch's would be.

        Raises:
            ValueError: the parameters differ; the message names both.
            OverflowError: a counter would overflow; nothing is changed then.
        """
        refuse_unlike("CountMin", self._parameters(), other._parameters())
        self._cells = array("Q", map(int.__add__, self._cells, other._cells))
        self.total += other.total

    def to_bytes(self) -> bytes:
        """Return the sketch in its saved form."""
        payload = np.asarray(self._cells, dtype="<u8").tobytes()
        return pack("CountMin", {**self._parameters(), "total": self.total}, payload)

    @classmethod
    def from_bytes(cls, data: bytes) -> CountMin:
        """Return the sketch that was saved; ValueError if damaged, of another version or kind."""
        fields, payload = unpack("CountMin", data)
        found = cls(fields["eps"], fields["delta"], conservative=fields["conservative"])
        found._cells = array("Q", np.frombuffer(payload, dtype="<u8").tolist())
        found.total = fields["total"]
        return found


ALPHA = 1.0 / (2.0 * math.log(2.0))


def _sigma(x: float) -> float:
    """Ertl's correction for registers that are still empty: x + sum of x**(2**k) * 2**(k-1)."""
    if x == 1.0:
        return math.inf
    y, total = 1.0, x
    while True:
        x *= x
        before, total, y = total, total + x * y, y + y
        if total == before:
            return total


def _tau(x: float) -> float:
    """Ertl's correction for registers that are full."""
    if x in (0.0, 1.0):
        return 0.0
    y, total = 1.0, 1.0 - x
    while True:
        x = math.sqrt(x)
        y *= 0.5
        before, total = total, total - (1.0 - x) ** 2 * y
        if total == before:
            return total / 3.0


class HyperLogLog(OwnCopies):
    """Counts different keys with a standard error of 1.04 / sqrt(2**p), in 2**p registers of a byte.

    The longest run of leading zeros among hashes tells how many there were (Flajolet, Fusy, Gandouet
    and Meunier 2007). One estimator holds from 0 to 2**60 (Ertl 2017, "New cardinality estimation
    algorithms for HyperLogLog sketches", algorithm 6).

    Args:
        p: bits that choose a register, from 4 to 18; 14 means 16 kB and 0.81 %.

    Raises:
        ValueError: `p` is out of range.

    `add` is O(1), `count` O(2**p).

    >>> visitors = HyperLogLog()
    >>> for number in range(1000):
    ...     visitors.add(f"user-{number % 100}")
    >>> round(visitors.count())
    100
    """

    __slots__ = ("_registers", "p")

    def __init__(self, p: int = 14) -> None:
        self.p = checked_whole("p", p, 4, 18)
        self._registers = bytearray(1 << self.p)

    def add(self, key: bytes | str) -> None:
        """Count a key, which is bytes or str; repeats change nothing."""
        hashed = hash64(key)
        width = 64 - self.p
        rank = width + 1 - (hashed & ((1 << width) - 1)).bit_length()
        at = hashed >> width
        if rank > self._registers[at]:
            self._registers[at] = rank

    def count(self) -> float:
        """Return the estimated number of different keys; infinite when every register is full."""
        m, width = len(self._registers), 64 - self.p
        found = Counter(self._registers)
        z = m * _tau(1.0 - found[width + 1] / m)
        for rank in range(width, 0, -1):
            z = 0.5 * (z + found[rank])
        z += m * _sigma(found[0] / m)
        return ALPHA * m * m / z if z else math.inf

    def error_bound(self) -> float:
        """Return the relative standard error; two of three estimates are that close, all but 0.3 % within 3."""
        return 1.04 / math.sqrt(len(self._registers))

    @property
    def bytes_used(self) -> int:
        """Bytes of the registers."""
        return len(self._registers)

    def merge(self, other: HyperLogLog) -> None:
        """Take in what another one counted; the result is exactly that of one sketch for both streams.

        Raises:
            ValueError: the other has another `p`; the message names both.
        """
        refuse_unlike("HyperLogLog", {"p": self.p}, {"p": other.p})
        self._registers[:] = bytes(map(max, self._registers, other._registers))

    def to_bytes(self) -> bytes:
        """Return the sketch in its saved form."""
        return pack("HyperLogLog", {"p": self.p}, bytes(self._registers))

    @classmethod
    def from_bytes(cls, data: bytes) -> HyperLogLog:
        """Return the sketch that was saved; ValueError if damaged, of another version or kind."""
        fields, payload = unpack("HyperLogLog", data)
        found = cls(fields["p"])
        found._registers[:] = payload
        return found


@dataclass(frozen=True)
class Heavy(Generic[T]):
    """An item with bounds: it came at least ``count - error`` and at most `count` times."""

    item: T
    count: int
    error: int


class SpaceSaving(OwnCopies, Generic[T]):
    """Keeps the k items that matter; every item with more than total / k appearances is among them.

    Metwally, Agrawal and El Abbadi (2005, "Efficient computation of frequent and top-k elements in
    data streams"): a new item takes the place of the one counted least and inherits its count as its
    possible error. Items of one count share a dictionary, so the least is at hand.

    Args:
        k: how many items are counted at a time, at least 1.

    Raises:
        ValueError: `k` is smaller than 1.

    O(1) per item for counts of one.

    >>> words = SpaceSaving(2)
    >>> words.update("abracadabra")
    >>> words.top(1)[0].item
    'a'
    """

    _nested = ("_buckets",)

    def __init__(self, k: int) -> None:
        self.k = checked_whole("k", k)
        self.total = 0
        self._least = 0
        self._counts: dict[T, int] = {}
        self._errors: dict[T, int] = {}
        self._buckets: dict[int, dict[T, None]] = {}

    def add(self, item: T, count: int = 1) -> None:
        """Count an item; `count` over 1 may cost O(k) where the least counted moves up.

        Raises:
            ValueError: `count` is smaller than 1.
            TypeError: the item cannot be hashed.
        """
        if count != 1:
            count = checked_whole("count", count)
        before = self._counts.get(item)
        if before is None:
            before = self._make_room(item)
        else:
            self._leave(before, item)
        self.total += count
        after = before + count
        self._counts[item] = after
        bucket = self._buckets.get(after)
        if bucket is None:
            bucket = self._buckets[after] = {}
        bucket[item] = None
        if self._least not in self._buckets or after < self._least:
            self._least = after if count == 1 else min(self._buckets)

    def _make_room(self, item: T) -> int:
        """Return the count that a new item begins with, taking it over from the least counted one."""
        if len(self._counts) < self.k:
            return 0
        # popitem takes the newest of the least: taking the oldest would leave holes to walk over.
        bucket = self._buckets[self._least]
        gone, _ = bucket.popitem()
        if not bucket:
            del self._buckets[self._least]
        del self._counts[gone]
        self._errors.pop(gone, None)
        self._errors[item] = self._least
        return self._least

    def _leave(self, count: int, item: T) -> None:
        bucket = self._buckets[count]
        del bucket[item]
        if not bucket:
            del self._buckets[count]

    def update(self, items: Iterable[T]) -> None:
        """Count every item once."""
        for item in items:
            self.add(item)

    def bounds(self, item: T) -> tuple[int, int]:
        """Return how often an item came at least and at most; it need not be among the k."""
        count = self._counts.get(item)
        if count is not None:
            return count - self._errors.get(item, 0), count
        return 0, (self._least if len(self._counts) == self.k else 0)

    def top(self, n: int) -> list[Heavy[T]]:
        """Return the n items with the highest counts, the highest first; O(k log k)."""
        ranked = sorted(self._counts.items(), key=lambda pair: -pair[1])[: checked_whole("n", n, 0)]
        return [Heavy(item, count, self._errors.get(item, 0)) for item, count in ranked]

    def __len__(self) -> int:
        return len(self._counts)

    def error_bound(self) -> float:
        """Return by how much any count can be too high: at most total / k."""
        return self.total / self.k

    @property
    def bytes_used(self) -> int:
        """Bytes of the tables and the items in them; small integers are shared and not counted; O(k)."""
        tables: tuple[Mapping[T, object], ...] = (
            self._counts,
            self._errors,
            *self._buckets.values(),
        )
        # Equal items that came as different objects are held by different tables.
        items = {id(item): item for table in tables for item in table}
        return sum(map(sys.getsizeof, (self._buckets, *tables, *items.values())))

    def merge(self, other: SpaceSaving[T]) -> None:
        """Take in what another one counted; the bounds then hold for both streams together. O(k log k).

        An item that one side does not have may have come there as often as its least counted one
        (Agarwal et al. 2013, "Mergeable summaries").

        Raises:
            ValueError: the other counts another number of items; the message names both.
        """
        if other.k != self.k:
            raise ValueError(
                f"two SpaceSavings can only be merged with equal k; they have {self.k} and {other.k}"
            )
        joined = []
        for item in {**self._counts, **other._counts}:
            (low, high), (low2, high2) = self.bounds(item), other.bounds(item)
            joined.append((high + high2, low + low2, item))
        # What is dropped came at most as often as the least that is kept, and so did what neither has.
        kept = sorted(joined, key=lambda row: -row[0])[: self.k]
        self.total += other.total
        self._counts = {item: high for high, _, item in kept}
        self._errors = {item: high - low for high, low, item in kept if high > low}
        self._buckets = {}
        for high, _, item in kept:
            self._buckets.setdefault(high, {})[item] = None
        self._least = min(self._buckets, default=0)
