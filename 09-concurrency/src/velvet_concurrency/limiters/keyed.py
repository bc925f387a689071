"""One limiter per key (user, address, tenant), with an upper bound on how many are remembered.

A plain dict of limiters is a memory leak that an attacker controls. Here the least recently used key is
forgotten when a new one needs room, and keys that were idle for long are forgotten along the way. Both
happen inside ordinary calls, so there is no background thread to start, stop or leak.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from velvet_concurrency.limiters.base import (
    Decision,
    RateLimiter,
    checked_count,
    checked_seconds,
    checked_tokens,
)


class KeyedLimiter:
    """A limiter for every key, at most `max_keys` of them; O(1) amortised, thread-safe.

    Args:
        factory: makes the limiter of a new key; called with the lock held, so it must not call back.
        max_keys: how many keys are remembered, at least 1.
        idle_ttl: seconds without a call after which a key is forgotten; None never forgets for
            idleness. Choose at least the time a limiter needs to fill up, then forgetting is free.
        clock: returns seconds; read only when `idle_ttl` is set.

    Raises:
        ValueError: an argument breaks its rule.

    An evicted key starts full when it returns. Whoever can invent keys can therefore push a key out and
    have its burst again: with bursts of B, a client that owns one key and churns through `max_keys`
    others gains at most B tokens per `max_keys` calls that are each admitted under a new key. Size
    `max_keys` above the number of honest keys, and derive keys from something that costs effort (an
    account, not a header).

    >>> from velvet_concurrency.limiters import TokenBucketLimiter
    >>> limiter = KeyedLimiter(lambda: TokenBucketLimiter(rate=0, capacity=1), max_keys=2)
    >>> [limiter.allow(key) for key in ("ann", "bob", "ann")]
    [True, True, False]
    >>> limiter.allow("eve"), len(limiter), limiter.evictions
    (True, 2, 1)
    """

    __slots__ = (
        "_clock",
        "_evictions",
        "_factory",
        "_idle_ttl",
        "_last_used",
        "_limiters",
        "_lock",
        "_max_keys",
    )

    def __init__(
        self,
        factory: Callable[[], RateLimiter],
        max_keys: int = 10_000,
        *,
        idle_ttl: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._factory = factory
        self._max_keys = checked_count("max_keys", max_keys)
        self._idle_ttl = None if idle_ttl is None else checked_seconds("idle_ttl", idle_ttl)
        self._clock = clock
        self._lock = threading.Lock()
        self._limiters: OrderedDict[Hashable, RateLimiter] = OrderedDict()
        self._last_used: dict[Hashable, float] = {}
        self._evictions = 0

    def allow(self, key: Hashable, tokens: int = 1) -> bool:
        """Ask the limiter of `key`, made full if it is new; never blocks.

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
            TypeError: `key` is not hashable.
        """
        if type(tokens) is not int or tokens < 0:
            tokens = checked_tokens(tokens)  # before a wrong call can evict anybody
        with self._lock:
            limiters = self._limiters
            if self._idle_ttl is None and key in limiters:
                limiters.move_to_end(key)
                return limiters[key].allow(tokens)
            return self._limiter_of(key).allow(tokens)

    def check(self, key: Hashable, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it.

        Raises:
            ValueError: `tokens` is negative, a bool or not an int.
            TypeError: `key` is not hashable.
        """
        tokens = checked_tokens(tokens)
        with self._lock:
            return self._limiter_of(key).check(tokens)

    @property
    def evictions(self) -> int:
        """How many keys have been forgotten, for room or for idleness."""
        return self._evictions

    def __len__(self) -> int:
        """Return how many keys are remembered, those included whose idleness nobody has noticed yet."""
        return len(self._limiters)

    def _limiter_of(self, key: Hashable) -> RateLimiter:
        if self._idle_ttl is not None:
            now = self._clock()
            self._drop_idle(now - self._idle_ttl)
        limiter = self._limiters.get(key)
        if limiter is None:
            limiter = self._factory()
            if len(self._limiters) >= self._max_keys:
                self._evict_oldest()
            self._limiters[key] = limiter
        else:
            self._limiters.move_to_end(key)
        if self._idle_ttl is not None:
            self._last_used[key] = now
        return limiter

    def _drop_idle(self, before: float) -> None:
        while self._limiters and self._last_used[next(iter(self._limiters))] <= before:
            self._evict_oldest()

    def _evict_oldest(self) -> None:
        key, _ = self._limiters.popitem(last=False)
        self._last_used.pop(key, None)
        self._evictions += 1
