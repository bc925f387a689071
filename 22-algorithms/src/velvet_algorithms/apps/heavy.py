"""What is everybody asking for, and how many different things are there: one pass, bounded memory.

Three sketches side by side, because each answers one question only: Space-Saving names the frequent
items with an interval for each, count-min tells how often any item came, HyperLogLog how many
different ones there were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from velvet_algorithms.hashing import checked_whole
from velvet_algorithms.sketches import CountMin, Heavy, HyperLogLog, SpaceSaving


class HeavyHitters:
    """Counts a stream of texts in bounded memory.

    Args:
        k: counters of Space-Saving; any item with more than 1 / k of the stream is found.
        eps: share of the stream by which a count of any item may be too high.
        p: precision of the count of different items.

    Raises:
        ValueError: an argument breaks its rule.

    Not thread-safe.

    >>> pages = HeavyHitters(k=10)
    >>> pages.update(["home", "help", "home"])
    >>> pages.top(1)
    [Heavy(item='home', count=2, error=0)]
    """

    def __init__(self, k: int = 500, *, eps: float = 0.001, p: int = 14) -> None:
        self.frequent: SpaceSaving[str] = SpaceSaving(k)
        self.counts = CountMin(eps, 0.01)
        self.different = HyperLogLog(p)

    def add(self, item: str) -> None:
        """Count an item.

        Raises:
            TypeError: it is no str.
        """
        self.counts.add(item)
        self.frequent.add(item)
        self.different.add(item)

    def update(self, items: Iterable[str]) -> None:
        """Count many items."""
        for item in items:
            self.add(item)

    def top(self, n: int) -> list[Heavy[str]]:
        """Return the n most frequent items with their bounds."""
        return self.frequent.top(n)

    def bounds(self, item: str) -> tuple[int, int]:
        """Return how often an item came at least and at most, by whichever sketch knows better."""
        low, high = self.frequent.bounds(item)
        return low, min(high, self.counts.estimate(item))

    @property
    def bytes_used(self) -> int:
        """Bytes of the three sketches."""
        return self.frequent.bytes_used + self.counts.bytes_used + self.different.bytes_used


@dataclass(frozen=True)
class ItemEstimate:
    """One item at a checkpoint: the truth, and the interval that the sketches give."""

    item: str
    true: int
    low: int
    high: int


@dataclass(frozen=True)
class StreamPoint:
    """Where a stream stands.

    Attributes:
        seen: items so far.
        different, different_estimate: different items in truth and by HyperLogLog.
        different_error: the estimate's relative standard error.
        items: the truly most frequent items, the first first, with their intervals.
        found: share of them that the sketch has among its own most frequent ones.
        bytes_used, exact_items: bytes of the sketches, and items that an exact counter would hold.
    """

    seen: int
    different: int
    different_estimate: float
    different_error: float
    items: tuple[ItemEstimate, ...]
    found: float
    bytes_used: int
    exact_items: int


def stream_checkpoints(
    sketch: HeavyHitters, stream: Iterable[str], every: int, *, top: int = 20
) -> Iterator[StreamPoint]:
    """Feed a stream and yield a point every `every` items, beside an exact counter.

    Raises:
        ValueError: `every` or `top` is smaller than 1.
    """
    checked_whole("every", every)
    checked_whole("top", top)
    truth: Counter[str] = Counter()
    for number, item in enumerate(stream, 1):
        truth[item] += 1
        sketch.add(item)
        if number % every == 0:
            yield _point(sketch, truth, number, top)


def _point(sketch: HeavyHitters, truth: Counter[str], seen: int, top: int) -> StreamPoint:
    leaders = truth.most_common(top)
    least = leaders[-1][1]
    # Items that tie with the last place are as good as it.
    right = sum(truth[heavy.item] >= least for heavy in sketch.top(len(leaders)))
    return StreamPoint(
        seen=seen,
        different=len(truth),
        different_estimate=sketch.different.count(),
        different_error=sketch.different.error_bound(),
        items=tuple(ItemEstimate(item, count, *sketch.bounds(item)) for item, count in leaders),
        found=right / len(leaders),
        bytes_used=sketch.bytes_used,
        exact_items=len(truth),
    )
