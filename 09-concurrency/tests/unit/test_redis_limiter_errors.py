"""What the Redis limiters refuse, and what they make of a client's errors; no server needed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any, cast

import pytest
import redis
import redis.asyncio
from redis.exceptions import ConnectionError  # noqa: A004 (Redis's own)
from redis.exceptions import TimeoutError  # noqa: A004 (Redis's own)
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    NoScriptError,
    ReadOnlyError,
)

from velvet_concurrency.limiters import Decision
from velvet_concurrency.redis_limiter import (
    AsyncRedisLimiter,
    RacyRedisLimiter,
    RedisLimiter,
    connect,
    connect_async,
)


class FakePool:
    """The part of a connection pool that tells the timeout."""

    def __init__(self) -> None:
        self.connection_kwargs = {"socket_timeout": 0.25}


class FakeClient:
    """A client whose every script run ends in the next scripted outcome."""

    def __init__(self, *outcomes: object) -> None:
        self.connection_pool = FakePool()
        self.outcomes = list(outcomes)
        self.calls: list[tuple[str, bytes]] = []

    def _next(self, name: str, key: bytes) -> Any:
        self.calls.append((name, key))
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def evalsha(self, sha: str, count: int, key: bytes, *arguments: object) -> Any:
        return self._next("EVALSHA", key)

    def eval(self, script: str, count: int, key: bytes, *arguments: object) -> Any:
        return self._next("EVAL", key)


class FakeAsyncClient(FakeClient):
    """The same, awaited."""

    async def evalsha(self, sha: str, count: int, key: bytes, *arguments: object) -> Any:
        return self._next("EVALSHA", key)

    async def eval(self, script: str, count: int, key: bytes, *arguments: object) -> Any:
        return self._next("EVAL", key)


def sync_check(client: FakeClient, **options: Any) -> Decision:
    return RedisLimiter(client, 10, 5, **options).check("k")  # type: ignore[arg-type]


def async_check(client: FakeClient, **options: Any) -> Decision:
    limiter = AsyncRedisLimiter(client, 10, 5, **options)  # type: ignore[arg-type]
    return asyncio.run(asyncio.wait_for(limiter.check("k"), 10))


both_flavours = pytest.mark.parametrize(
    ("make", "check"),
    [(FakeClient, sync_check), (FakeAsyncClient, async_check)],
    ids=["sync", "async"],
)


@pytest.mark.parametrize("limiter", [RedisLimiter, RacyRedisLimiter])
def test_a_client_without_a_socket_timeout_is_refused_with_the_way_out(
    limiter: Callable[..., object],
) -> None:
    client = redis.Redis(socket_timeout=None)

    with pytest.raises(ValueError, match=r"no finite socket_timeout .*connect\(url\)"):
        limiter(client, 10, 5)
    with pytest.raises(ValueError, match="no finite socket_timeout"):
        limiter(object(), 10, 5)


def test_the_clients_we_make_wait_a_quarter_of_a_second_and_never_retry() -> None:
    for client in (connect("redis://127.0.0.1:1"), connect_async("redis://127.0.0.1:1")):
        settings = client.connection_pool.connection_kwargs

        assert settings["socket_timeout"] == settings["socket_connect_timeout"] == 0.25
        assert settings["retry"]._retries == 0
    assert isinstance(connect_async("redis://127.0.0.1:1"), redis.asyncio.Redis)


def test_a_port_where_nobody_listens_is_a_lost_connection() -> None:
    limiter = RedisLimiter(connect("redis://127.0.0.1:1"), 10, 5, on_error="closed")

    assert not limiter.allow("k")
    assert limiter.allow_many([("k", 1), ("k", 0)]) == [False, True]


@pytest.mark.parametrize(
    ("rate", "burst", "options", "message"),
    [
        (-1, 5, {}, "rate must be finite and >= 0"),
        (0, 5, {}, "rate must be finite and > 0"),
        (math.nan, 5, {}, "rate must be finite and >= 0"),
        (1, 0, {}, "burst must be >= 1"),
        (1e-9, 5, {}, "burst / rate must be at most 1000000000 seconds"),
        (1, 5, {"on_error": "ignore"}, "on_error must be 'raise', 'open' or 'closed'"),
    ],
)
def test_wrong_settings_are_refused_by_name(
    rate: float, burst: int, options: dict[str, Any], message: str
) -> None:
    for limiter, client in ((RedisLimiter, FakeClient()), (AsyncRedisLimiter, FakeAsyncClient())):
        with pytest.raises(ValueError, match=message):
            limiter(client, rate, burst, **options)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("key", "tokens", "error", "message"),
    [
        ("k" * 10_240, 1, ValueError, "key too long: 10247 bytes"),
        ("\N{SNOWMAN}" * 400, 1, ValueError, "key too long: 1207 bytes"),
        ("lone \ud800 surrogate", 1, ValueError, "surrogates not allowed"),
        (b"bytes", 1, TypeError, "key must be a str, got bytes"),
        (None, 1, TypeError, "key must be a str, got NoneType"),
        ("k", -1, ValueError, "tokens must be a non-negative int"),
        ("k", True, ValueError, "tokens must be a non-negative int"),
        ("k", 1.5, ValueError, "tokens must be a non-negative int"),
    ],
)
def test_hostile_arguments_raise_before_anything_is_sent(
    key: Any, tokens: Any, error: type[Exception], message: str
) -> None:
    client, async_client = FakeClient(), FakeAsyncClient()
    limiter = RedisLimiter(client, 10, 5, on_error="open")  # type: ignore[arg-type]
    racy = RacyRedisLimiter(client, 10, 5, prefix="velvet:")  # type: ignore[arg-type]
    awaited = AsyncRedisLimiter(async_client, 10, 5, on_error="open")  # type: ignore[arg-type]

    with pytest.raises(error, match=message):
        limiter.allow(key, tokens)
    with pytest.raises(error, match=message):
        limiter.allow_many([("fine", 1), (key, tokens)])
    with pytest.raises(error, match=message):
        racy.allow(key, tokens)
    with pytest.raises(error, match=message):
        asyncio.run(asyncio.wait_for(awaited.allow(key, tokens), 10))
    assert client.calls == async_client.calls == []


def test_alone_the_racy_limiter_counts_right() -> None:
    client, kept = cast("Any", FakeClient()), dict[bytes, str]()
    client.get, client.set = kept.get, lambda key, value, px: kept.update({key: value})
    racy = RacyRedisLimiter(client, 0.001, 2)

    assert [racy.allow(key) for key in ("a", "a", "a", "b")] == [True, True, False, True]


@both_flavours
def test_a_script_the_server_does_not_know_is_sent_in_full(
    make: type[FakeClient], check: Callable[..., Decision]
) -> None:
    client = make(NoScriptError("NOSCRIPT"), [1, b"100000"])

    decision = check(client)

    assert [name for name, _ in client.calls] == ["EVALSHA", "EVAL"]
    assert decision == Decision(True, 5, 4, -1.0, pytest.approx(0.1))


@both_flavours
def test_replies_are_read_as_bytes_and_as_text(
    make: type[FakeClient], check: Callable[..., Decision]
) -> None:
    for backlog in (b"450000", "450000"):
        decision = check(make([0, backlog]))

        assert decision == Decision(False, 5, 0, pytest.approx(0.05), pytest.approx(0.45))


@both_flavours
@pytest.mark.parametrize(
    "error", [ConnectionError("gone"), TimeoutError("slow"), BusyLoadingError()]
)
def test_an_unreachable_server_is_what_on_error_says(
    make: type[FakeClient], check: Callable[..., Decision], error: Exception
) -> None:
    opened = check(make(error), on_error="open")
    closed = check(make(error), on_error="closed")

    assert opened == Decision(True, 5, 0, -1.0, 0.25)
    assert closed == Decision(False, 5, 0, 0.25, 0.25)
    with pytest.raises(type(error)):
        check(make(error), on_error="raise")
    with pytest.raises(type(error)):
        check(make(NoScriptError("NOSCRIPT"), error))


@both_flavours
@pytest.mark.parametrize("on_error", ["open", "closed"])
@pytest.mark.parametrize(
    "error", [AuthenticationError("no"), AuthorizationError("no"), ReadOnlyError("replica")]
)
def test_mistakes_of_configuration_always_raise(
    make: type[FakeClient], check: Callable[..., Decision], on_error: str, error: Exception
) -> None:
    with pytest.raises(type(error)):
        check(make(error), on_error=on_error)


def test_without_a_server_more_than_the_burst_is_still_impossible_when_closed() -> None:
    client = FakeClient(ConnectionError("gone"))
    limiter = RedisLimiter(client, 10, 5, on_error="closed")  # type: ignore[arg-type]

    decision = limiter.check("k", 6)

    assert decision == Decision(False, 5, 0, -1.0, 0.25)
