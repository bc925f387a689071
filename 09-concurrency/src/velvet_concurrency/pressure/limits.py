"""Bounds on work in progress: a fixed one, and one that finds itself from latency.

Work in progress is what a server really pays for (Little's law: it equals rate times latency), so it is the
simplest thing to shed by. The right number is rarely known and changes with every deployment; `AdaptiveLimit`
probes for it as TCP does for bandwidth: up by one per round while latency is flat, down by a factor when it rises.
Sources: Google SRE Book, "Handling Overload"; D. Chiu and R. Jain, "Analysis of the Increase and Decrease
Algorithms for Congestion Avoidance" (1989); the gradient is that of
Netflix's concurrency-limits, the probe that of BBR (N. Cardwell et al., ACM Queue 14(5), 2016).
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from types import TracebackType

_PROBE_EVERY = 30  # rounds: the probes cost about 3 % of the throughput
_PROBE_ROUNDS = 2  # one for the old queue to drain, one to measure


class Overloaded(Exception):
    """Too much is in progress; the call was not made."""


@dataclass(frozen=True)
class ShedderStats:
    """`inflight` now, `peak` the most at once; `admitted` and `refused` since the start."""

    inflight: int
    peak: int
    admitted: int
    refused: int


class LoadShedder:
    """At most `max_inflight` at once, everybody else is refused at once; thread-safe, O(1).

    Raises `ValueError` unless `max_inflight` is an int >= 1.

    >>> shedder = LoadShedder(1)
    >>> with shedder:
    ...     shedder.try_acquire()
    False
    """

    def __init__(self, max_inflight: int) -> None:
        if isinstance(max_inflight, bool) or not isinstance(max_inflight, int) or max_inflight < 1:
            raise ValueError(f"max_inflight must be an int >= 1, not {max_inflight!r}")
        self._max = max_inflight
        self._lock = threading.Lock()
        self._inflight = self._peak = self._admitted = self._refused = 0

    @property
    def stats(self) -> ShedderStats:
        """One consistent reading."""
        with self._lock:
            return ShedderStats(self._inflight, self._peak, self._admitted, self._refused)

    def try_acquire(self) -> bool:
        """Take a place, or False; every True needs one `release`."""
        with self._lock:
            if self._inflight >= self._max:
                self._refused += 1
                return False
            self._inflight += 1
            self._admitted += 1
            self._peak = max(self._peak, self._inflight)
            return True

    def release(self) -> None:
        """Give a place back; raises `RuntimeError` when none is taken."""
        with self._lock:
            if not self._inflight:
                raise RuntimeError("release() without a successful try_acquire()")
            self._inflight -= 1

    def __enter__(self) -> None:
        if not self.try_acquire():
            raise Overloaded(f"{self._max} calls are in progress")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class AdaptiveLimit:
    """A bound on work in progress that follows latency (AIMD on the latency gradient); thread-safe, O(1).

    The gradient is `tolerance * baseline / recent`: `recent` is an average over about ten calls, `baseline` the
    lowest it was. Below 1, or after a failed call, the limit is multiplied by `backoff`, at most once a round (as
    many calls as the limit); otherwise, and only while at least half of it is used, it grows by one a round. Every
    thirtieth round the limit is halved for two rounds and the baseline learnt anew, or an overload that is there from
    the start would pass for normal. It stays within `minimum` and `maximum`.
    Raises `ValueError` for arguments out of range.
    """

    def __init__(
        self,
        initial: int = 20,
        *,
        minimum: int = 1,
        maximum: int = 1000,
        tolerance: float = 1.5,
        backoff: float = 0.9,
    ) -> None:
        if not 1 <= minimum <= initial <= maximum:
            raise ValueError(
                f"need 1 <= minimum <= initial <= maximum, not {minimum!r}, {initial!r}, {maximum!r}"
            )
        if not (tolerance >= 1.0 and math.isfinite(tolerance)):
            raise ValueError(f"tolerance must be finite and >= 1, not {tolerance!r}")
        if not 0.0 < backoff < 1.0:
            raise ValueError(f"backoff must be in (0, 1), not {backoff!r}")
        self._minimum, self._maximum = float(minimum), float(maximum)
        self._tolerance = tolerance
        self._backoff = backoff
        self._lock = threading.Lock()
        self._limit = float(initial)
        self._baseline = self._recent = math.inf
        self._round = _PROBE_ROUNDS  # not with a probe: nothing is known yet
        self._round_left = initial  # releases until the next round
        self._lowered = False  # in this round
        self._inflight = self._peak = self._admitted = self._refused = 0

    @property
    def limit(self) -> int:
        """How many may be in progress now."""
        probing = self._round < _PROBE_ROUNDS
        return int(max(self._minimum, self._limit / 2.0) if probing else self._limit)

    @property
    def stats(self) -> ShedderStats:
        """One consistent reading."""
        with self._lock:
            return ShedderStats(self._inflight, self._peak, self._admitted, self._refused)

    def try_acquire(self) -> bool:
        """Take a place, or False; every True needs one `release`."""
        with self._lock:
            if self._inflight >= self.limit:
                self._refused += 1
                return False
            self._inflight += 1
            self._admitted += 1
            self._peak = max(self._peak, self._inflight)
            return True

    def release(self, latency: float, *, ok: bool = True) -> None:
        """Give a place back and learn from it: `latency` in seconds, `ok` False for a failure or a timeout.

        Raises `ValueError` for a negative or non-finite latency, `RuntimeError` when no place is taken.
        """
        if not (math.isfinite(latency) and latency >= 0.0):
            raise ValueError(f"latency must be finite and >= 0 seconds, not {latency!r}")
        with self._lock:
            if not self._inflight:
                raise RuntimeError("release() without a successful try_acquire()")
            used, self._inflight = self._inflight, self._inflight - 1
            if not ok or self._gradient(latency) < 1.0:
                if not self._lowered:
                    self._limit = max(self._minimum, self._limit * self._backoff)
                    self._lowered = True
            elif used * 2 >= self._limit:
                self._limit = min(self._maximum, self._limit + 1.0 / self._limit)
            self._round_left -= 1
            if self._round_left <= 0:
                self._next_round()

    def _gradient(self, latency: float) -> float:
        if math.isinf(self._recent):
            self._recent = latency
        self._recent += 0.1 * (latency - self._recent)
        if self._recent <= 0.0:
            return math.inf  # a clock too coarse for these calls: no evidence of queueing
        self._baseline = min(self._baseline, self._recent)
        return self._tolerance * self._baseline / self._recent

    def _next_round(self) -> None:
        self._round = (self._round + 1) % _PROBE_EVERY
        if self._round == 0:
            self._baseline = math.inf
        self._round_left = self.limit
        self._lowered = False
