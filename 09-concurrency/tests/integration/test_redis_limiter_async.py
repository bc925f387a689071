"""The asynchronous Redis limiter against a real server: shared counts, cancellation, a dead server."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
import redis
import redis.asyncio

from velvet_concurrency.redis_limiter import AsyncRedisLimiter, RedisLimiter, connect, connect_async

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

SLOW = 1e-3  # tokens a second: nothing refills while a test runs
PATIENCE = 5.0  # socket timeout where the server is well and only the machine may be slow


def async_client(server: Any) -> contextlib.aclosing[redis.asyncio.Redis]:
    return contextlib.aclosing(connect_async(server.url, socket_timeout=PATIENCE))


async def test_coroutines_share_the_limit_with_everybody_else(
    redis_server: Any, prefix: str
) -> None:
    with connect(redis_server.url, socket_timeout=PATIENCE) as client:
        RedisLimiter(client, SLOW, 20, prefix=prefix).allow("user", 5)

    async with async_client(redis_server) as connected:
        limiter = AsyncRedisLimiter(connected, SLOW, 20, prefix=prefix)
        await connected.script_flush()
        answers = await asyncio.gather(*(limiter.allow("user") for _ in range(30)))
        decision = await limiter.check("user", 0)

    assert sum(answers) == 15
    assert decision.remaining == 0


async def test_a_cancelled_coroutine_leaves_the_client_usable(
    redis_server: Any, prefix: str
) -> None:
    async with async_client(redis_server) as connected:
        limiter = AsyncRedisLimiter(connected, SLOW, 1000, prefix=prefix)
        for steps in range(12):
            task = asyncio.create_task(limiter.allow("user"))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task], timeout=10)

            assert await limiter.allow("user")

        decision = await limiter.check("user", 0)

    assert 1000 - 24 <= decision.remaining <= 1000 - 12


async def test_coroutines_obey_on_error_while_the_server_is_dead(
    private_redis: Any, prefix: str
) -> None:
    async with async_client(private_redis) as connected:
        raising = AsyncRedisLimiter(connected, SLOW, 5, prefix=prefix)
        opened = AsyncRedisLimiter(connected, SLOW, 5, prefix=prefix, on_error="open")
        closed = AsyncRedisLimiter(connected, SLOW, 5, prefix=prefix, on_error="closed")
        assert await raising.allow("user", 5)

        private_redis.kill()
        with pytest.raises(redis.exceptions.ConnectionError):
            await raising.allow("user")
        while_dead = [await opened.allow("user"), await closed.allow("user")]
        private_redis.restart()
        recovered = await raising.allow("user")

    assert while_dead == [True, False]
    assert recovered is True
