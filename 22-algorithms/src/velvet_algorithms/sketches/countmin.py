"""How often did this key come, from a table of counters that never counts too little.

Cormode and Muthukrishnan (2005, "An improved data stream summary: the count-min sketch"). Conservative
update (Estan and Varghese 2002) raises only the counters that have to rise, which makes estimates of
rare keys several times better, at the price that two such sketches merge to an upper bound only.
"""

from __future__ import annotations

import math
from array import array
from typing import Any

import numpy as np

from velvet_algorithms.hashing import checked_share, checked_whole, hash_pair
from velvet_algorithms.saved import pack, refuse_unlike, unpack


class CountMin:
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
            ValueError: `count` is negative.
            TypeError: the key is neither bytes nor str.
        """
        checked_whole("count", count, 0)
        cells, places = self._cells, self._places(key)
        if self.conservative:
            least = min([cells[place] for place in places]) + count
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
