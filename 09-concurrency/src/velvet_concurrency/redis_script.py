"""One GCRA decision as one Lua script, and the plain Python on both sides of it.

Redis runs a script without letting any other command in between, so the read, the decision and the
write cannot be torn apart by a second client; and the script reads the server's own `TIME`, so hosts with
different clocks agree. A limit is one string key that holds its theoretical arrival time in microseconds
and expires when the bucket is full again. Nothing here talks to a server.

Sources: redis.io "EVAL", "EVALSHA", "TIME"; GCRA as in `limiters/gcra.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from velvet_concurrency.limiters.base import (
    SLACK,
    Decision,
    checked_count,
    checked_rate,
    checked_tokens,
)

OnError: TypeAlias = Literal["raise", "open", "closed"]

MAX_KEY_BYTES = 1024
"""Longest key, prefix included: a key is stored once per limit, so its length is the user's memory."""

MAX_FILL_SECONDS = 1e9
"""Longest time to fill a bucket: about 31 years, within which a double still counts microseconds."""

MICROSECONDS = 1e6

SCRIPT = """\
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local interval, limit, tokens = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local backlog = math.max(0, tonumber(redis.call('GET', KEYS[1]) or '0') - now)
if tokens == 0 then
  return {1, string.format('%.17g', backlog)}
end
local wanted = backlog + tokens * interval
if wanted > limit then
  return {0, string.format('%.17g', backlog)}
end
local expiry = string.format('%d', math.ceil(wanted / 1000) + 1)
redis.call('SET', KEYS[1], string.format('%.17g', now + wanted), 'PX', expiry)
return {1, string.format('%.17g', wanted)}
"""

SCRIPT_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
"""The name under which Redis caches the script; SHA-1 is Redis's choice, not a protection."""


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """The arguments of one run of the script, and what was asked for."""

    key: bytes
    tokens: int
    arguments: tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """The configuration that both clients share: how to ask the script and how to read its reply.

    Attributes:
        interval: microseconds per token.
        burst: tokens that may go at once.
        prefix: what every key starts with, so that limits can share a database.
        on_error: what an unreachable server means.
        timeout: the client's socket timeout in seconds.
    """

    interval: float
    burst: int
    prefix: str
    on_error: OnError
    timeout: float

    @classmethod
    def build(cls, client: object, rate: float, burst: int, prefix: str, on_error: str) -> Plan:
        """Check the arguments of a limiter and derive its plan.

        Raises:
            ValueError: an argument breaks its rule, or the client has no socket timeout.
        """
        rate = checked_rate(rate)
        burst = checked_count("burst", burst)
        if burst / rate > MAX_FILL_SECONDS:
            raise ValueError(
                f"burst / rate must be at most {MAX_FILL_SECONDS:.0f} seconds, got {burst / rate:.3g}"
            )
        if on_error not in ("raise", "open", "closed"):
            raise ValueError(f"on_error must be 'raise', 'open' or 'closed', got {on_error!r}")
        timeout = socket_timeout_of(client)
        return cls(MICROSECONDS / rate, burst, prefix, on_error, timeout)  # type: ignore[arg-type]

    def call(self, key: str, tokens: int) -> ScriptCall:
        """Return the arguments that ask for `tokens` of `key`.

        Raises:
            TypeError: `key` is not a str.
            ValueError: `key` is too long or not encodable, or `tokens` is not a non-negative int.
        """
        tokens = checked_tokens(tokens)
        limit = self.burst * self.interval
        asked = min(tokens, self.burst + 1)  # beyond the burst all numbers are equally too many
        return ScriptCall(
            encoded_key(self.prefix, key), tokens, (repr(self.interval), repr(limit), asked)
        )

    def decision(self, call: ScriptCall, reply: Any) -> Decision:
        """Read the script's reply to `call`."""
        allowed, backlog = bool(int(reply[0])), float(reply[1])
        room = self.burst - backlog / self.interval
        retry_after = -1.0
        if not allowed and call.tokens <= self.burst:
            retry_after = (call.tokens - room) * self.interval / MICROSECONDS
        return Decision(
            allowed=allowed,
            limit=self.burst,
            remaining=max(0, int(room + SLACK)),
            retry_after=retry_after,
            reset_after=backlog / MICROSECONDS,
        )

    def without_server(self, call: ScriptCall) -> Decision:
        """Return what `on_error` decides: all pass, or none does and may ask again after a timeout."""
        allowed = self.on_error == "open" or call.tokens == 0
        impossible = call.tokens > self.burst
        return Decision(
            allowed=allowed,
            limit=self.burst,
            remaining=0,
            retry_after=-1.0 if allowed or impossible else self.timeout,
            reset_after=self.timeout,
        )


def encoded_key(prefix: str, key: str) -> bytes:
    """Return the bytes of a Redis key; different keys give different bytes, whatever they contain.

    Raises:
        TypeError: `key` is not a str.
        ValueError: it cannot be encoded or is too long.
    """
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
    """Return the socket timeout of a Redis client in seconds.

    Raises:
        ValueError: it has none, so that a server which stops answering would stop its callers too.
    """
    pool = getattr(client, "connection_pool", None)
    timeout = getattr(pool, "connection_kwargs", {}).get("socket_timeout")
    if not timeout:
        raise ValueError(
            "the client has no socket_timeout: make it with "
            "velvet_concurrency.redis_limiter.connect(url) or pass socket_timeout=0.25 to it"
        )
    return float(timeout)
