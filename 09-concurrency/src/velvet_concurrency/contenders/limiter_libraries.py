"""The rate limiters that people install, behind one set of names; each is imported where it is used.

`NEEDS` says what to install. `limiter` returns a function that makes gates without any history for one
key, `redis_limiter` one that decides in Redis, `waiter` an `acquire` to be awaited. A diff of two
classes shows how two libraries differ.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeAlias

from velvet_concurrency.clock import Clock
from velvet_concurrency.runtime import load


@dataclass(frozen=True)
class Gate:
    """A limiter for one key: `allow()` for one call, `take(n)` for n of them at once."""

    allow: Callable[[], bool]
    take: Callable[[int], Any]


Fresh: TypeAlias = Callable[[], Gate]


class Limits:
    """`limits`: strategies over a storage; counts are kept in memory."""

    NEEDS = "limits>=4"

    @staticmethod
    def limiter(strategy: str, limit: int, window: int) -> Fresh:
        """Return what makes gates of a strategy."""
        limits: Any = load("limits")
        item = limits.RateLimitItemPerSecond(limit, window)

        def fresh() -> Gate:
            # A storage of its own: emptying one races with the timer thread that tidies it up.
            chosen = getattr(limits.strategies, strategy)(limits.storage.MemoryStorage())
            hit = partial(chosen.hit, item, "key")
            return Gate(hit, lambda n: hit(cost=n))

        return fresh

    @staticmethod
    def redis_limiter(strategy: str, url: str, limit: int, window: int, key: str) -> Any:
        """Return a function that asks Redis whether one call may go."""
        limits: Any = load("limits")
        storage = limits.storage.storage_from_string(url)
        item = limits.RateLimitItemPerSecond(limit, window)
        return partial(getattr(limits.strategies, strategy)(storage).hit, item, key)


class Throttled:
    """`throttled-py`: an algorithm, a quota and a store, one object a limit."""

    NEEDS = "throttled-py>=3"

    @staticmethod
    def limiter(using: str, limit: int, window: int) -> Fresh:
        """Return what makes gates of an algorithm."""
        throttled: Any = load("throttled")
        quota = throttled.per_duration(timedelta(seconds=window), limit, burst=limit)

        def fresh() -> Gate:
            store = throttled.MemoryStore()
            one = throttled.Throttled("key", using=using, quota=quota, store=store).limit
            return Gate(lambda: not one().limited, lambda n: not one(cost=n).limited)

        return fresh

    @staticmethod
    def redis_limiter(using: str, url: str, limit: int, window: int, key: str) -> Any:
        """Return a function that asks Redis whether one call may go."""
        throttled: Any = load("throttled")
        quota = throttled.per_duration(timedelta(seconds=window), limit, burst=limit)
        store = throttled.RedisStore(server=url)
        one = throttled.Throttled(key, using=using, quota=quota, store=store).limit
        return lambda: not one().limited


class Pyrate:
    """`pyrate-limiter`: a sliding log in a list."""

    NEEDS = "pyrate-limiter>=4"

    @staticmethod
    def limiter(limit: int, window: int) -> Fresh:
        """Return what makes gates."""
        pyrate_limiter: Any = load("pyrate_limiter")
        bucket = pyrate_limiter.InMemoryBucket([pyrate_limiter.Rate(limit, window * 1000)])
        # Its thread only tidies up old calls every ten seconds; `put` decides without it.
        factory = pyrate_limiter.SingleBucketFactory(bucket, schedule_leak=False)
        take = partial(pyrate_limiter.Limiter(factory).try_acquire, "key", blocking=False)

        def fresh() -> Gate:
            bucket.flush()
            return Gate(take, lambda n: take(weight=n))

        return fresh

    @staticmethod
    def waiter(rate: float, capacity: int) -> Any:
        """Return an `acquire` to be awaited."""
        pyrate_limiter: Any = load("pyrate_limiter")
        milliseconds = round(1000 * capacity / rate)
        return pyrate_limiter.Limiter(pyrate_limiter.Rate(capacity, milliseconds)).try_acquire_async


class Ratelimit:
    """`ratelimit`: a decorator over a fixed window that begins with its first call."""

    NEEDS = "ratelimit>=2"

    @staticmethod
    def limiter(limit: int, window: int) -> Fresh:
        """Return what makes gates."""
        ratelimit: Any = load("ratelimit")

        def fresh() -> Gate:
            # The library binds its clock when it is imported, so a virtual one is handed over.
            clock = ratelimit.decorators.time.monotonic
            rule = ratelimit.RateLimitDecorator(limit, window, clock=clock, raise_on_limit=False)
            admitted = rule(lambda: True)

            def take(n: int) -> None:
                rule.num_calls += n

            return Gate(lambda: bool(admitted()), take)

        return fresh


class Aiolimiter:
    """`aiolimiter`: a leaky bucket that coroutines wait for."""

    NEEDS = "aiolimiter>=1.2"

    @staticmethod
    def waiter(rate: float, capacity: int) -> Any:
        """Return an `acquire` to be awaited."""
        aiolimiter: Any = load("aiolimiter")
        return aiolimiter.AsyncLimiter(capacity, capacity / rate).acquire


def _rows(peer: Any, **names: str) -> dict[str, tuple[str, Any]]:
    return {row: (peer.NEEDS, partial(peer.limiter, name)) for row, name in names.items()}


LIMITERS: dict[str, tuple[str, Callable[[int, int], Fresh]]] = {
    **_rows(
        Limits,
        limits_fixed_window="FixedWindowRateLimiter",
        limits_sliding_counter="SlidingWindowCounterRateLimiter",
        limits_moving_window="MovingWindowRateLimiter",
    ),
    **_rows(
        Throttled,
        throttled_fixed_window="fixed_window",
        throttled_token_bucket="token_bucket",  # noqa: S106 - no password
        throttled_gcra="gcra",
    ),
    "pyrate": (Pyrate.NEEDS, Pyrate.limiter),
    "ratelimit": (Ratelimit.NEEDS, Ratelimit.limiter),
}
"""Row -> what it needs, and `make(limit, window in whole seconds)`."""

_CLOCKED = ("limits.storage.memory", "limits.strategies", "throttled.utils", "ratelimit.decorators")


@contextlib.contextmanager
def virtual_time(clock: Clock) -> Iterator[None]:
    """Let the limiter libraries that are imported read `clock` instead of the machine's."""
    stand_in = SimpleNamespace(time=clock, monotonic=clock)
    patches: list[tuple[str, str, Any]] = [(name, "time", stand_in) for name in _CLOCKED]
    patches.append(("pyrate_limiter.clocks", "monotonic_ns", lambda: round(clock() * 1e9)))
    before: list[tuple[Any, str, Any]] = []
    for name, attribute, instead in patches:
        if (module := sys.modules.get(name)) is not None:
            before.append((module, attribute, getattr(module, attribute)))
            setattr(module, attribute, instead)
    try:
        yield
    finally:
        for module, attribute, original in before:
            setattr(module, attribute, original)
