"""One limit for many processes and hosts: GCRA in a Lua script on a Redis server.

In-process limiters multiply: ten workers with a limit of 100 admit 1,000. Here all of them ask one
server, which decides atomically and by its own clock. That makes every call a round trip, which batching
(`allow_many`) amortises, and makes the server a dependency: `on_error` says what its absence means.
Failing open is a bypass, failing closed is an outage; only the caller can choose.

`RacyRedisLimiter` is the version that is usually written first, kept to show what the script is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError  # noqa: A004 (Redis's own, not the built-in)
from redis.exceptions import TimeoutError  # noqa: A004 (Redis's own, not the built-in)
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoScriptError,
)
from redis.retry import Retry

from velvet_concurrency.limiters.base import Decision
from velvet_concurrency.redis_racy import RacyRedisLimiter
from velvet_concurrency.redis_script import SCRIPT, SCRIPT_SHA, OnError, Plan, ScriptCall

__all__ = ["AsyncRedisLimiter", "RacyRedisLimiter", "RedisLimiter", "connect", "connect_async"]

SOCKET_TIMEOUT = 0.25
"""Seconds; far above a healthy round trip, far below what a caller notices as hanging."""

_REFUSED_LOGIN = (AuthenticationError, AuthorizationError)
_UNREACHABLE = (ConnectionError, TimeoutError)


def connect(url: str, *, socket_timeout: float = SOCKET_TIMEOUT) -> redis.Redis:
    """Return a client fit for a limiter: bounded waits and no retries.

    A retried script may take its tokens twice, and each retry adds another timeout to the worst case.

    Args:
        url: such as `redis://127.0.0.1:6379/0`.
        socket_timeout: seconds for connecting and for each reply.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=socket_timeout,
        socket_connect_timeout=socket_timeout,
        retry=Retry(NoBackoff(), 0),
    )


def connect_async(url: str, *, socket_timeout: float = SOCKET_TIMEOUT) -> redis.asyncio.Redis:
    """Return the asynchronous counterpart of `connect`, with the same arguments."""
    return redis.asyncio.Redis.from_url(
        url,
        socket_timeout=socket_timeout,
        socket_connect_timeout=socket_timeout,
        retry=AsyncRetry(NoBackoff(), 0),
    )


