"""The libraries that people use for the same jobs, behind one set of function names.

One small class a library, so that a diff of two of them shows how the libraries differ and
nothing else. A library is imported when a row is set up: without it that row fails with an
ImportError, which its `needs=` turns into "not installed" before it comes to that.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any


@dataclass(frozen=True)
class Gate:
    """A limiter for one key: `allow()` for one call, `take(n)` for n of them at once."""

    allow: Callable[[], bool]
    take: Callable[[int], Any]


Fresh = Callable[[], Gate]
"""Gives a gate without any history; called untimed."""


class Limits:
    """`limits`: strategies over a storage; counts are kept in memory."""

    needs = "limits>=4"

    @staticmethod
    def limiter(strategy: str, limit: int, window: int) -> Fresh:
        import limits

        storage = limits.storage.MemoryStorage()
        chosen = getattr(limits.strategies, strategy)(storage)
        item = limits.RateLimitItemPerSecond(limit, window)
        hit = partial(chosen.hit, item, "key")

        def fresh() -> Gate:
            storage.reset()
            return Gate(hit, lambda n: hit(cost=n))

        return fresh

    @staticmethod
    def redis_limiter(
        strategy: str, url: str, limit: int, window: int, key: str
    ) -> Callable[[], bool]:
        import limits

        storage = limits.storage.storage_from_string(url)
        item = limits.RateLimitItemPerSecond(limit, window)
        return partial(getattr(limits.strategies, strategy)(storage).hit, item, key)


class Throttled:
    """`throttled-py`: an algorithm, a quota and a store, one object a limit."""

    needs = "throttled-py>=3"

    @staticmethod
    def limiter(using: str, limit: int, window: int) -> Fresh:
        import throttled

        quota = throttled.per_duration(timedelta(seconds=window), limit, burst=limit)

        def fresh() -> Gate:
            one = throttled.Throttled(
                "key", using=using, quota=quota, store=throttled.MemoryStore()
            ).limit
            return Gate(lambda: not one().limited, lambda n: not one(cost=n).limited)

        return fresh

    @staticmethod
    def redis_limiter(
        using: str, url: str, limit: int, window: int, key: str
    ) -> Callable[[], bool]:
        import throttled

        quota = throttled.per_duration(timedelta(seconds=window), limit, burst=limit)
        store = throttled.RedisStore(server=url)
        one = throttled.Throttled(key, using=using, quota=quota, store=store).limit
        return lambda: not one().limited


class Pyrate:
    """`pyrate-limiter`: a sliding log in a list."""

    needs = "pyrate-limiter>=4"

    @staticmethod
    def limiter(limit: int, window: int) -> Fresh:
        import pyrate_limiter

        bucket = pyrate_limiter.InMemoryBucket([pyrate_limiter.Rate(limit, window * 1000)])
        # Its thread only tidies up old calls every ten seconds; `put` decides without it.
        factory = pyrate_limiter.SingleBucketFactory(bucket, schedule_leak=False)
        limiter = pyrate_limiter.Limiter(factory)
        take = partial(limiter.try_acquire, "key", blocking=False)

        def fresh() -> Gate:
            bucket.flush()
            return Gate(take, lambda n: take(weight=n))

        return fresh

    @staticmethod
    def waiter(rate: float, capacity: int) -> Callable[[], Awaitable[Any]]:
        import pyrate_limiter

        milliseconds = round(1000 * capacity / rate)
        return pyrate_limiter.Limiter(pyrate_limiter.Rate(capacity, milliseconds)).try_acquire_async


class Ratelimit:
    """`ratelimit`: a decorator over a fixed window that begins with its first call."""

    needs = "ratelimit>=2"

    @staticmethod
    def limiter(limit: int, window: int) -> Fresh:
        import ratelimit

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

    needs = "aiolimiter>=1.2"

    @staticmethod
    def waiter(rate: float, capacity: int) -> Callable[[], Awaitable[Any]]:
        import aiolimiter

        return aiolimiter.AsyncLimiter(capacity, capacity / rate).acquire


def _algorithms(peer: Any, names: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    return {row: (peer.needs, partial(peer.limiter, name)) for row, name in names.items()}


LIMITERS: dict[str, tuple[str, Callable[[int, int], Fresh]]] = {
    **_algorithms(
        Limits,
        {
            "limits_fixed_window": "FixedWindowRateLimiter",
            "limits_sliding_counter": "SlidingWindowCounterRateLimiter",
            "limits_moving_window": "MovingWindowRateLimiter",
        },
    ),
    **_algorithms(
        Throttled,
        {
            "throttled_fixed_window": "fixed_window",
            "throttled_token_bucket": "token_bucket",
            "throttled_gcra": "gcra",
        },
    ),
    "pyrate": (Pyrate.needs, Pyrate.limiter),
    "ratelimit": (Ratelimit.needs, Ratelimit.limiter),
}
"""Row -> what it needs, and `make(limit, window in whole seconds)`."""

_CLOCKED = (
    "limits.storage.memory",
    "limits.strategies",
    "throttled.utils",
    "ratelimit.decorators",
)


@contextlib.contextmanager
def virtual_time(clock: Callable[[], float]) -> Iterator[None]:
    """Let the limiter libraries that are imported read `clock` instead of the machine's."""
    stand_in = SimpleNamespace(time=clock, monotonic=clock)
    patches = [(name, "time", stand_in) for name in _CLOCKED]
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


Call = Callable[..., Any]


@dataclass(frozen=True)
class Breaker:
    """How a library's breaker is called: `guard(fn)` calls fn through it, or refuses."""

    needs: str
    make: Callable[[int, float], Callable[[Call], Any]]
    waits: bool = False
    note: str = ""


def _pybreaker(failures: int, open_for: float) -> Callable[[Call], Any]:
    import pybreaker

    return pybreaker.CircuitBreaker(fail_max=failures, reset_timeout=open_for).call


def _circuitbreaker(failures: int, open_for: float) -> Callable[[Call], Any]:
    import circuitbreaker

    return circuitbreaker.CircuitBreaker(failures, open_for, name="bench")(lambda fn: fn())


def _purgatory(failures: int, open_for: float) -> Callable[[Call], Any]:
    import purgatory

    factory = purgatory.SyncCircuitBreakerFactory(failures, open_for)
    return factory("bench")(lambda fn: fn())


def _aiobreaker(failures: int, open_for: float) -> Callable[[Call], Any]:
    import aiobreaker

    return aiobreaker.CircuitBreaker(failures, timedelta(seconds=open_for)).call_async


def _hyx(failures: int, open_for: float) -> Callable[[Call], Any]:
    from hyx.circuitbreaker import consecutive_breaker

    # Its default of three probes is reduced to one, as the others have it.
    async def call(fn: Call) -> Any:
        return await fn()

    return consecutive_breaker(Exception, failures, open_for, 1)(call)


_OLD = "not maintained since 2021"
BREAKERS: dict[str, Breaker] = {
    "pybreaker": Breaker("pybreaker>=1.2", _pybreaker, note="holds its lock during the call"),
    "circuitbreaker": Breaker("circuitbreaker>=2.1", _circuitbreaker),
    "purgatory": Breaker("purgatory>=3", _purgatory),
    "aiobreaker": Breaker("aiobreaker>=1.2", _aiobreaker, waits=True, note=_OLD),
    "hyx": Breaker("hyx==0.0.2", _hyx, waits=True, note="experimental"),
}
