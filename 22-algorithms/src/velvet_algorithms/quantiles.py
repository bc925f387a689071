"""What the values of a stream are like: quantiles from some hundred clusters, and a fair sample.

Prefer `numpy.quantile` and `random.sample` while the values fit into memory: they are exact.
Neither of the two is thread-safe.
"""

from __future__ import annotations

import math
import random
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from velvet_algorithms.contract import OwnCopies
from velvet_algorithms.hashing import checked_whole
from velvet_algorithms.saved import pack, refuse_unlike, unpack

Floats = npt.NDArray[np.float64]
Item = TypeVar("Item")
BUFFER_PER_CENTROID = 20
"""Values gathered per unit of delta before a merge: 2,000 make the merge cheap beside the appends."""


class TDigest(OwnCopies):
    """Estimates quantiles and ranks of all finite numbers that were added, exact at both ends.

    Dunning and Ertl (2019, "Computing extremely accurate quantiles using t-digests"), the merging
    variant with the scale function k1: values gather in a buffer, which is sorted and merged into
    clusters whose size shrinks towards the ends as ``sqrt(q * (1 - q))``.

    Args:
        delta: bound of the number of clusters; more is more exact and larger.

    Raises:
        ValueError: `delta` is smaller than 10.

    About 0.2 us per `add` on average.

    >>> times = TDigest()
    >>> times.update(range(1, 1002))
    >>> times.quantile(0.0), round(times.quantile(0.5)), times.quantile(1.0)
    (1.0, 501, 1001.0)
    """

    def __init__(self, delta: int = 100) -> None:
        self.delta = checked_whole("delta", delta, 10)
        self.low, self.high = math.inf, -math.inf
        # By cluster: mean, weight, and the least and the greatest number in it.
        self._clusters: Floats = np.empty((4, 0))
        self._buffer = array("d")
        self._room = BUFFER_PER_CENTROID * self.delta
        self._knots: tuple[list[float], list[float]] | None = None

    def add(self, value: float) -> None:
        """Add one number.

        Raises:
            ValueError: it is NaN (not ordered) or infinite; nothing is changed.
        """
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not -math.inf < number < math.inf:
            raise ValueError(f"value must be finite and ordered, got {value!r:.60}")
        self._buffer.append(number)
        if len(self._buffer) >= self._room:
            self._flush()

    def update(self, values: Iterable[float]) -> None:
        """Add many numbers at once; an array is taken as it is.

        Raises:
            ValueError, TypeError: one of them is NaN or infinite, or no number; then none is added.
        """
        given = values if isinstance(values, np.ndarray) else np.array(array("d", list(values)))
        found = given.astype(np.float64, casting="same_kind", copy=False).ravel()
        if not np.isfinite(found).all():
            raise ValueError("values must be finite: NaN is not ordered; none of them was added")
        for start in range(0, len(found), self._room):
            self._buffer.frombytes(found[start : start + self._room].tobytes())
            self._flush()

    def _flush(self) -> None:
        if self._buffer:
            fresh = np.frombuffer(self._buffer).copy()
            self._buffer = array("d")
            self._absorb(np.vstack((fresh, np.ones(len(fresh)), fresh, fresh)))
            self.low = min(self.low, float(fresh.min()))
            self.high = max(self.high, float(fresh.max()))

    def _absorb(self, more: Floats) -> None:
        clusters = np.hstack((self._clusters, more))
        means, weights, lows, highs = clusters[:, np.argsort(clusters[0], kind="stable")]
        starts = _cluster_starts(weights, self.delta)
        sums = np.add.reduceat(weights, starts)
        shares = weights / np.repeat(sums, np.diff(np.append(starts, len(weights))))
        # Shares first: a sum of value * weight could overflow. Rounding must not disturb the order.
        means = np.maximum.accumulate(np.add.reduceat(means * shares, starts))
        lows, highs = np.minimum.reduceat(lows, starts), np.maximum.reduceat(highs, starts)
        self._clusters, self._knots = np.vstack((means, sums, lows, highs)), None

    def _curve(self) -> tuple[list[float], list[float]]:
        """Return ranks and values through which the estimates run, both never falling.

        A cluster runs from its least number by its mean to its greatest; one of equal numbers is a
        step, so that ties and single numbers are exact.
        """
        self._flush()
        if not self._clusters.size:
            raise ValueError("an empty digest has no quantiles; add a value first")
        if self._knots is None:
            means, weights, lows, highs = self._clusters
            upto = np.cumsum(weights)
            ranks = np.vstack((upto - weights, upto - weights / 2.0, upto))
            values = np.vstack((lows, np.clip(means, lows, highs), highs))
            values[0, 0], values[2, -1] = self.low, self.high
            # Where clusters overlap, their ends say nothing; the line runs from mean to mean.
            apart = highs[:-1] <= lows[1:]
            known = np.ones_like(values, dtype=bool)
            known[2, :-1], known[0, 1:] = apart, apart
            shown = known.T.ravel()
            steady = np.maximum.accumulate(values.T.ravel()[shown])
            self._knots = ranks.T.ravel()[shown].tolist(), steady.tolist()
        return self._knots

    def quantile(self, q: float) -> float:
        """Return the value below which a share `q` of the numbers lies; exact for 0 and 1.

        Raises:
            ValueError: `q` is not between 0 and 1, or nothing was added.
        """
        if q != q or not 0.0 <= q <= 1.0:
            raise ValueError(f"q must be between 0 and 1, got {q!r}")
        ranks, values = self._curve()
        rank = q * ranks[-1]
        at = min(bisect_right(ranks, rank), len(ranks) - 1)
        share = _share_between(ranks[at - 1], ranks[at], rank)
        return self.high if q == 1.0 else _between(values[at - 1], values[at], share)

    def cdf(self, value: float) -> float:
        """Return the estimated share of numbers that are at most `value`.

        Raises:
            ValueError: `value` is NaN, or nothing was added.
        """
        if value != value:
            raise ValueError("value must be a number: NaN is not ordered")
        ranks, values = self._curve()
        if not self.low <= value < self.high:
            return 0.0 if value < self.low else 1.0
        at = bisect_right(values, value)
        share = _share_between(values[at - 1], values[at], value)
        return _between(ranks[at - 1], ranks[at], share) / ranks[-1]

    def __len__(self) -> int:
        """How many numbers were added."""
        return round(float(self._clusters[1].sum())) + len(self._buffer)

    def error_bound(self) -> float:
        """Return the share of all numbers in the widest cluster: sin(pi / (2 delta)), at the median.

        Ranks are usually ten times closer. Hostile input can exceed it (Cormode, Mishra, Ross and
        Vesely 2021, "Theory meets practice at the median").
        """
        return math.sin(math.pi / (2 * self.delta))

    @property
    def bytes_used(self) -> int:
        """Bytes of the centroids, of a full buffer (arrays grow by an eighth) and of the last curve."""
        curve = 0 if self._knots is None else 2 * sys.getsizeof(self._knots[0]) * 4
        return self._clusters.nbytes + 9 * self._room + curve

    def merge(self, other: TDigest) -> None:
        """Take in the numbers of another digest; the other is not changed.

        Raises:
            ValueError: the other has another `delta`; the message names both.
        """
        refuse_unlike("TDigest", {"delta": self.delta}, {"delta": other.delta})
        other._flush()
        self._flush()
        if other._clusters.size:
            self._absorb(other._clusters)
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)

    def to_bytes(self) -> bytes:
        """Return the digest in its saved form."""
        self._flush()
        payload = self._clusters.astype("<f8").tobytes()
        return pack("TDigest", {"delta": self.delta, "rows": len(self._clusters)}, payload)

    @classmethod
    def from_bytes(cls, data: bytes) -> TDigest:
        """Return the digest that was saved; ValueError if damaged, of another version or kind."""
        fields, payload = unpack("TDigest", data)
        found = cls(fields["delta"])
        if fields.get("rows") != len(found._clusters):
            raise ValueError("this TDigest was saved in another version; build it again")
        numbers = np.frombuffer(payload, dtype="<f8").astype(np.float64)
        found._clusters = numbers.reshape(fields["rows"], -1)
        if numbers.size:
            found.low, found.high = float(found._clusters[2].min()), float(found._clusters[3].max())
        return found