class RedisLimiter:
    """`rate` tokens a second and bursts of `burst`, per key, shared by all who use the same server.

    Args:
        client: a client with a socket timeout, as `connect` makes it; stays the caller's to close.
        rate: tokens per second, finite and above 0.
        burst: tokens that may go at once, at least 1.
        prefix: put before every key; limits that differ in rate or burst need different prefixes.
        on_error: on a lost connection or a timeout, "raise" the client's error, answer "open" (all
            pass) or "closed" (none pass). Other errors, a refused login included, always raise.

    Raises:
        ValueError: an argument breaks its rule, or the client has no socket timeout.

    O(1) on the server, one string key per limit. Thread-safe, because redis-py's client is.
    """

    def __init__(
        self,
        client: redis.Redis,
        rate: float,
        burst: int,
        *,
        prefix: str = "velvet:",
        on_error: OnError = "raise",
    ) -> None:
        self._client = client
        self._plan = Plan.build(client, rate, burst, prefix, on_error)

    def allow(self, key: str, tokens: int = 1) -> bool:
        """Take `tokens` of `key` if they are there; waits for one round trip.

        Raises:
            TypeError: `key` is not a str.
            ValueError: `key` is too long, or `tokens` is not a non-negative int.
            redis.exceptions.RedisError: the server failed and `on_error` does not cover it.
        """
        return self.check(key, tokens).allowed

    def check(self, key: str, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it. After an error `remaining` is 0: nobody knows.

        Raises:
            The same as `allow`.
        """
        call = self._plan.call(key, tokens)
        try:
            try:
                reply = self._client.evalsha(SCRIPT_SHA, 1, call.key, *call.arguments)
            except NoScriptError:  # first use, SCRIPT FLUSH or a restart; EVAL caches it again
                reply = self._client.eval(SCRIPT, 1, call.key, *call.arguments)
        except _UNREACHABLE as error:
            return _degraded(self._plan, [call], error)[0]
        return self._plan.decision(call, reply)

    def allow_many(self, requests: Sequence[tuple[str, int]]) -> list[bool]:
        """Decide on many (key, tokens) in one round trip, in order, each on its own merits.

        Not a transaction: other clients' calls may fall in between, and when the connection breaks
        half-way some tokens may have been taken.

        Raises:
            The same as `allow`; wrong arguments raise before anything is sent.
        """
        calls = [self._plan.call(key, tokens) for key, tokens in requests]
        if not calls:
            return []
        try:
            with self._client.pipeline(transaction=False) as pipe:
                for call in calls:
                    pipe.evalsha(SCRIPT_SHA, 1, call.key, *call.arguments)
                replies = pipe.execute(raise_on_error=False)
                missed = _missed(replies)
                for index in missed:
                    pipe.eval(SCRIPT, 1, calls[index].key, *calls[index].arguments)
                for index, reply in zip(missed, pipe.execute(), strict=True):
                    replies[index] = reply
        except _UNREACHABLE as error:
            return [answer.allowed for answer in _degraded(self._plan, calls, error)]
        return [self._plan.decision(*pair).allowed for pair in zip(calls, replies, strict=True)]


class AsyncRedisLimiter:
    """`RedisLimiter` for coroutines: same arguments, same rules, same keys, `await` before each call.

    The client comes from `connect_async`. Safe to share between the tasks of one event loop. Cancelling
    a call gives its connection up; whether the tokens were taken is then unknown.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        rate: float,
        burst: int,
        *,
        prefix: str = "velvet:",
        on_error: OnError = "raise",
    ) -> None:
        self._client = client
        self._plan = Plan.build(client, rate, burst, prefix, on_error)

    async def allow(self, key: str, tokens: int = 1) -> bool:
        """See `RedisLimiter.allow`."""
        return (await self.check(key, tokens)).allowed

    async def check(self, key: str, tokens: int = 1) -> Decision:
        """See `RedisLimiter.check`."""
        call = self._plan.call(key, tokens)
        try:
            try:
                reply = await self._client.evalsha(SCRIPT_SHA, 1, call.key, *call.arguments)
            except NoScriptError:
                reply = await self._client.eval(SCRIPT, 1, call.key, *call.arguments)
        except _UNREACHABLE as error:
            return _degraded(self._plan, [call], error)[0]
        return self._plan.decision(call, reply)

    async def allow_many(self, requests: Sequence[tuple[str, int]]) -> list[bool]:
        """See `RedisLimiter.allow_many`."""
        calls = [self._plan.call(key, tokens) for key, tokens in requests]
        if not calls:
            return []
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for call in calls:
                    pipe.evalsha(SCRIPT_SHA, 1, call.key, *call.arguments)
                replies = await pipe.execute(raise_on_error=False)
                missed = _missed(replies)
                for index in missed:
                    pipe.eval(SCRIPT, 1, calls[index].key, *calls[index].arguments)
                for index, reply in zip(missed, await pipe.execute(), strict=True):
                    replies[index] = reply
        except _UNREACHABLE as error:
            return [answer.allowed for answer in _degraded(self._plan, calls, error)]
        return [self._plan.decision(*pair).allowed for pair in zip(calls, replies, strict=True)]


def _degraded(plan: Plan, calls: Sequence[ScriptCall], error: Exception) -> list[Decision]:
    """Answer for a server that cannot be reached, or raise what the client raised."""
    if plan.on_error == "raise" or isinstance(error, _REFUSED_LOGIN):
        raise error
    return [plan.without_server(call) for call in calls]


def _missed(replies: Sequence[Any]) -> list[int]:
    """Return which replies say that the script was not cached; raise the first other error."""
    missed = []
    for index, reply in enumerate(replies):
        if isinstance(reply, NoScriptError):
            missed.append(index)
        elif isinstance(reply, Exception):
            raise reply
    return missed
