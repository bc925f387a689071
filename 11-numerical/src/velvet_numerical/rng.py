"""Random numbers that parallel workers can agree on.

A counter-based generator (Salmon et al., Random123, SC'11) is a function of a key and a position:
number one million costs what number zero does, and any split over workers gives the same stream.
`seed + i` for worker i is wrong for generators with state: neighbouring seeds are not promised to
be independent, and two experiments with seeds 1 and 2 share all streams but one.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from velvet_numerical.errors import positive

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85  # golden ratio and sqrt(3) - 1: key increments
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
BLOCK = 2  # doubles that one counter gives


def philox4x32(
    counter: NDArray[np.uint32], key: tuple[int, int], rounds: int = 10
) -> NDArray[np.uint32]:
    """Return four random words for each counter of four words: shape (..., 4) to (..., 4).

    Raises:
        ValueError: the last axis is not 4, or a key word is not of 32 bits.
    """
    if counter.shape[-1:] != (4,):
        raise ValueError(f"a counter has 4 words on its last axis, not shape {counter.shape}")
    if counter.dtype != np.uint32:
        raise TypeError(f"a counter is uint32, not {counter.dtype}")
    k0, k1 = map(operator.index, key)
    if not (0 <= k0 < 2**32 and 0 <= k1 < 2**32):
        raise ValueError("key words are of 32 bits")
    c0, c1, c2, c3 = (counter[..., word].astype(np.uint64) for word in range(4))
    for _ in range(positive("rounds", rounds)):
        first, second = c0 * _M0, c2 * _M1
        c0, c1 = (second >> _HALF) ^ c1 ^ np.uint64(k0), second & _LOW
        c2, c3 = (first >> _HALF) ^ c3 ^ np.uint64(k1), first & _LOW
        k0, k1 = (k0 + _W0) % 2**32, (k1 + _W1) % 2**32
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


class CounterRNG:
    """One endless stream of uniform numbers, readable from any position.

    It has no state, so threads and processes share it freely.

    >>> stream = CounterRNG(7)
    >>> bool((stream.uniform(0, 10)[5:] == stream.uniform(5, 5)).all())
    True
    """

    def __init__(self, seed: int) -> None:
        if not 0 <= seed < 2**64:
            raise ValueError(f"a seed is within 0 and 2**64 - 1, not {seed}")
        self._key = (operator.index(seed) & 0xFFFFFFFF, operator.index(seed) >> 32)

    def uniform(self, start: int, n: int) -> NDArray[np.float64]:
        """Return numbers `start` to `start + n - 1` of the stream, in [0, 1), of 53 bits each."""
        start, n = operator.index(start), operator.index(n)
        if start < 0 or n < 0 or start + n > 2**64:
            raise ValueError(f"a position is within 0 and 2**64, not {start} + {n}")
        first = start // BLOCK
        places = np.arange((start + n + BLOCK - 1) // BLOCK - first, dtype=np.uint64)
        places += np.uint64(first)
        counter = np.zeros((len(places), 4), np.uint32)
        counter[:, 0] = places & _LOW
        counter[:, 1] = places >> _HALF
        words = philox4x32(counter, self._key).astype(np.uint64).reshape(-1, 2)
        doubles = ((words[:, 1] << _HALF | words[:, 0]) >> np.uint64(11)) * 2.0**-53
        return np.asarray(doubles[start - first * BLOCK :][:n])


def spawn(seed: int, n: int) -> list[np.random.Generator]:
    """Return independent generators for `n` workers, all derived from one seed (SeedSequence)."""
    children = np.random.SeedSequence(seed).spawn(positive("n", n))
    return [np.random.default_rng(child) for child in children]


def check_streams(generators: Sequence[np.random.Generator], n: int = 10_000) -> float:
    """Return the largest correlation of any two streams, in standard deviations of chance.

    A smoke test: about 3 is usual for a handful of streams; equal streams give sqrt(n).
    """
    drawn = np.array([one.random(positive("n", n)) for one in generators])
    if len(drawn) < 2:
        return 0.0
    correlation = np.corrcoef(drawn)
    np.fill_diagonal(correlation, 0.0)
    return float(np.abs(correlation).max() * np.sqrt(n))
