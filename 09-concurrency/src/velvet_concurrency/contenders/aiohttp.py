"""aiohttp: one session, a connector with a limit, whose default is 100 connections."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from velvet_concurrency.contenders._frame import (
    BadReplyError,
    Failures,
    FetchResult,
    Get,
    batch,
    check,
    run,
)
from velvet_concurrency.runtime import load


@contextlib.asynccontextmanager
async def session(url: str, *, limit: int, timeout: float) -> AsyncIterator[tuple[Get, Failures]]:
    """Yield what gets `url` once, over at most `limit` connections, and how that fails."""
    aiohttp: Any = load("aiohttp")
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=limit),
        timeout=aiohttp.ClientTimeout(total=timeout),
    ) as opened:

        async def get() -> None:
            async with opened.get(url) as reply:
                await reply.read()
                if reply.status != 200:
                    raise BadReplyError(f"HTTP {reply.status}")

        yield get, (aiohttp.ClientError, asyncio.TimeoutError, OSError)


def fetch(
    url: str,
    n: int,
    *,
    limit: int = 100,
    uvloop: bool = False,
    warm: bool = False,
    timeout: float = 10.0,
    deadline: float | None = None,
) -> FetchResult:
    """Fetch `url` n times at once with aiohttp."""
    check(n, timeout=timeout, deadline=deadline, limit=limit)

    async def main() -> FetchResult:
        async with session(url, limit=limit, timeout=timeout) as (get, failures):
            return await batch(get, n, deadline=deadline, failures=failures, warm=warm)

    return run(main(), uvloop=uvloop)
