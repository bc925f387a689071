"""One limit for many processes and hosts: GCRA in a Lua script on a Redis server.

In-process limiters multiply: ten workers with a limit of 100 admit 1,000. Here all of them ask one
server. Redis runs a script without letting any other command in between, so the read, the decision and
the write cannot be torn apart by a second client; and the script reads the server's own `TIME`, so hosts
with different clocks agree. Every call is a round trip, which batching (`allow_many`) amortises, and the
server becomes a dependency: `on_error` says what its absence means. Failing open is a bypass, failing
closed is an outage; only the caller can choose.

A limit is one string key that expires when the bucket is full again. It holds the theoretical arrival
time as whole seconds and microseconds from there: as one number of microseconds since 1970 a double
would round it to a quarter of one. Sources: redis.io "EVAL", "EVALSHA", "TIME"; GCRA as in
`limiters/gcra.py`. `RacyRedisLimiter` is the version that is usually written first.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError  # noqa: A004 (Redis's own, not the built-in)
from redis.exceptions import TimeoutError  # noqa: A004 (Redis's own, not the built-in)
from redis.exceptions import AuthenticationError, AuthorizationError, NoScriptError
from redis.retry import Retry

from velvet_concurrency.limiters.base import (
    SLACK,
    Decision,
    checked_count,
    checked_rate,
    checked_tokens,
)

OnError: TypeAlias = Literal["raise", "open", "closed"]
SOCKET_TIMEOUT = 0.25
"""Seconds; far above a healthy round trip, far below what a caller notices as hanging."""
MAX_KEY_BYTES = 1024
"""Longest key, prefix included: a key is stored once per limit, so its length is the user's memory."""
MAX_FILL_SECONDS = 1e9
"""Longest time to fill a bucket: about 31 years, within which a double still counts microseconds."""
MICROSECONDS = 1e6

# What is stored may be another program's, or from before the server's clock was stepped back: a limit
# that is used up heals by itself, one that lets all pass or raises does not.
SCRIPT = """\
local time = redis.call('TIME')
local seconds, micros = tonumber(time[1]), tonumber(time[2])
local interval, limit, tokens = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local stored, backlog = redis.call('GET', KEYS[1]), 0
if stored then
  local whole, part = string.match(stored, '^(%d+):([%d.e+-]+)$')
  whole, part = tonumber(whole), tonumber(part)
  backlog = whole and part and math.max(0, (whole - seconds) * 1000000 + (part - micros)) or math.huge
  if not (backlog <= limit) then
    backlog = limit
    redis.call('SET', KEYS[1], seconds .. ':' .. string.format('%.17g', micros + limit), 'PX',
      string.format('%d', math.ceil(limit / 1000) + 1))
  end
end
if tokens == 0 then
  return {1, string.format('%.17g', backlog)}
end
local wanted = backlog + tokens * interval
if wanted > limit then
  return {0, string.format('%.17g', backlog)}
end
redis.call('SET', KEYS[1], seconds .. ':' .. string.format('%.17g', micros + wanted), 'PX',
  string.format('%d', math.ceil(wanted / 1000) + 1))
return {1, string.format('%.17g', wanted)}
"""
SCRIPT_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
"""The name under which Redis caches the script; SHA-1 is Redis's choice, not a protection."""

_REFUSED_LOGIN = (AuthenticationError, AuthorizationError)
_UNREACHABLE = (ConnectionError, TimeoutError)


def connect(url: str, *, socket_timeout: float = SOCKET_TIMEOUT) -> redis.Redis:
    """Return a client fit for a limiter: bounded waits, to connect and for each reply, and no retries.

    A retried script may take its tokens twice, and each retry adds another timeout to the worst case.
    """
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **_bounds(socket_timeout))


def connect_async(url: str, *, socket_timeout: float = SOCKET_TIMEOUT) -> redis.asyncio.Redis:
    """Return the asynchronous counterpart of `connect`."""
    retry = AsyncRetry(NoBackoff(), 0)
    return redis.asyncio.Redis.from_url(url, retry=retry, **_bounds(socket_timeout))


def _bounds(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds}


@dataclass(frozen=True, slots=True)
class _Call:
    """The arguments of one run of the script, and what was asked for."""

    key: bytes
    tokens: int
    arguments: tuple[str, str, int]