def _cluster_starts(weights: Floats, delta: int) -> npt.NDArray[np.intp]:
    """Return where clusters begin, each as large as k1 allows and none empty."""
    upto = np.cumsum(weights)
    total = float(upto[-1])
    starts, at, before = [], 0, 0.0
    while at < len(weights):
        starts.append(at)
        # k1(q) = delta / pi * asin(2 q - 1) may grow by 1 within a cluster.
        angle = math.asin(min(1.0, 2.0 * before / total - 1.0)) + math.pi / delta
        if angle >= math.pi / 2:
            break
        limit = total * (math.sin(angle) + 1.0) / 2.0
        at = max(at + 1, int(np.searchsorted(upto, limit, side="right")))
        before = float(upto[at - 1])
    return np.array(starts, dtype=np.intp)


def _between(low: float, high: float, share: float) -> float:
    """Return the point at `share` of the way, without overflow and never beyond its ends."""
    if math.isinf(high - low):
        return 2.0 * _between(low / 2.0, high / 2.0, share)
    return min(high, low + (high - low) * share)


def _share_between(low: float, high: float, value: float) -> float:
    """Return how far `value` lies from `low` to `high`, as a share of at most 1, without overflow."""
    if math.isinf(high - low):
        return _share_between(low / 2.0, high / 2.0, value / 2.0)
    return min(1.0, (value - low) / (high - low))


