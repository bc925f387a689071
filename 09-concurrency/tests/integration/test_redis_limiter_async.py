"""The asynchronous Redis limiter against a real server: shared counts, cancellation, a dead server."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable
from typing import Protocol

import pytest
import redis
import redis.asyncio

from velvet_concurrency.redis_limiter import (
    AsyncRedisLimiter,
    RedisLimiter,
    connect,
    connect_async,
)

pytestmark = pytest.mark.integration

SLOW = 1e-3  # tokens a second: nothing refills while a test runs
PATIENCE = 5.0  # socket timeout where the server is well and only the machine may be slow


class Server(Protocol):
    """What the fixtures of the toolkit hand out."""

    url: str

    def kill(self) -> None:
        """Stop it as a crash would."""

    def restart(self) -> None:
        """Start it again on the same port."""


@pytest.fixture
def prefix() -> str:
    return f"velvet-test:{uuid.uuid4().hex}:"


@contextlib.asynccontextmanager
async def async_client(server: Server) -> AsyncIterator[redis.asyncio.Redis]:
    connected = connect_async(server.url, socket_timeout=PATIENCE)
    try:
        yield connected
    finally:
        await connected.aclose()


async def bounded(awaitable: Awaitable[object]) -> object:
    return await asyncio.wait_for(awaitable, 10)


@pytest.mark.asyncio
async def test_coroutines_share_the_limit_with_everybody_else(
    redis_server: Server, prefix: str
) -> None:
    with contextlib.closing(connect(redis_server.url, socket_timeout=PATIENCE)) as client:
        RedisLimiter(client, SLOW, 20, prefix=prefix).allow("user", 5)

    async with async_client(redis_server) as connected:
        limiter = AsyncRedisLimiter(connected, SLOW, 20, prefix=prefix)
        await bounded(connected.script_flush())
        answers = await bounded(asyncio.gather(*(limiter.allow("user") for _ in range(30))))
        decision = await bounded(limiter.check("user", 0))

    assert isinstance(answers, list)
    assert sum(answers) == 15
    assert decision.remaining == 0  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_a_cancelled_coroutine_leaves_the_client_usable(
    redis_server: Server, prefix: str
) -> None:
    async with async_client(redis_server) as connected:
        limiter = AsyncRedisLimiter(connected, SLOW, 1000, prefix=prefix)
        for steps in range(12):
            task = asyncio.create_task(limiter.allow("user"))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task], timeout=10)

            assert await bounded(limiter.allow("user"))

        decision = await bounded(limiter.check("user", 0))

    assert 1000 - 24 <= decision.remaining <= 1000 - 12  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_coroutines_obey_on_error_while_the_server_is_dead(
    private_redis: Server, prefix: str
) -> None:
    async with async_client(private_redis) as connected:
        raising = AsyncRedisLimiter(connected, SLOW, 5, prefix=prefix)
        opened = AsyncRedisLimiter(connected, SLOW, 5, prefix=prefix, on_error="open")
        closed = AsyncRedisLimiter(connected, SLOW, 5, prefix=prefix, on_error="closed")
        assert await bounded(raising.allow("user", 5))

        private_redis.kill()
        with pytest.raises(redis.exceptions.ConnectionError):
            await bounded(raising.allow("user"))
        while_dead = [await bounded(opened.allow("user")), await bounded(closed.allow("user"))]
        private_redis.restart()
        recovered = await bounded(raising.allow("user"))

    assert while_dead == [True, False]
    assert recovered is True