class _Shared:
    """`rate` tokens a second and bursts of `burst`, per key, shared by all who use the same server.

    `rate` is finite and above 0, `burst` at least 1. `client` has a socket timeout, as `connect` makes it,
    and stays the caller's to close. `prefix` is put before every key: limits that differ in rate or burst
    need different ones. `on_error` says what a lost connection or a timeout means: "raise" the client's
    error, answer "open" (all pass) or "closed" (none pass); other errors, such as a refused login, raise.

    Raises `ValueError` for a broken rule, and in a call for a key that is too long or `tokens` that are no
    int >= 0, `TypeError` for a key that is no str. O(1) on the server, one string key per limit.
    """

    def __init__(
        self,
        client: Any,
        rate: float,
        burst: int,
        *,
        prefix: str = "velvet:",
        on_error: OnError = "raise",
    ) -> None:
        rate = checked_rate(rate)
        self._burst = checked_count("burst", burst)
        if self._burst / rate > MAX_FILL_SECONDS:
            raise ValueError(
                f"burst / rate must be at most {MAX_FILL_SECONDS:.0f} seconds, got {burst / rate:.3g}"
            )
        if on_error not in ("raise", "open", "closed"):
            raise ValueError(f"on_error must be 'raise', 'open' or 'closed', got {on_error!r}")
        self._interval = MICROSECONDS / rate
        self._prefix, self._on_error = prefix, on_error
        self._timeout = socket_timeout_of(client)
        self._client = client

    def _call(self, key: str, tokens: int) -> _Call:
        tokens = checked_tokens(tokens)
        limit = (self._burst + SLACK) * self._interval
        asked = min(tokens, self._burst + 1)  # beyond the burst all numbers are equally too many
        name = encoded_key(self._prefix, key)
        return _Call(name, tokens, (repr(self._interval), repr(limit), asked))

    def _decision(self, call: _Call, reply: Any) -> Decision:
        allowed, backlog = bool(int(reply[0])), float(reply[1])
        room = self._burst - backlog / self._interval
        retry_after = -1.0
        if not allowed and call.tokens <= self._burst:
            retry_after = (call.tokens - room) * self._interval / MICROSECONDS
        return Decision(
            allowed=allowed,
            limit=self._burst,
            remaining=max(0, int(room + SLACK)),
            retry_after=retry_after,
            reset_after=backlog / MICROSECONDS,
        )

    def _degraded(self, calls: Sequence[_Call], error: Exception) -> list[Decision]:
        """Answer for a server that cannot be reached, or raise what the client raised."""
        if self._on_error == "raise" or isinstance(error, _REFUSED_LOGIN):
            raise error
        found = []
        for call in calls:
            allowed = self._on_error == "open" or call.tokens == 0
            again = -1.0 if allowed or call.tokens > self._burst else self._timeout
            found.append(Decision(allowed, self._burst, 0, again, self._timeout))
        return found


class RedisLimiter(_Shared):
    """The limiter for threads; thread-safe, because redis-py's client is."""

    def allow(self, key: str, tokens: int = 1) -> bool:
        """Take `tokens` of `key` if they are there; waits for one round trip."""
        return self.check(key, tokens).allowed

    def check(self, key: str, tokens: int = 1) -> Decision:
        """Do what `allow` does and report on it. After an error `remaining` is 0: it is unknown."""
        call = self._call(key, tokens)
        try:
            try:
                reply = self._client.evalsha(SCRIPT_SHA, 1, call.key, *call.arguments)
            except NoScriptError:  # first use, SCRIPT FLUSH or a restart; EVAL caches it again
                reply = self._client.eval(SCRIPT, 1, call.key, *call.arguments)
        except _UNREACHABLE as error:
            return self._degraded([call], error)[0]
        return self._decision(call, reply)

    def allow_many(self, requests: Sequence[tuple[str, int]]) -> list[bool]:
        """Decide on many (key, tokens) in one round trip, in order, each on its own merits.

        Not a transaction: other clients' calls may fall in between, and when the connection breaks
        half-way some tokens may have been taken. Wrong arguments raise before anything is sent.
        """
        calls = [self._call(key, tokens) for key, tokens in requests]
        if not calls:
            return []
        try:
            with self._client.pipeline(transaction=False) as pipe:
                for call in calls:
                    pipe.evalsha(SCRIPT_SHA, 1, call.key, *call.arguments)
                replies = pipe.execute(raise_on_error=False)
                errors = {at: one for at, one in enumerate(replies) if isinstance(one, Exception)}
                for one in errors.values():
                    if not isinstance(one, NoScriptError):
                        raise one
                for at in errors:  # the server had not cached the script
                    pipe.eval(SCRIPT, 1, calls[at].key, *calls[at].arguments)
                for at, reply in zip(errors, pipe.execute(), strict=True):
                    replies[at] = reply
        except _UNREACHABLE as error:
            return [answer.allowed for answer in self._degraded(calls, error)]
        return [self._decision(*pair).allowed for pair in zip(calls, replies, strict=True)]


