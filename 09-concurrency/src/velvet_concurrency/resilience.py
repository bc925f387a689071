"""Four answers to a slow or failing dependency, each with a bound on the load it adds.

Retries and hedges multiply traffic exactly when the dependency has none to spare, so both draw on a budget that
ordinary calls pay into: a few per cent of the traffic, never more. Whatever wins, losers are cancelled *and
awaited*, so that nothing runs on behind the caller's back.
Sources: J. Dean and L. A. Barroso, "The Tail at Scale", CACM 56(2), 2013 (hedged requests); M. Brooker,
"Exponential Backoff and Jitter", AWS Architecture Blog, 2015 (full jitter); gRFC A6, "gRPC Retry Design" (throttling).
"""

from __future__ import annotations

import asyncio
import math
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

from velvet_concurrency.runtime import check_int
from velvet_concurrency.structured import BaseExceptionGroup, reap, timeout_at

T = TypeVar("T")

# The nearest deadline; the one that a timer enforces, and in which task.
_Limits: TypeAlias = tuple[float, float, "asyncio.Task[Any] | None"]
_DEADLINE: ContextVar[_Limits | None] = ContextVar("velvet_deadline", default=None)


class HedgeBudget:
    """Pay for extra calls: each ordinary call deposits `ratio`, each extra call costs 1.

    So n calls bring at most `ratio * n + burst` extra ones; it starts with `burst` and never holds more.
    Thread-safe, O(1). Raises `ValueError` unless `ratio` is in [0, 1] and `burst` >= 1.

    >>> budget = HedgeBudget(ratio=0.5, burst=1)
    >>> budget.try_spend(), budget.try_spend()
    (True, False)
    """

    def __init__(self, ratio: float = 0.05, burst: float = 10.0) -> None:
        if not 0.0 <= ratio <= 1.0:
            raise ValueError(f"ratio must be in [0, 1], not {ratio!r}")
        if not (burst >= 1.0 and math.isfinite(burst)):
            raise ValueError(f"burst must be finite and >= 1, not {burst!r}")
        self.ratio = ratio
        self.burst = burst
        self.spent = 0
        self.refused = 0
        self._balance = burst
        self._lock = threading.Lock()

    def deposit(self) -> None:
        """Book one ordinary call."""
        with self._lock:
            self._balance = min(self.burst, self._balance + self.ratio)

    def try_spend(self) -> bool:
        """Pay for one extra call; return False when the budget is used up."""
        with self._lock:
            # Twenty deposits of 0.05 add up to a hair under 1: forgive the rounding, not a call.
            if self._balance < 1.0 - 1e-9:
                self.refused += 1
                return False
            self._balance -= 1.0
            self.spent += 1
            return True


RetryBudget = HedgeBudget  # the same mechanism under the name that `retry` is read with


async def _attempt(make: Callable[[], Awaitable[T]]) -> T:
    """Make a call inside its own task, so that what `make` raises is that attempt's failure alone."""
    return await make()


