"""Sketches beside the exact answers, at checkpoints of one seeded stream of words and sizes."""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np

from velvet_algorithms.apps.words import make_words, zipf_stream
from velvet_algorithms.sketches import CountMin, HyperLogLog, SpaceSaving, TDigest

MOST = 50_000
VOCABULARY = 12_000
QUANTILES = (0.5, 0.9, 0.99, 0.999)
_SHOWN = 8


@dataclass(frozen=True)
class WordCount:
    """How often a word came in truth, at least and at most by Space-Saving, at most by Count-Min."""

    word: str
    true: int
    low: int
    high: int
    count_min: int


@dataclass(frozen=True)
class Checkpoint:
    """Where the stream stands.

    Attributes:
        distinct, estimate, error: different words in truth, by HyperLogLog, and its relative standard
            error.
        top: the most frequent words.
        quantiles: (q, true, by t-digest) of the sizes.
        rank_error: the worst distance in rank among them.
        bytes_used: by structure, the exact ones first.
    """

    seen: int
    distinct: int
    estimate: float
    error: float
    top: tuple[WordCount, ...]
    quantiles: tuple[tuple[float, float, float], ...]
    rank_error: float
    bytes_used: dict[str, int]

    @property
    def off_by(self) -> float:
        """The estimate's error in units of its standard error."""
        return abs(self.estimate / self.distinct - 1) / self.error if self.distinct else 0.0


class _Watched:
    """One stream with four sketches and what they stand for."""

    def __init__(self, p: int, k: int) -> None:
        self.distinct = HyperLogLog(p)
        self.heavy: SpaceSaving[str] = SpaceSaving(k)
        self.counts = CountMin(0.002, 0.01)
        self.digest = TDigest()
        self.words: Counter[str] = Counter()
        self.sizes: list[float] = []

    def add(self, word: str, size: float) -> None:
        self.distinct.add(word)
        self.heavy.add(word)
        self.counts.add(word)
        self.digest.add(size)
        self.words[word] += 1
        self.sizes.append(size)

    def look(self) -> Checkpoint:
        top = tuple(
            WordCount(word, true, *self.heavy.bounds(word), self.counts.estimate(word))
            for word, true in self.words.most_common(_SHOWN)
        )
        ordered = np.sort(self.sizes)
        told = [(q, float(np.quantile(ordered, q)), self.digest.quantile(q)) for q in QUANTILES]
        ranks = np.searchsorted(ordered, [found for _, _, found in told]) / len(ordered)
        return Checkpoint(
            len(self.sizes),
            len(self.words),
            self.distinct.count(),
            self.distinct.error_bound(),
            top,
            tuple(told),
            float(np.abs(ranks - np.array(QUANTILES)).max()),
            self._bytes(),
        )

    def _bytes(self) -> dict[str, int]:
        words = sum(map(sys.getsizeof, self.words))
        return {
            "set of all words": sys.getsizeof(set(self.words)) + words,
            "Counter": sys.getsizeof(self.words) + words,
            "list of all sizes": sys.getsizeof(self.sizes) + 24 * len(self.sizes),
            "HyperLogLog": self.distinct.bytes_used,
            "Space-Saving": self.heavy.bytes_used,
            "Count-Min": self.counts.bytes_used,
            "t-digest": self.digest.bytes_used,
        }


def stream_checkpoints(
    length: int, every: int, *, p: int = 12, k: int = 200, skew: float = 1.0, seed: int = 1
) -> list[Checkpoint]:
    """Send a stream through four sketches and look at them every so many items.

    Args:
        length: items in all, each a word (Zipf) with a size (lognormal).
        every: items between two looks.
        p: of the HyperLogLog.
        k: counters of the Space-Saving.

    Raises:
        ValueError: the length is not `every` to 50,000, or a sketch refuses its parameter.
    """
    if not 1 <= every <= length <= MOST:
        raise ValueError(f"a stream has {every:,} to {MOST:,} items here, not {length:,}")
    draw = random.Random(seed)
    watched, found = _Watched(p, k), []
    words = zipf_stream(make_words(VOCABULARY), length, exponent=skew, seed=seed)
    for number, word in enumerate(words, 1):
        watched.add(word, draw.lognormvariate(0, 1))
        if number % every == 0:
            found.append(watched.look())
    return found