class AsyncRedisLimiter(_Shared):
    """`RedisLimiter` for the tasks of one event loop: same arguments, rules and keys, to be awaited.

    The client comes from `connect_async`. Cancelling a call drops its connection; whether the tokens
    were taken is then unknown.
    """

    async def allow(self, key: str, tokens: int = 1) -> bool:
        """Do what `RedisLimiter.allow` does."""
        return (await self.check(key, tokens)).allowed

    async def check(self, key: str, tokens: int = 1) -> Decision:
        """Do what `RedisLimiter.check` does."""
        call = self._call(key, tokens)
        try:
            try:
                reply = await self._client.evalsha(SCRIPT_SHA, 1, call.key, *call.arguments)
            except NoScriptError:
                reply = await self._client.eval(SCRIPT, 1, call.key, *call.arguments)
        except _UNREACHABLE as error:
            return self._degraded([call], error)[0]
        return self._decision(call, reply)


class RacyRedisLimiter:
    """GET, decide in Python, SET: right for one caller at a time, deliberately wrong for more.

    Between the GET and the SET any number of other clients read the same old value and decide on it,
    so a burst of N callers can pass N times over. It also trusts each host's wall clock. It is here to
    be broken by a test, an example and a benchmark beside `RedisLimiter`, which does the same arithmetic.
    """

    def __init__(
        self, client: redis.Redis, rate: float, burst: int, *, prefix: str = "velvet-racy:"
    ) -> None:
        socket_timeout_of(client)
        self._client = client
        self._interval = 1.0 / checked_rate(rate)
        self._burst = checked_count("burst", burst)
        self._prefix = prefix

    def allow(self, key: str, tokens: int = 1) -> bool:
        """Take `tokens` of `key`, unless another caller slips in between the two round trips."""
        name, tokens = encoded_key(self._prefix, key), checked_tokens(tokens)
        stored = self._client.get(name)
        now = time.time()
        backlog = max(0.0, float(stored) - now) if stored else 0.0
        if tokens == 0 or tokens > self._burst:
            return tokens == 0
        wanted = backlog + tokens * self._interval
        if wanted > (self._burst + SLACK) * self._interval:
            return False
        self._client.set(name, repr(now + wanted), px=int(wanted * 1000) + 2)
        return True


def encoded_key(prefix: str, key: str) -> bytes:
    """Return the bytes of a Redis key; different keys give different bytes, whatever they contain."""
    if not isinstance(key, str):
        raise TypeError(f"key must be a str, got {type(key).__name__}")
    encoded = (prefix + key).encode("utf-8")
    if len(encoded) > MAX_KEY_BYTES:
        raise ValueError(
            f"key too long: {len(encoded)} bytes with its prefix, at most {MAX_KEY_BYTES}; "
            "use a hash of it as the key"
        )
    return encoded


def socket_timeout_of(client: object) -> float:
    """Return the socket timeout of a Redis client in seconds; raise `ValueError` where it has none.

    A server that stops answering would stop its callers too.
    """
    pool = getattr(client, "connection_pool", None)
    timeout = getattr(pool, "connection_kwargs", {}).get("socket_timeout")
    if timeout is None or not 0 < timeout < float("inf"):
        raise ValueError(
            f"the client has no finite socket_timeout ({timeout!r}): make it with "
            "velvet_concurrency.redis_limiter.connect(url) or pass socket_timeout=0.25 to it"
        )
    return float(timeout)
