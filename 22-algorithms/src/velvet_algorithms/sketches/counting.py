"""How often did this key come, from a table of counters that never counts too little.

Cormode and Muthukrishnan (2005, "An improved data stream summary: the count-min sketch"). Conservative
update (Estan and Varghese 2002) raises only the counters that have to rise, which makes estimates of
rare keys several times better, at the price that two such sketches merge to an upper bound only.

How many different keys went by, from 2**p registers of one byte.

Flajolet, Fusy, Gandouet and Meunier (2007): the longest run of leading zeros among hashes tells how many
there were. Ertl (2017, "New cardinality estimation algorithms for HyperLogLog sketches", algorithm
6) replaces the original's patchwork of bias corrections by one estimator that holds from 0 to
2**60. Prefer ``len(set(keys))`` as long as the set fits: it is exact and faster.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from typing import Any

import numpy as np

from velvet_algorithms.contract import OwnCopies
from velvet_algorithms.hashing import checked_share, checked_whole, hash64, hash_pair
from velvet_algorithms.saved import pack, refuse_unlike, unpack


class CountMin(OwnCopies):
    """Counts keys: never too low, and at most `eps` * total too high with probability 1 - `delta`.

    Args:
        eps: share of the total by which an estimate may be too high.
        delta: probability that one estimate exceeds that.
        conservative: raise only the counters that have to rise.

    Raises:
        ValueError: `eps` or `delta` is not between 0 and 1.

    O(log 1/delta) per operation; not thread-safe.

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
            TypeError: the key is neither bytes nor str.
        """
        checked_whole("count", count, 0)
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
        """Return the sketch that `to_bytes` saved.

        Raises:
            ValueError: damaged, of another version or kind.
        """
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
    """Counts different keys with a standard error of 1.04 / sqrt(2**p).

    Args:
        p: bits that choose a register, from 4 to 18; 14 means 16 kB and 0.81 %.

    Raises:
        ValueError: `p` is out of range.

    `add` is O(1), `count` O(2**p); not thread-safe.

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
        """Count a key; repeats change nothing.

        Raises:
            TypeError: the key is neither bytes nor str.
        """
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

    def _parameters(self) -> dict[str, Any]:
        return {"p": self.p}

    def merge(self, other: HyperLogLog) -> None:
        """Take in what another one counted; the result is exactly that of one sketch for both streams.

        Raises:
            ValueError: the other has another `p`; the message names both.
        """
        refuse_unlike("HyperLogLog", self._parameters(), other._parameters())
        self._registers[:] = bytes(map(max, self._registers, other._registers))

    def to_bytes(self) -> bytes:
        """Return the sketch in its saved form."""
        return pack("HyperLogLog", self._parameters(), bytes(self._registers))

    @classmethod
    def from_bytes(cls, data: bytes) -> HyperLogLog:
        """Return the sketch that `to_bytes` saved.

        Raises:
            ValueError: damaged, of another version or kind.
        """
        fields, payload = unpack("HyperLogLog", data)
        found = cls(fields["p"])
        found._registers[:] = payload
        return found
