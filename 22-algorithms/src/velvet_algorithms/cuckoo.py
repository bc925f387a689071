"""A filter from which keys can be removed: fingerprints in a cuckoo hash table.

Fan, Andersen, Kaminsky and Mitzenmacher (2014, "Cuckoo Filter: Practically Better Than Bloom"): a key is
a fingerprint in one of two buckets; the second follows from the first and the fingerprint alone, so
entries can move without their keys. The paper's XOR demands a power of two of buckets; here an odd
``hash(fingerprint)`` minus the bucket pairs any even number of them, and none with itself.
"""

from __future__ import annotations

import random
from array import array

import numpy as np

from velvet_algorithms.filters import Filter
from velvet_algorithms.hashing import hash64

SLOTS = 4
LOAD = 0.95  # share of the slots that can be filled with buckets of four (section 4 of the paper)
MAX_MOVES = 500
SPREAD = 0x9E3779B97F4A7C15  # 2**64 / golden ratio


class FilterFull(ValueError):
    """No slot could be freed for another key; all earlier keys are still there."""


class CuckooFilter(Filter):
    """Keys can be added and removed; absent ones are found with probability `error` at most.

    Args:
        error: the fingerprint takes 8 bits where that keeps it (3.1 %), else 16 (0.012 %).
        seed: of the choice of entries that have to move.

    Raises:
        ValueError: an argument breaks its rule, or `error` is below 2**-13.

    O(1) per operation. Capacity and salt as for every filter.

    >>> stock = CuckooFilter(100)
    >>> stock.add("sku-1")
    >>> stock.remove("sku-1")
    >>> "sku-1" in stock
    False
    """

    kind = "cuckoo filter"

    def __init__(
        self, capacity: int, error: float = 0.01, *, salt: bytes = b"", seed: int = 1
    ) -> None:
        super().__init__(capacity, error, salt=salt)
        if error < 2 * SLOTS / 2**16:
            raise ValueError(f"error must be at least 2**-13 for 16-bit fingerprints, got {error}")
        self._bits = 8 if error >= 2 * SLOTS / 2**8 else 16
        # One pair to spare: small tables meet bad luck more often than the law of large numbers says.
        self.buckets = 2 * (int(self.capacity / (2 * SLOTS * LOAD)) + 2)
        self._cells = array("B" if self._bits == 8 else "H", [0]) * (self.buckets * SLOTS)
        self._choose = random.Random(seed)
        self._count = 0

    def _place(self, key: bytes | str) -> tuple[int, int]:
        hashed = hash64(key, self._salt)
        mark = hashed & ((1 << self._bits) - 1) or 1  # 0 means an empty slot
        return mark, (hashed >> 16) % self.buckets

    def _partner(self, bucket: int, mark: int) -> int:
        return ((mark * SPREAD >> 32 | 1) - bucket) % self.buckets

    def _settle(self, mark: int, home: int) -> bool:
        for at in range(home * SLOTS, home * SLOTS + SLOTS):
            if not self._cells[at]:
                self._cells[at] = mark
                self._count += 1
                return True
        return False

    def _insert(self, mark: int, bucket: int) -> None:
        if self._settle(mark, bucket) or self._settle(mark, self._partner(bucket, mark)):
            return
        moved: list[tuple[int, int]] = []
        homeless, home = mark, self._choose.choice((bucket, self._partner(bucket, mark)))
        for _ in range(MAX_MOVES):
            at = home * SLOTS + self._choose.randrange(SLOTS)
            moved.append((at, self._cells[at]))
            self._cells[at], homeless = homeless, self._cells[at]
            home = self._partner(home, homeless)
            if self._settle(homeless, home):
                return
        for at, before in reversed(moved):
            self._cells[at] = before
        where = f"{self._count} keys in {len(self._cells)} slots (capacity {self.capacity})"
        advice = "remove some or build a larger one"
        raise FilterFull(f"no room after {MAX_MOVES} moves: {where}; {advice}")

    def add(self, key: bytes | str) -> None:
        """Add a key; adding it again stores it again, at most eight times.

        Raises:
            FilterFull: there is no room; the filter is as it was.
        """
        self._insert(*self._place(key))

    def __contains__(self, key: bytes | str) -> bool:
        mark, bucket = self._place(key)
        if mark in self._cells[bucket * SLOTS : bucket * SLOTS + SLOTS]:
            return True
        other = self._partner(bucket, mark) * SLOTS
        return mark in self._cells[other : other + SLOTS]

    def remove(self, key: bytes | str) -> None:
        """Remove one copy of a key that was added.

        Only remove what was added: else another key's fingerprint may go, and that key is denied.

        Raises:
            KeyError: the key is certainly not there.
        """
        mark, bucket = self._place(key)
        for home in (bucket * SLOTS, self._partner(bucket, mark) * SLOTS):
            if mark in self._cells[home : home + SLOTS]:
                self._cells[self._cells.index(mark, home)] = 0
                self._count -= 1
                return
        raise KeyError(key)

    def __len__(self) -> int:
        """How many keys are stored, repeats included."""
        return self._count

    @property
    def bytes_used(self) -> int:
        """Bytes of the table."""
        return len(self._cells) * self._cells.itemsize

    def theory(self) -> float:
        """Return the expected rate of false positives: eight slots looked at, as full as they are now."""
        taken = self._count / len(self._cells) / (2**self._bits - 1)
        return float(1.0 - (1.0 - taken) ** (2 * SLOTS))

    def _join(self, other: CuckooFilter) -> None:
        for at, mark in enumerate(other._cells):
            if mark:
                self._insert(mark, at // SLOTS)

    def _table(self) -> bytes:
        return np.asarray(self._cells, dtype=f"<u{self._cells.itemsize}").tobytes()

    def _read(self, table: bytes) -> None:
        cells = np.frombuffer(table, dtype=f"<u{self._cells.itemsize}")
        self._cells = array(self._cells.typecode, cells.tolist())
        self._count = int(np.count_nonzero(cells))
