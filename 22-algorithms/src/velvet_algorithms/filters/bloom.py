"""The classic Bloom filter, with two hashes standing in for k.

Bloom (1970) sets k bits a key; Kirsch and Mitzenmacher (2006, "Less Hashing, Same Performance") show
that ``h1 + i * h2`` is as good as k independent hashes. At 1 % that is 9.6 bits and 7 probes a key,
whatever the length of the key. Prefer `set` while its memory does not matter: it is exact, and
twenty times faster, because it is C.
"""

from __future__ import annotations

import math

from velvet_algorithms.hashing import (
    checked_salt,
    checked_share,
    checked_whole,
    fingerprint,
    hash_pair,
)
from velvet_algorithms.saved import pack, refuse_unlike, unpack


class BloomFilter:
    """Keys that were added are always found; others are found with probability `error` at most.

    Args:
        capacity: different keys up to which the error rate is kept.
        error: share of absent keys that may be taken for present, between 0 and 1.
        salt: up to 64 secret bytes, wherever strangers choose the keys: without it they can compute
            which keys fill the filter (see `velvet_algorithms.adversary`).

    Raises:
        ValueError: an argument breaks its rule.

    O(k) per operation with k = log2(1 / error); not thread-safe.

    >>> seen = BloomFilter(1000, 0.01)
    >>> seen.add("order-1"), seen.add("order-1")
    (True, False)
    >>> "order-1" in seen
    True
    """

    __slots__ = ("_bits", "_salt", "bits", "capacity", "error", "fresh", "hashes")

    def __init__(self, capacity: int, error: float = 0.01, *, salt: bytes = b"") -> None:
        self.capacity = checked_whole("capacity", capacity)
        self.error = checked_share("error", error)
        self._salt = checked_salt(salt)
        self.bits = max(8, math.ceil(-self.capacity * math.log(error) / math.log(2) ** 2))
        self.hashes = max(1, round(self.bits / self.capacity * math.log(2)))
        self.fresh = 0
        self._bits = bytearray((self.bits + 7) // 8)

    def positions(self, key: bytes | str) -> list[int]:
        """Return the bits that stand for a key: what an attacker computes when there is no salt."""
        first, step = hash_pair(key, self._salt)
        bits = self.bits
        return [(first + turn * step) % bits for turn in range(self.hashes)]

    def add(self, key: bytes | str) -> bool:
        """Add a key; return whether it was certainly not there before.

        Raises:
            TypeError: the key is neither bytes nor str.
        """
        at, step = hash_pair(key, self._salt)
        cells, bits = self._bits, self.bits
        new = False
        for _ in range(self.hashes):
            place = at % bits
            mask = 1 << (place & 7)
            if not cells[place >> 3] & mask:
                cells[place >> 3] |= mask
                new = True
            at += step
        self.fresh += new
        return new

    def __contains__(self, key: bytes | str) -> bool:
        at, step = hash_pair(key, self._salt)
        cells, bits = self._bits, self.bits
        for _ in range(self.hashes):
            place = at % bits
            if not cells[place >> 3] >> (place & 7) & 1:
                return False
            at += step
        return True

    def __len__(self) -> int:
        """How many added keys set a new bit: a lower bound of the different keys."""
        return self.fresh

    @property
    def bytes_used(self) -> int:
        """Bytes of the bit array."""
        return len(self._bits)

    @property
    def fill(self) -> float:
        """Share of the bits that are set."""
        return int.from_bytes(self._bits, "little").bit_count() / self.bits

    def theory(self, keys: int | None = None) -> float:
        """Return the expected rate of false positives.

        Args:
            keys: after so many different keys; without it, from the bits that are set now.
        """
        if keys is None:
            return float(self.fill**self.hashes)
        return float((1.0 - math.exp(-self.hashes * keys / self.bits)) ** self.hashes)

    def _parameters(self) -> dict[str, object]:
        return {
            "capacity": self.capacity,
            "error": self.error,
            "salt": fingerprint(self._salt),
        }

    def union(self, other: BloomFilter) -> BloomFilter:
        """Return the filter that adding both sets of keys would have made; O(bits).

        Raises:
            ValueError: capacity, error or salt differ; the message names both.
        """
        refuse_unlike("Bloom filter", self._parameters(), other._parameters())
        both = BloomFilter(self.capacity, self.error, salt=self._salt)
        size = len(self._bits)
        joined = int.from_bytes(self._bits, "little") | int.from_bytes(other._bits, "little")
        both._bits = bytearray(joined.to_bytes(size, "little"))
        both.fresh = max(self.fresh, other.fresh)
        return both

    def to_bytes(self) -> bytes:
        """Return the filter in its saved form; the salt itself is not in it."""
        fields = {**self._parameters(), "fresh": self.fresh}
        return pack("Bloom filter", fields, bytes(self._bits))

    @classmethod
    def from_bytes(cls, data: bytes, *, salt: bytes = b"") -> BloomFilter:
        """Return the filter that `to_bytes` saved.

        Raises:
            ValueError: damaged, of another version or kind, or saved under another salt.
        """
        fields, payload = unpack("Bloom filter", data)
        if fields["salt"] != fingerprint(salt):
            raise ValueError("this Bloom filter was saved under another salt; give that one")
        found = cls(fields["capacity"], fields["error"], salt=salt)
        found._bits[:] = payload
        found.fresh = fields["fresh"]
        return found
