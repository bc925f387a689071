"""A latency histogram with three significant digits from a microsecond to an hour.

The idea is HdrHistogram's: buckets are exact up to 2,048 us and double their width with every
doubling of the value, so each value is kept to 0.1 % in a few thousand counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

SUB_BITS = 11
SUB_COUNT = 1 << SUB_BITS
HALF = SUB_COUNT >> 1
MAX_US = 3_600_000_000


class Histogram:  # noqa: PLW1641 - it changes, so it has no hash
    """Counts of values in whole microseconds.

    >>> latencies = Histogram([1000, 2000, 50_000])
    >>> latencies.percentile(50)
    2000
    """

    def __init__(self, values: Iterable[int] = ()) -> None:
        self._counts: dict[int, int] = {}
        self.total = 0
        for value in values:
            self.record(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self._counts == other._counts

    def record(self, value: int, count: int = 1) -> None:
        """Count a value, clipped to 1 us .. 1 h; O(1)."""
        index = _index(int(min(max(value, 1), MAX_US)))
        self._counts[index] = self._counts.get(index, 0) + count
        self.total += count

    def percentile(self, percent: float) -> int:
        """Return the value that `percent` of all values do not exceed; 0 when empty.

        Raises:
            ValueError: percent is not from 0 to 100.
        """
        if not 0 <= percent <= 100:
            raise ValueError(f"percent is {percent}; it must be from 0 to 100")
        target = max(1, int(percent / 100 * self.total + 0.5))
        seen = 0
        for value, count in self.items():
            seen += count
            if seen >= target:
                return value
        return 0

    def corrected(self, expected_interval: int) -> Histogram:
        """Return a copy with the values that a closed loop omitted while it waited.

        A client that should send every `expected_interval` and waited for `value` has left out
        requests that would have waited `value - interval`, `value - 2 * interval` and so on.
        """
        whole = Histogram()
        for value, count in self.items():
            whole.record(value, count)
            missing = value - expected_interval
            while missing >= expected_interval > 0:
                whole.record(missing, count)
                missing -= expected_interval
        return whole

    def items(self) -> Iterator[tuple[int, int]]:
        """Yield (highest value of the bucket, count) in order."""
        for index, count in sorted(self._counts.items()):
            yield _highest(index), count

    def to_pairs(self) -> list[list[int]]:
        """Return what `from_pairs` reads back, for JSON."""
        return [[index, count] for index, count in sorted(self._counts.items())]

    @classmethod
    def from_pairs(cls, pairs: Iterable[Iterable[int]]) -> Histogram:
        """Return the histogram that gave these pairs."""
        found = cls()
        for index, count in pairs:
            found._counts[index] = count
            found.total += count
        return found


def _index(value: int) -> int:
    """Return the bucket of a value: its exponent times half a row, plus its leading bits."""
    exponent = max(0, value.bit_length() - SUB_BITS)
    return exponent * HALF + (value >> exponent)


def _highest(index: int) -> int:
    """Return the largest value of a bucket."""
    if index < SUB_COUNT:
        return index
    exponent = index // HALF - 1
    return ((index - exponent * HALF + 1) << exponent) - 1
