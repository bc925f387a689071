"""aiohttp: one session, a connector with a limit, whose default is 100 connections."""

from __future__ import annotations

import asyncio
from typing import Any

from velvet_concurrency.contenders._frame import BadReplyError, FetchResult, batch, check, run
from velvet_concurrency.runtime import load


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
    aiohttp: Any = load("aiohttp")

    async def main() -> FetchResult:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limit),
            timeout=aiohttp.ClientTimeout(total=timeout),
        ) as session:

            async def get() -> None:
                async with session.get(url) as reply:
                    await reply.read()
                    if reply.status != 200:
                        raise BadReplyError(f"HTTP {reply.status}")

            failures = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
            if warm:
                await batch(get, n, deadline=deadline, failures=failures)
            return await batch(get, n, deadline=deadline, failures=failures)

    return run(main(), uvloop=uvloop)