class Reservoir(OwnCopies, Generic[Item]):
    """Keeps k items such that each one seen so far is among them with equal probability.

    Li (1994, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))", algorithm L): draw
    how many items to let pass until the next one enters.

    Args:
        k: size of the sample, at least 1.
        seed: of the random choices.

    Raises:
        ValueError: `k` is smaller than 1.

    O(1) per item, O(k log(n / k)) random numbers in all.

    >>> sample = Reservoir(3, seed=7)
    >>> sample.update(range(1000))
    >>> len(sample.sample), sample.seen
    (3, 1000)
    """

    def __init__(self, k: int, seed: int) -> None:
        self.k = checked_whole("k", k)
        self.seen = 0
        self.sample: list[Item] = []
        self._draw = random.Random(seed)
        self._threshold = 1.0
        self._next = self.k
        self._skip()

    def _skip(self) -> None:
        """Draw which item enters next: the gap is geometric, with a threshold that falls."""
        draw = self._draw
        self._threshold *= math.exp(math.log(1.0 - draw.random()) / self.k)
        gap = math.log(1.0 - draw.random()) / math.log1p(-self._threshold)
        self._next += math.floor(gap) + 1

    def add(self, item: Item) -> None:
        """Let an item pass; it may enter the sample."""
        self.seen += 1
        if self.seen <= self.k:
            self.sample.append(item)
        elif self.seen == self._next:
            self.sample[self._draw.randrange(self.k)] = item
            self._skip()

    def update(self, items: Iterable[Item]) -> None:
        """Let many items pass."""
        for item in items:
            self.add(item)

    def error_bound(self) -> float:
        """Return the largest standard error of a share estimated from the sample: 1 / (2 sqrt(k))."""
        return 0.5 / math.sqrt(self.k)

    @property
    def bytes_used(self) -> int:
        """Bytes of the sample and the items in it."""
        return sys.getsizeof(self.sample) + sum(map(sys.getsizeof, self.sample))
