"""When to try again: verdicts, delays, budgets and the state of one call.

Nothing here has a clock, a socket or a random generator of its own: time comes in as monotonic
seconds, passed through, and randomness as an injected generator. So the object that retries in
production is the very object that the simulator drives through an outage.
"""

from __future__ import annotations

import enum
import random
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from velvet_http.errors import RETRYABLE, HttpError
from velvet_http.model import Deadline, Headers, http_date

Jitter = Literal["none", "full", "equal", "decorrelated"]
JITTERS: tuple[Jitter, ...] = ("none", "full", "equal", "decorrelated")


class Verdict(enum.Enum):
    """What one attempt's outcome means for the next."""

    SUCCESS = "success"
    RETRY = "retry"
    THROTTLED = "throttled"
    FATAL = "fatal"


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended: a status or an error, the headers, and whether it may be repeated."""

    result: int | HttpError
    headers: Headers = field(default_factory=Headers)
    idempotent: bool = True


def classify(outcome: Outcome) -> Verdict:
    """Return what an outcome means.

    | outcome | verdict |
    |---|---|
    | 429, and 503 with Retry-After | throttled, whatever the method: the server refused it |
    | 425 (RFC 8470), 408, 500, 502, 503, 504 | retry when idempotent (RFC 9110 section 9.2.2) |
    | any other status | success: an answer, welcome or not |
    | a retryable error | retry when idempotent, or when no byte was sent |
    | any other error | fatal |
    """
    result = outcome.result
    if isinstance(result, HttpError):
        safe = outcome.idempotent or result.sent is False
        return Verdict.RETRY if result.retryable and safe else Verdict.FATAL
    if result == 429 or (result == 503 and "retry-after" in outcome.headers):
        return Verdict.THROTTLED
    if result in RETRYABLE:
        return Verdict.RETRY if outcome.idempotent else Verdict.FATAL
    return Verdict.SUCCESS


def parse_retry_after(value: str | None, *, now_wall: float) -> float | None:
    """Return the seconds that Retry-After asks for (RFC 9110 section 10.2.3), None for junk.

    >>> parse_retry_after("Thu, 01 Jan 1970 00:02:00 GMT", now_wall=0.0)
    120.0
    """
    text = (value or "").strip()
    if text.isascii() and text.removeprefix("-").isdigit():
        return max(0.0, float(text))  # however many digits; the policy has its own cap
    when = http_date(text) if text.isascii() else None
    return None if when is None else max(0.0, when - now_wall)


@dataclass(frozen=True)
class Backoff:
    """How long to wait before attempt n + 1 (Exponential Backoff and Jitter, AWS, 2015).

    Attributes:
        base, cap: seconds; the delay stays within `min(cap, base * factor ** (n - 1))`.
        jitter: `full` draws from zero up, `equal` from the half up, `decorrelated` from `base` to
            three times the delay before (within `cap`); `none` keeps clients in step.

    >>> [Backoff(base=0.1, jitter="none").delay(n, random.Random(1)) for n in (1, 2, 3)]
    [0.1, 0.2, 0.4]
    """

    base: float = 0.05
    cap: float = 20.0
    factor: float = 2.0
    jitter: Jitter = "full"

    def __post_init__(self) -> None:
        if not (0 <= self.base <= self.cap and self.factor >= 1):
            raise ValueError(f"backoff needs 0 <= base <= cap and factor >= 1, not {self}")
        if self.jitter not in JITTERS:
            raise ValueError(f"jitter {self.jitter!r} is unknown; choose from {', '.join(JITTERS)}")

    def delay(self, attempt: int, rng: random.Random, previous: float | None = None) -> float:
        """Return the seconds to wait after failed attempt number `attempt`, counted from 1."""
        if attempt < 1 or not (previous is None or previous >= 0):
            raise ValueError(f"attempts count from 1, delays from 0, not {attempt}, {previous}")
        if self.jitter == "decorrelated":
            high = max(self.base, 3 * (self.base if previous is None else previous))
            return min(self.cap, rng.uniform(self.base, high))
        ceiling = min(self.cap, self.base * self.factor ** min(attempt - 1, 64))
        if self.jitter == "none":
            return ceiling
        return rng.uniform(0 if self.jitter == "full" else ceiling / 2, ceiling)


class RatioBudget:
    """Retries may be a fraction of the calls of the last seconds (Finagle's RetryBudget).

    `reserve` retries per `window` (seconds) need no calls, so that a quiet client may retry.
    Thread-safe; each operation takes amortised constant time.
    """

    def __init__(self, ratio: float = 0.1, *, reserve: float = 10, window: float = 10.0) -> None:
        if not (ratio >= 0 and reserve >= 0 and window > 0):
            raise ValueError(f"negative, or window not above 0: {ratio=}, {reserve=}, {window=}")
        self.ratio, self.reserve, self.window = ratio, reserve, window
        self._calls: deque[float] = deque()
        self._retries: deque[float] = deque()
        self._lock = threading.Lock()

    def deposit(self, now: float) -> None:
        """Count a call."""
        with self._lock:
            self._forget(now)
            self._calls.append(now)

    def try_spend(self, now: float) -> bool:
        """Count a retry and return True, if the window has room for one more."""
        with self._lock:
            self._forget(now)
            if len(self._retries) + 1 > self.reserve + self.ratio * len(self._calls):
                return False
            self._retries.append(now)
            return True

    def _forget(self, now: float) -> None:
        since = now - self.window
        for times in (self._calls, self._retries):
            while times and times[0] <= since:
                times.popleft()


class NoBudget(RatioBudget):
    """Every retry is free."""

    def try_spend(self, now: float) -> bool:  # noqa: ARG002 - nothing is counted
        """Return True."""
        return True


@dataclass(frozen=True)
class Retry:
    """Try again after `delay` seconds."""

    delay: float


@dataclass(frozen=True)
class GiveUp:
    """Return or raise what there is; `reason` says why no retry follows."""

    reason: Literal["success", "fatal", "attempts", "budget", "deadline"]


@dataclass(frozen=True)
class RetryPolicy:
    """How a service is retried; share one among all calls to it, for the budget's sake.

    Attributes:
        attempts: most attempts of one call, the first included.
        retry_after_cap: longest wait in seconds that a server can order. urllib3's default
            lets it order six hours.
        per_attempt: seconds that one attempt may take, None for no limit of its own.
    """

    attempts: int = 4
    backoff: Backoff = field(default_factory=Backoff)
    budget: RatioBudget = field(default_factory=RatioBudget)
    retry_after_cap: float = 60.0
    per_attempt: float | None = None

    def __post_init__(self) -> None:
        own = self.per_attempt is None or self.per_attempt > 0
        if not (self.attempts >= 1 and self.retry_after_cap >= 0 and own):
            raise ValueError(f"a call has at least 1 attempt, and seconds to wait, not {self}")


@dataclass
class RetryState:
    """One call on its way through its attempts."""

    policy: RetryPolicy
    rng: random.Random
    deadline: Deadline | None = None
    attempt: int = 0
    _previous: float | None = None

    def decide(self, outcome: Outcome, *, now: float, now_wall: float = 0.0) -> Retry | GiveUp:
        """Return what follows an attempt that ended at `now`.

        A retry that could not begin before the deadline is not waited for.
        """
        policy, verdict = self.policy, classify(outcome)
        if self.attempt == 0:
            policy.budget.deposit(now)
        self.attempt += 1
        if verdict is Verdict.SUCCESS:
            return GiveUp("success")
        if verdict is Verdict.FATAL:
            return GiveUp("fatal")
        if self.attempt >= policy.attempts:
            return GiveUp("attempts")
        delay = policy.backoff.delay(self.attempt, self.rng, self._previous)
        ordered = parse_retry_after(outcome.headers.get("retry-after"), now_wall=now_wall)
        delay = max(delay, min(ordered or 0.0, policy.retry_after_cap))
        if self.deadline is not None and delay >= self.deadline.remaining(now):
            return GiveUp("deadline")
        if not policy.budget.try_spend(now):
            return GiveUp("budget")
        self._previous = delay
        return Retry(delay)
