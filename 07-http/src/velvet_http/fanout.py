"""Many addresses at a bounded rate, concurrency and memory: failures are results, not exceptions."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from velvet_http.client import AsyncClient
from velvet_http.errors import HttpError
from velvet_http.guard import TokenBucket
from velvet_http.model import Request, Response
from velvet_http.resilient import AsyncResilientClient


@dataclass(frozen=True)
class Result:
    """One address and its response or its error."""

    url: str
    response: Response | None = None
    error: HttpError | ValueError | None = None


@asynccontextmanager
async def fetch_all(
    client: AsyncClient | AsyncResilientClient,
    urls: Iterable[str],
    *,
    concurrency: int = 20,
    rate: float | None = None,
) -> AsyncIterator[MemoryObjectReceiveStream[Result]]:
    """Yield a stream of results, in the order in which they finish.

    `urls` is read lazily and at most `2 * concurrency` results wait, so memory stays bounded. Leaving
    the block early cancels what is running; what `urls` raises comes out in nested ExceptionGroups.

    Args:
        rate: requests a second over all, None for no limit.
    """
    workers_wanted = range(concurrency)
    if not workers_wanted:
        raise ValueError(f"concurrency must be positive, not {concurrency}")
    bucket = None if rate is None else TokenBucket(rate)
    source = iter(urls)
    send, receive = anyio.create_memory_object_stream[Result](2 * concurrency)

    async def fetch(url: str) -> Result:
        try:
            return Result(url, await client.request(Request("GET", url)))
        except (HttpError, ValueError) as error:
            return Result(url, error=error)

    async def work() -> None:
        for url in source:
            if bucket is not None:
                await anyio.sleep(bucket.reserve(time.monotonic()))
            await send.send(await fetch(url))

    async def produce() -> None:
        async with send, anyio.create_task_group() as workers:
            for _ in workers_wanted:
                workers.start_soon(work)

    async with receive, anyio.create_task_group() as group:
        group.start_soon(produce)
        yield receive
        group.cancel_scope.cancel()
