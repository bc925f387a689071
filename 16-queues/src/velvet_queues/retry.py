"""When to try again: exponential backoff, with a jitter that keeps a herd apart.

Clients that failed together retry together, unless chance spreads them. The four jitters are the
ones that Marc Brooker compared in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015);
`herd` runs that experiment on a simulated clock.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from velvet_queues.envelope import MAX_DELAY_S
from velvet_queues.errors import PermanentFailure

Jitter = Literal["none", "full", "equal", "decorrelated"]
JITTERS: tuple[Jitter, ...] = get_args(Jitter)
_MAX_EXPONENT = 64  # beyond it a float overflows long after any cap


@dataclass(frozen=True)
class Backoff:
    """Delays between attempts.

    Attributes:
        base: the first delay in seconds.
        factor: what each delay is multiplied with.
        cap: the longest delay.
        jitter: none; full (0 to the delay); equal (half of it fixed); decorrelated (base to three
            times the delay before).

    Raises:
        ValueError: a setting out of its range, named.

    >>> list(Backoff(1, cap=5, jitter="none").delays(4))
    [1.0, 2.0, 4.0, 5.0]
    """

    base: float = 1.0
    factor: float = 2.0
    cap: float = 60.0
    jitter: Jitter = "full"
    rng: random.Random = field(default_factory=random.Random, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.base > 0:
            raise ValueError(f"base must be above 0 seconds, not {self.base!r}")
        if not self.factor >= 1:
            raise ValueError(f"factor must be at least 1, not {self.factor!r}")
        if not self.base <= self.cap <= MAX_DELAY_S:
            limits = f"at least the base of {self.base!r} and at most {MAX_DELAY_S:.0f}"
            raise ValueError(f"cap must be {limits}, not {self.cap!r}")
        if self.jitter not in JITTERS:
            raise ValueError(f"jitter must be one of {', '.join(JITTERS)}, not {self.jitter!r}")

    def delay(self, attempt: int, before: float = 0.0) -> float:
        """Return the delay after an attempt, the first being 1; `before` is the last delay."""
        if not before >= 0:
            raise ValueError(f"before must be seconds >= 0, not {before!r}")
        full = min(self.cap, self.base * self.factor ** min(attempt - 1, _MAX_EXPONENT))
        if self.jitter == "none":
            return float(full)
        if self.jitter == "full":
            return self.rng.uniform(0, full)
        if self.jitter == "equal":
            return full / 2 + self.rng.uniform(0, full / 2)
        return min(self.cap, self.rng.uniform(self.base, max(self.base, before * 3)))

    def delays(self, attempts: int) -> Iterator[float]:
        """Yield the delays after each of so many attempts."""
        last = 0.0
        for attempt in range(1, attempts + 1):
            last = self.delay(attempt, last)
            yield last


@dataclass(frozen=True)
class RetryPolicy:
    """Which failures are worth another attempt, and when it is made.

    Attributes:
        retry_on: failures that may pass by themselves.
        give_up_on: among those, what no retry will mend.
    """

    backoff: Backoff = field(default_factory=Backoff)
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    give_up_on: tuple[type[BaseException], ...] = (PermanentFailure,)

    def delay_after(self, error: BaseException, attempt: int) -> float | None:
        """Return the seconds to wait, or None when the task is dead."""
        if isinstance(error, self.give_up_on) or not isinstance(error, self.retry_on):
            return None
        return self.backoff.delay(attempt)


@dataclass(frozen=True)
class Herd:
    """Calls in all, calls in the worst second after the first, seconds until all were served."""

    calls: int
    peak: int
    clear_s: float


def herd(jitter: Jitter, *, clients: int = 200, per_s: int = 20, seed: int = 1) -> Herd:
    """Let clients that failed at one moment retry against a server of limited capacity.

    The clock is simulated: each second the server serves `per_s` calls and refuses the rest.
    O(calls log clients).
    """
    if not per_s >= 1:
        raise ValueError(f"per_s must be at least 1, or it never ends, not {per_s!r}")
    backoff = Backoff(base=0.5, cap=16.0, jitter=jitter, rng=random.Random(seed))
    due = [(0.0, number, 0, 0.0) for number in range(clients)]
    heapq.heapify(due)
    served: dict[int, int] = {}
    asked: dict[int, int] = {}
    last = 0.0
    while due:
        now, number, attempts, before = heapq.heappop(due)
        second = int(now)
        asked[second] = asked.get(second, 0) + 1
        if served.get(second, 0) < per_s:
            served[second] = served.get(second, 0) + 1
            last = now
            continue
        delay = backoff.delay(attempts + 1, before)
        heapq.heappush(due, (now + delay, number, attempts + 1, delay))
    retried = [count for second, count in asked.items() if second > 0]
    return Herd(sum(asked.values()), max(retried, default=0), last)
