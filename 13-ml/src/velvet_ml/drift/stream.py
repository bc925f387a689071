"""Has the error rate changed? Detectors that read one value at a time.

CUSUM and Page-Hinkley add up what lies above the mean and need a threshold. ADWIN keeps a window of
buckets of growing size (an exponential histogram) and cuts its older part off when the two parts
have different means; it needs O(log n) memory and a confidence instead of a threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from math import log, sqrt
from typing import Protocol

from velvet_ml.errors import in_range


class Detector(Protocol):
    """Reads a stream."""

    def update(self, x: float) -> bool:
        """Take one value; returns whether this is an alarm. A detector starts anew after one.

        Raises:
            ValueError: NaN or infinity, which would stay in its sums.
        """


class Cusum:
    """Page's cumulative sum: how far the values have stayed above `target + slack`.

    Args:
        threshold: alarm above it; sets the run length between false alarms.
        target: the mean without drift.
        slack: half of the smallest change that matters.
    """

    def __init__(self, threshold: float, *, target: float = 0.1, slack: float = 0.05) -> None:
        for setting in (threshold, target, slack):
            in_range("a setting of CUSUM", setting)
        self.threshold, self.target, self.slack = threshold, target, slack
        self.total = 0.0

    def update(self, x: float) -> bool:
        """Take one value; O(1)."""
        in_range("a value", x)
        self.total = max(0.0, self.total + x - self.target - self.slack)
        if self.total <= self.threshold:
            return False
        self.total = 0.0
        return True


class PageHinkley:
    """CUSUM against the mean so far, so that no target must be known.

    Args:
        threshold: alarm above it.
        slack: what a value may lie above the mean for nothing.
        warm: values before the first alarm.
    """

    def __init__(self, threshold: float, *, slack: float = 0.05, warm: int = 30) -> None:
        in_range("threshold", threshold)
        in_range("slack", slack)
        in_range("warm", warm, 0)
        self.threshold, self.slack, self.warm = threshold, slack, warm
        self._reset()

    def _reset(self) -> None:
        self.n, self.mean, self.total, self.lowest = 0, 0.0, 0.0, 0.0

    def update(self, x: float) -> bool:
        """Take one value; O(1)."""
        in_range("a value", x)
        self.n += 1
        self.mean += (x - self.mean) / self.n
        self.total += x - self.mean - self.slack
        self.lowest = min(self.lowest, self.total)
        if self.n < self.warm or self.total - self.lowest <= self.threshold:
            return False
        self._reset()
        return True


class Adwin:
    """ADWIN (Bifet and Gavaldà 2007): a window that is as long as its mean is stable.

    Row i of the histogram holds at most `per_row` + 1 buckets of 2**i values; where one more comes,
    the two oldest become one of the next row. Memory is O(log n).

    Args:
        delta: the confidence; smaller means fewer false alarms and later true ones.
        clock: look for a cut every so many values.
        smallest: values that a part of a cut must have.
    """

    def __init__(
        self,
        delta: float = 0.002,
        *,
        clock: int = 32,
        per_row: int = 5,
        smallest: int = 5,
        grace: int = 10,
    ) -> None:
        if not 0 < delta < 1:
            raise ValueError(f"delta is {delta}: a confidence lies between 0 and 1")
        for value in (clock, per_row, smallest, grace):
            in_range("one of clock, per_row, smallest and grace", value, 1)
        self.delta, self.clock, self.per_row = delta, clock, per_row
        self.smallest, self.grace = smallest, grace
        self.rows: list[list[tuple[float, float]]] = [[]]  # (sum, squared deviations), oldest first
        self.n, self.total, self.deviations, self._seen = 0, 0.0, 0.0, 0

    def __copy__(self) -> Adwin:
        return deepcopy(self)  # a shallow copy would fill the rows of the original

    @property
    def mean(self) -> float:
        """The mean of the window."""
        return self.total / self.n if self.n else 0.0

    @property
    def buckets(self) -> int:
        """How many buckets are kept."""
        return sum(map(len, self.rows))

    def update(self, x: float) -> bool:
        """Take one value; O(log n) every `clock` values, O(1) amortised otherwise."""
        in_range("a value", x)
        if self.n:
            self.deviations += self.n * (x - self.mean) ** 2 / (self.n + 1)
        self.n, self.total, self._seen = self.n + 1, self.total + x, self._seen + 1
        self.rows[0].append((x, 0.0))
        self._compress()
        if self._seen % self.clock or self.n <= self.grace:
            return False
        found = False
        while self._should_cut():
            found = True
            self._drop_oldest()
        return found

    def _compress(self) -> None:
        for level, row in enumerate(self.rows):
            if len(row) <= self.per_row:
                return
            (a, da), (b, db) = row[0], row[1]
            del row[:2]
            size = 2**level
            if level + 1 == len(self.rows):
                self.rows.append([])
            self.rows[level + 1].append((a + b, da + db + (a - b) ** 2 / (2 * size)))

    def _drop_oldest(self) -> None:
        while not self.rows[-1]:
            self.rows.pop()
        size = 2 ** (len(self.rows) - 1)
        total, deviations = self.rows[-1].pop(0)
        self.n -= size
        self.total -= total
        if self.n:
            apart = total / size - self.mean
            self.deviations -= deviations + size * self.n * apart**2 / (size + self.n)
            self.deviations = max(0.0, self.deviations)
        if not self.rows[-1] and len(self.rows) > 1:
            self.rows.pop()

    def _should_cut(self) -> bool:
        """Look at every border between buckets, the oldest first."""
        if self.n <= self.grace:
            return False
        n0, total0 = 0, 0.0
        spread = log(2 * log(self.n) / self.delta)
        variance = self.deviations / self.n
        for level in range(len(self.rows) - 1, -1, -1):
            for total, _ in self.rows[level]:
                n0, total0 = n0 + 2**level, total0 + total
                n1 = self.n - n0
                if n1 < self.smallest:
                    return False
                if n0 < self.smallest:
                    continue
                apart = abs(total0 / n0 - (self.total - total0) / n1)
                m = 1 / (n0 - self.smallest + 1) + 1 / (n1 - self.smallest + 1)
                if apart > sqrt(2 * m * variance * spread) + 2 / 3 * m * spread:
                    return True
        return False


def river_detector(name: str) -> Detector:
    """Return a detector of river behind our protocol.

    Raises:
        ImportError: river is not installed; ``pip install river``.
        ValueError: river has none of that name.
    """
    from river import drift

    homes = (drift, drift.binary)
    made = next((getattr(home, name)() for home in homes if hasattr(home, name)), None)
    if made is None:
        raise ValueError(f"river has no detector {name!r}")
    return _River(made)


class _River:
    def __init__(self, made: object) -> None:
        self._made = made

    def update(self, x: float) -> bool:
        self._made.update(x)  # type: ignore[attr-defined]
        return bool(self._made.drift_detected)  # type: ignore[attr-defined]


OURS: Mapping[str, Callable[[float], Detector]] = {
    "cusum": Cusum,
    "page_hinkley": PageHinkley,
    "adwin": lambda _: Adwin(),
}
RIVER = ("ADWIN", "PageHinkley", "DDM", "KSWIN")