async def hedge(
    make: Callable[[], Awaitable[T]],
    delay: float,
    max_hedges: int = 1,
    *,
    budget: HedgeBudget | None = None,
) -> T:
    """Await `make()`, and ask again when no answer came within `delay` seconds; the first success wins.

    For idempotent calls only. Arguments: `delay` is best the 95th percentile of the latency, each further hedge
    waits as long again; up to `max_hedges` extra calls, if `budget` pays for them (None: no bound, for tests and
    lone calls; share one budget among all calls to a dependency). Losers are cancelled and awaited, also when the
    caller is cancelled. Raises what the first attempt raised when every attempt failed; `ValueError` for a negative
    or NaN delay or a negative `max_hedges`.
    """
    if not delay >= 0.0:
        raise ValueError(f"delay must be >= 0 seconds, not {delay!r}")
    check_int("max_hedges", max_hedges, 0)
    if budget is not None:
        budget.deposit()
    attempts = [asyncio.ensure_future(_attempt(make))]
    left = max_hedges
    try:
        while True:
            pending = [attempt for attempt in attempts if not attempt.done()]
            done, _ = await asyncio.wait(
                pending, timeout=delay if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            winner = _first_success(attempts)
            if winner is not None:
                return winner.result()
            if len(done) == len(pending):
                return attempts[0].result()  # all failed: raises
            if not done:
                if budget is None or budget.try_spend():
                    attempts.append(asyncio.ensure_future(_attempt(make)))
                    left -= 1
                else:
                    left = 0
    finally:
        await reap(attempts)


async def race(*makes: Callable[[], Awaitable[T]]) -> T:
    """Start every call at once and return the first success; losers are cancelled and awaited.

    Raises an `ExceptionGroup` of all errors when none succeeds (a `BaseExceptionGroup` when one of them is
    no `Exception`), `ValueError` without a call.
    """
    if not makes:
        raise ValueError("race() needs at least one call")
    attempts = [asyncio.ensure_future(_attempt(make)) for make in makes]
    pending = set(attempts)
    try:
        while pending:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            winner = _first_success(attempts)
            if winner is not None:
                return winner.result()
    finally:
        await reap(attempts)
    errors = [attempt.exception() for attempt in attempts if not attempt.cancelled()]
    if not errors:
        raise asyncio.CancelledError("every call of the race cancelled itself")
    raise BaseExceptionGroup("race: every call failed", [e for e in errors if e is not None])


async def retry(
    make: Callable[[], Awaitable[T]],
    attempts: int = 3,
    *,
    base: float = 0.1,
    cap: float = 10.0,
    retry_on: type[Exception] | tuple[type[Exception], ...] = Exception,
    budget: HedgeBudget | None = None,
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    rng: Callable[[], float] = random.random,
) -> T:
    """Await `make()`, up to `attempts` times, with full jitter between: uniform(0, min(cap, base * 2**n)) seconds.

    Arguments: only `retry_on` errors are tried again, and only while `budget` pays for it and the `deadline` in force
    leaves time for the pause; `rng()` is uniform in [0, 1). Raises the last error; `ValueError` for `attempts` < 1 or
    a negative or non-finite `base` or `cap`.
    """
    check_int("attempts", attempts, 1)
    if not all(math.isfinite(pause) and pause >= 0.0 for pause in (base, cap)):
        raise ValueError(f"base and cap must be finite and >= 0 seconds, not {base!r} and {cap!r}")
    if budget is not None:
        budget.deposit()
    for attempt in range(attempts - 1):
        try:
            return await make()
        except retry_on:
            pause = rng() * min(cap, base * 2.0 ** min(attempt, 60))
            left = time_left()
            if left is not None and pause >= left:
                raise
            if budget is not None and not budget.try_spend():
                raise
        await sleep(pause)
    return await make()


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Cancel the block after `seconds` and raise `TimeoutError`; of nested deadlines the nearest wins.

    An inner deadline can shorten the outer one, never extend it. Tasks started inside see it through `time_left`;
    it does not cancel them, so a deadline that such a task enters has a timer of its own.
    Before Python 3.11 the block has to end in the task that entered it. Raises `ValueError` for NaN.
    """
    if math.isnan(seconds):
        raise ValueError("seconds must be a number, not nan")
    when = asyncio.get_running_loop().time() + seconds
    outer = _DEADLINE.get()
    nearest = when if outer is None else min(when, outer[0])
    # A timer that exists in this very task raises at its own block: a second one would only race with it.
    kept = outer is not None and outer[1] <= when and outer[2] is asyncio.current_task()
    async with timeout_at(None if kept else when):
        enforced = outer[1] if kept and outer is not None else when
        mine = (nearest, enforced, asyncio.current_task())
        try:
            _DEADLINE.set(mine)
            yield
        finally:
            if _DEADLINE.get() is mine:  # a generator may be closed in another task's context
                _DEADLINE.set(outer)


def time_left() -> float | None:
    """Return the seconds until the nearest `deadline` around the caller (negative when past), or None."""
    nearest = _DEADLINE.get()
    return None if nearest is None else nearest[0] - asyncio.get_running_loop().time()


def _first_success(attempts: Sequence[asyncio.Future[T]]) -> asyncio.Future[T] | None:
    for attempt in attempts:
        if attempt.done() and not attempt.cancelled() and attempt.exception() is None:
            return attempt
    return None
