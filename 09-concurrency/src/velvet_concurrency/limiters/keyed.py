"""One limiter per key (user, address, tenant), with an upper bound on how many are remembered.

A plain dict of limiters is a memory leak that an attacker controls. Here the least recently used key is
forgotten when a new one needs room. That happens inside ordinary calls, so there is no background
thread to start, stop or leak.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from velvet_concurrency.limiters.base import RateLimiter, checked_count, checked_tokens


class KeyedLimiter:
    """A limiter for every key, at most `max_keys` of them; O(1) amortised, thread-safe.

    `factory()` makes the limiter of a new key; it is called with the lock held, so it must not call back.
    Raises `ValueError` unless `max_keys` is at least 1.

    An evicted key starts full when it returns. A client that can invent keys can therefore push a key
    out and have its burst again: with bursts of B, a client that owns one key and churns through
    `max_keys` others gains at most B tokens per `max_keys` calls that are each admitted under a new key.
    Size `max_keys` above the number of honest keys, and derive keys from something that costs effort (an
    account, not a header).

    >>> from velvet_concurrency.limiters import TokenBucketLimiter
    >>> limiter = KeyedLimiter(lambda: TokenBucketLimiter(rate=0, capacity=1), max_keys=2)
    >>> [limiter.allow(key) for key in ("ann", "bob", "ann")]
    [True, True, False]
    >>> limiter.allow("eve"), len(limiter), limiter.evictions
    (True, 2, 1)
    """

    __slots__ = ("_factory", "_limiters", "_lock", "_max_keys", "evictions")

    def __init__(self, factory: Callable[[], RateLimiter], max_keys: int = 10_000) -> None:
        self._factory = factory
        self._max_keys = checked_count("max_keys", max_keys)
        self._lock = threading.RLock()  # the hash of a key may ask again
        self._limiters: OrderedDict[Hashable, RateLimiter] = OrderedDict()
        self.evictions = 0
        """How many keys have been forgotten for room."""

    def allow(self, key: Hashable, tokens: int = 1) -> bool:
        """Ask the limiter of `key`, made full if it is new; never blocks."""
        if type(tokens) is not int or tokens < 0:
            tokens = checked_tokens(tokens)  # before a wrong call can evict a key
        with self._lock:
            limiters = self._limiters
            if key in limiters:
                limiters.move_to_end(key)
            else:
                limiter = self._factory()
                if len(limiters) >= self._max_keys:
                    limiters.popitem(last=False)
                    self.evictions += 1
                limiters[key] = limiter
            return limiters[key].allow(tokens)

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._limiters)
