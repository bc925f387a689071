"""aiohttp: one session, a connector with a limit, whose default is 100 connections."""

from __future__ import annotations

import asyncio
from typing import Any

from velvet_concurrency.contenders.frame import BadReplyError, FetchResult, batch, check, load, run


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
    """Fetch `url` n times at once with aiohttp.

    Args:
        url: the address.
        n: requests, all asked for at the start.
        limit: connections, 0 for as many as there are requests. 100 is aiohttp's own default.
        uvloop: run on uvloop instead of the standard loop.
        warm: make the batch once before the clock starts, so that connections are open.
        timeout: seconds for one request, the wait for a connection included.
        deadline: seconds for the whole batch; the rest is counted as `deadline`.

    Raises:
        Unavailable: aiohttp, or the loop asked for, is not installed.
    """
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
