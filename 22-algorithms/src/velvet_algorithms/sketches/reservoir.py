"""A fair sample of k items from a stream whose length nobody knows.

Li (1994, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))", algorithm L): instead of
drawing a random number an item, draw how many items to let pass until the next one enters. Prefer
`random.sample` when the items are a list already.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterable
from typing import Generic, TypeVar

from velvet_algorithms.hashing import checked_whole

T = TypeVar("T")


class Reservoir(Generic[T]):
    """Keeps k items such that each one seen so far is among them with equal probability.

    Args:
        k: size of the sample, at least 1.
        seed: of the random choices.

    Raises:
        ValueError: `k` is smaller than 1.

    O(1) per item, O(k log(n / k)) random numbers in all; not thread-safe.

    >>> sample = Reservoir(3, seed=7)
    >>> sample.update(range(1000))
    >>> len(sample.sample), sample.seen
    (3, 1000)
    """

    def __init__(self, k: int, seed: int) -> None:
        self.k = checked_whole("k", k)
        self.seen = 0
        self.sample: list[T] = []
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

    def add(self, item: T) -> None:
        """Let an item pass; it may enter the sample."""
        self.seen += 1
        if self.seen <= self.k:
            self.sample.append(item)
        elif self.seen == self._next:
            self.sample[self._draw.randrange(self.k)] = item
            self._skip()

    def update(self, items: Iterable[T]) -> None:
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
