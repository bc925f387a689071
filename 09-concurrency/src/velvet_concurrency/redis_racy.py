"""The Redis limiter that is usually written first: GET, decide in Python, SET.

Between the GET and the SET any number of other clients read the same old value and decide on it, so a
burst of N callers can pass N times over. It also trusts each host's wall clock. It is here to be broken
by a test and a benchmark beside `RedisLimiter`, which does the same arithmetic inside the server.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import redis

from velvet_concurrency.limiters.base import SLACK, checked_count, checked_rate, checked_tokens
from velvet_concurrency.redis_script import encoded_key, socket_timeout_of


class RacyRedisLimiter:
    """Deliberately wrong under concurrency; right for one caller at a time.

    Args:
        client: a client with a socket timeout, as `redis_limiter.connect` makes it.
        rate: tokens per second, finite and above 0.
        burst: tokens that may go at once, at least 1.
        prefix: put before every key.
        clock: returns seconds since 1970; the caller's clock, which is the second mistake.

    Raises:
        ValueError: an argument breaks its rule, or the client has no socket timeout.
    """

    def __init__(
        self,
        client: redis.Redis,
        rate: float,
        burst: int,
        *,
        prefix: str = "velvet-racy:",
        clock: Callable[[], float] = time.time,
    ) -> None:
        socket_timeout_of(client)
        self._client = client
        self._interval = 1.0 / checked_rate(rate)
        self._burst = checked_count("burst", burst)
        self._prefix = prefix
        self._clock = clock

    def allow(self, key: str, tokens: int = 1) -> bool:
        """Take `tokens` of `key`, unless another caller slips in between the two round trips.

        Raises:
            TypeError: `key` is not a str.
            ValueError: `key` is too long, or `tokens` is not a non-negative int.
            redis.exceptions.RedisError: the server failed.
        """
        name, tokens = encoded_key(self._prefix, key), checked_tokens(tokens)
        stored = self._client.get(name)
        now = self._clock()
        backlog = max(0.0, float(stored) - now) if stored else 0.0
        if tokens == 0 or tokens > self._burst:
            return tokens == 0
        wanted = backlog + tokens * self._interval
        if wanted > (self._burst + SLACK) * self._interval:
            return False
        self._client.set(name, repr(now + wanted), px=int(wanted * 1000) + 2)
        return True
