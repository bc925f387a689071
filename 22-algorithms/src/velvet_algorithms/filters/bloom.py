"""The classic Bloom filter, with two hashes standing in for k.

Bloom (1970) sets k bits a key; Kirsch and Mitzenmacher (2006, "Less Hashing, Same Performance") show
that ``h1 + i * h2`` is as good as k independent hashes. At 1 % that is 9.6 bits and 7 probes a key,
whatever the length of the key. Prefer `set` while its memory does not matter: it is exact, and
twenty times faster, because it is C.

A Bloom filter in blocks of 256 bits, filled and asked in bulk by NumPy.

Putze, Sanders and Singler (2007, "Cache-, Hash- and Space-Efficient Bloom Filters") put all bits of a
key into one block, so that a probe costs one cache miss. This is the variant with eight lanes of 32
bits and one bit in each, which Apache Parquet specifies as the split block Bloom filter. Blocks
fill unevenly, so at equal error it needs about a tenth more bits; what it buys in Python is that whole
arrays of keys go through a handful of NumPy calls.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from velvet_algorithms.contract import OwnCopies
from velvet_algorithms.hashing import (
    as_bytes,
    checked_salt,
    checked_share,
    checked_whole,
    fingerprint,
    hash_pair,
)
from velvet_algorithms.saved import pack, refuse_unlike, unpack


class BloomFilter(OwnCopies):
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


LANES = 8
LANE_BITS = 32
# Odd multipliers, one a lane (the constants of the Parquet format, BloomFilter.md).
MULTIPLIERS = np.array(
    [
        *(0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D),
        *(0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31),
    ],
    dtype=np.uint32,
)


def hash_array(keys: Iterable[bytes | str], salt: bytes = b"") -> npt.NDArray[np.uint64]:
    """Return the `hash64` of many keys as an array; about 1 us a key, all of it BLAKE2b.

    Raises:
        TypeError: a key is neither bytes nor str.
    """
    digests = [
        blake2b(key if type(key) is bytes else as_bytes(key), digest_size=8, key=salt).digest()
        for key in keys
    ]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def expected_rate(keys: int, blocks: int) -> float:
    """Return the rate of false positives of `keys` in `blocks`: a Poisson mixture over the blocks."""
    load = min(keys / checked_whole("blocks", blocks), 4096.0)  # from there on every bit is set
    spread = 12.0 * math.sqrt(load) + 12.0
    rate, counts = 0.0, range(max(0, int(load - spread)), int(load + spread) + 1)
    for count in counts:
        chance = math.exp(count * math.log(load) - load - math.lgamma(count + 1)) if load else 0.0
        rate += chance * (1.0 - (1.0 - 1.0 / LANE_BITS) ** count) ** LANES
    return rate


def _blocks_for(capacity: int, error: float) -> int:
    low, high = 1, 2
    while expected_rate(capacity, high) > error:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if expected_rate(capacity, middle) <= error else (middle + 1, high)
        )
    return low


class BlockedBloom(OwnCopies):
    """A Bloom filter for many keys at a time.

    Args:
        capacity: different keys up to which the error rate is kept.
        error: share of absent keys that may be taken for present, between 0 and 1.
        salt: up to 64 secret bytes, wherever strangers choose the keys.

    Raises:
        ValueError: an argument breaks its rule.

    O(1) per key; not thread-safe.

    >>> seen = BlockedBloom(1000, 0.01)
    >>> seen.add_many(["a", "b"])
    >>> seen.contains_many(["a", "b"]).tolist()
    [True, True]
    """

    def __init__(self, capacity: int, error: float = 0.01, *, salt: bytes = b"") -> None:
        self.capacity = checked_whole("capacity", capacity, 1, 2**32)  # 32 bits choose its block
        self.error = checked_share("error", error)
        self._salt = checked_salt(salt)
        self.blocks = _blocks_for(self.capacity, self.error)
        self._words: npt.NDArray[np.uint32] = np.zeros((self.blocks, LANES), dtype=np.uint32)

    def _probe(
        self, keys: Iterable[bytes | str]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.uint32]]:
        """Return for every key its block and the eight masks of its lanes."""
        hashes = hash_array(keys, self._salt)
        upper = hashes >> np.uint64(32)
        # The upper half scaled to the number of blocks: a multiplication where modulo would divide.
        block = (upper * np.uint64(self.blocks)) >> np.uint64(32)
        lower = hashes.astype(np.uint32)  # keeps the low half
        shifts = (lower[:, None] * MULTIPLIERS) >> np.uint32(27)
        return block.astype(np.intp), np.left_shift(np.uint32(1), shifts)

    def add_many(self, keys: Iterable[bytes | str]) -> None:
        """Add all keys.

        Raises:
            TypeError: a key is neither bytes nor str; then none is added.
        """
        block, masks = self._probe(keys)
        np.bitwise_or.at(self._words, block, masks)

    def contains_many(self, keys: Iterable[bytes | str]) -> npt.NDArray[np.bool_]:
        """Return for every key whether it may have been added.

        Raises:
            TypeError: a key is neither bytes nor str.
        """
        block, masks = self._probe(keys)
        return np.asarray(((self._words[block] & masks) == masks).all(axis=1))

    def add(self, key: bytes | str) -> None:
        """Add one key; a bulk of one, so `add_many` is what this class is for."""
        self.add_many([key])

    def __contains__(self, key: bytes | str) -> bool:
        return bool(self.contains_many([key])[0])

    @property
    def bytes_used(self) -> int:
        """Bytes of the blocks."""
        return self._words.nbytes

    def theory(self, keys: int | None = None) -> float:
        """Return the expected rate of false positives after `keys` different keys (default: full)."""
        return expected_rate(self.capacity if keys is None else keys, self.blocks)

    def _parameters(self) -> dict[str, object]:
        return {"capacity": self.capacity, "error": self.error, "salt": fingerprint(self._salt)}

    def union(self, other: BlockedBloom) -> BlockedBloom:
        """Return the filter that adding both sets of keys would have made.

        Raises:
            ValueError: capacity, error or salt differ; the message names both.
        """
        refuse_unlike("blocked Bloom filter", self._parameters(), other._parameters())
        both = BlockedBloom(self.capacity, self.error, salt=self._salt)
        both._words = self._words | other._words
        return both

    def to_bytes(self) -> bytes:
        """Return the filter in its saved form; the salt itself is not in it."""
        payload = self._words.astype("<u4").tobytes()
        return pack("blocked Bloom filter", self._parameters(), payload)

    @classmethod
    def from_bytes(cls, data: bytes, *, salt: bytes = b"") -> BlockedBloom:
        """Return the filter that `to_bytes` saved.

        Raises:
            ValueError: damaged, of another version or kind, or saved under another salt.
        """
        fields, payload = unpack("blocked Bloom filter", data)
        if fields["salt"] != fingerprint(salt):
            raise ValueError(
                "this blocked Bloom filter was saved under another salt; give that one"
            )
        found = cls(fields["capacity"], fields["error"], salt=salt)
        words = np.frombuffer(payload, dtype="<u4").astype(np.uint32)
        found._words = words.reshape(found.blocks, LANES)
        return found
