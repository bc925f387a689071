"""Set membership in a few bits a key: sometimes a wrong yes, never a wrong no.

`BloomFilter` is the classic (Bloom 1970), with two hashes standing in for k (Kirsch and Mitzenmacher
2006, "Less Hashing, Same Performance"). `BlockedBloom` keeps all bits of a key in one block, so that
whole arrays of keys go through a handful of NumPy calls; `velvet_algorithms.cuckoo` can remove keys.
Prefer `set` while its memory does not matter: it is exact, and twenty times faster, because it is C.
None of them is thread-safe.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, ClassVar, TypeVar

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

F = TypeVar("F", bound="Filter")


class Filter(OwnCopies):
    """What the filters share: their parameters, unions, and the saved form.

    Args:
        capacity: different keys up to which the error rate is kept.
        error: share of absent keys that may be taken for present, between 0 and 1.
        salt: up to 64 secret bytes, wherever strangers choose the keys: without it they can compute
            which keys fill the filter (see `velvet_algorithms.adversary`).

    Raises:
        ValueError: an argument breaks its rule.
    """

    __slots__ = ("_salt", "capacity", "error")
    kind: ClassVar[str]
    most: ClassVar[int | None] = None  # the largest capacity
    counts: ClassVar[tuple[str, ...]] = ()  # attributes that are saved beside the table

    def __init__(self, capacity: int, error: float = 0.01, *, salt: bytes = b"") -> None:
        self.capacity = checked_whole("capacity", capacity, 1, self.most)
        self.error = checked_share("error", error)
        self._salt = checked_salt(salt)

    def _parameters(self) -> dict[str, Any]:
        return {"capacity": self.capacity, "error": self.error, "salt": fingerprint(self._salt)}

    def _join(self, other: Any) -> None:
        """Take in the keys of a filter with the same parameters."""
        raise NotImplementedError

    def _table(self) -> bytes:
        raise NotImplementedError

    def _read(self, table: bytes) -> None:
        raise NotImplementedError

    def union(self: F, other: F) -> F:
        """Return a filter that holds the keys of both; neither is changed. O(bits).

        Raises:
            ValueError: capacity, error or salt differ; the message names both.
            FilterFull: together they do not fit into a cuckoo filter.
        """
        refuse_unlike(self.kind, self._parameters(), other._parameters())
        both = copy.copy(self)
        both._join(other)
        return both

    def to_bytes(self) -> bytes:
        """Return the filter in its saved form; the salt itself is not in it."""
        counts = {name: getattr(self, name) for name in self.counts}
        return pack(self.kind, {**self._parameters(), **counts}, self._table())

    @classmethod
    def from_bytes(cls: type[F], data: bytes, *, salt: bytes = b"") -> F:
        """Return the filter that `to_bytes` saved.

        Raises:
            ValueError: damaged, of another version or kind, or saved under another salt.
        """
        fields, table = unpack(cls.kind, data)
        if fields["salt"] != fingerprint(salt):
            raise ValueError(f"this {cls.kind} was saved under another salt; give that one")
        found = cls(fields["capacity"], fields["error"], salt=salt)
        found._read(table)
        for name in cls.counts:
            setattr(found, name, fields[name])
        return found


class BloomFilter(Filter):
    """Keys that were added are always found; others are found with probability `error` at most.

    At 1 % it takes 9.6 bits and 7 probes a key, whatever its length. O(k) per operation with
    k = log2(1 / error). Arguments as for every filter: capacity, error, salt.

    >>> seen = BloomFilter(1000, 0.01)
    >>> seen.add("order-1"), seen.add("order-1")
    (True, False)
    >>> "order-1" in seen
    True
    """

    __slots__ = ("_bits", "bits", "fresh", "hashes")
    kind = "Bloom filter"
    counts = ("fresh",)

    def __init__(self, capacity: int, error: float = 0.01, *, salt: bytes = b"") -> None:
        super().__init__(capacity, error, salt=salt)
        self.bits = max(8, math.ceil(-self.capacity * math.log(error) / math.log(2) ** 2))
        self.hashes = max(1, round(self.bits / self.capacity * math.log(2)))
        self.fresh = 0
        self._bits = bytearray((self.bits + 7) // 8)

    def positions(self, key: bytes | str) -> list[int]:
        """Return the bits that stand for a key: what an attacker computes when there is no salt."""
        first, step = hash_pair(key, self._salt)
        return [(first + turn * step) % self.bits for turn in range(self.hashes)]

    def add(self, key: bytes | str) -> bool:
        """Add a key; return whether it was certainly not there before."""
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

    def theory(self) -> float:
        """Return the expected rate of false positives, from the bits that are set now."""
        fill = int.from_bytes(self._bits, "little").bit_count() / self.bits
        return float(fill**self.hashes)

    def _join(self, other: BloomFilter) -> None:
        joined = int.from_bytes(self._bits, "little") | int.from_bytes(other._bits, "little")
        self._bits = bytearray(joined.to_bytes(len(self._bits), "little"))
        self.fresh = max(self.fresh, other.fresh)

    def _table(self) -> bytes:
        return bytes(self._bits)

    def _read(self, table: bytes) -> None:
        self._bits = bytearray(table)


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


class BlockedBloom(Filter):
    """A Bloom filter for many keys at a time, in blocks of eight lanes of 32 bits.

    Putze, Sanders and Singler (2007, "Cache-, Hash- and Space-Efficient Bloom Filters"), in the
    variant with one bit in each lane that Apache Parquet specifies. Blocks fill unevenly, so at equal
    error it needs about a tenth more bits. O(1) per key. Arguments as for every filter.

    >>> seen = BlockedBloom(1000, 0.01)
    >>> seen.add_many(["a", "b"])
    >>> seen.contains_many(["a", "b"]).tolist()
    [True, True]
    """

    kind = "blocked Bloom filter"
    most = 2**32  # 32 bits choose a key's block

    def __init__(self, capacity: int, error: float = 0.01, *, salt: bytes = b"") -> None:
        super().__init__(capacity, error, salt=salt)
        low, high = 1, 2
        while _blocked_rate(self.capacity, high) > error:
            low, high = high, high * 2
        while low < high:
            middle = (low + high) // 2
            if _blocked_rate(self.capacity, middle) <= error:
                high = middle
            else:
                low = middle + 1
        self.blocks = low
        self._words: npt.NDArray[np.uint32] = np.zeros((low, LANES), dtype=np.uint32)

    def _probe(
        self, keys: Iterable[bytes | str]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.uint32]]:
        """Return for every key its block and the eight masks of its lanes."""
        # `hash64` of all keys, as one array.
        digests = [blake2b(as_bytes(key), digest_size=8, key=self._salt).digest() for key in keys]
        hashes = np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
        # The upper half scaled to the number of blocks: a multiplication where modulo would divide.
        block = ((hashes >> np.uint64(32)) * np.uint64(self.blocks)) >> np.uint64(32)
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
        """Return for every key whether it may have been added."""
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

    def theory(self) -> float:
        """Return the expected rate of false positives when the filter is full."""
        return _blocked_rate(self.capacity, self.blocks)

    def _join(self, other: BlockedBloom) -> None:
        self._words |= other._words

    def _table(self) -> bytes:
        return self._words.astype("<u4").tobytes()

    def _read(self, table: bytes) -> None:
        words = np.frombuffer(table, dtype="<u4").astype(np.uint32)
        self._words = words.reshape(self.blocks, LANES)


def _blocked_rate(keys: int, blocks: int) -> float:
    """Return the rate of false positives of `keys` in `blocks`: a Poisson mixture over the blocks."""
    load = min(keys / blocks, 4096.0)  # from there on every bit is set
    spread = 12.0 * math.sqrt(load) + 12.0
    rate = 0.0
    for count in range(max(0, int(load - spread)), int(load + spread) + 1):
        chance = math.exp(count * math.log(load) - load - math.lgamma(count + 1)) if load else 0.0
        rate += chance * (1.0 - (1.0 - 1.0 / LANE_BITS) ** count) ** LANES
    return rate
